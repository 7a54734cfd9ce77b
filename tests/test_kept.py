"""Stored words: flips by heat and by reads, codes and scrubs; and which scratchpad wears out first."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import comb, exp, inf, isnan

import numpy as np
import pandas as pd
import pytest
from cells_by_hand import mean_error_rate, nominal_error_rate

from models.arrays.cells import memory_cell
from models.cells.description import CellDescription
from models.cells.storage import (
    Stay,
    idle_flip_probability,
    junction_with,
    protection_for,
    read_flip_probability,
    stay_flips,
)
from models.junction.junction import Junction
from simcore import simulate
from simcore.errors import InputError
from simcore.studies.stt_mram import kept
from simcore.studies.stt_mram.kept import kept_pads, lifetime_findings, lifetime_rows
from simcore.studies.stt_mram.kept_told import kept_printed, lifetime_told, thermal_told
from simcore.studies.stt_mram.settings import MIB, SttMramSettings
from simcore.studies.stt_mram.thermal import STABILITIES, thermal_findings, thermal_rows
from simcore.studies.stt_mram.variants import Variant

CELL = memory_cell("stt-34.5F2").described
#: Critical current per unit of stability at 300 K, by hand: 25.171 uA of 60, damping 0.01 and efficiency 0.6.
UA_PER_STABILITY = 25.171 / 60 * 0.8 * 0.6 / 0.65


def by_hand(stability: float) -> tuple[float, float]:
    """The flips per second of an idle bit, and the probability that a read of 4.17 uA and 1 ns flips a bit, at 350 K."""
    at_work = stability * 300 / 350
    i = 4.17 / (UA_PER_STABILITY * stability)
    return 1e9 * exp(-at_work), -np.expm1(-exp(-at_work * (1 - i) ** 2))


# What happens to a stored bit


@pytest.mark.parametrize("stability", [25, 30, 40, 60])
def test_heat_and_reads_flip_bits_as_the_formulas_say(stability):
    junction = junction_with(CELL, stability)
    per_s, per_read = by_hand(stability)
    assert idle_flip_probability(junction, 1e-6) == pytest.approx(1e-6 * per_s, rel=1e-3)
    assert read_flip_probability(CELL, junction) == pytest.approx(per_read, rel=1e-3)
    zero, one = stay_flips(CELL, junction, Stay(1e-6, 3))
    assert one == pytest.approx(1e-6 * per_s, rel=1e-3)
    assert zero == pytest.approx(1e-6 * per_s + 1 - (1 - per_read) ** 3, rel=1e-3)


def test_a_bit_left_alone_for_long_is_as_often_wrong_as_right():
    junction = junction_with(CELL, 20)
    assert idle_flip_probability(junction, 1e9) == 0.5
    # Two flips put it right again: of a telegraph with rate r, (1 - exp(-2 r t)) / 2 are wrong.
    generator = np.random.default_rng(1)
    rate, _ = by_hand(20)
    wrong = (generator.poisson(rate * 0.02, 100_000) % 2).mean()
    assert idle_flip_probability(junction, 0.02) == pytest.approx(wrong, abs=0.006)


def test_reads_above_the_critical_current_write():
    weak = replace(CELL.junction(), thermal_stability=5.0)
    assert read_flip_probability(CELL, weak) == 1
    assert stay_flips(CELL, weak, Stay(1e-16, 1))[0] == pytest.approx(1)
    assert stay_flips(CELL, weak, Stay(1e-12, 0))[0] < 1e-3


def test_the_critical_current_goes_with_the_stability():
    for stability in (20, 40, 60):
        assert junction_with(CELL, stability).critical_current_ua() == pytest.approx(UA_PER_STABILITY * stability, rel=1e-4)


@pytest.mark.parametrize(("seconds", "reads"), [(0, 1), (1, -1)])
def test_a_stay_takes_time(seconds, reads):
    with pytest.raises(InputError):
        Stay(seconds, reads)


# Codes and scrubs


def remaining(cell: CellDescription, junction: Junction, stay: Stay, period_s: float) -> float:
    """Wrong bits per bit after a stay: before each correcting read, two wrong bits of 72, of which each is 2 / 72 of a word."""
    corrections = max(stay.reads, 1) + stay.seconds / period_s
    by_heat = 1e9 * exp(-junction.thermal_stability) * stay.seconds / corrections
    wrong = by_heat + read_flip_probability(cell, junction) / 2
    return corrections * comb(72, 2) * wrong**2 * 2 / 72


def test_a_code_corrects_at_each_read():
    """Of a trillion trillion words nothing can be drawn; of words that flip often, as many are wrong as the formula says."""
    junction, stay = junction_with(CELL, 30), Stay(1e-5, 4)
    found = protection_for(CELL, junction, stay, 1e-4)
    assert (found.name, found.stored, found.period_s) == ("code", 72 / 64, inf)
    assert found.error_rate == pytest.approx(remaining(CELL, junction, stay, inf), rel=1e-3)
    flips = by_hand(30)[1] / 2
    drawn = np.random.default_rng(7).binomial(72, flips, (4, 3_000_000))
    assert found.corrected == pytest.approx((drawn == 1).mean(), rel=0.03)
    two = (drawn == 2).sum() * 2 / 72 / 3_000_000  # wrong bits that stay, of each bit and stay of four reads
    assert found.error_rate == pytest.approx(two, rel=0.15)


#: A cell whose read current is too low to flip bits, so that heat flips most of them.
QUIET = CELL.model_copy(update={"read_current_ua": CELL.read_current_ua.model_copy(update={"value": 0.2})})


def test_the_scrub_is_the_rarest_that_keeps_the_error_rate():
    junction, stay = junction_with(QUIET, 25), Stay(1e-4, 2)
    found = protection_for(QUIET, junction, stay, 1e-8)
    assert (found.name, found.stored) == ("scrub", 72 / 64)
    assert found.error_rate == pytest.approx(1e-8)
    assert remaining(QUIET, junction, stay, found.period_s) == pytest.approx(1e-8, rel=1e-3)
    assert remaining(QUIET, junction, stay, 1.01 * found.period_s) > 1e-8
    assert found.period_s < stay.seconds


def test_nothing_or_a_code_is_enough_where_bits_seldom_flip():
    stay = Stay(1e-5, 2)
    safe, coded = (protection_for(CELL, junction_with(CELL, stability), stay, 1e-9) for stability in (60, 40))
    assert (safe.name, safe.stored, safe.period_s, safe.corrected) == ("none", 1, inf, 0)
    flips = sum(stay_flips(CELL, junction_with(CELL, 40), stay)) / 2
    assert (coded.name, coded.period_s) == ("code", inf)
    assert coded.error_rate == pytest.approx(2 * 71 * (flips / 2) ** 2, rel=1e-5)
    assert coded.error_rate < 1e-9 < flips


def test_where_reads_flip_too_much_nothing_helps():
    junction, stay = junction_with(CELL, 25), Stay(1e-4, 2)
    assert protection_for(CELL, junction, stay, 1e-9) is None
    assert all(remaining(CELL, junction, stay, period) > 1e-9 for period in np.geomspace(1e-15, 1e-4, 200))
    often = Stay(1e-4, 1e6)  # more corrections than two flips between two of them allow
    assert protection_for(QUIET, junction_with(QUIET, 25), often, 1e-12) is None
    assert all(remaining(QUIET, junction_with(QUIET, 25), often, period) > 1e-12 for period in np.geomspace(1e-15, 1e-4, 200))


# In runs

RUN = {"network": "n", "batch": 1, "leakage_class": "lop", "cell": "c"}


@pytest.fixture(scope="module")
def step():
    variant = Variant(leakage_class="lop", sram_bytes=MIB, cell="stt-34.5F2", iso="capacity", held=False)
    return simulate("lenet5", variant.system(), batch=1, training="momentum"), variant


@pytest.mark.slow
def test_lifetimes_are_those_of_the_most_written_line(step):
    results, _ = step
    rows = {row["scratchpad"]: row for row in lifetime_rows(results)}
    for name, writes in zip(results.system.scratchpads, results.line_wear.line_writes.pads, strict=True):
        days = 1e12 / (writes.max() * 1e9 / results.cycles) / 86400
        assert rows[name]["days"] == pytest.approx(days)
        assert rows[name]["days_levelled"] >= days
    found = lifetime_findings(pd.DataFrame([RUN | {"pass": "p"} | row for row in rows.values()]))
    assert [row["scratchpad"] for row in found] == ["accumulator"]
    assert lifetime_told(found[0]).startswith(
        "n, p, batch 1, lop, 4 x 1 MiB of c: the accumulator's most written line is written"
    )
    assert "wear out" in lifetime_told({**found[0], "days": inf})


@pytest.mark.slow
def test_words_stay_for_the_run_times_the_lines_in_use_over_the_writes(step):
    results, _ = step
    pads = {pad.name: pad for pad in kept_pads(results)}
    for name, writes in zip(results.system.scratchpads, results.line_wear.line_writes.pads, strict=True):
        lines, total = np.count_nonzero(writes), writes.sum()
        assert pads[name].stay.seconds == pytest.approx(results.cycles * 1e-9 * lines / total)
        reads = results.banks.loc[results.banks["scratchpad"] == name, "reads"].sum()
        assert pads[name].stay.reads == pytest.approx(reads / total)
        # A read of 1.8 ns and a write of 5.3 ns take 2 and 6 cycles of 1 GHz.
        assert pads[name].access_s == pytest.approx(8e-9)


@pytest.mark.slow
def test_less_stability_writes_for_less_until_reads_flip_too_much(step):
    results, variant = step
    named = {**RUN, "network": "lenet5", "cell": variant.cell}
    table = pd.DataFrame([named | row for row in thermal_rows(results, kept_pads(results), variant)])
    for _, rows in table.groupby("error_rate"):
        assert tuple(rows["thermal_stability"]) == STABILITIES
        for fewer, more in pairwise(rows.to_dict("records")):
            assert fewer["voltage_v"] < more["voltage_v"]
            assert fewer["write_uj"] < more["write_uj"]
            assert fewer["read_uj"] == more["read_uj"]
            assert fewer["stay_error_rate"] > more["stay_error_rate"]
            assert fewer["read_error_rate"] > fewer["retention_error_rate"]
        assert rows["protection"].iloc[0] == "impossible"
        assert isnan(rows["total_uj"].iloc[0])
        assert rows["protection"].iloc[-1] == "none"
    spent = dict(zip(results.energy["part"], results.energy["energy_pj"], strict=True))
    own = table[table["thermal_stability"] == 40].iloc[0]
    # Cells that vary by 5 % fail on average at the rate of the cell's own write, by the closed form.
    share = own["voltage_v"] / 1.235
    assert mean_error_rate("stt-34.5F2", 0.05, voltage=share) == pytest.approx(nominal_error_rate("stt-34.5F2"), rel=0.02)
    written_pj = sum(pj for part, pj in spent.items() if part.endswith("_write"))
    words = {name: results.banks.loc[results.banks["scratchpad"] == name, "writes"].sum() for name in results.system.scratchpads}
    bits = sum(8 * results.system.scratchpads[name].line_bytes * int(count) for name, count in words.items())
    assert own["write_uj"] == pytest.approx(1e-6 * (written_pj + bits * 0.252 * (share**2 - 1)), rel=1e-5)
    parts = ("write", "read", "leakage", "code", "scrub")
    assert own["total_uj"] == pytest.approx(sum(own[f"{part}_uj"] for part in parts))
    # A code on all scratchpads adds an eighth to everything, and writes that correct one of 72 bits that a read flips.
    whole = own["write_uj"] + own["read_uj"] + own["leakage_uj"]
    corrected = 1.01 * 72 * by_hand(40)[1] / 2 * own["read_uj"] * 72 / 64 * 2
    assert 0 < own["code_uj"] <= whole / 8 + corrected
    _tell(table)


def _tell(table: pd.DataFrame) -> None:
    found = thermal_findings(table)
    assert [row["error_rate"] for row in found] == list(dict.fromkeys(table["error_rate"]))
    for row in found:
        rows = table[table["error_rate"] == row["error_rate"]]
        assert row["best"]["total_uj"] == rows["total_uj"].min()
        told = thermal_told(row)
        assert told.startswith("lenet5, training step, batch 1, lop, 4 x 1 MiB of stt-34.5F2, writes and stored words at")
        assert f"a thermal stability of {row['best']['thermal_stability']:g}" in told
        assert f"below {row['lowest']:g} reads flip more" in told
        without = thermal_told({**row, "own": None})
        assert "the cell's own" not in without
    wear = {"pass": "training", "scratchpad": "ifmap", "writes_per_s": 1.0, "endurance_writes": 1e12, "days": 1.0}
    lifetimes = pd.DataFrame([{"network": "lenet5", "cell": "stt-34.5F2", "days_levelled": inf, **wear}])
    printed = list(kept_printed({"lifetimes": lifetimes, "thermal_stability": table}))
    assert [len(each.rows) for each in printed] == [1, len(table)]
    pytest.importorskip("matplotlib", reason="matplotlib (extra plot) is not installed")
    from simcore.studies.stt_mram.figures.kept import draw_thermal_stability

    flips, energy = draw_thermal_stability({"thermal_stability": table}).axes
    for line, column in zip(flips.lines, ("read_error_rate", "retention_error_rate"), strict=False):
        assert list(line.get_ydata()) == table[column].head(len(STABILITIES)).tolist()
    drawn = [line for line in energy.lines if str(line.get_label()).startswith("writes and stays")]
    assert [len(line.get_xdata()) for line in drawn] == list(table.groupby("error_rate")["total_uj"].count())
    assert {text.get_text() for text in energy.texts} == set(table["protection"]) - {"none", "impossible"}


def test_wear_and_stability_stand_for_every_network_of_the_study(monkeypatch):
    asked: list[kept.Piece] = []
    monkeypatch.setattr(kept, "spread", lambda run, pieces, *_: asked.extend(pieces) or [([], [])])
    kept.kept_tables(SttMramSettings(), None)
    networks = ("lenet5", "alexnet-32", "resnet18-32", "vgg16-32")
    assert asked == [(name, 32, trains, "stt-34.5F2") for name in networks for trains in (False, True)]
