"""Figures of the STT-MRAM study: what they say about each value, and that they say it once and where it belongs."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("matplotlib")

from simcore.program.outcome import CAUSE_NAMES
from simcore.results.figures.style import figure_style
from simcore.studies.stt_mram.energy_split import GROUPS
from simcore.studies.stt_mram.figures import DRAWINGS
from simcore.studies.stt_mram.figures.ratios import sram_macros
from simcore.studies.stt_mram.figures.where import gain_told
from simcore.studies.stt_mram.ratio_map import in_claimed_range

RECORDED = Path(__file__).parent / "golden" / "studies" / "stt_mram"


def recorded(table: str) -> pd.DataFrame:
    return pd.read_csv(RECORDED / f"{table}.csv", keep_default_na=False, na_values=[""])


def draw(figure: str, **tables: pd.DataFrame) -> Any:
    with figure_style():
        return DRAWINGS[figure][1](tables)


def legend_texts(figure: Any) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


# Maps


@pytest.mark.parametrize(
    ("gain", "told"),
    [(15.43, "15.4"), (14.85, "14.8"), (14.97, "14.97"), (22.3, "22.3"), (21.96, "21.96"), (15.0, "15.00"), (18.4, "18")],
)
def test_a_gain_has_the_digits_that_show_its_side_of_the_claimed_range(gain, told):
    assert gain_told(gain) == told
    assert in_claimed_range(float(told)) == in_claimed_range(gain)


def test_short_gains_stay_short():
    assert [gain_told(gain) for gain in (0.913, 1.0, 8.24, 59.7)] == ["0.91", "1", "8.2", "60"]


def gain_map() -> pd.DataFrame:
    columns = {"clock_mhz": 1000, "batch": 32, "array": 32, "network": "lenet5"}
    gains = {f"{scope}_gain": 2.0 for scope in ("scratchpads", "chip", "system")}
    return pd.DataFrame(
        [
            {
                "leakage": leakage,
                "sram_kib": kib,
                "main_memory": memory,
                "residue_percent": residue,
                "iso": iso,
                **columns,
                **gains,
            }
            for leakage, kib, (memory, residue), iso in product(
                ("hp", "lop"), (1024, 16384), (("ddr4", 100.0), ("ddr4", 5.0), ("hbm2", 5.0)), ("capacity", "area")
            )
        ]
    )


@pytest.mark.parametrize("iso", ["capacity", "area"])
def test_the_preset_is_marked_where_it_is_and_what_no_panel_holds_is_named(iso):
    named = recorded("named_configurations")
    figure = draw(f"map_{iso}", gain_map=gain_map(), named_configurations=named)
    marked = [axes.get_title() for axes in figure.axes if axes.lines]
    assert len(marked) == 3
    assert all(title.endswith("DDR4, not gated") for title in marked)
    assert "every cell at 1 GHz" in figure.get_suptitle()
    told = figure.get_supxlabel().replace("\n", "    ").split("    ")
    of_map = named[named["equal"].isin([iso, "both"])]
    for row in of_map.to_dict("records"):
        in_panels = (row["main_memory"], row["residue_percent"]) in (("ddr4", 100), ("ddr4", 5), ("hbm2", 5))
        assert (row["only"] in told) == (row["clock_mhz"] != 1000 or not in_panels)


def test_a_map_without_named_configurations_says_nothing_about_them():
    assert draw("map_area", gain_map=gain_map()).get_supxlabel() == ""


# Systems


def systems() -> pd.DataFrame:
    energies = {f"{group}_uj": 100.0 for group in GROUPS}
    return pd.DataFrame(
        [
            {"network": "lenet5", "pass": which, "leakage_class": leakage, "gated": False, "sram_kib": kib, "iso": iso}
            | {"accesses_per_ns": 12.8 if iso == "none" else 5.0, "scratchpads_gain": 6.0, "system_uj": total_uj, **energies}
            for which, leakage, kib in product(("inference", "training"), ("hp", "lop"), (1024, 4096))
            for iso, total_uj in (("none", 700.0), ("capacity", 1400.0), ("area", 2100.0))
        ]
    )


def test_millijoules_stand_on_the_bar_of_the_sram():
    figure = draw("systems", systems=systems())
    for axes in figure.axes:
        assert [text.get_text() for text in axes.texts] == ["0.7 mJ"] * 2
        for run, text in enumerate(axes.texts):
            assert text.xy == pytest.approx((run - 0.27, 1.0))
    assert "SRAM (with its mJ above)" in figure.legends[0].get_title().get_text()
    assert {"codes and scrubs", "rest of the chip", "main memory"} <= set(legend_texts(figure))
    assert not {"kept", "other", "dram"} & set(legend_texts(figure))


@pytest.mark.parametrize(("sram_kib", "macros"), [(1024, {32: 128}), (4096, {64: 192, 32: 128}), (16384, {256: 192, 128: 128})])
def test_macros_of_an_sram_system_hold_its_capacity(sram_kib, macros):
    assert sram_macros(sram_kib, "hp") == macros
    assert sum(kib * count for kib, count in macros.items()) == 4 * sram_kib


def test_simulated_runs_stand_at_the_rate_of_one_macro():
    ratios = pd.DataFrame(
        [
            {"leakage_class": leakage, "capacity_kib": kib, "accesses_per_ns": rate, "energy_ratio": 10.0}
            for leakage, kib, rate in product(("hp", "lop"), (32, 64, 128), (0.1, 1.0))
        ]
    )
    figure = draw("energy_ratios", energy_ratios=ratios, systems=systems())
    for axes in figure.axes:
        lines = {line.get_label(): line for line in axes.lines}
        small = lines["simulated runs, 4 x 1 MiB\n= 128 macros of 32 KiB"]
        assert list(small.get_xdata()) == pytest.approx([12.8 / 128] * 2)
        large = lines["simulated runs, 4 x 4 MiB\n= 320 macros of 32/64 KiB"]
        assert list(large.get_xdata()) == pytest.approx([12.8 / 320] * 2)
        assert "R(a) of 32 KiB" in lines
        assert "of one macro" in axes.get_xlabel()


# Joules


def test_a_configuration_that_is_named_twice_is_drawn_once():
    named, joules = recorded("named_configurations"), recorded("joules")
    system = named[named["scope"] == "system"]
    both = system[system["equal"] == "both"]
    twice = pd.concat([both.assign(equal="area"), both])
    once = draw("joules", named_configurations=twice, joules=joules)
    assert len(once.axes) == 2  # joules and shares
    title = once.axes[0].get_title(loc="left")
    assert title.endswith("named for: whole system at equal area; whole system at equal capacity and equal area")
    assert len(draw("joules", named_configurations=named, joules=joules).axes) == 2 * len(system)


# Titles


def test_titles_name_class_batch_and_size():
    pulses = pd.DataFrame([{"network": "lenet5", "pulse_ns": pulse_ns, "compute_cycles": 10} for pulse_ns in (2, 5)]).assign(
        cell="stt-34.5F2", leakage_class="lop", capacity_kib=4096, batch=32, **{f"{cause}_cycles": 1 for cause in CAUSE_NAMES}
    )
    (axes,) = draw("pulses", pulses=pulses).axes
    assert axes.get_title() == "lenet5, training step of 32 images\nstt-34.5F2, lop, 4 MiB in all"
    row = {"network": "lenet5", "batch": 8, "cell": "stt-34.5F2", "leakage_class": "lop", "protection": "code", "total_uj": 9.0}
    row |= {"own_stability": 40.0, "temperature_k": 350.0, "read_error_rate": 1e-6, "retention_error_rate": 1e-8}
    stays = pd.DataFrame([row | {"error_rate": 1e-9, "thermal_stability": stability} for stability in (40, 45)])
    flips, _ = draw("thermal_stability", thermal_stability=stays).axes
    assert flips.get_title() == "lenet5, training step of 8 images\nstt-34.5F2, lop, 4 x 1 MiB"


# Chips


def test_each_number_has_its_name_below_and_no_number_covers_another():
    table = recorded("accuracy_contributions")
    figure = draw("chips", accuracy_chips=table.assign(front=False))
    names = list(dict.fromkeys(table["chip"]))
    assert [f"{at}  {name}" for at, name in enumerate(names, start=1)] == legend_texts(figure)[-len(names) :]
    figure.draw_without_rendering()
    for axes, (_, rows) in zip(figure.axes, table.groupby("format", sort=False), strict=True):
        told = [text for text in axes.texts if text.get_text()]
        assert sorted(int(text.get_text()) for text in told) == sorted(names.index(name) + 1 for name in rows["chip"])
        boxes = [text.get_window_extent() for text in told]
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    below = figure.legends[-1].get_window_extent()
    assert 0 <= below.x0 < below.x1 <= figure.bbox.width
    assert not any(below.overlaps(axes.get_tightbbox()) for axes in figure.axes)
