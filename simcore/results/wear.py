"""Wear: how often a run writes the lines of each bank, and how long the busiest line lasts if the run repeats for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from models.endurance import Endurance
from models.junction.endurance import busiest_writes_per_s, lifetime_s
from simcore.machine.line_writes import LineWrites
from simcore.program.program import Int64Array
from simcore.results.banks import BankName
from simcore.results.frames import frame

if TYPE_CHECKING:
    import pandas as pd

#: The columns of the table that follow the bank's name, in order.
COLUMNS = (
    *("writes", "written_lines", "busiest_line_writes", "busiest_line_row", "mean_writes_per_line"),
    *("busiest_line_writes_per_s", "endurance_writes", "lifetime_s", "lifetime_levelled_s"),
)


@dataclass(frozen=True)
class LineWear:
    """How often a run wrote each line, and the endurance of each bank's lines (in the engines' order)."""

    line_writes: LineWrites
    endurance: tuple[Endurance, ...]

    def wears(self) -> bool:
        """Return True if any bank wears out after a known number of writes."""
        return any(isfinite(endurance.writes) for endurance in self.endurance)

    def sources(self, banks: Sequence[BankName]) -> dict[str, str]:
        """Return the source of the endurance of each scratchpad's memories."""
        return {
            f"{bank.scratchpad}, {bank.memory}": f"{endurance.kind}: {endurance.source}"
            for bank, endurance in zip(banks, self.endurance, strict=True)
        }


def wear_table(wear: LineWear, banks: Sequence[BankName], cycles: int, clock_hz: int) -> pd.DataFrame:
    """Return one row per bank of a run that took ``cycles`` core cycles."""
    table = frame(
        {
            "scratchpad": [bank.scratchpad for bank in banks],
            "bank": [bank.bank for bank in banks],
            "memory": [bank.memory for bank in banks],
        }
    )
    rows = [
        _row(writes, endurance.writes, cycles, clock_hz)
        for writes, endurance in zip(wear.line_writes.of_banks(), wear.endurance, strict=True)
    ]
    return table.join(frame(rows, columns=list(COLUMNS)))


def _row(writes: Int64Array, endurance: float, cycles: int, clock_hz: int) -> tuple[float, ...]:
    busiest, mean = int(writes.max()), float(writes.mean())
    rate, mean_rate = (busiest_writes_per_s(count, cycles, clock_hz) for count in (busiest, mean))
    if isfinite(endurance):
        lifetime = lifetime_s(endurance, rate)
        levelled = lifetime_s(endurance, rate, levelling=1.0, mean_writes_per_s=mean_rate)
    else:
        lifetime = levelled = endurance
    written = int(np.count_nonzero(writes))
    return (int(writes.sum()), written, busiest, int(writes.argmax()), mean, rate, endurance, lifetime, levelled)


def first_to_fail(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the row of each scratchpad's bank whose busiest line fails first, or is written most often if none wears out."""
    by = ["lifetime_s", "endurance_writes", "busiest_line_writes"]
    order = table.sort_values(by, ascending=[True, True, False], kind="stable", na_position="last")
    first = order.drop_duplicates("scratchpad").sort_index()
    return [{str(key): value for key, value in row.items()} for row in first.to_dict("records")]


def wear_object(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the wear of each scratchpad as JSON values. An endless or unknown lifetime is None."""
    keys = ("scratchpad", "bank", "busiest_line_row", "busiest_line_writes", "busiest_line_writes_per_s")
    lasting = ("endurance_writes", "lifetime_s", "lifetime_levelled_s")
    return [
        {key: row[key] for key in keys} | {key: row[key] if isfinite(row[key]) else None for key in lasting}
        for row in first_to_fail(table)
    ]
