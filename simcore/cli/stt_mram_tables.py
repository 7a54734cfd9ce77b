"""The tables of ``simcore study stt-mram`` as a terminal shows them: the rows and columns that fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd
from rich.table import Table

from simcore.cli.console import table
from simcore.studies.stt_mram.conclusions import capacity
from simcore.studies.stt_mram.settings import KIB

#: Capacities and error rates that are printed; the CSV files have all.
SHOWN_KIB = (64, KIB, 4 * KIB, 16 * KIB, 64 * KIB)
SHOWN_RATES = (1e-9, 1e-7, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


def printed_tables(tables: Mapping[str, pd.DataFrame], cell: str) -> Iterator[Table]:
    """Each table that is there, at most 100 columns wide."""
    yield _comparisons(tables["comparisons"], cell)
    yield _cheapest_writes(tables["cheapest_writes"])
    yield _bounds(tables["energy_ratio_bounds"])


def _comparisons(frame: pd.DataFrame, cell: str) -> Table:
    kept = frame[(frame["cell"] == cell) & frame["sram_kib"].isin(SHOWN_KIB)]
    ratios = ("density", "leakage_mw", "read_ns", "write_ns", "read_pj", "write_pj")
    rows = [
        (
            row["leakage_class"],
            row["iso"],
            capacity(row["sram_kib"]),
            capacity(row["mram_kib"]) + ("+" if row["table_ends"] else ""),
            *(f"{row[f'{name}_ratio']:.3g}" for name in ratios),
        )
        for row in kept.to_dict("records")
    ]
    columns = ("class", "equal", "SRAM", "STT-MRAM", "density", "leakage", "read ns", "write ns", "read pJ", "write pJ")
    return table(f"SRAM over {cell}: ratios, 22 nm, 128-bit words (+: the table ends there)", columns, rows, text_columns=2)


def _cheapest_writes(frame: pd.DataFrame) -> Table:
    kept = frame[frame["target_error_rate"].isin(SHOWN_RATES)]
    rows = [
        (
            f"{row['target_error_rate']:.0e}",
            row["varied"],
            f"{row['voltage_v']:.3f}",
            *(f"{row[name]:.2f}" for name in ("pulse_ns", "write_ns", "cell_energy_gain", "word_energy_gain")),
        )
        for row in kept.to_dict("records")
    ]
    columns = ("error rate", "varied", "V", "pulse ns", "write ns", "gain, cells", "gain, word")
    title = f"Write energy saved at a write error rate: {frame['cell'].iloc[0]}, 22 nm, lop, 1 MiB"
    return table(title, columns, rows, text_columns=2)


def _bounds(frame: pd.DataFrame) -> Table:
    kept = frame[frame["capacity_kib"].isin(SHOWN_KIB)]
    names = ("idle_ratio", "busy_ratio", "from_accesses_per_ns", "to_accesses_per_ns")
    rows = [
        (row["leakage_class"], capacity(row["capacity_kib"]), *(_number(row[name]) for name in names))
        for row in kept.to_dict("records")
    ]
    columns = ("class", "capacity", "R, idle", "R, busy", "15-22x from, accesses/ns", "to")
    return table(f"Energy of SRAM over {frame['cell'].iloc[0]} in closed form, 22 nm", columns, rows, text_columns=2)


def _number(value: float) -> str:
    return "-" if value != value else f"{value:.3g}"
