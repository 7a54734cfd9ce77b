"""Real exports of both PyTorch exporters import with exactly the multiply-accumulates that another program counted, and run."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from simcore import simulate
from workloads.importers.onnx import load_onnx

GOLDEN = Path(__file__).parent / "golden"
with (GOLDEN / "zoo" / "macs.csv").open() as table:
    MACS = {row["file"]: int(row["macs"]) for row in csv.DictReader(table)}


def graph(name: str) -> Path:
    """The graph's file. Four of the set were there before, under shorter names."""
    path = GOLDEN / "zoo" / name
    return path if path.exists() else GOLDEN / "nets" / f"{name.split('.')[0]}.onnx"


@pytest.mark.parametrize("name", MACS)
def test_a_real_export_has_the_macs_that_others_count(name: str) -> None:
    assert load_onnx(graph(name)).macs() == MACS[name]


@pytest.mark.parametrize("name", ["bert_base.ts17.onnx", "gpt2.dyn18.onnx", "vit_b_16.dyn18.onnx", "enc_ln.dyn18.onnx"])
def test_the_batch_is_found_by_propagation_through_transformers(name: str) -> None:
    assert load_onnx(graph(name), batch=3).macs() == 3 * MACS[name]


def test_a_written_batch_is_found_where_transposes_and_gathers_move_it() -> None:
    network = load_onnx(graph("dlrm.dyn18.onnx"))
    assert (network.batch, network.macs_per_image() * 4) == (4, MACS["dlrm.dyn18.onnx"])


@pytest.mark.slow
def test_every_real_export_runs_on_machines_by_formula() -> None:
    for name, macs in MACS.items():
        network = load_onnx(graph(name))
        for system in ("titan-xp", "ideal-ddr4-2400"):
            layers = simulate(network, system, limit_s=None).layers
            assert (int(layers["macs"].sum()), bool(layers["cycles"].sum() > 0)) == (macs, True), (name, system)


@pytest.mark.slow
@pytest.mark.parametrize("system", ["edge-sram", "cloud-128x128-ws", "titan-xp", "ideal-ddr4-2400"])
@pytest.mark.parametrize("name", ["dlrm.dyn18.onnx", "lstm.dyn18.onnx", "unet_ct.dyn18.onnx", "enc_ln.ts13.onnx"])
def test_a_real_export_runs_on_every_kind_of_machine(name: str, system: str) -> None:
    layers = simulate(load_onnx(graph(name)), system).layers
    assert int(layers["macs"].sum()) == MACS[name]
    assert layers["cycles"].sum() > 0
