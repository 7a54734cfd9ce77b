"""Tables of the scratchpads: the cycles that each costs, who waited there for whom, and how full its write buffer was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.program.outcome import Outcome
from simcore.program.program import Int64Array, Port
from simcore.results.banks import BankName
from simcore.results.frames import frame
from simcore.results.record import LayerRun
from simcore.results.tables import stall_column

if TYPE_CHECKING:
    import pandas as pd

#: The share of the cycles in which a write buffer holds at most ``p99_entries``.
_SHARE = 0.99


@dataclass(frozen=True)
class _Named:
    """A scratchpad and the entries of its write buffer."""

    name: str
    depth: int


def scratchpad_table(runs: Sequence[LayerRun], banks: Sequence[BankName], causes: Sequence[str]) -> pd.DataFrame:
    """Return one row per scratchpad for the whole run: stalled cycles by cause, and its write buffer's entries."""
    return _frame([*_rows(_outcomes(runs), _scratchpads(banks), causes)], ["scratchpad"], causes)


def scratchpad_layer_table(runs: Sequence[LayerRun], banks: Sequence[BankName], causes: Sequence[str]) -> pd.DataFrame:
    """Return one row per layer and scratchpad, with the columns of the table of scratchpads."""
    named = _scratchpads(banks)
    rows = [{"layer": run.name, **row} for run in runs if run.outcome is not None for row in _rows([run.outcome], named, causes)]
    return _frame(rows, ["layer", "scratchpad"], causes)


def wait_table(runs: Sequence[LayerRun], banks: Sequence[BankName]) -> pd.DataFrame:
    """Return the stalled cycles by layer, scratchpad, waiting port and port that held the bank, without rows of zero cycles."""
    named = _scratchpads(banks)
    rows = [
        (run.name, named[pad].name, Port(waiter).name.lower(), Port(holder).name.lower(), int(cycles[pad, waiter, holder]))
        for run in runs
        if run.outcome is not None and named
        for cycles in [run.outcome.wait_cycles]
        for pad, waiter, holder in np.argwhere(cycles)
    ]
    return frame(rows, columns=["layer", "scratchpad", "waiter", "holder", "cycles"]).astype({"cycles": np.int64})


def write_buffer_table(runs: Sequence[LayerRun], banks: Sequence[BankName]) -> pd.DataFrame:
    """Return, per scratchpad and number of entries, the cycles in which its write buffer held so many; none without cycles."""
    cycles = _buffer_cycles(_outcomes(runs), len(named := _scratchpads(banks)))
    rows = [(named[pad].name, int(entries), int(cycles[pad, entries])) for pad, entries in np.argwhere(cycles)]
    return frame(rows, columns=["scratchpad", "entries", "cycles"]).astype({"entries": np.int64, "cycles": np.int64})


def scratchpad_objects(scratchpads: pd.DataFrame, waits: pd.DataFrame, causes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the scratchpads, with their waits over all layers in order of cycles, as plain JSON values."""
    summed = waits.groupby(["scratchpad", "waiter", "holder"], sort=False)["cycles"].sum().reset_index()
    ordered = summed.sort_values("cycles", ascending=False, kind="stable").to_dict("records")
    return [
        {
            "scratchpad": row["scratchpad"],
            "stall_cycles": {cause: row[stall_column(cause)] for cause in causes},
            "waits": [{key: wait[key] for key in wait if key != "scratchpad"} for wait in ordered if _is_at(wait, row)],
            "write_buffer": {name: row[name] for name in _BUFFER_COLUMNS},
        }
        for row in scratchpads.to_dict("records")
    ]


def _is_at(wait: dict[Any, Any], scratchpad: dict[Any, Any]) -> bool:
    return bool(wait["scratchpad"] == scratchpad["scratchpad"])


def _scratchpads(banks: Sequence[BankName]) -> list[_Named]:
    return [_Named(name, depth) for name, depth in {bank.scratchpad: bank.write_buffer_entries for bank in banks}.items()]


def _outcomes(runs: Sequence[LayerRun]) -> list[Outcome]:
    return [run.outcome for run in runs if run.outcome is not None]


_BUFFER_COLUMNS = ("write_buffer_entries", "mean_entries", "p99_entries", "most_entries", "full_cycles")


def _frame(rows: list[dict[str, Any]], names: list[str], causes: Sequence[str]) -> pd.DataFrame:
    columns = [*names, "stall_cycles", *(stall_column(cause) for cause in causes), *_BUFFER_COLUMNS]
    return frame(rows, columns=columns)


def _rows(outcomes: Sequence[Outcome], named: Sequence[_Named], causes: Sequence[str]) -> Iterator[dict[str, Any]]:
    stalls = sum((outcome.scratchpad_stall_cycles for outcome in outcomes), np.zeros((len(named), len(causes)), np.int64))
    cycles = _buffer_cycles(outcomes, len(named))
    for number, pad in enumerate(named):
        by_cause = {stall_column(cause): int(count) for cause, count in zip(causes, stalls[number], strict=True)}
        yield {"scratchpad": pad.name, "stall_cycles": int(stalls[number].sum()), **by_cause, **_buffer(pad, cycles[number])}


def _buffer_cycles(outcomes: Sequence[Outcome], scratchpads: int) -> Int64Array:
    """Return [scratchpad, entries], summed over outcomes of different widths."""
    if not scratchpads:
        return np.zeros((0, 1), np.int64)
    total = np.zeros((scratchpads, max((outcome.buffer_cycles.shape[1] for outcome in outcomes), default=1)), np.int64)
    for outcome in outcomes:
        total[:, : outcome.buffer_cycles.shape[1]] += outcome.buffer_cycles
    return total


def _buffer(pad: _Named, cycles: Int64Array) -> dict[str, Any]:
    """Return the columns of a write buffer from the cycles in which it held 0, 1, 2, ... entries."""
    total, below = int(cycles.sum()), np.cumsum(cycles)
    held = np.arange(len(cycles))
    return {
        "write_buffer_entries": pad.depth,
        "mean_entries": float((held * cycles).sum() / max(total, 1)),
        "p99_entries": int(np.searchsorted(below, int(np.ceil(_SHARE * total)))) if total else 0,
        "most_entries": int(held[cycles > 0].max(initial=0)),
        "full_cycles": int(cycles[max(pad.depth, 1) :].sum()),
    }
