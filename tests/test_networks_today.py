"""Transformers, MobileNetV2 and U-Net by name: published counts, and the counts of real exports of the same models."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from simcore import load_system, simulate
from workloads.importers.onnx import load_onnx
from workloads.load import load_network
from workloads.networks import INFERENCE_NETWORKS
from workloads.networks.transformers import Sizes, bert_base, llama_like
from workloads.networks.unet import unet

ZOO = Path(__file__).parent / "golden" / "zoo"
with (ZOO / "macs.csv").open() as table:
    MACS = {row["file"]: int(row["macs"]) for row in csv.DictReader(table)}


@pytest.mark.parametrize(
    ("name", "export", "parameters"),
    [
        # Published: 109.48 M for BERT-base with its pooler of 768 x 769; 124.44 M; 86.57 M; 3.50 M.
        ("bert-base", "bert_base.dyn18.onnx", 109_482_240 - 768 * 769),
        ("gpt2", "gpt2.dyn18.onnx", 124_439_808),
        ("vit-b-16", "vit_b_16.dyn18.onnx", 86_567_656),
        ("mobilenet-v2", "mobilenet_v2.dyn18.onnx", 3_504_872),
    ],
)
def test_networks_by_name_have_the_counts_of_the_models(name: str, export: str, parameters: int) -> None:
    network = load_network(name)
    assert (network.name, network.macs(), network.parameters()) == (name, MACS[export], parameters)


def test_unet_has_the_counts_of_its_export() -> None:
    exported, network = load_onnx(ZOO / "unet_ct.dyn18.onnx"), load_network("unet")
    assert (network.macs(), network.parameters()) == (exported.macs(), exported.parameters())


def test_llama_like_has_llama_7bs_parameters_and_its_products() -> None:
    width, hidden, vocabulary, tokens = 4096, 11008, 32000, 128
    network = load_network("llama-like")
    assert network.parameters() == 6_738_415_616
    block = tokens * (4 * width**2 + 3 * width * hidden) + 2 * tokens**2 * width
    assert network.macs() == 32 * block + tokens * width * vocabulary


def test_tokens_scale_the_products_of_activations_by_their_square() -> None:
    blocks, width = 12, 768
    more = bert_base(tokens=256).macs() - 2 * bert_base(tokens=128).macs()
    assert more == blocks * 2 * width * (256**2 - 2 * 128**2)


@pytest.mark.slow
def test_both_engines_agree_on_a_decoder_whose_queries_share_keys() -> None:
    network = llama_like(1, 2, Sizes(1, 8, 4, 6, 2, bias=False), 5)
    system = load_system("edge-sram", ["array.rows=4", "array.columns=4", "vector_unit.lanes=4"])
    reference, compiled = (simulate(network, system, engine=engine) for engine in ("simpy", "compiled"))
    for name, found in reference.tables().items():
        assert found.equals(compiled.tables()[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("name", INFERENCE_NETWORKS)
def test_a_network_by_name_runs_on_a_machine_that_only_memory_limits(name: str) -> None:
    network = load_network(name)
    layers = simulate(network, "ideal-ddr4-2400", limit_s=None).layers
    assert int(layers["macs"].sum()) == network.macs()


@pytest.mark.slow
def test_the_elements_of_the_array_compute_numpys_products() -> None:
    """Phases of a transposed convolution, and products of activations whose queries share keys."""
    small = load_system("edge-sram", ["array.rows=4", "array.columns=4", "vector_unit.lanes=4"])
    image = simulate(unet(side=4, channels=2, stages=1), small, engine="simpy", check_values=True)
    decoder = simulate(llama_like(1, 2, Sizes(1, 8, 4, 6, 2, bias=False), 5), small, engine="simpy", check_values=True)
    phases = [f"up0.phase_{row}_{column}" for row in (0, 1) for column in (0, 1)]
    products = ["block0.attention.scores", "block0.attention.mixed", "head"]
    assert [image.values[name] for name in phases] == ["equal"] * 4
    assert [decoder.values[name] for name in products] == ["equal"] * 3
