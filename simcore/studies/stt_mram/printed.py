"""The study's tables in the form for a terminal, with the rows and columns that fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from simcore.program.outcome import CAUSE_NAMES
from simcore.results.printed import PrintedTable
from simcore.studies.form.printed import number
from simcore.studies.stt_mram.chips.printed import chip_tables
from simcore.studies.stt_mram.conclusions import capacity
from simcore.studies.stt_mram.energy_split import GROUPS
from simcore.studies.stt_mram.gains import SCOPES
from simcore.studies.stt_mram.kept_told import kept_printed, stays_printed
from simcore.studies.stt_mram.settings import KIB
from simcore.studies.stt_mram.systems import PRESET_BYTES
from simcore.studies.stt_mram.variants import PRESET
from simcore.studies.stt_mram.where.printed import where_tables

#: The capacities and error rates that are printed. The CSV files have all of them.
SHOWN_KIB = (64, KIB, 4 * KIB, 16 * KIB, 64 * KIB)
SHOWN_RATES = (1e-9, 1e-7, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)

_PRESET_SIZE = capacity(PRESET_BYTES // KIB)
#: Short names of a system's scratchpads, by what is equal to the SRAM's.
MEMORIES = {"none": "SRAM", "capacity": "STT, cap.", "area": "STT, area"}


def printed_tables(tables: Mapping[str, pd.DataFrame], cell: str) -> Iterator[PrintedTable]:
    """Yield each existing table, at most 100 columns wide."""
    if "comparisons" not in tables:
        yield from where_tables(tables)
        return
    yield _comparisons(tables["comparisons"], cell)
    yield _cheapest_writes(tables["cheapest_writes"])
    yield _bounds(tables["energy_ratio_bounds"])
    systems = tables["systems"]
    for leakage_class in systems["leakage_class"].unique():
        yield _systems(systems[systems["leakage_class"] == leakage_class], leakage_class)
    yield _stalls(tables["system_stalls"], systems)
    yield _gain_ranges(tables["gain_ranges"])
    yield from where_tables(tables)
    pulses = tables["pulses"]
    for network in pulses["network"].unique():
        yield _pulses(pulses[pulses["network"] == network])
    yield from kept_printed(tables)
    yield from chip_tables(tables)
    if "accuracy_stays" in tables:
        yield stays_printed(tables["accuracy_stays"])


def _comparisons(frame: pd.DataFrame, cell: str) -> PrintedTable:
    kept = frame[(frame["cell"] == cell) & frame["sram_kib"].isin(SHOWN_KIB)]
    ratios = ("density", "leakage_mw", "read_ns", "write_ns", "read_pj", "write_pj")
    rows = [
        (
            row["leakage_class"],
            row["iso"],
            capacity(row["sram_kib"]),
            capacity(row["mram_kib"]) + ("+" if row["table_ends"] else ""),
            f"{row['area_used_percent']:.0f}",
            *(f"{row[f'{name}_ratio']:.3g}" for name in ratios),
        )
        for row in kept.to_dict("records")
    ]
    columns = ("class", "equal", "SRAM", "STT-MRAM", "area %", "density", "leakage", "read ns", "write ns", "read pJ", "write pJ")
    return PrintedTable(
        f"SRAM over {cell}: ratios, 22 nm, 128-bit words (+: the table ends there)", columns, rows, text_columns=2
    )


def _cheapest_writes(frame: pd.DataFrame) -> PrintedTable:
    kept = frame[frame["target_error_rate"].isin(SHOWN_RATES) | frame["baseline"]]
    rows = [
        (
            f"{row['target_error_rate']:.1e}",
            row["varied"],
            f"{row['voltage_v']:.3f}",
            *(f"{row[name]:.2f}" for name in ("pulse_ns", "write_ns", "cell_energy_gain", "word_energy_gain")),
            *(f"{row[f'{part}_tolerance_gain']:.2f}" for part in ("cell", "word")),
        )
        for row in kept.to_dict("records")
    ]
    gains = ("gain, cells", "gain, word", "by errors, cells", "by errors, word")
    columns = ("error rate", "varied", "V", "pulse ns", "write ns", *gains)
    title = f"Write energy saved at a write error rate: {frame['cell'].iloc[0]}, 22 nm, lop, 1 MiB"
    return PrintedTable(title, columns, rows, text_columns=2)


def _bounds(frame: pd.DataFrame) -> PrintedTable:
    kept = frame[frame["capacity_kib"].isin(SHOWN_KIB)]
    names = ("idle_ratio", "busy_ratio", "from_accesses_per_ns", "to_accesses_per_ns")
    rows = [
        (row["leakage_class"], capacity(row["capacity_kib"]), *(number(row[name]) for name in names))
        for row in kept.to_dict("records")
    ]
    columns = ("class", "capacity", "R, idle", "R, busy", "15-22x from, accesses/ns", "to")
    return PrintedTable(f"Energy of SRAM over {frame['cell'].iloc[0]} in closed form, 22 nm", columns, rows, text_columns=2)


def _systems(frame: pd.DataFrame, leakage_class: str) -> PrintedTable:
    kept = _shown(frame)
    scopes = ("scratchpads", "system")
    rows = [
        (
            row["leakage_class"],
            row["network"],
            row["pass"],
            MEMORIES[row["iso"]],
            f"{row['cycles'] / 1e6:.3f}",
            f"{(row['dram_read_bytes'] + row['dram_write_bytes']) / 1e6:.2f}",
            *(f"{100 * row[f'{part}_uj'] / row['system_uj']:.1f}" for part in GROUPS),
            *(f"{row[f'{scope}_gain']:.2f}" for scope in scopes),
        )
        for row in kept.to_dict("records")
    ]
    columns = (
        "class",
        "network",
        "pass",
        "memory",
        "Mcycles",
        "MB",
        *(f"{part.replace('leakage', 'leak')} %" for part in GROUPS),
        "pads x",
        "all x",
    )
    title = f"{PRESET}, 22 nm, {leakage_class}, 4 x {_PRESET_SIZE} of SRAM or {frame['cell'].iloc[-1]}, not gated: energy, gains"
    return PrintedTable(title, columns, rows, text_columns=4)


def _stalls(frame: pd.DataFrame, systems: pd.DataFrame) -> PrintedTable:
    """Return the stalls, in percent of the cycles, of the systems of one class that the tables before show.

    Other classes differ at most through their timings.
    """
    shown_class = systems["leakage_class"].iloc[0]
    stalls = _shown(frame[frame["leakage_class"] == shown_class])
    rows = []
    for run in _shown(systems[systems["leakage_class"] == shown_class]).to_dict("records"):
        of_run = stalls[(stalls["network"] == run["network"]) & (stalls["pass"] == run["pass"]) & (stalls["iso"] == run["iso"])]
        cycles = dict(zip(of_run["cause"], of_run["cycles"], strict=True))
        shares = (f"{100 * cycles[cause] / run['cycles']:.1f}" for cause in CAUSE_NAMES)
        rows.append((shown_class, run["network"], run["pass"], MEMORIES[run["iso"]], *shares))
    columns = ("class", "network", "pass", "memory", *(cause.replace("_", "\n") for cause in CAUSE_NAMES))
    return PrintedTable(f"Stalls, % of all cycles: {PRESET}, 4 x {_PRESET_SIZE}", columns, rows, text_columns=4)


def _shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ungated systems of the preset's size. ``gain_ranges`` summarises the others."""
    kept: pd.DataFrame = frame[~frame["gated"] & (frame["sram_kib"] == PRESET_BYTES // KIB)]
    return kept


def _gain_ranges(frame: pd.DataFrame) -> PrintedTable:
    keys = ["leakage_class", "iso", "sram_kib", "gated"]
    rows = []
    for _, group in frame.groupby(keys, sort=False):
        first, *_ = records = group.to_dict("records")
        shown = [
            cell
            for row in records
            for cell in (
                f"{row['least_gain']:.2f} to {row['greatest_gain']:.2f}",
                f"{row['runs_in_claimed_range']}/{row['runs']}",
            )
        ]
        gated = "yes" if first["gated"] else "no"
        used = f"{first['area_used_percent']:.0f}"
        rows.append((first["leakage_class"], first["iso"], capacity(first["sram_kib"]), used, gated, *shown))
    columns = ("class", "equal", "SRAM\n4 x", "area\n%", "gated", *(name for scope in SCOPES for name in (scope, "15-22x")))
    return PrintedTable(
        "Energy gain over networks and passes; how many of them lie in 15 to 22 times", columns, rows, text_columns=5
    )


def _pulses(frame: pd.DataFrame) -> PrintedTable:
    causes = ("read_latency", "dma_collision", "write_conflict", "write_backpressure", "drain")
    rows = [
        (
            f"{row['pulse_ns']:g}",
            f"{row['voltage_v']:.2f}",
            row["cycles"],
            row["compute_cycles"],
            *(row[f"{cause}_cycles"] for cause in causes),
        )
        for row in frame.to_dict("records")
    ]
    columns = ("pulse\nns", "V", "cycles", "compute", *(cause.replace("_", "\n") for cause in causes))
    cell, leakage_class = frame["cell"].iloc[0], frame["leakage_class"].iloc[0]
    title = f"{frame['network'].iloc[0]}, training step, by write pulse: {PRESET}, 22 nm, {leakage_class}, {cell}, 4 x 1 MiB"
    return PrintedTable(title, columns, rows)
