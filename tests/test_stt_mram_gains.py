"""The study of STT-MRAM scratchpads: gains in runs, limits, printed tables, pulses and placements."""

from __future__ import annotations

from math import isnan

import pandas as pd
import pytest
from frames import only
from test_stt_mram_study import CELL

from simcore import simulate
from simcore.errors import InputError
from simcore.studies.form.plain import plain, rows_of
from simcore.studies.form.spread import spread
from simcore.studies.stt_mram import arrays, gains, pulses, ratio_map, systems, writes
from simcore.studies.stt_mram.accuracy import _with_steps, placed_steps, study_accuracy
from simcore.studies.stt_mram.conclusions import capacity, conclusions
from simcore.studies.stt_mram.held import held_findings, held_told
from simcore.studies.stt_mram.kept import study_kept
from simcore.studies.stt_mram.settings import KIB, MIB, SttMramSettings
from simcore.studies.stt_mram.variants import Variant, error_budget
from simcore.studies.stt_mram.where.part import study_map
from workloads.faults.device import MacroDevice
from workloads.faults.placement import PlacedBits, Placement, Storage
from workloads.learning.setup import TrainingSetup


@pytest.fixture(scope="module")
def quick_lenet():
    """The quick study's systems with lenet5 alone."""
    settings = SttMramSettings(quick=True, networks=("lenet5",))
    runs, stalls = (
        systems.of_study(table, settings) for table in systems.simulate_jobs(systems.study_jobs(settings), settings, None)
    )
    return gains.with_gains(runs), stalls


@pytest.mark.slow
def test_every_row_is_the_run_of_its_own_system(quick_lenet):
    rows, stalls = quick_lenet
    assert len(rows) == 2 * 3 * 2 * 3 * 2  # passes, classes, sizes, memories, gating
    for variant in (Variant("lop", MIB, CELL, "area"), Variant("hp", 4 * MIB, gated=True)):
        alone = simulate("lenet5", variant.system(), batch=32, training="momentum")
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
    parts = rows[[f"{part}_uj" for part in ("leakage", "read", "write", "kept", "dram", "mac", "other")]]
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
    assert sram["system_gain"] == sram["scratchpads_gain"] == 1
    assert isnan(stt["closed_form_gain"])


@pytest.mark.slow
def test_gains_are_a_matter_of_leakage_as_the_figures_say(quick_lenet):
    """`gains`: hp gains most, with capacity and less with each wider scope; lop and lstp lose at 1 MiB. `systems`: why."""
    rows, _ = quick_lenet
    compared = rows[rows["iso"] != "none"]
    keys = ["pass", "iso", "gated", "sram_kib"]
    for scope in gains.SCOPES:
        by_class = compared.pivot_table(f"{scope}_gain", index=keys, columns="leakage_class")
        assert (by_class["hp"] > by_class[["lop", "lstp"]].max(axis=1)).all()
        by_size = compared[compared["leakage_class"] == "hp"].pivot_table(f"{scope}_gain", index=keys[:-1], columns="sram_kib")
        assert (by_size[4096] > by_size[1024]).all()
    at_hp = compared[compared["leakage_class"] == "hp"]
    assert (at_hp["scratchpads_gain"] > at_hp["chip_gain"]).all()
    assert (at_hp["chip_gain"] > at_hp["system_gain"]).all()
    small = rows[(rows["sram_kib"] == 1024) & ~rows["gated"]]
    assert (small[(small["leakage_class"] != "hp") & (small["iso"] != "none")]["scratchpads_gain"] < 1).all()
    accesses = small[["read_uj", "write_uj", "kept_uj"]].sum(axis=1)
    assert (small["leakage_uj"] > accesses)[(small["leakage_class"] == "hp") & (small["iso"] == "none")].all()
    assert (small["leakage_uj"] < accesses)[(small["leakage_class"] != "hp") & (small["iso"] != "none")].all()


@pytest.mark.slow
def test_systems_keep_their_error_budget(quick_lenet):
    rows, _ = quick_lenet
    stt, sram = rows[rows["iso"] != "none"], rows[rows["iso"] == "none"]
    assert (stt["stored_error_rate"] <= error_budget(CELL)).all()
    assert (sram["kept_uj"] == 0).all()
    assert set(sram["protection"]) == {""}
    # Every word has 8 check bits for 64: an eighth of all accesses, and the few words that a read found wrong in one of 72 bits.
    share = stt["kept_uj"] / (stt["read_uj"] + stt["write_uj"])
    assert share.between(1 / 8, 1 / 8 + 72 / 64 * 72 * 1.5e-7 * 2).all()
    assert stt[stt["iso"] == "area"]["area_used_percent"].between(95, 100).all()


@pytest.mark.slow
def test_main_memory_may_take_so_much_for_15_times(quick_lenet):
    """No chip of the quick study gains 15 times; one that takes 10 % less energy does."""
    rows, _ = quick_lenet
    assert (rows["chip_gain"] < 15).all()
    assert rows["dram_pj_per_byte_at_15x"].isna().all()
    wanted = {"pass": "training", "leakage_class": "hp", "sram_kib": 4096, "gated": True}
    cheaper = rows.copy()
    cheaper.loc[(rows[[*wanted]] == pd.Series(wanted)).all(axis=1) & (rows["iso"] == "capacity"), "chip_uj"] *= 0.9
    made = [name for name in cheaper if name.endswith(("_gain", "_at_15x", "_used_percent"))]
    cheaper = gains.with_gains(cheaper.drop(columns=made))
    sram, stt = only(cheaper, iso="none", **wanted), only(cheaper, iso="capacity", **wanted)
    limit_uj = 1e-6 * stt["dram_pj_per_byte_at_15x"]
    moved = [row["dram_read_bytes"] + row["dram_write_bytes"] for row in (sram, stt)]
    assert (sram["chip_uj"] + moved[0] * limit_uj) / (stt["chip_uj"] + moved[1] * limit_uj) == pytest.approx(15)


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
    row |= {"batch": 32, "array": 32, "clock_mhz": 1000}
    row |= {
        "area_mm2": 2.0,
        "accesses_per_ns": 1.0,
        "time_ns": 1000.0,
        "leakage_mw": 10.0,
        "read_uj": 1.0,
        "write_uj": 1.0,
        "kept_uj": 0.0,
    }
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
    assert (inside["runs_in_claimed_range"], inside["in_claimed_range"], inside["greatest_gain"]) == (
        1,
        "n training (batch 32)",
        16,
    )
    assert only(ranges, scope="chip", iso="capacity")["runs_in_claimed_range"] == 0  # 32 times is above it
    found = {row["scope"]: row for row in gains.gain_findings(ranges)}
    assert found["scratchpads"]["claimed_range_in"][0]["iso"] == "capacity"
    assert found["system"]["claimed_range_in"] == []
    told = conclusions({"energy_gains": gains.gain_findings(ranges)})
    assert (
        "15 to 22 times in 1 of 2 simulated cases: hp, iso-capacity to 4 x 1 MiB of SRAM, not gated: n training (batch 32)"
        in told[0]
    )
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
    assert "works at most 8.33 % of the time (hp, iso-capacity to 4 x 1 MiB of SRAM, not gated; n training, batch 32)" in told[0]
    assert "if main memory took at most 714 pJ per byte" in told[1]
    none = [{"leakage_class": "lstp", "best": None}]
    told = conclusions({"busy_share": none, "main_memory_energy": none})
    assert told[0].endswith("does not reach 15 times, however long it idles")
    assert told[1].endswith("does not reach 15 times, however little energy main memory takes")


def test_what_holds_the_error_budget_is_told_over_all_systems():
    def kept(iso: str, needs: str, kept_uj: float, wrong: float, reads: float) -> dict:
        row = {"iso": iso, "protection": needs, "kept_uj": kept_uj, "scratchpads_uj": 50.0, "stored_error_rate": wrong}
        return row | {"network": "n", "pass": f"p{reads:g}", "reads_of_a_word": reads, "scrub_port_percent": reads / 10}

    rows = [kept("none", "", 0.0, float("nan"), float("nan")), kept("capacity", "code", 5.0, 1e-12, 4.0)]
    rows += [kept("area", "scrub", 4.0, 1.7e-9, 40.0), kept("area", "code", 1.0, 1e-10, 7.0)]
    (found,) = held_findings(pd.DataFrame(rows), CELL)
    assert [found[name] for name in ("systems", "none", "code", "scrub")] == [3, 0, 2, 1]
    assert (found["least_percent"], found["greatest_percent"], found["scrub_port_percent"]) == (2, 10, 4)
    # Twice the error rate's logarithmic slope: 5 % of spread need 4 to 5 % more voltage (tests/test_storage.py).
    assert 1.04 < found["written_v"] / found["nominal_v"] < 1.05
    told = held_told(found)
    assert "hold writes and stored bits at 1.8e-09" in told
    assert "of 3 systems 2 need a code, 1 need a code and scrubs" in told
    assert "take 2 to 10 % of the scratchpads' energy, and at most 1.7e-09 of the bits stay wrong (n p40; words" in told


@pytest.fixture(scope="module")
def pulse_table():
    return pulses.pulse_table(SttMramSettings(quick=True), None)


@pytest.fixture(scope="module")
def printed(quick_lenet, pulse_table):
    """The printed tables of a study without training, with names as wide as any."""
    from simcore.studies.stt_mram.printed import printed_tables

    rows, stalls = (frame.assign(network="resnet18", cycles=10 * frame["cycles"]) for frame in quick_lenet)
    tables = {"systems": rows, "system_stalls": stalls, "gain_ranges": gains.gain_range_table(rows)}
    tables |= {"comparisons": arrays.comparison_table(), "energy_ratio_bounds": ratio_map.bound_table(CELL)}
    tables |= {"cheapest_writes": writes.cheapest_table(CELL), "pulses": pulse_table}
    tables |= study_kept(SttMramSettings(quick=True), None).tables
    tables |= study_map(rows.assign(network=rows["network"] + "-32")).tables
    assert len(tables["named_configurations"])
    return list(printed_tables(tables, CELL))


@pytest.mark.slow
def test_the_widest_names_leave_a_row_in_one_line(printed):
    from rich.console import Console

    from simcore.cli.console import drawn

    for table in printed:
        _, *parts = drawn(table).renderables
        assert all(Console(width=1000).measure(part).maximum <= 100 for part in parts)


@pytest.mark.slow
def test_every_table_fits_a_narrow_terminal(printed, monkeypatch, capsys):
    from simcore.cli.console import console, drawn

    for columns in (60, 80):
        monkeypatch.setenv("COLUMNS", str(columns))
        for table in printed:
            console().print(drawn(table))
        assert max(map(len, capsys.readouterr().out.splitlines())) <= columns


# Part 5: pulses


@pytest.mark.slow
def test_cycles_never_fall_as_the_pulse_grows(pulse_table):
    table = pulse_table
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
    rows = [
        {"network": "n", "cell": CELL, "pulse_ns": pulse, "cycles": cycles} for pulse, cycles in ((2.0, 10), (3.0, 9), (4.0, 12))
    ]
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
