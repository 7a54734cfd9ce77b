"""Tables of the banks. The engines number the banks of all scratchpads in one sequence; the tables name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.machine.counters import NOT_COUNTED
from simcore.program.outcome import Outcome
from simcore.program.program import Int64Array
from simcore.results.frames import frame, whole_numbers
from simcore.results.record import LayerRun
from simcore.results.tables import stall_column

if TYPE_CHECKING:
    import pandas as pd

#: Bank counters of an Outcome, by their column.
BANK_COUNTERS = {
    "reads": "reads",
    "writes": "writes",
    "dma_reads": "dma_reads",
    "dma_writes": "dma_writes",
    "forwarded": "forwarded_reads",
    "preempted": "preempted_writes",
    "conflict_cycles": "conflict_cycles",
    "busy_cycles": "busy_cycles",
}


#: The columns of the bank table that are no counts, and the beginning of those of the stall causes.
_OTHER_COLUMNS = ("scratchpad", "bank", "memory", "layer", "occupancy_percent")
_STALL = stall_column("").removesuffix("_cycles")


def is_own_column(name: str) -> bool:
    """Return whether a column of this name stands in every bank table, so that no counter of a timing may have it."""
    return name in BANK_COUNTERS or name in _OTHER_COLUMNS or name.startswith(_STALL)


@dataclass(frozen=True)
class BankName:
    """The scratchpad of one bank, its number there, its memory, its line width and ports, and its scratchpad's write buffer."""

    scratchpad: str
    bank: int
    memory: str
    line_bytes: int
    ports: int
    write_buffer_entries: int = 0


def bank_table(runs: Sequence[LayerRun], banks: Sequence[BankName], causes: Sequence[str], cycles: int) -> pd.DataFrame:
    """Return one row per bank for the whole run, which takes ``cycles``. ``causes`` are the names of the stall causes."""
    outcomes = [run.outcome for run in runs if run.outcome is not None]
    counters = {column: _total(outcomes, field, len(banks)) for column, field in BANK_COUNTERS.items()}
    stalls = sum((outcome.bank_stall_cycles for outcome in outcomes), np.zeros((len(banks), len(causes)), np.int64))
    return _bank_frame(banks, counters | counter_columns(outcomes), _by_cause(stalls, causes), cycles)


def bank_layer_table(runs: Sequence[LayerRun], banks: Sequence[BankName], causes: Sequence[str]) -> pd.DataFrame:
    """Return one row per layer and bank, with the columns of the bank table."""
    ran = [(run.name, run.outcome) for run in runs if run.outcome is not None]
    if not ran:
        return _bank_frame([], {}, {}, 0)
    outcomes = [outcome for _, outcome in ran]
    counters = {column: np.concatenate([getattr(each, field) for each in outcomes]) for column, field in BANK_COUNTERS.items()}
    counters |= _own_counters(outcomes, len(banks))
    stalls = np.concatenate([outcome.bank_stall_cycles for outcome in outcomes])
    cycles = np.repeat([outcome.cycles for outcome in outcomes], len(banks))
    table = _bank_frame([*banks] * len(ran), counters, _by_cause(stalls, causes), cycles)
    table.insert(0, "layer", np.repeat(np.array([name for name, _ in ran], object), len(banks)))
    return table


def _own_counters(outcomes: Sequence[Outcome], banks: int) -> dict[str, Int64Array]:
    """Return the counters that bank timings declare, by name, with one value for each outcome and bank."""
    nothing = np.full(banks, NOT_COUNTED)
    names = dict.fromkeys(name for outcome in outcomes for name in outcome.counters)
    return {name: np.concatenate([outcome.counters.get(name, nothing) for outcome in outcomes]) for name in names}


def _total(outcomes: Sequence[Outcome], field: str, banks: int) -> Int64Array:
    total = np.zeros(banks, np.int64)
    for outcome in outcomes:
        total += getattr(outcome, field)
    return total


def counter_columns(outcomes: Sequence[Outcome]) -> dict[str, Int64Array]:
    """Return the sums of the counters that bank timings declare, by name; NOT_COUNTED for a bank whose timing has none."""
    found: dict[str, Int64Array] = {}
    for outcome in outcomes:
        for name, counts in outcome.counters.items():
            before = found.get(name, 0)
            found[name] = np.where(counts == NOT_COUNTED, NOT_COUNTED, counts + before)
    return found


def _by_cause(stalls: Int64Array, causes: Sequence[str]) -> dict[str, Int64Array]:
    """Return the columns of stalled cycles by cause, from an array [bank, cause]."""
    return {stall_column(cause): stalls[:, number] for number, cause in enumerate(causes)}


def _known(counts: Int64Array) -> Any:
    """Return counts with an empty cell for a bank that does not count this."""
    return whole_numbers(None if count == NOT_COUNTED else count for count in counts.tolist())


def _bank_frame(
    banks: Sequence[BankName], counters: dict[str, Int64Array], stalls: dict[str, Int64Array], cycles: int | Int64Array
) -> pd.DataFrame:
    """Return the rows of these banks. ``cycles`` are those of the run, or of the layer of each row."""
    table = frame(
        {
            "scratchpad": [bank.scratchpad for bank in banks],
            "bank": [bank.bank for bank in banks],
            "memory": [bank.memory for bank in banks],
            **{name: _known(counts) if name not in BANK_COUNTERS else counts for name, counts in counters.items()},
        }
    )
    port_cycles = cycles * np.array([bank.ports for bank in banks], np.int64)
    table["occupancy_percent"] = 100.0 * counters["busy_cycles"] / np.maximum(port_cycles, 1) if counters else 0.0
    return table.assign(**stalls)
