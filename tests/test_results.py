"""Tables of a run: their sums, their names and their files."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up import made_up_outcome, made_up_results

from models.technology import energy_table
from simcore import simulate
from simcore.program.outcome import CAUSE_NAMES
from simcore.program.program import Port
from simcore.results import LayerRun, Results
from simcore.results.glossary import GROUPS, TERMS, Term
from simcore.results.metrics_page import markdown
from simcore.results.scratchpads import scratchpad_table
from simcore.results.totals import pass_table, total_rows
from simcore.spec import load_system, override_system
from simcore.systolic.banks import bank_names
from simcore.systolic.energy import BankRates, EnergyRates, LogicRates
from simcore.systolic.rates import energy_rates

PORT_NAMES = [port.name.lower() for port in Port]


@pytest.fixture(scope="module")
def results() -> Results:
    return made_up_results()


def total(results: Results, metric: str) -> float:
    return float(results.totals.set_index("metric").loc[metric, "value"])


def test_compute_and_causes_add_up_to_cycles_in_every_layer(results: Results) -> None:
    causes = [f"stall_{cause}_cycles" for cause in CAUSE_NAMES]
    assert (results.layers["compute_cycles"] + results.layers[causes].sum(axis=1)).tolist() == results.layers["cycles"].tolist()


def test_stall_rows_add_up_to_the_stall_columns_of_the_layers(results: Results) -> None:
    for cause in CAUSE_NAMES:
        by_layer = results.stalls[results.stalls["cause"] == cause].groupby("layer")["cycles"].sum()
        for _, row in results.layers.iterrows():
            assert row[f"stall_{cause}_cycles"] == by_layer.get(row["layer"], 0)


def test_layers_add_up_to_totals(results: Results) -> None:
    for column in ("macs", "cycles", "compute_cycles", "dram_read_bytes", "ifmap_read_words", "energy_pj"):
        assert total(results, column) == pytest.approx(results.layers[column].sum())
    assert total(results, "stall_cycles") == total(results, "cycles") - total(results, "compute_cycles")


def test_bank_layers_add_up_to_banks(results: Results) -> None:
    summed = results.bank_layers.groupby(["scratchpad", "bank"], sort=False).sum(numeric_only=True).reset_index()
    for column in results.banks.columns.drop(["scratchpad", "bank", "memory", "occupancy_percent"]):
        assert summed[column].tolist() == results.banks[column].tolist(), column


def test_layers_of_scratchpads_add_up_to_scratchpads(results: Results) -> None:
    summed = results.scratchpad_layers.groupby("scratchpad", sort=False).sum(numeric_only=True).reset_index()
    for column in ["stall_cycles", *(f"stall_{cause}_cycles" for cause in CAUSE_NAMES), "full_cycles"]:
        assert summed[column].tolist() == results.scratchpads[column].tolist(), column


def test_waits_hold_every_pair_of_ports_that_an_outcome_counts(results: Results) -> None:
    first = results.runs[0].outcome
    assert first is not None
    found = results.waits[results.waits["layer"] == "conv1"]
    cells = {(row["scratchpad"], row["waiter"], row["holder"]): row["cycles"] for row in found.to_dict("records")}
    pads = list(results.system.scratchpads)
    expected = {
        (pads[pad], PORT_NAMES[waiter], PORT_NAMES[holder]): int(first.wait_cycles[pad, waiter, holder])
        for pad, waiter, holder in np.argwhere(first.wait_cycles)
    }
    assert cells == expected


def test_a_write_buffers_figures_follow_from_the_cycles_in_which_it_held_so_many_entries() -> None:
    """80 cycles empty, 19 with 3 entries, 1 with 9: mean 0.66, 99 % of the cycles within 3; full with 3 and 9 if it holds 3."""
    outcome = replace(made_up_outcome(load_system("edge-sram"), 0, 1), buffer_cycles=np.zeros((4, 10), np.int64))
    outcome.buffer_cycles[3, [0, 3, 9]] = 80, 19, 1
    system = load_system("edge-sram", ["scratchpads.accumulator.write_buffer.depth=3"])
    found = scratchpad_table([LayerRun("conv1", "conv", 0, outcome, {})], bank_names(system), CAUSE_NAMES).iloc[3]
    assert found["scratchpad"] == "accumulator"
    assert found["mean_entries"] == pytest.approx(0.66)
    assert found[["p99_entries", "most_entries", "full_cycles"]].tolist() == [3, 9, 20]


def test_timeline_adds_up_to_banks(results: Results) -> None:
    summed = results.timeline.groupby(["scratchpad", "bank"], sort=False)[["conflict_cycles", "busy_cycles"]].sum().reset_index()
    assert summed["conflict_cycles"].tolist() == results.banks["conflict_cycles"].tolist()
    assert summed["busy_cycles"].tolist() == results.banks["busy_cycles"].tolist()


def test_timeline_bins_of_a_bank_cover_the_run_without_gaps(results: Results) -> None:
    bank = results.timeline[(results.timeline["scratchpad"] == "ifmap") & (results.timeline["bank"] == 3)]
    ends = bank["bin_start_cycle"] + bank["bin_cycles"]
    assert bank["bin_start_cycle"].tolist() == [0, *ends.tolist()[:-1]]
    assert ends.iloc[-1] == results.cycles


def test_heat_map_keeps_every_conflict_cycle(results: Results) -> None:
    heat = results.conflict_heat_map(50)
    assert (heat.sum(axis=1) * results.cycles / 50).tolist() == pytest.approx(results.banks["conflict_cycles"].tolist())


def test_energy_parts_add_up(results: Results) -> None:
    parts = results.energy.set_index("part")["energy_pj"]
    assert parts.sum() == pytest.approx(results.layers["energy_pj"].sum())
    assert parts["mac"] == pytest.approx(123_456 * 0.5)
    read, written = results.layers["dram_read_bytes"].sum(), results.layers["dram_write_bytes"].sum()
    assert parts["array"] == pytest.approx(123_456 * 0.25)
    assert parts["dram"] == pytest.approx(20.0 * read + 30.0 * written)
    assert parts["dma"] == pytest.approx(0.1 * (read + written))
    assert (parts["dram_background"], parts["dram_refresh"]) == (5.0 * results.cycles, 3.0 * results.cycles)  # mW x ns
    pool = results.layers.set_index("layer").loc["pool1"]
    assert parts["vector"] == pytest.approx(0.75 * (1000 + pool["ifmap_read_words"]))  # the activation that joined, the pool
    lines = {bank.scratchpad: bank.line_bytes for bank in bank_names(results.system)}
    crossed = (results.banks["scratchpad"].map(lines) * (results.banks["reads"] + results.banks["writes"])).sum()
    assert parts["wires"] == pytest.approx(0.01 * crossed)
    ifmap = results.banks[results.banks["scratchpad"] == "ifmap"]
    assert parts["ifmap_read"] == pytest.approx(3.0 * ifmap["reads"].sum())
    assert parts["ifmap_write"] == pytest.approx(7.0 * ifmap["writes"].sum())
    assert parts["leakage"] == pytest.approx(2.0 * results.cycles)  # 2 mW for a nanosecond a cycle


def test_a_slower_clock_leaks_longer() -> None:
    system = load_system("edge-sram")
    run = LayerRun("conv1", "conv", 0, made_up_outcome(system, 0, 1), {})
    banks = len(bank_names(system))
    rates = EnergyRates(LogicRates(), None, (BankRates(0.0, 0.0, 2.0 / banks, 2.0 / banks, 0.0),) * banks, 500_000_000)
    results = Results(system, [run], rates, {"network": "made-up", "engine": "compiled"}, 1.0)
    assert results.energy["energy_pj"].sum() == pytest.approx(2.0 * 2 * results.cycles)


def test_energies_come_from_the_technology_table_with_their_source() -> None:
    system = load_system("edge-stt")
    rates = energy_rates(system)
    technology = energy_table(system.technology.table, system.technology.node_nm)
    pad = system.scratchpads["ifmap"]
    figures = technology.scratchpad("stt-mram", pad.capacity_bytes // pad.banks)
    assert rates.banks[0].write_pj == pytest.approx(figures.write_pj_per_byte * pad.line_bytes)
    assert rates.logic.mac_pj == technology.mac_pj(system.words.ifmap_bytes)
    assert len(rates.banks) == len(bank_names(system))
    assert {"mac", "dram", "ifmap, stt-mram"} <= set(rates.sources)
    assert rates.leakage_mw < energy_rates(load_system("edge-sram")).leakage_mw


def test_figures_outside_the_technology_table_are_noted() -> None:
    system = override_system(load_system("edge-sram"), ["scratchpads.ifmap.capacity_bytes=16 KiB"])
    assert any("outside the table" in note for note in energy_rates(system).notes)


def test_a_fused_layer_has_a_row_and_takes_no_cycles(results: Results) -> None:
    row = results.layers.set_index("layer").loc["relu1"]
    assert row["fused_into"] == "conv1"
    assert row["cycles"] == 0
    assert "relu1" not in set(results.bank_layers["layer"])


def test_banks_of_a_hybrid_scratchpad_name_their_own_memory() -> None:
    system = load_system("edge-hybrid")
    named = {(bank.scratchpad, bank.bank): bank.memory for bank in bank_names(system)}
    for pad, spec in system.scratchpads.items():
        assert tuple(named[pad, bank] for bank in range(spec.banks)) == spec.memory_of_banks
    assert len({bank.memory for bank in bank_names(system)}) > 1


def test_occupancy_counts_every_port_of_a_bank() -> None:
    one = made_up_results()
    system = override_system(load_system("edge-sram"), ["scratchpads.ifmap.ports_per_bank=4"])
    four = made_up_results(system)
    at = one.banks["scratchpad"] == "ifmap"
    assert (four.banks["occupancy_percent"][at] * 4).tolist() == pytest.approx(one.banks["occupancy_percent"][at].tolist())


def test_every_column_and_metric_is_explained(results: Results) -> None:
    columns = {column for table in results.tables().values() for column in table.columns} - {"metric", "value", "unit"}
    assert columns - set(TERMS) == set()
    assert set(results.totals["metric"]) - set(TERMS) == set()
    assert set(CAUSE_NAMES) - set(TERMS) == set()


def test_units_are_in_the_names_of_all_counts(results: Results) -> None:
    for metric, unit in zip(results.totals["metric"], results.totals["unit"], strict=True):
        assert unit == TERMS[metric].unit != ""


@pytest.mark.parametrize("unit", ["cycles/byte", "percent", ""])
def test_a_new_ratio_is_neither_in_totals_nor_in_passes(results: Results, monkeypatch: pytest.MonkeyPatch, unit: str) -> None:
    layers = results.layers.assign(wait_per_byte=1.5, told_cycles=1)
    monkeypatch.setitem(TERMS, "wait_per_byte", Term("wait_per_byte", "Columns of layers", unit, "A ratio."))
    monkeypatch.setitem(TERMS, "told_cycles", Term("told_cycles", "Columns of layers", "cycles", "An amount."))
    metrics = [metric for metric, _, _ in total_rows(layers.to_dict("records"), results.system, {})]
    passes = list(pass_table(layers, results.kind))
    assert [name in metrics for name in ("wait_per_byte", "told_cycles")] == [False, True]
    assert [name in passes for name in ("wait_per_byte", "told_cycles")] == [False, True]


def test_a_column_without_a_definition_is_added_up_only_if_it_counts_cycles_or_energy(results: Results) -> None:
    layers = results.layers.assign(row_hit_rate=0.5, stall_carry_cycles=1, spark_pj=2.0)
    assert {"row_hit_rate", "stall_carry_cycles", "spark_pj"} & {
        metric for metric, _, _ in total_rows(layers.to_dict("records"), results.system, {})
    } == {
        "stall_carry_cycles",
        "spark_pj",
    }


def test_the_metrics_page_is_what_explain_says() -> None:
    page = Path(__file__).parents[1] / "docs" / "metrics.md"
    assert page.read_text(encoding="utf-8") == markdown()
    command = [sys.executable, "-W", "error", "-m", "simcore.results.metrics_page"]
    printed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (printed.returncode, printed.stdout, printed.stderr) == (0, markdown(), "")
    assert {term.group for term in TERMS.values()} == set(GROUPS)


def test_json_has_exactly_the_promised_keys(results: Results) -> None:
    found = json.loads(json.dumps(results.to_json(), allow_nan=False))
    top = ["network", "system", "kind", "engine", "cycles", "layers", "passes", "scratchpads", "banks", "memory_limits"]
    top += ["energy_pj", "area_mm2", "not_counted", "leakage_class", "gating", "wall_s", "simulated_cycles_per_s"]
    assert list(found) == top
    passes = ["pass", "macs", "cycles", "compute_cycles", "dram_reads_bytes", "dram_writes_bytes", "energy_pj"]
    assert [list(row) for row in found["passes"]] == [passes]
    layer = found["layers"][0]
    assert list(layer) == [
        *("name", "op", "pass", "macs", "cycles", "compute_cycles", "stall_cycles", "mapping_efficiency"),
        *("sram_reads", "sram_writes", "dram_reads_bytes", "dram_writes_bytes"),
    ]
    assert list(layer["sram_reads"]) == ["ifmap", "filter"]
    assert list(layer["sram_writes"]) == ["ofmap"]
    assert list(layer["stall_cycles"]) == list(CAUSE_NAMES)
    assert layer["mapping_efficiency"] == 25.0
    assert layer["cycles"] == layer["compute_cycles"] + sum(layer["stall_cycles"].values())
    assert list(found["scratchpads"][0]) == ["scratchpad", "stall_cycles", "waits", "write_buffer"]
    assert list(found["banks"][0]) == ["scratchpad", "bank", "reads", "writes", "conflict_cycles", "busy_cycles"]
    assert found["layers"][2]["mapping_efficiency"] is None
    assert found["simulated_cycles_per_s"] == pytest.approx(found["cycles"] / 0.25)


def test_a_notebook_shows_cycles_per_layer(results: Results) -> None:
    shown = results._repr_html_()
    assert "conv1" in shown
    assert f"{results.cycles:,} cycles" in shown


def test_a_notebook_shows_names_as_text() -> None:
    shown = simulate("lenet5", layers="output", overrides=["name=<script>alert(1)</script>"])._repr_html_()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script" not in shown
