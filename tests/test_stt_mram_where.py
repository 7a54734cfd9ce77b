"""Where the claimed gain of STT-MRAM scratchpads holds: energies computed again, named configurations, and their commands."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from frames import only
from typer.testing import CliRunner

from models.technology import energy_table
from simcore import simulate
from simcore.cli import app
from simcore.studies.form.planned_once import simulate_planned_once
from simcore.studies.stt_mram.conclusions import conclusions
from simcore.studies.stt_mram.settings import MIB, SttMramSettings
from simcore.studies.stt_mram.variants import Variant
from simcore.studies.stt_mram.where import axes, named, part, rerating
from simcore.studies.stt_mram.where.configuration import Configuration, configuration_of
from workloads.load import load_network
from workloads.training import training_step

CELL = "stt-34.5F2"
MEMORY = axes.MainMemory("m", 10.0, 20.0, 1000.0, 500.0)


def run(iso: str = "none", **changed: object) -> dict:
    """Return a row of ``map_run_table``: 1 ms of 100 uJ of leakage (40 with gating), 30 uJ of accesses, 20 of logic."""
    row = {"network": "n", "batch": 32, "array": 32, "clock_mhz": 1000, "sram_kib": 1024, "leakage_class": "lop", "iso": iso}
    row |= {
        "leakage_uj": 100.0,
        "gated_leakage_uj": 40.0,
        "read_uj": 20.0,
        "write_uj": 10.0,
        "mac_uj": 15.0,
        "vector_uj": 1.0,
        "kept_uj": 2.0,
    }
    row |= {"moving_uj": 4.0, "dram_traffic_uj": 0.0, "dram_background_uj": 0.0, "dram_refresh_uj": 0.0, "time_ns": 1e6}
    row |= {"dram_read_bytes": 1_000_000, "dram_write_bytes": 500_000, "cycles": 10**6, "capacity_kib": 4096}
    return row | {"area_used_percent": 100.0} | changed


def test_energies_of_a_setting_are_those_counted_by_hand():
    half = axes.Leakage("half", "lop", 0.5, 0.25)
    spent = rerating.energies_uj(run(), half, MEMORY, 10.0)
    assert spent["leakage"] == pytest.approx(0.5 * (40 + 0.1 * 60))
    assert rerating.energies_uj(run("area"), half, MEMORY, 100.0)["leakage"] == pytest.approx(0.25 * 100)
    assert spent["dram_traffic"] == pytest.approx(10 + 10)  # a megabyte at 10 pJ, half of one at 20
    assert (spent["dram_background"], spent["dram_refresh"]) == pytest.approx((1000, 500))  # a watt for a millisecond
    assert rerating.scopes_uj(spent) == pytest.approx({"scratchpads": 55, "chip": 75, "system": 75 + 20 + 1500})


def test_the_axis_of_main_memory_counts_the_channels_of_64_gb_per_s():
    by_name = {memory.name: memory for memory in axes.main_memories()}
    assert list(by_name) == ["hbm2", "ddr4", "ddr3", "1300pJ"]
    # 64 GB/s are 4 channels of 16 GB/s, 4 of 19.2 and 5 of 12.8.
    assert by_name["hbm2"].background_mw == pytest.approx(4 * 33.0)
    assert by_name["ddr4"].refresh_mw == pytest.approx(4 * 91.9)
    assert by_name["ddr3"].background_mw == pytest.approx(5 * 550.8)
    assert (by_name["1300pJ"].read_pj_per_byte, by_name["1300pJ"].background_mw) == (1300 / 8, 0)


def test_cacti_and_nvsim_are_as_far_apart_as_the_assumptions_say():
    assert 1 / axes.CACTI_FACTORS["hp"] == pytest.approx(7.7, abs=0.05)
    assert axes.CACTI_FACTORS["lstp"] == pytest.approx(5.3, abs=0.05)


# Configurations


def test_a_configuration_is_named_by_what_differs_from_the_preset():
    found = configuration_of("leakage=hp, sram=16MiB,clock=500MHz,residue=5")
    assert found == Configuration(leakage="hp", sram_kib=16384, clock_mhz=500, residue_percent=5.0)
    assert found.text == "leakage=hp,sram=16MiB,clock=500MHz,residue=5"
    assert configuration_of(found.text) == found
    assert found.steps == 4 + 2 + 1 + 3  # lop to hp, 1 to 4 to 16 MiB, 1 GHz to 500 MHz, 100 to 20 to 10 to 5 %
    assert (Configuration().departures, configuration_of(Configuration().text)) == ((), Configuration())


def test_a_capacity_between_the_points_counts_as_the_next_step():
    assert configuration_of("sram=3MiB").steps == configuration_of("sram=4MiB").steps == 1


def gains_at(**of: object) -> list[dict]:
    row = {"leakage": "lop", "sram_kib": 1024, "clock_mhz": 1000, "batch": 32, "array": 32, "main_memory": "ddr4"}
    row |= {"residue_percent": 100.0, "iso": "capacity", "network": "a"}
    row |= {"scratchpads_gain": 1.0, "chip_gain": 1.0, "system_gain": 1.0}
    return [row | of, row | of | {"iso": "area"}]


def test_the_named_configuration_reaches_the_range_with_the_fewest_departures():
    rows = gains_at()
    rows += gains_at(leakage="hp", sram_kib=4096, scratchpads_gain=16.0, system_gain=40.0)
    rows += gains_at(leakage="hp", sram_kib=4096, network="b", scratchpads_gain=9.0)
    rows += gains_at(leakage="hp", residue_percent=0.0, scratchpads_gain=21.0)  # as many departures, more steps
    rows += gains_at(leakage="hp", sram_kib=16384, clock_mhz=500, scratchpads_gain=20.0, chip_gain=15.0)
    rows[-1]["chip_gain"] = 23.0  # at equal area above the range
    reach = named.reach_table(pd.DataFrame(rows))
    table = named.named_table(reach)
    found = only(table, scope="scratchpads", equal="both")
    assert (found["only"], found["departures"], found["steps"]) == ("leakage=hp,sram=4MiB", 2, 4 + 1)
    assert (found["least_gain"], found["greatest_gain"], found["networks_inside"], found["networks"]) == (9, 16, 2, 4)
    assert only(table, scope="chip", equal="capacity")["only"] == "leakage=hp,sram=16MiB,clock=500MHz"
    assert set(zip(table["scope"], table["equal"], strict=True)) == {
        *(("scratchpads", equal) for equal in named.EQUALS),
        ("chip", "capacity"),
    }
    findings = {"where_it_holds": part.where_findings(reach, table), "reading": part.reading_finding(reach, table)}
    told = conclusions(findings)
    assert "of the chip at equal area: up to 15 to 22 times in none of 4 configurations" in told[4]
    assert "of the scratchpads alone at equal capacity: up to 15 to 22 times in 3 of 4 configurations" in told[0]
    assert "simcore study stt-mram --only leakage=hp,sram=4MiB" in told[0]
    assert "the scratchpads alone with leakage=hp,sram=4MiB" in told[-1]
    assert "lop transistors the whole system gains at most 1.00 times anywhere on the map" in told[-1]


def test_axes_that_vary_together_are_told_beside_one_at_a_time():
    at = {"sram_kib": 16384, "leakage": "hp"}
    rows = gains_at(**at) + gains_at(**at, clock_mhz=250, system_gain=18.0) + gains_at(**at, batch=128, system_gain=4.0)
    rows += gains_at(**at, clock_mhz=250, batch=128, system_gain=19.5)
    rows[-1]["system_gain"] = 19.0  # at equal area
    rows += gains_at(**at, network="b", clock_mhz=250, system_gain=30.0)  # not simulated at every combination
    (found,) = part.joint_findings(pd.DataFrame(rows))
    assert (found["greatest_gain"], found["alone"], found["networks"], found["equal"]) == (19.5, 18.0, ["a"], "capacity")
    assert found["at"] == "leakage=hp,sram=16MiB,clock=250MHz,batch=128"
    told = conclusions({"joint": [found]})
    assert "at most 19.50 times (a at equal capacity, leakage=hp,sram=16MiB,clock=250MHz,batch=128)" in told[0]
    assert part.joint_findings(pd.DataFrame(gains_at(**at))) == []


def test_a_configuration_is_named_only_if_every_network_was_simulated_there():
    few = gains_at(leakage="hp", system_gain=16.0)
    rows = gains_at() + gains_at(network="b") + few
    rows += gains_at(leakage="hp", clock_mhz=500, system_gain=17.0) + gains_at(leakage="hp", clock_mhz=500, network="b")
    reach = part.with_all_networks(named.reach_table(pd.DataFrame(rows)))
    assert only(named.named_table(reach), scope="system", equal="both")["only"] == "leakage=hp,clock=500MHz"


def test_a_map_that_reaches_the_range_nowhere_says_so():
    reach = named.reach_table(pd.DataFrame(gains_at()))
    table = named.named_table(reach)
    assert len(table) == len(named.joule_table(rerating.map_run_table(no_runs()), table)) == 0
    told = conclusions({"where_it_holds": part.where_findings(reach, table), "reading": part.reading_finding(reach, table)})
    assert all("in none of 1 configurations" in line for line in told[:9])
    assert "no configuration of the map has greatest gains of that size at both" in told[-1]


def no_runs() -> pd.DataFrame:
    row = run(**{"pass": "training", "gated": True, "area_mm2": 1.0, "accesses_per_ns": 1.0, "configuration": "c"})
    return pd.DataFrame([row, row | {"gated": False}])


def test_every_point_of_the_map_is_simulated_once():
    jobs = part.map_jobs(SttMramSettings(networks=("lenet5",)))
    # Further capacities; batches x arrays x clocks at 16 MiB, of larger networks one axis at a time.
    assert len(jobs) == len(set(jobs)) == 3 + 4 * 3 * 4
    assert len(part.map_jobs(SttMramSettings(networks=("vgg16",)))) == 4 + 3 + 3 + 2
    assert len(part.map_jobs(SttMramSettings(quick=True, networks=("lenet5",)))) == 3 + 1
    assert {job.classes for job in jobs if job.point.sram_kib != axes.CENTRE_KIB} == {("hp", "lop", "lstp")}


# Figures


@pytest.mark.slow
def test_a_map_shows_the_greatest_gain_over_networks_and_frames_the_claimed_ones():
    pytest.importorskip("matplotlib")
    from simcore.results.figures.style import figure_style
    from simcore.studies.stt_mram.figures.where import PANELS, draw_map_area, map_cells

    rows = []
    for memory, residue, _ in PANELS:
        more = {"main_memory": memory, "residue_percent": residue}
        rows += gains_at(**more) + gains_at(**more, leakage="hp", sram_kib=4096, chip_gain=22.0, system_gain=14.9)
        rows += gains_at(**more, leakage="hp", sram_kib=4096, network="b", system_gain=30.0)
        rows += gains_at(**more, leakage="hp", sram_kib=4096, clock_mhz=500, system_gain=99.0)  # not at the preset's clock
    table = pd.DataFrame(rows)
    cells = map_cells(table, "area", "system", "ddr4", 100.0)
    assert list(cells.columns) == ["hp", "lop"]  # from most leakage to least
    assert (cells.loc[4096, "hp"], cells.loc[1024, "lop"]) == (30, 1)
    with figure_style():
        figure = draw_map_area({"gain_map": table})
    framed = [patch for axes in figure.axes for patch in axes.patches if patch.get_edgecolor() == (1, 0, 0, 1)]
    assert len(framed) == len(PANELS)  # the chip's cell in each column
    assert "a, b" in figure.get_suptitle()


@pytest.mark.slow
def test_bars_of_joules_are_whole_and_show_their_joules():
    pytest.importorskip("matplotlib")
    from simcore.results.figures.style import figure_style
    from simcore.studies.stt_mram.figures.joules import draw_joules

    runs = pd.DataFrame([run(), run("capacity", leakage_uj=10.0), run("area", leakage_uj=20.0)])
    chosen = pd.DataFrame([{"scope": "system", "equal": "both", "only": "leakage=lop", **vars(Configuration())}])
    joules = named.joule_table(runs, chosen)
    with figure_style():
        figure = draw_joules({"named_configurations": chosen, "joules": joules})
    absolute, shares = figure.axes
    ends = [patch.get_x() + patch.get_width() for patch in shares.patches]
    assert sorted(ends)[-3:] == pytest.approx([100] * 3)
    points = [line.get_xdata()[0] for line in absolute.lines]
    assert points == pytest.approx(joules["system_j"].tolist())
    assert absolute.get_xscale() == "log"
    told = [text.get_text() for text in absolute.texts]
    for row, text in zip(joules.to_dict("records"), told, strict=True):
        assert text.startswith(f"{1e3 * row['system_j']:.3g} mJ")
    assert told[1].endswith(f"{joules['system_j'][0] / joules['system_j'][1]:.1f}x less")


# Against runs of whole systems


@pytest.mark.slow
def test_systems_that_share_a_plan_give_what_they_give_alone():
    network = training_step(load_network("lenet5", 2), optimizer="momentum")
    variants = (Variant("lop", MIB), Variant("lop", MIB, CELL, "capacity"), Variant("hp", MIB, CELL, "area"))
    for variant, shared in zip(variants, simulate_planned_once(network, [each.system() for each in variants]), strict=True):
        alone = simulate("lenet5", variant.system(), batch=2, training="momentum")
        assert shared.cycles == alone.cycles
        pd.testing.assert_frame_equal(shared.layers, alone.layers)
        pd.testing.assert_frame_equal(shared.energy, alone.energy)


@pytest.mark.slow
def test_the_command_of_a_configuration_gives_the_energies_of_its_systems():
    text = "leakage=hp,clock=500MHz,batch=2,array=64,memory=hbm2,residue=5"
    arguments = ["study", "stt-mram", "--networks", "lenet5", "--jobs", "1", "--json", "--only", text]
    printed = CliRunner().invoke(app, arguments)
    assert printed.exit_code == 0, printed.output
    tables = json.loads(printed.stdout)["tables"]
    gating = "technology.gating={leakage_percent: 5, wake_cycles: 1}"
    spent = {}
    for cell, iso in (("sram", "none"), (CELL, "capacity"), (CELL, "area")):
        variant = Variant("hp", MIB, cell, iso, array=64, clock_mhz=500)
        overrides = [*variant.overrides(), "memory.type=hbm2", gating]
        alone = simulate("lenet5", "train-sram", batch=2, training="momentum", overrides=overrides)
        spent[iso] = energy = dict(zip(alone.energy["part"], 1e-12 * alone.energy["energy_pj"], strict=True))
        row = next(row for row in tables["joules"] if row["iso"] == iso)
        assert row["system_j"] == pytest.approx(sum(energy.values()), rel=1e-12)
        parts = {"leakage": "leakage", "dram": "dram_traffic", "dram_refresh": "dram_refresh", "mac": "mac", "vector": "vector"}
        assert [row[f"{ours}_j"] for ours in parts.values()] == pytest.approx([energy[name] for name in parts], rel=1e-12)
        assert row["cycles"] == alone.cycles
    for row in tables["gain_map"]:
        assert row["system_gain"] == pytest.approx(sum(spent["none"].values()) / sum(spent[row["iso"]].values()), rel=1e-12)


def test_types_of_main_memory_on_the_axis_are_those_with_known_powers():
    table = energy_table(node_nm=22)
    known = {name for name in table.main_memory_types if table.main_memory(name).background_mw is not None}
    assert known == set(axes.MEMORY_TYPES)
