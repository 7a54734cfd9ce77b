"""Results with a DRAM as main memory: columns, bank table, JSON and energy; and the presets with a DRAM."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import simcore
from simcore.dram.energy import rank_energy
from simcore.dram.outcome import BANK_COLUMNS
from simcore.dram.resolve import load_dram
from simcore.program.program import Op, OpKind
from simcore.results import TABLES, Results
from simcore.results.glossary import TERMS
from simcore.spec import load_system
from workloads.dataflow import lower_network
from workloads.load import load_network

ENERGY = [f"dram_{part}_pj" for part in ("activate", "read", "write", "refresh", "background", "io")]


@pytest.fixture(scope="module")
def results() -> Results:
    return simcore.simulate("lenet5", "edge-sram-ddr4")


def test_transactions_are_hits_misses_and_conflicts_and_move_the_bytes(results: Results) -> None:
    layers = results.layers
    served = layers[["dram_row_hits", "dram_row_misses", "dram_row_conflicts"]].sum(axis=1)
    assert (served == layers["dram_rd_commands"] + layers["dram_wr_commands"]).all()
    assert (layers["dram_bus_bytes"] == 64 * served).all()
    asked = layers["dram_read_bytes"] + layers["dram_write_bytes"]
    in_whole_transactions = layers["dram_bus_bytes"] + 64 * (layers["dram_forwarded_reads"] + layers["dram_coalesced_writes"])
    assert (in_whole_transactions >= asked).all()
    assert layers["dram_row_hits"].sum() > 0


@pytest.mark.slow
@pytest.mark.parametrize("network", ["lenet5", "resnet18", pytest.param("vgg16", marks=pytest.mark.slow)])
def test_what_the_dma_asks_for_is_what_the_commands_move(network: str) -> None:
    system = load_system("edge-sram-ddr4")
    layers = simcore.simulate(network, system).layers.set_index("layer")
    burst = system.dma.burst_bytes
    for instance, program, _ in lower_network(load_network(network), system):
        if program is None:
            continue
        moved = program.ops[program.ops[:, Op.KIND] != OpKind.ACQUIRE]
        assert (moved[:, Op.ADDRESS] % 64 == 0).all()
        assert burst == 64
        asked = int((-(-moved[:, Op.BYTES] // 64)).sum())
        row = layers.loc[instance.name]
        assert (
            asked
            == row["dram_rd_commands"] + row["dram_wr_commands"] + row["dram_forwarded_reads"] + row["dram_coalesced_writes"]
        )
        assert row["dram_read_bytes"] + row["dram_write_bytes"] == moved[:, Op.BYTES].sum()


def test_a_layer_that_did_not_run_has_zeros(results: Results) -> None:
    fused = results.layers[results.layers["start_cycle"].isna()]
    assert len(fused) > 0
    assert (fused[[name for name in fused.columns if name.startswith("dram_")]] == 0).all(axis=None)


def test_the_dram_table_has_a_row_per_bank_that_adds_up_to_the_layers(results: Results) -> None:
    table = results.dram
    assert list(table.columns) == ["channel", "rank", "bankgroup", "bank", *BANK_COLUMNS]
    assert len(table) == 16
    assert table[["bankgroup", "bank"]].drop_duplicates().shape == (16, 2)
    assert table[["read_hits", "write_hits"]].to_numpy().sum() == results.layers["dram_row_hits"].sum()
    assert table[list(BANK_COLUMNS)].to_numpy().sum() == results.layers[["dram_rd_commands", "dram_wr_commands"]].to_numpy().sum()


def test_json_has_the_dram_and_its_commands(results: Results) -> None:
    found = results.to_json()["dram"]
    assert json.loads(json.dumps(found)) == found
    assert (found["standard"], found["tck_ps"]) == ("ddr4_2400r", 833)
    assert found["commands"]["RD"] == results.layers["dram_rd_commands"].sum()
    assert found["commands"]["ACT"] == results.layers["dram_act_commands"].sum()
    assert found["bandwidth_bytes_per_s"] == pytest.approx(found["bus_bytes"] / (found["cycles"] * 833e-12))
    assert sum(bank["read_hits"] + bank["write_hits"] for bank in found["banks"]) == found["row_hits"]
    assert set(found) <= {name.removeprefix("dram_") for name in TERMS} | {"cycles", "banks"}


def test_a_memory_of_a_latency_has_none_of_it() -> None:
    results = simcore.simulate("lenet5", "edge-sram", layers="output")
    assert results.main_memory is None
    assert "dram" not in results.to_json()
    assert set(results.tables()) == {*TABLES, "wear"}
    assert len(results.dram) == 0
    assert {name for name in results.layers.columns if name.startswith("dram_")} == {
        "dram_read_bytes",
        "dram_write_bytes",
        "dram_pj",
        "dram_refresh_pj",
        "dram_background_pj",
    }


def test_every_column_is_explained(results: Results) -> None:
    names = {str(column) for table in results.tables().values() for column in table.columns}
    assert names - set(TERMS) - {"metric", "value", "unit"} == set()
    assert set(results.totals["metric"]) - set(TERMS) == set()


def test_energy_is_that_of_the_currents(results: Results) -> None:
    dram = load_dram("ddr4_2400r")
    for run in results.runs:
        row = results.layers.set_index("layer").loc[run.name]
        counts = run.outcome.dram if run.outcome is not None else None
        if counts is None:
            assert (row[ENERGY] == 0).all()
            continue
        (commands,), (open_cycles,) = counts.commands, counts.open_cycles
        by_hand = rank_energy(dram, commands, int(open_cycles), counts.cycles)
        assert row[ENERGY].sum() == pytest.approx(by_hand.total_pj)
    assert "dram_pj" not in results.layers
    parts = results.energy.set_index("part")["energy_pj"]
    assert parts.sum() == pytest.approx(results.layers["energy_pj"].sum())
    assert parts["dram_background"] > 0
    assert "currents" in results.manifest["energy_sources"]["dram"]


def test_a_standard_without_currents_has_no_energy_and_says_so() -> None:
    results = simcore.simulate("lenet5", overrides=["memory=ddr5_4800an"], layers="output")
    assert not [name for name in results.layers.columns if name.startswith("dram_") and name.endswith("_pj")]
    assert "main memory (ddr5_4800an: no currents, so no energy)" in results.manifest["not_counted"]
    assert results.layers["energy_pj"].sum() > 0


def test_a_saved_run_has_the_dram_table(results: Results, tmp_path: Path) -> None:
    saved = results.save(tmp_path / "out")
    assert {path.stem for path in saved.glob("*.csv")} == {*TABLES, "wear", "dram"}
    assert json.loads((saved / "manifest.json").read_text())["system"]["memory"]["standard"] == "ddr4_2400r"


@pytest.mark.slow
def test_a_user_table_is_among_the_inputs(tmp_path: Path) -> None:
    table = tmp_path / "mine.yaml"
    table.write_text("extends: ddr4_2400r\n")
    results = simcore.simulate("lenet5", overrides=[f"memory={table}"], layers="output")
    assert results.manifest["input_sha256"] == {str(table): sha256(table.read_bytes()).hexdigest()}


@pytest.mark.parametrize("standard", ["sub/upper.yaml", "sub/upper.py:WIDE"])
def test_so_are_the_tables_that_it_extends(standard: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    Path("sub/upper.yaml").write_text("extends: ../middle.yaml\n")
    Path("sub/upper.py").write_text("WIDE = {'extends': '../middle.yaml', 'name': 'wide'}\n")
    Path("middle.yaml").write_text("extends: lower.yaml\n")
    Path("lower.yaml").write_text("extends: ddr4_2400r\n")
    results = simcore.simulate("lenet5", overrides=[f"memory={standard}"], layers="output")
    read = {path.split("/")[-1] for path in results.manifest["input_sha256"]}
    assert read == {standard.partition("/")[2].partition(":")[0], "middle.yaml", "lower.yaml"}


@pytest.mark.parametrize(("name", "base"), [("edge-sram-ddr4", "edge-sram"), ("edge-stt-ddr4", "edge-stt")])
def test_the_presets_with_ddr4_differ_in_their_memory_alone(name: str, base: str) -> None:
    one, other = load_system(name).to_yaml_dict(), load_system(base).to_yaml_dict()
    assert {key for key in one if one[key] != other.get(key)} == {"name", "description", "memory"}
    assert load_system(base, ["memory=ddr4_2400r"]).memory == load_system(name).memory


def test_faster_writes_to_the_scratchpads_do_not_change_what_the_dram_moves() -> None:
    sram, stt = (simcore.simulate("lenet5", name).layers for name in ("edge-sram-ddr4", "edge-stt-ddr4"))
    for column in ("dram_read_bytes", "dram_write_bytes"):
        assert np.array_equal(sram[column], stt[column])
