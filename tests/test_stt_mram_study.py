"""The study of STT-MRAM scratchpads: its tables compared with values known by hand, and its variants."""

from __future__ import annotations

from math import exp, isnan, log, log2

import pytest
from cells_by_hand import nominal_error_rate, overdrive_of, tau_of
from frames import only

from models.arrays.macro import memory_macro
from models.arrays.ratio import energy_ratio
from simcore import simulate
from simcore.errors import InputError
from simcore.spec import System, load_system, override_system
from simcore.studies.stt_mram import arrays, ratio_map, writes
from simcore.studies.stt_mram.conclusions import conclusions
from simcore.studies.stt_mram.settings import BATCHES, MIB, SttMramSettings
from simcore.studies.stt_mram.systems import SRAM_BYTES
from simcore.studies.stt_mram.variants import Variant, equal_area_bytes, error_budget, pads
from simcore.systolic.rates import energy_rates

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


@pytest.fixture(scope="module")
def comparisons():
    return arrays.comparison_table()


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
def test_equal_area_fits_what_the_guide_says(comparisons, sram_kib, fits_kib):
    table = comparisons
    rows = [only(table, leakage_class="lop", cell=cell, iso="area", sram_kib=sram_kib) for cell in (CELL, "stt-54F2", "stt-40F2")]
    assert tuple(1 << row["mram_kib"].bit_length() - 1 for row in rows) == fits_kib  # the largest powers of two that fit
    for row in rows:
        assert row["area_used_percent"] == pytest.approx(100 * row["mram_mm2"] / row["sram_mm2"])
        assert 95 <= row["area_used_percent"] <= 100 or row["table_ends"]
    assert rows[0]["table_ends"] == (sram_kib == 16384)


def test_density_and_leakage_ratios_are_the_sram_over_the_other(comparisons):
    row = only(comparisons, leakage_class="lop", cell=CELL, iso="capacity", sram_kib=1024)
    assert row["density_ratio"] == pytest.approx(0.813089 / 0.219867, rel=1e-5)
    assert row["leakage_mw_ratio"] == pytest.approx(25.987 / 2.035)
    assert row["write_ns_ratio"] == pytest.approx(0.539945 / 5.283)
    area = only(comparisons, leakage_class="lop", cell=CELL, iso="area", sram_kib=1024)
    # On logarithmic axes the area grows from 0.760166 mm2 at 4 MiB to 1.39 at 8 MiB, by this power of the capacity.
    growth = log2(1.39 / 0.760166)
    areas = [0.760166 * (kib / 4096) ** growth for kib in (area["mram_kib"], area["mram_kib"] + 1)]
    assert areas[0] <= 0.813089 < areas[1]
    assert (area["mram_mm2"], area["kind"]) == (pytest.approx(areas[0]), "derived")
    assert area["density_ratio"] == pytest.approx(0.813089 / areas[0] * area["mram_kib"] / 1024)


def test_density_findings_are_those_of_the_rows(comparisons):
    found = [row for row in arrays.density_findings(comparisons, CELL) if row["leakage_class"] == "lstp"]
    assert [row["from_kib"] for row in found] == [32, 1024]
    assert found[1]["leakage_mw_ratio_min"] == pytest.approx(0.091041 / 0.159843)


# Part 2: writes


def test_the_nominal_write_has_the_nominal_error_rate_and_energy():
    row = only(writes.write_table(CELL), voltage_v=1.235, pulse_ns=5.0)
    assert row["write_error_rate"] == pytest.approx(nominal_error_rate(CELL), rel=5e-3)
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
    baseline = table[table["baseline"] & (table["varied"] == "both")].iloc[0]
    assert baseline["target_error_rate"] == pytest.approx(nominal_error_rate(CELL), rel=5e-3)
    for part in ("cell", "word"):
        assert baseline[f"{part}_tolerance_gain"] == 1
        told_apart = baseline[f"{part}_energy_gain"] * table[f"{part}_tolerance_gain"]
        assert told_apart.tolist() == pytest.approx(table[f"{part}_energy_gain"].tolist())
    assert (gains_of["both"] >= gains_of[["pulse", "voltage"]].max(axis=1)).all()
    # At constant voltage the pulse for a rate of 1e-9 instead of the nominal one: r (tau - tau_nominal) = ln(nominal / 1e-9).
    r = 2 * (overdrive_of(CELL) - 1)
    longer = log(nominal_error_rate(CELL) / 1e-9) / r
    assert gains_of.loc[1e-9, "pulse"] == pytest.approx(tau_of(CELL) / (tau_of(CELL) + longer), rel=2e-3)


@pytest.mark.slow
def test_findings_name_the_error_rate_that_saves_twice(cheapest):
    for found in writes.write_findings(CELL):
        part, point = found["energy_of"], found["point"]
        assert point["energy_gain"] == pytest.approx(2, rel=1e-5)
        rows = cheapest[cheapest["varied"] == found["varied"]].set_index("target_error_rate")
        gains_of = rows[f"{part}_energy_gain"]
        assert gains_of.is_monotonic_increasing, "a higher error rate never costs energy"
        rate = point["target_error_rate"]
        assert gains_of[gains_of.index < rate].max() < 2 < gains_of[gains_of.index > rate].min()
        added = rows[f"{part}_tolerance_gain"]
        assert added[added.index < rate].max() < point["tolerance_gain"] < added[added.index > rate].min()
    both, voltage = (
        next(each["point"] for each in writes.write_findings(CELL) if (each["energy_of"], each["varied"]) == ("cell", varied))
        for varied in ("both", "voltage")
    )
    assert both["target_error_rate"] < voltage["target_error_rate"], "who varies both needs fewer errors"


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
        more = found + 16 * 1024  # a KiB in each of 16 banks
        areas = {
            (cell, size): simulated_area(name, cell, size) for cell, size in (("sram", 4 * MIB), (CELL, found), (CELL, more))
        }
        assert 0.95 * areas["sram", 4 * MIB] <= areas[CELL, found] <= areas["sram", 4 * MIB] < areas[CELL, more]
        assert found % (16 * 1024) == 0
        assert found & (found - 1)  # no power of two
    assert Variant("lop", 4 * MIB, CELL, "area", held=False).capacities() == {
        name: equal_area_bytes(name, CELL, "lop", 4 * MIB) for name in pads()
    }


def test_check_bits_take_their_share_of_an_equal_area():
    """A read of the cell flips 1.4e-7 of the bits, more than the budget, so every word has 8 check bits for 64."""
    for name, found in Variant("lop", 4 * MIB, CELL, "area").capacities().items():
        sram_mm2, mram_mm2, more_mm2 = (
            simulated_area(name, *of) for of in (("sram", 4 * MIB), (CELL, found), (CELL, found + 16 * 1024))
        )
        assert 72 / 64 * mram_mm2 <= sram_mm2 < 72 / 64 * more_mm2
    # 54 F2: a read flips 1.8e-14 of the bits, so nothing is needed.
    safe, bare = (Variant("lop", 4 * MIB, "stt-54F2", "area", held=held) for held in (True, False))
    assert safe.capacities() == bare.capacities()


@pytest.mark.parametrize(
    ("cell", "rate"),
    [
        (CELL, nominal_error_rate(CELL)),
        ("stt-54F2", nominal_error_rate("stt-54F2")),
        ("stt-75F2", 1e-12),  # its own write fails at 4.7e-27
        # 12.5 uA of 25.17 uA: a read of 1 ns flips exp(-60 x 300 / 350 x (1 - 0.4966)^2) of the zeros, half as many bits.
        ("stt-14F2", 1000 * 71 * (exp(-60 * 300 / 350 * (1 - 12.5 / 25.171) ** 2) / 2) ** 2),
    ],
)
def test_the_error_budget_is_that_of_the_cells_own_write_or_what_a_code_can_keep(cell, rate):
    assert error_budget(cell) == pytest.approx(rate, rel=6e-3)


def test_a_variant_holds_writes_and_stored_bits_at_the_budget():
    system = Variant("lop", MIB, CELL, "capacity").system()
    assert system.technology.stored_error_rate == error_budget(CELL)
    assert {pad.macro.write_error_rate for pad in system.scratchpads.values()} == {error_budget(CELL)}
    for variant in (Variant("lop", MIB), Variant("lop", MIB, CELL, "capacity", held=False)):
        assert variant.system().technology.stored_error_rate is None
        assert variant.system().scratchpads["ifmap"].macro.write_error_rate is None


@pytest.mark.parametrize("leakage_class", ["hp", "lop", "lstp"])
def test_equal_area_uses_the_area_of_every_system_of_the_study(leakage_class):
    for sram_bytes in SRAM_BYTES:
        sram, equal = (Variant(leakage_class, sram_bytes, *cell).system() for cell in ((), (CELL, "area")))
        used = {name: energy_rates(equal).areas[name] / energy_rates(sram).areas[name] for name in pads()}
        assert all(0.95 <= share <= 1 for share in used.values()), used


@pytest.mark.slow
def test_engines_agree_on_banks_and_lines_in_any_number():
    sizes = {"ifmap": (13, 37), "filter": (16, 113), "ofmap": (7, 61), "accumulator": (11, 29)}
    lines = {name: pad.line_bytes for name, pad in load_system("train-stt", of=System).scratchpads.items()}
    changes = [
        f"scratchpads.{name}.{key}={value}"
        for name, (banks, rows) in sizes.items()
        for key, value in (("banks", banks), ("capacity_bytes", banks * rows * lines[name]))
    ]
    compiled, simpy = (
        simulate("lenet5", "train-stt", engine=engine, layers="c3,f6", overrides=changes) for engine in ("compiled", "simpy")
    )
    for one, other in zip(compiled.runs, simpy.runs, strict=True):
        assert one.outcome.differences(other.outcome) == []
    assert compiled.cycles == simpy.cycles > 1000
    assert set(compiled.banks.groupby("scratchpad").size().items()) == {(name, banks) for name, (banks, _) in sizes.items()}


def simulated_area(pad: str, cell: str, capacity_bytes: int) -> float:
    base = Variant("lop", MIB).system()
    macro = f"{{cell: {cell}, word_bits: 128}}"
    changed = override_system(
        base,
        ["layer_results=main-memory", f"scratchpads.{pad}.capacity_bytes={capacity_bytes}", f"scratchpads.{pad}.macro={macro}"],
    )
    return energy_rates(changed).areas[pad]


def test_no_capacity_fits_is_an_error(monkeypatch):
    monkeypatch.setattr("simcore.studies.stt_mram.variants.STEPS", -1)
    equal_area_bytes.cache_clear()
    with pytest.raises(InputError, match=r"scratchpads.ifmap: no capacity of stt-75F2 fits into .* 1024 KiB of SRAM"):
        equal_area_bytes("ifmap", "stt-75F2", "lop", MIB)
