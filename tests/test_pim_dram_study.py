"""The study of DRAM that multiplies: what it makes of runs known by hand, and its table of feasibility."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from math import ceil
from pathlib import Path

import pandas as pd
import pytest
from frames import only

from simcore import simulate
from simcore.pim.phases import PHASE_KINDS
from simcore.studies.pim_dram import effects, energy, sensitivity, tree
from simcore.studies.pim_dram.cases import Case, CaseRun, measured, run_case, run_cases
from simcore.studies.pim_dram.claims import best_table, claim_findings, claim_table
from simcore.studies.pim_dram.conclusions import conclusions, times
from simcore.studies.pim_dram.configuration import Point
from simcore.studies.pim_dram.feasibility import feasible
from simcore.studies.pim_dram.grid import grid_findings
from simcore.studies.pim_dram.layer_rows import mean_utilisation
from simcore.studies.pim_dram.settings import NETWORKS, PimDramSettings
from simcore.studies.pim_dram.study import all_cases, all_tables, findings
from simcore.studies.pim_dram.utilisation import utilisation_findings
from simcore.studies.pim_dram.yardsticks import MEASURED, MEASURED_MS, speedups, yardstick_table, yardsticks

QUICK = PimDramSettings(quick=True, networks=("alexnet",))


def run_of(case: Case) -> CaseRun:
    """A made-up run: 1000 cycles of 1 us each, half as long in a pipeline and with 64 subarrays, longer with more bits."""
    settings = dict(override.split("=") for override in case.configuration.overrides)
    bits = int(settings.get("precision.weight_bits", 8))
    cycles = 125 * bits * (2 if "limits.tfaw" not in settings or settings["limits.tfaw"] == "true" else 1)
    cycles //= 2 if settings.get("active_subarrays") == "64" else 1
    wait = cycles // 5
    layer = {"layer": "conv", "macs": 10, "column_utilisation_percent": 50.0, "subarray_utilisation_percent": 80.0, "rounds": 3}
    layer |= {"row_sets": 6, "mapped_banks": 2, "weights_stay": True, "cycles": cycles, "multiply_cycles": cycles}
    layer |= {"weights_cycles": 0, "copy_cycles": 0, "vector_cycles": 0, "move_cycles": 0, "round_compute_cycles": cycles - wait}
    layer |= {"round_tFAW_cycles": 0, "round_periphery_cycles": wait}
    return CaseRun(
        figures={
            **{"latency_ms": cycles / 1e3, "ms_per_image": cycles / 1e3, "cycles": cycles, "compute_cycles": cycles - wait},
            **{"macs": 10, "uj_per_image": 4e-6 * cycles, "column_utilisation_percent": 50.0},
            **{"subarray_utilisation_percent": 80.0, "ACT": 5, "RD": 0, "WR": 0, "REF": 1},
        },
        stalls={"tFAW": 0, "periphery": wait},
        phases={"weights": 0, "multiply": cycles, "vector": 0, "move": 0},
        energy_pj={"activate": 3.0 * cycles, "background": 1.0 * cycles},
        layers=(layer,),
        banks=({"bank": "bank0", "computing_percent": 75.0, "waiting_percent": 25.0},),
    )


YARDSTICKS = pd.DataFrame(
    [
        {"network": network, "yardstick": name, "over": over, "batch": 1, "kind": kind, "ms_per_image": ms}
        for network in NETWORKS
        for name, over, kind, ms in (
            (MEASURED, "gpu", "measured", 10.0),
            ("titan-xp-b1", "gpu", "simulated", 0.125),
            ("titan-xp-b16", "gpu", "simulated", 0.1),
            ("ideal-titan-xp-b1", "ideal", "simulated", 0.5),
            ("cloud-128x128-ws-b1", "systolic", "simulated", 1.0),
        )
    ]
)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """The tables of a quick study of made-up runs."""
    return all_tables(QUICK, {case.key: run_of(case) for case in all_cases(QUICK)}, YARDSTICKS)


def test_speedups_are_the_time_of_the_yardstick_over_the_time_between_images(tables):
    row = only(tables["grid"], configuration="ddr4-maj-8bit-1sub-1pair-all-together")
    assert row["ms_per_image"] == 2.0
    assert (row[f"over_{MEASURED}"], row["over_titan-xp-b1"]) == (5.0, 0.0625)
    assert (row["multiply_share_percent"], row["stall_periphery_percent"]) == (100, 20)
    assert row["command"] == "simcore run alexnet --system pim-dram-ddr4"
    assert speedups("vgg16", 2.5, YARDSTICKS)["over_ideal-titan-xp-b1"] == 0.2


def test_the_best_configuration_of_a_precision_and_level_is_the_fastest(tables):
    row = only(tables["best"], yardstick=MEASURED, level="all", bits=2)
    assert (row["speedup"], row["subarrays"]) == (20.0, 1)
    ideal = only(tables["best"], yardstick=MEASURED, level="feasibility", bits=1)
    assert (ideal["speedup"], ideal["configuration"]) == (80.0, "feasible-1bit-64sub")


def test_a_claim_is_reached_where_some_network_is_as_fast_as_claimed(tables):
    claims = tables["claims"]
    assert only(claims, claim=19.5, yardstick=MEASURED, level="all", bits=2)["reached"]
    assert not only(claims, claim=23.0, yardstick=MEASURED, level="all", bits=2)["reached"]
    assert not claims[(claims["yardstick"] == "titan-xp-b1")]["reached"].any()
    assert set(claims[claims["claim"] == 6.5]["yardstick"]) == {"ideal-titan-xp-b1"}
    found = {row["yardstick"]: row for row in claim_findings(claims) if row["claim"] == 19.5}
    levels = {row["level"]: row for row in found[MEASURED]["levels"]}
    assert levels["all"]["most_bits"]["bits"] == 2
    assert {row["level"]: row["most_bits"] for row in found["titan-xp-b16"]["levels"]}["all"] is None


def test_the_most_bits_that_reach_a_claim_are_told_not_the_greatest_speedup():
    rows = [
        {"network": "vgg16", "level": "all", "bits": bits, "placement": "together", "subarrays": 1}
        | {"configuration": f"{bits}", "command": "", f"over_{MEASURED}": speedup}
        for bits, speedup in ((1, 90.0), (2, 30.0), (4, 20.0), (8, 2.0))
    ]
    yardstick = YARDSTICKS[YARDSTICKS["yardstick"] == MEASURED]
    table = pd.DataFrame(rows)
    best = best_table(table, table.iloc[:0], yardstick)
    (claim, _) = claim_findings(claim_table(best))
    (level,) = claim["levels"]
    assert (level["most_bits"]["bits"], level["best"]["bits"]) == (4, 1)


def test_a_slowdown_is_relative_to_the_base_and_in_the_ladder_also_to_the_step_before(tables):
    ddr4, hbm2 = (base.configuration.name for base in effects.bases(QUICK))
    assert only(tables["effects"], base=ddr4, effect="none")["slowdown"] == 1
    assert only(tables["effects"], effect="tFAW")["slowdown"] == 2
    # Refreshes of all banks on both, of single banks on the DRAM that has them.
    assert [only(tables["effects"], base=base, effect="refresh")["slowdown"] for base in (ddr4, hbm2)] == [1, 1]
    assert set(tables["effects"][tables["effects"]["base"] == hbm2]["effect"]) == {"none", "refresh", *effects.BY_BANK}
    assert set(tables["ladder"]["base"]) == {ddr4}
    assert only(tables["effects"], effect="tRRD")["slowdown"] == 1
    by_effect = {row["effect"]: row for row in tables["ladder"].to_dict("records")}
    assert [by_effect[name]["slowdown"] for name in effects.LADDER] == [1, 1, 2, 2, 2, 2, 2, 2]
    assert [by_effect[name]["slowdown_by_this"] for name in ("tRRD", "tFAW", "command bus")] == [1, 2, 1]


def test_the_last_step_of_the_ladder_is_the_preset_with_everything_on():
    *_, last = (step for _, step in effects.steps(QUICK) if step.ladder)
    network = Case("alexnet", last.configuration)
    wanted = simulate_spec(Case("alexnet", Point(bits=2).configuration))
    assert simulate_spec(network) == wanted


def simulate_spec(case: Case) -> Mapping[str, object]:
    """The system of a case, read from its preset and overrides, without its name."""
    from simcore.spec import load_system

    return load_system(case.configuration.preset, overrides=case.configuration.overrides).to_yaml_dict()


def test_the_tree_decides_a_round_where_rows_wait_for_it_longer_than_they_compute(tables):
    row = only(tables["adder_tree"], tree_columns=4096, bits=8)
    assert (row["tree_percent"], row["tree_decides"]) == (20, False)
    table = pd.DataFrame(
        {"subarrays": 1, "tree_columns": [64, 64, 256], "bits": [1, 8, 1], "tree_decides": [True, False, False]}
        | {"tree_percent": [80.0, 50.0, 40.0]}
    )
    found = tree.tree_findings(table)
    assert [(row["tree_columns"], row["bits"]) for row in found] == [(64, [1]), (256, [])]


def test_energy_of_an_image_has_its_parts(tables):
    row = only(tables["energy"], bits=8, subarrays=1, standard="ddr4", program="maj", pairs=1)
    assert (row["activate_uj"], row["background_uj"], row["uj_per_image"]) == pytest.approx((6e-3, 2e-3, 8e-3))
    assert row["pj_per_mac"] == pytest.approx(800)
    found = only(pd.DataFrame(energy.energy_findings(tables["energy"])), bits=8)
    assert (found["largest_part"], found["largest_percent"]) == ("activate", pytest.approx(75))


def test_sensitivity_is_relative_to_the_preset_of_the_same_level(tables):
    assert set(tables["sensitivity"]["relative"]) == {1.0}
    row = only(tables["sensitivity"], level="all", key="tRAS, cycles", value=54)
    assert "dram.overrides.nRAS=54 --set dram.overrides.nRC=73" in row["command"]
    assert {change.key for change in sensitivity.changes()} == {"tRAS, cycles", "banks", "columns"}


def test_utilisation_findings_name_the_layer_that_uses_least():
    layers = pd.DataFrame(
        {"network": "vgg16", "level": "all", "subarrays": 1, "placement": "together", "layer": ["a", "b"]}
        | {"column_utilisation_percent": [100.0, 50.0], "subarray_utilisation_percent": [30.0, 50.0]}
    )
    told = {"network": "vgg16", "level": "all", "subarrays": 1, "placement": "together"}
    banks = pd.DataFrame({**told, "computing_percent": [10.0, 90.0]})
    (found,) = utilisation_findings(layers, banks)
    assert (found["least_layer"], found["least_percent"]) == ("b", 25)
    assert (found["least_bank_percent"], found["greatest_bank_percent"]) == (10, 90)


def test_mean_utilisation_weighs_columns_by_row_sets_and_subarrays_by_rounds():
    rows = [
        {"row_sets": 3, "rounds": 1, "column_utilisation_percent": 100.0, "subarray_utilisation_percent": 20.0},
        {"row_sets": 1, "rounds": 3, "column_utilisation_percent": 20.0, "subarray_utilisation_percent": 100.0},
    ]
    assert mean_utilisation(rows) == {"column_utilisation_percent": 80, "subarray_utilisation_percent": 80}


def test_sentences_hold_the_findings(tables):
    found = conclusions(findings(tables))
    assert any(
        line.startswith("19.5 times (arXiv 2105.03736v3)") and "reached with all, up to 2 bits (20: alexnet on" in line
        for line in found
    )
    assert any("alexnet at 8 bits on pim-dram-ddr4" in line and "2.0 ms per image, 5 times the speed" in line for line in found)
    assert any("tFAW: 2; tFAW, AAP as two: 2;" in line for line in found)
    assert len(set(found)) == len(found)


def test_a_slow_machine_is_told_as_one_over_a_whole_number():
    assert (times(2.5), times(0.1), times(0.01)) == ("2.5 times", "0.1 times", "1/100 of")


def test_grid_findings_compare_the_preset_with_other_pairs_programs_and_standards(tables):
    (row,) = grid_findings(tables["grid"])
    assert row["pairs"] == {"1": 1.0, "4": 1.0}
    assert set(row["program"]) == {"maj", "simdram"}
    assert set(row["standard"]) == {"ddr3", "ddr4", "hbm2"}
    assert (row["worst_stall"], row["worst_percent"]) == ("periphery", 20)


# Simulations


def test_yardsticks_have_both_batches_and_the_measured_gpu():
    names = [each.name for each in yardsticks(quick=True)]
    assert {MEASURED, "titan-xp-b1", "titan-xp-b16", "ideal-titan-xp-b1", "ideal-titan-xp-b16"} < set(names)
    assert len(yardsticks(quick=False)) > len(names)


@pytest.mark.slow
def test_a_run_of_the_study_is_what_simulate_measures():
    point = Point(bits=2)
    case = Case("lenet5", point.configuration)
    run = run_cases([case, case], 1, None)[case.key]
    results = simulate("lenet5", "pim-dram-ddr4", overrides=case.configuration.overrides)
    assert run == measured(results)
    assert run.figures["ms_per_image"] == run.figures["latency_ms"]
    assert run.figures["latency_ms"] == pytest.approx(1e3 * results.cycles / results.system.core_clock_hz)
    assert sum(run.phases.values()) == run.figures["cycles"] == results.cycles
    assert run.figures["compute_cycles"] + sum(run.stalls.values()) == results.cycles
    assert set(run.phases) == set(PHASE_KINDS)
    assert sum(layer["macs"] for layer in run.layers) == run.figures["macs"] == 416_520
    first = run.layers[0]
    assert first["cycles"] == sum(first[f"{kind}_cycles"] for kind in PHASE_KINDS)
    rounds = sum(value for key, value in first.items() if key.startswith("round_"))
    assert rounds == first["multiply_cycles"]


@pytest.mark.slow
def test_measured_times_of_the_gpu_stand_beside_the_roofline():
    table = yardstick_table(PimDramSettings(quick=True, networks=("alexnet",)), None)
    assert only(table, yardstick=MEASURED)["ms_per_image"] == pytest.approx(MEASURED_MS["alexnet"] / 16)
    roofline = only(table, yardstick="pascal-titan-x-b16")["ms_per_image"]
    assert roofline == pytest.approx(0.70 * MEASURED_MS["alexnet"] / 16, rel=0.01)


#: The multiply-accumulates of the largest layer of each network: conv2, conv1_2 and conv1.
LARGEST_MACS = {"alexnet": 223_948_800, "vgg16": 1_849_688_064, "resnet18": 118_013_952}
ROW_COLUMNS, OPERATION_NS = 65_536, 49


def in_closed_form(network: str, bits: int, subarrays: int) -> float:
    """The speedup over the measured GPU of a pipeline whose slowest bank has the largest layer, in full rows."""
    rounds = ceil(LARGEST_MACS[network] / (ROW_COLUMNS * subarrays))
    interval_ms = rounds * (7 * bits**2 - 4 * bits) * OPERATION_NS * 1e-6
    return MEASURED_MS[network] / 16 / interval_ms


def golden_feasibility() -> list[dict[str, str]]:
    with (Path(__file__).parent / "golden" / "pim" / "feasibility.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_closed_form_is_the_golden_table_to_a_unit_of_its_last_digit():
    for row in golden_feasibility():
        for network in NETWORKS:
            decimals = len(row[network].partition(".")[2])
            found = in_closed_form(network, int(row["bits"]), int(row["subarrays"]))
            assert abs(found - float(row[network])) < 10**-decimals, (row, network, found)


@pytest.mark.slow
@pytest.mark.parametrize("subarrays", [64, 16, 1])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_simulation_reproduces_the_table_of_feasibility_within_5_percent(bits, subarrays):
    for network in NETWORKS:
        interval_ms = run_case(Case(network, feasible(bits, subarrays))).figures["ms_per_image"]
        assert MEASURED_MS[network] / 16 / interval_ms == pytest.approx(in_closed_form(network, bits, subarrays), rel=0.05)
