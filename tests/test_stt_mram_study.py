"""The study of STT-MRAM scratchpads: its tables compared with values known by hand, its variants, its gains."""

from __future__ import annotations

from math import isnan

import pandas as pd
import pytest
from frames import only

from models.arrays.macro import memory_macro
from models.arrays.ratio import energy_ratio
from simcore import simulate
from simcore.errors import InputError
from simcore.studies.form.plain import plain, rows_of
from simcore.studies.form.spread import spread
from simcore.studies.stt_mram import arrays, gains, pulses, ratio_map, systems, writes
from simcore.studies.stt_mram.accuracy import _with_steps, placed_steps, study_accuracy
from simcore.studies.stt_mram.conclusions import capacity, conclusions
from simcore.studies.stt_mram.settings import BATCHES, KIB, MIB, SttMramSettings
from simcore.studies.stt_mram.variants import Variant, equal_area_bytes, pads
from workloads.faults.device import MacroDevice
from workloads.faults.placement import PlacedBits, Placement, Storage
from workloads.learning.setup import TrainingSetup

CELL = "stt-34.5F2"


# Settings


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"cell": "sram"}, "cell: expected a cell of STT-MRAM, got 'sram'"),
        ({"cell": "stt-34F2"}, "did you mean 'stt-34.5F2'"),
        ({"networks": ("lenet",)}, "did you mean 'lenet5'"),
        ({"networks": ()}, "expected different networks, got none"),
        ({"networks": ("lenet5", "lenet5")}, "expected different networks, got lenet5, lenet5"),
        ({"jobs": 0}, "expected at least 1 process, got 0"),
    ],
)
def test_what_cannot_be_studied_is_reported(asked, told):
    with pytest.raises(InputError, match=told.replace("(", r"\(")):
        SttMramSettings(**asked)


def test_a_full_study_runs_every_network_and_a_quick_one_two():
    assert SttMramSettings().chosen_networks == tuple(BATCHES)
    assert len(SttMramSettings(quick=True).chosen_networks) == 2
    assert SttMramSettings(quick=True, networks=("vgg16",)).chosen_networks == ("vgg16",)


# Part 1: arrays


def test_arrays_are_the_macros_of_every_class_that_has_the_cell():
    table = arrays.array_table()
    row = only(table, leakage_class="hp", cell="sram", capacity_kib=1024)
    assert (row["leakage_mw"], row["read_pj"], row["kind"]) == (1080, 50.418, "measured")
    assert len(table) == 12 * (6 + 3 + 3)
    assert arrays.classes_of(CELL) == ("hp", "lop", "lstp")
    assert arrays.classes_of("stt-40F2") == ("lop",)


@pytest.mark.parametrize(
    ("sram_kib", "fits_kib"),
    [(32, (128, 64, 64)), (256, (512, 512, 512)), (2048, (8192, 4096, 8192)), (16384, (65536, 32768, 32768))],
)
def test_equal_area_fits_what_the_guide_says(sram_kib, fits_kib):
    table = arrays.comparison_table()
    rows = [only(table, leakage_class="lop", cell=cell, iso="area", sram_kib=sram_kib) for cell in (CELL, "stt-54F2", "stt-40F2")]
    assert tuple(row["mram_kib"] for row in rows) == fits_kib
    assert all(row["mram_mm2"] <= row["sram_mm2"] for row in rows)
    assert rows[0]["table_ends"] == (sram_kib == 16384)


def test_density_and_leakage_ratios_are_the_sram_over_the_other():
    row = only(arrays.comparison_table(), leakage_class="lop", cell=CELL, iso="capacity", sram_kib=1024)
    assert row["density_ratio"] == pytest.approx(0.813089 / 0.219867, rel=1e-5)
    assert row["leakage_mw_ratio"] == pytest.approx(25.987 / 2.035)
    assert row["write_ns_ratio"] == pytest.approx(0.539945 / 5.283)
    area = only(arrays.comparison_table(), leakage_class="lop", cell=CELL, iso="area", sram_kib=1024)
    assert area["density_ratio"] == pytest.approx(4 * 0.813089 / 0.760166, rel=1e-5)


def test_density_findings_are_those_of_the_rows():
    table = arrays.comparison_table()
    found = [row for row in arrays.density_findings(table, CELL) if row["leakage_class"] == "lstp"]
    assert [row["from_kib"] for row in found] == [32, 1024]
    assert found[1]["leakage_mw_ratio_min"] == pytest.approx(0.091041 / 0.159843)


# Part 2: writes


def test_the_nominal_write_has_the_nominal_error_rate_and_energy():
    row = only(writes.write_table(CELL), voltage_v=1.235, pulse_ns=5.0)
    assert row["write_error_rate"] == pytest.approx(1e-9, rel=1e-3)
    assert (row["relative_cell_energy"], row["relative_word_energy"]) == pytest.approx((1, 1))


def test_energies_of_the_grid_follow_voltage_squared_and_time():
    table = writes.write_table(CELL)
    half = only(table, voltage_v=1.235, pulse_ns=2.5)
    assert half["relative_cell_energy"] == pytest.approx(0.5)
    assert half["write_pj"] == pytest.approx(42.462 - 128 * 0.252 / 2)
    assert half["write_ns"] == pytest.approx(5.283 - 2.5)
    for _, rows in table.groupby("pulse_ns"):
        rates = rows.sort_values("voltage_v")["write_error_rate"]
        assert rates.is_monotonic_decreasing


@pytest.fixture(scope="module")
def cheapest():
    return writes.cheapest_table(CELL)


@pytest.mark.slow
def test_the_cheapest_write_reaches_its_error_rate_and_both_together_are_cheapest(cheapest):
    table = cheapest
    assert (table["write_error_rate"] / table["target_error_rate"]).tolist() == pytest.approx([1] * len(table), rel=0.02)
    gains_of = table.pivot_table("cell_energy_gain", index="target_error_rate", columns="varied")
    assert (gains_of["both"] >= gains_of[["pulse", "voltage"]].max(axis=1)).all()
    assert gains_of.loc[1e-9, "pulse"] == pytest.approx(1, rel=1e-3)


@pytest.mark.slow
def test_findings_name_the_least_error_rate_that_saves_twice(cheapest):
    table = cheapest
    for found in writes.write_findings(table):
        column = f"{found['energy_of']}_energy_gain"
        rows = table[table["varied"] == found["varied"]].set_index("target_error_rate")[column]
        rate = found["point"]["target_error_rate"]
        assert rows.loc[rate] > 2 >= rows[rows.index < rate].max()


# Part 3: the ratio


@pytest.mark.parametrize(("leakage_class", "at_1"), [("hp", 49), ("lop", 5.9), ("lstp", 1.4)])
def test_the_ratio_is_that_of_the_guide(leakage_class, at_1):
    row = only(ratio_map.ratio_table(CELL), leakage_class=leakage_class, capacity_kib=16384, accesses_per_ns=1.0)
    assert row["energy_ratio"] == pytest.approx(at_1, rel=0.02)
    assert not row["in_claimed_range"]


def test_the_claimed_range_lies_between_the_bounds():
    bounds = ratio_map.bound_table(CELL)
    row = only(bounds, leakage_class="hp", capacity_kib=16384)
    sram, mram = (memory_macro(cell, 16 * MIB, leakage_class="hp") for cell in ("sram", CELL))
    assert energy_ratio(sram, mram, row["from_accesses_per_ns"]) == pytest.approx(22)
    assert energy_ratio(sram, mram, row["to_accesses_per_ns"]) == pytest.approx(15)
    idle_inside = only(bounds, leakage_class="lop", capacity_kib=4096)
    assert 15 < idle_inside["idle_ratio"] < 22
    assert idle_inside["from_accesses_per_ns"] == 0
    assert isnan(only(bounds, leakage_class="lstp", capacity_kib=65536)["to_accesses_per_ns"])


def test_bound_findings_tell_where_the_range_begins():
    found = {row["leakage_class"]: row for row in ratio_map.bound_findings(ratio_map.bound_table(CELL))}
    assert found["lop"]["reached_from_kib"] == 2048
    assert found["lstp"]["reached_from_kib"] is None
    assert found["hp"]["highest_idle_ratio"] == pytest.approx(78, rel=0.01)


def test_the_most_accesses_are_reported_with_the_capacity_that_bears_them():
    bounds = ratio_map.bound_table(CELL)
    for row in ratio_map.bound_findings(bounds):
        rates = bounds[bounds["leakage_class"] == row["leakage_class"]].set_index("capacity_kib")["to_accesses_per_ns"]
        for end in ("from", "up_to") if row["reached_from_kib"] else ():
            assert row[f"reached_{end}_accesses_per_ns"] == rates[row[f"reached_{end}_kib"]]
    told = conclusions({"energy_ratio_range": ratio_map.bound_findings(bounds)})
    assert "from 32 KiB (at most 0.0255 accesses per ns) on, with most accesses at 64 MiB (at most 17.5 accesses" in told[0]
    assert told[2].endswith("cannot be had at any capacity")


# Part 4: systems


def test_a_variant_makes_every_scratchpad_of_its_cell():
    system = Variant("hp", 4 * MIB, CELL, "capacity", gated=True, pulse_ns=3).system()
    assert (system.technology.leakage_class, system.technology.node_nm) == ("hp", 22)
    assert system.technology.gating.leakage_percent == 0
    for pad in system.scratchpads.values():
        assert (pad.capacity_bytes, pad.macro.cell, pad.macro.pulse_ns, pad.macro.word_bits) == (4 * MIB, CELL, 3, 128)


def test_equal_area_is_the_most_that_fits_scratchpad_by_scratchpad():
    for name in pads():
        found = equal_area_bytes(name, CELL, "lop", 4 * MIB)
        areas = {
            (cell, size): simulated_area(name, cell, size) for cell, size in (("sram", 4 * MIB), (CELL, found), (CELL, 2 * found))
        }
        assert areas[CELL, found] <= areas["sram", 4 * MIB] < areas[CELL, 2 * found]
    assert Variant("lop", 4 * MIB, CELL, "area").capacities() == {
        name: equal_area_bytes(name, CELL, "lop", 4 * MIB) for name in pads()
    }


def simulated_area(pad: str, cell: str, capacity_bytes: int) -> float:
    from simcore.spec import override_system
    from simcore.systolic.rates import energy_rates

    base = Variant("lop", MIB).system()
    macro = f"{{cell: {cell}, word_bits: 128}}"
    changed = override_system(
        base,
        ["layer_results=main-memory", f"scratchpads.{pad}.capacity_bytes={capacity_bytes}", f"scratchpads.{pad}.macro={macro}"],
    )
    return energy_rates(changed).banks_mm2


def test_no_capacity_fits_is_an_error(monkeypatch):
    monkeypatch.setattr("simcore.studies.stt_mram.variants.STEPS", -1)
    equal_area_bytes.cache_clear()
    with pytest.raises(InputError, match=r"scratchpads.ifmap: no capacity of stt-75F2 fits into .* 1024 KiB of SRAM"):
        equal_area_bytes("ifmap", "stt-75F2", "lop", MIB)


@pytest.fixture(scope="module")
def quick_lenet():
    """The quick study's systems with lenet5 alone."""
    settings = SttMramSettings(quick=True, networks=("lenet5",))
    runs, stalls = systems.simulate_systems(settings, None)
    return gains.with_gains(runs), stalls


@pytest.mark.slow
def test_every_row_is_the_run_of_its_own_system(quick_lenet):
    rows, stalls = quick_lenet
    assert len(rows) == 2 * 3 * 2 * 3 * 2  # passes, classes, sizes, memories, gating
    for variant in (Variant("lop", MIB, CELL, "area"), Variant("hp", 4 * MIB, gated=True)):
        alone = simulate("lenet5", variant.system(), batch=BATCHES["lenet5"], training="momentum")
        wanted = {"leakage_class": variant.leakage_class, "iso": variant.iso, "sram_kib": variant.sram_bytes // KIB}
        wanted |= {"gated": variant.gated, "pass": "training"}
        row = only(rows, **wanted)
        assert row["cycles"] == alone.cycles
        assert row["system_uj"] == pytest.approx(1e-6 * alone.energy["energy_pj"].sum())
        assert row["dram_read_bytes"] == alone.layers["dram_read_bytes"].sum()
        of_run = stalls[(stalls[list(wanted)] == pd.Series(wanted)).all(axis=1)]
        assert row["compute_cycles"] + of_run["cycles"].sum() == row["cycles"]
        assert variant.configuration == row["configuration"]


@pytest.mark.slow
def test_energy_is_split_whole(quick_lenet):
    rows, _ = quick_lenet
    parts = rows[[f"{part}_uj" for part in ("leakage", "read", "write", "dram", "mac", "other")]]
    assert parts.sum(axis=1).tolist() == pytest.approx(rows["system_uj"].tolist())
    assert (rows["scratchpads_uj"] + rows["mac_uj"] + rows["other_uj"]).tolist() == pytest.approx(rows["chip_uj"].tolist())
    gated, open_ = (rows[rows["gated"] == flag]["leakage_uj"].to_numpy() for flag in (True, False))
    assert (gated < open_).all()


@pytest.mark.slow
def test_gains_are_the_sram_energy_over_the_others(quick_lenet):
    rows, _ = quick_lenet
    wanted = {"pass": "training", "leakage_class": "hp", "sram_kib": 4096, "gated": True}
    sram, stt = only(rows, iso="none", **wanted), only(rows, iso="capacity", **wanted)
    assert stt["system_gain"] == sram["system_uj"] / stt["system_uj"]
    assert stt["scratchpads_gain"] > stt["chip_gain"] > stt["system_gain"] > 1
    limit_uj = 1e-6 * stt["dram_pj_per_byte_at_15x"]
    moved = [row["dram_read_bytes"] + row["dram_write_bytes"] for row in (sram, stt)]
    assert (sram["chip_uj"] + moved[0] * limit_uj) / (stt["chip_uj"] + moved[1] * limit_uj) == pytest.approx(15)
    assert sram["system_gain"] == sram["scratchpads_gain"] == 1
    assert isnan(stt["closed_form_gain"])


@pytest.mark.slow
def test_the_closed_form_differs_by_the_time_that_stalls_take(quick_lenet):
    rows, _ = quick_lenet
    for row in rows[~rows["gated"]].to_dict("records"):
        keys = ("pass", "leakage_class", "sram_kib", "gated")
        sram = only(rows, iso="none", **{key: row[key] for key in keys})
        # The same accesses, leaking for the STT-MRAM's time: E_M = P_M T_M + N e_M.
        in_equal_time = sram["scratchpads_uj"] / (
            row["scratchpads_uj"] - row["leakage_uj"] * (1 - sram["cycles"] / row["cycles"])
        )
        words = (row["accesses_per_ns"] * row["time_ns"]) / (sram["accesses_per_ns"] * sram["time_ns"])
        assert row["closed_form_gain"] == pytest.approx(in_equal_time, rel=2 * abs(words - 1) + 1e-9)


@pytest.mark.slow
def test_at_the_busy_share_the_gain_is_the_least_claimed(quick_lenet):
    rows, _ = quick_lenet
    reached = rows[rows["busy_percent_at_15x"].between(0, 99.9) & (rows["iso"] != "none")]
    assert len(reached) > 10
    for row in reached.to_dict("records"):
        sram = only(rows, iso="none", **{key: row[key] for key in ("pass", "leakage_class", "sram_kib", "gated")})
        period_ns = sram["time_ns"] / (row["busy_percent_at_15x"] / 100)
        idle_mw = 0.0 if row["gated"] else row["leakage_mw"]
        with_idle = [sram["system_uj"] + 1e-6 * sram["leakage_mw"] * (period_ns - sram["time_ns"])]
        with_idle.append(row["system_uj"] + 1e-6 * idle_mw * (period_ns - row["time_ns"]))
        assert with_idle[0] / with_idle[1] == pytest.approx(15)
    low_leakage = rows[(rows["leakage_class"] == "lstp") & ~rows["gated"]]
    assert low_leakage["busy_percent_at_15x"].isna().all()


def made_up(**changed: object) -> dict:
    row = {"network": "n", "pass": "training", "leakage_class": "hp", "sram_kib": 1024, "gated": False, "iso": "none"}
    row |= {"accesses_per_ns": 1.0, "time_ns": 1000.0, "leakage_mw": 10.0, "read_uj": 1.0, "write_uj": 1.0}
    row |= {"dram_read_bytes": 100, "dram_write_bytes": 100}
    return row | {f"{scope}_uj": 32.0 for scope in gains.SCOPES} | changed


def test_ranges_and_findings_say_where_the_claimed_range_is():
    rows = [
        made_up(),
        made_up(iso="capacity", scratchpads_uj=2.0, chip_uj=1.0, leakage_mw=1.0),
        made_up(iso="area", leakage_mw=1.0),
    ]
    ranges = gains.gain_range_table(gains.with_gains(pd.DataFrame(rows)))
    inside = only(ranges, scope="scratchpads", iso="capacity")
    assert (inside["runs_in_claimed_range"], inside["in_claimed_range"], inside["greatest_gain"]) == (1, "n training", 16)
    assert only(ranges, scope="chip", iso="capacity")["runs_in_claimed_range"] == 0  # 32 times is above it
    found = {row["scope"]: row for row in gains.gain_findings(ranges)}
    assert found["scratchpads"]["claimed_range_in"][0]["iso"] == "capacity"
    assert found["system"]["claimed_range_in"] == []
    told = conclusions({"energy_gains": gains.gain_findings(ranges)})
    assert "15 to 22 times in 1 of 2 simulated cases: hp, iso-capacity to 4 x 1 MiB of SRAM, not gated: n training" in told[0]
    assert told[2].endswith("in no configuration")


def test_a_gain_already_reached_at_work_needs_no_idle_time():
    rows = [made_up(), made_up(iso="capacity", system_uj=2.0)]
    table = gains.with_gains(pd.DataFrame(rows))
    assert table["busy_percent_at_15x"].tolist()[1] == 100
    (found,) = gains.limit_findings(table, "busy_percent_at_15x")
    assert found["best"]["busy_percent_at_15x"] == 100
    assert "reaches 15 times, and also without idle time (hp, iso-capacity" in conclusions({"busy_share": [found]})[0]


def test_limits_are_reported_with_their_configuration_or_as_not_there():
    rows = [made_up(system_uj=40.0, leakage_mw=1e4), made_up(iso="capacity", chip_uj=2.0, system_uj=10.0, leakage_mw=0.0)]
    table = gains.with_gains(pd.DataFrame(rows))
    # 32 + 200 x = 15 (2 + 200 x) in microjoules: x = 2 / 2800.
    assert table["dram_pj_per_byte_at_15x"].tolist()[1] == pytest.approx(1e6 * 2 / 2800)
    # 40 + 0.01 (P - 1000) = 15 x 10 in microjoules and nanoseconds: P = 12000, of which 1000 are work.
    assert table["busy_percent_at_15x"].tolist()[1] == pytest.approx(100 / 12)
    names = ("busy_percent_at_15x", "dram_pj_per_byte_at_15x")
    busy, memory = (gains.limit_findings(table, name) for name in names)
    told = conclusions({"busy_share": busy, "main_memory_energy": memory})
    assert "works at most 8.33 % of the time (hp, iso-capacity to 4 x 1 MiB of SRAM, not gated; n training)" in told[0]
    assert "if main memory took at most 714 pJ per byte" in told[1]
    none = [{"leakage_class": "lstp", "best": None}]
    told = conclusions({"busy_share": none, "main_memory_energy": none})
    assert told[0].endswith("does not reach 15 times, however long it idles")
    assert told[1].endswith("does not reach 15 times, however little energy main memory takes")


def printed(quick_lenet):
    """The printed tables of a study without training, with names as wide as any."""
    from simcore.studies.stt_mram.printed import printed_tables

    rows, stalls = (frame.assign(network="resnet18", cycles=10 * frame["cycles"]) for frame in quick_lenet)
    tables = {"systems": rows, "system_stalls": stalls, "gain_ranges": gains.gain_range_table(rows)}
    tables |= {"comparisons": arrays.comparison_table(), "energy_ratio_bounds": ratio_map.bound_table(CELL)}
    tables |= {"cheapest_writes": writes.cheapest_table(CELL), "pulses": pulses.pulse_table(SttMramSettings(quick=True), None)}
    return list(printed_tables(tables, CELL))


@pytest.mark.slow
def test_the_widest_names_leave_a_row_in_one_line(quick_lenet):
    from rich.console import Console

    from simcore.cli.console import drawn

    for table in printed(quick_lenet):
        _, *parts = drawn(table).renderables
        assert all(Console(width=1000).measure(part).maximum <= 100 for part in parts)


@pytest.mark.slow
def test_every_table_fits_a_narrow_terminal(quick_lenet, monkeypatch, capsys):
    from simcore.cli.console import console, drawn

    for columns in (60, 80):
        monkeypatch.setenv("COLUMNS", str(columns))
        for table in printed(quick_lenet):
            console().print(drawn(table))
        assert max(map(len, capsys.readouterr().out.splitlines())) <= columns


# Part 5: pulses


@pytest.mark.slow
def test_cycles_never_fall_as_the_pulse_grows():
    table = pulses.pulse_table(SttMramSettings(quick=True), None)
    assert table["pulse_ns"].tolist() == [float(pulse) for pulse in pulses.PULSES_NS]
    assert table["cycles"].is_monotonic_increasing
    assert table["voltage_v"].is_monotonic_decreasing
    stalls = table[[f"{cause}_cycles" for cause in pulses.CAUSE_NAMES]].sum(axis=1)
    assert (table["compute_cycles"] + stalls == table["cycles"]).all()
    (found,) = pulses.pulse_findings(table)
    assert found["monotone"]
    assert found["grows_most"] == "write_backpressure"
    assert found["cycles"] == [table["cycles"].iloc[0], table["cycles"].iloc[-1]]


def test_a_fall_is_reported():
    rows = [{"network": "n", "pulse_ns": pulse, "cycles": cycles} for pulse, cycles in ((2.0, 10), (3.0, 9), (4.0, 12))]
    rows = [row | {f"{cause}_cycles": row["cycles"] for cause in pulses.CAUSE_NAMES} for row in rows]
    found = pulses.pulse_findings(pd.DataFrame(rows))
    assert found[0]["monotone"] is False
    assert "not monotone" in conclusions({"write_pulses": found})[0]


# What the parts share


def double(value: int) -> int:
    return 2 * value


def test_work_comes_back_in_order_and_is_reported():
    told: list[tuple[int, int, str]] = []
    assert spread(double, [3, 1, 2], 1, "doubling", lambda *done: told.append(done)) == [6, 2, 4]
    assert told == [(0, 3, "doubling"), (1, 3, "doubling"), (2, 3, "doubling"), (3, 3, "doubling")]


@pytest.mark.slow
def test_several_processes_give_the_same_table():
    settings = [SttMramSettings(quick=True, jobs=jobs) for jobs in (1, 2)]
    one, two = (pulses.pulse_table(asked, None) for asked in settings)
    pd.testing.assert_frame_equal(one, two)


def test_plain_values_keep_their_precision():
    frame = pd.DataFrame({"rate": [1.25e-15, float("nan")], "n": [1, 2]})
    assert rows_of(frame) == [{"rate": 1.25e-15, "n": 1}, {"rate": None, "n": 2}]
    assert plain({"a": (frame["n"].iloc[0], True), "b": float("inf")}) == {"a": [1, True], "b": None}


@pytest.mark.parametrize(("kib", "shown"), [(64, "64 KiB"), (1024, "1 MiB"), (40960, "40 MiB")])
def test_capacities_are_shown_in_the_unit_that_suits(kib, shown):
    assert capacity(kib) == shown


# Part 6: placements


@pytest.mark.slow
def test_steps_of_placements_are_held_against_the_first():
    safe, low, short = (Storage(voltage_v=v, pulse_ns=t) for v, t in ((1.235, 5), (0.6175, 5), (1.235, 2)))
    tensors = ("activations", "weights", "errors")
    placements = (
        Placement("safe", safe),
        *(
            Placement(name, safe, tuple(PlacedBits(tensor, written) for tensor in tensors))
            for name, written in (("low", low), ("short", short))
        ),
    )
    steps, without = placed_steps(placements, TrainingSetup(batch=8), MacroDevice())
    assert without == []
    assert steps["placement"].tolist() == ["safe", "low", "short"]
    parts = steps[[f"step_{part}_uj" for part in ("leakage", "dram", "mac", "other", "read", "write")]]
    assert parts.sum(axis=1).tolist() == pytest.approx(steps["step_uj"].tolist())
    table = _with_steps(pd.DataFrame({"placement": ["short", "low", "safe"]}), steps).set_index("placement")
    assert table.loc["safe", ["step_write_energy_gain", "step_energy_gain", "step_cycles_gain"]].tolist() == [1, 1, 1]
    assert table.loc["low", "step_cycles_gain"] == 1
    assert table.loc["short", "step_cycles_gain"] > 1
    assert table.loc["low", "step_write_energy_gain"] > table.loc["short", "step_write_energy_gain"] > 1


def test_a_placement_without_a_pulse_is_refused_before_anything_is_trained():
    vague = Placement("vague", Storage(voltage_v=1.2, pulse_ns=5), (PlacedBits("weights", Storage(error_rate=1e-3)),))
    with pytest.raises(InputError, match=r"placement vague: .* got only an error rate"):
        study_accuracy(SttMramSettings(quick=True, placements=(vague,)), None)


def test_a_placement_that_the_cell_has_no_words_for_is_reported_and_left_empty():
    # 14 F2 is known in words of 128 bits alone: 12 and 4 of 16 bits make such words of a line of 512, 9 and 7 do not.
    safe, low = Storage(voltage_v=1.1, pulse_ns=2), Storage(voltage_v=0.8, pulse_ns=2)
    placements = (
        Placement("safe", safe),
        Placement("quarters", safe, (PlacedBits("errors", low, 0, 11),)),
        Placement("sevenths", safe, (PlacedBits("errors", low, 0, 6),)),
    )
    steps, without = placed_steps(placements, TrainingSetup(batch=8), MacroDevice(cell="stt-14F2"))
    assert steps["placement"].tolist() == ["safe", "quarters"]
    assert len(without) == 1
    assert without[0].startswith("placement 'sevenths' was not run on a machine: expected words of 128 bits for stt-14F2")
    whole = _with_steps(pd.DataFrame({"placement": [placement.name for placement in placements]}), steps)
    assert whole["step_write_energy_gain"].isna().tolist() == [False, False, True]
