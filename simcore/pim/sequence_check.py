"""What an issuer relies on in a sequence, checked before either engine runs it."""

from __future__ import annotations

import numpy as np

from simcore.dram.tables import ResolvedDram
from simcore.errors import InputError
from simcore.pim.limits import LAND, LINK
from simcore.pim.sequence import (
    BURSTS,
    COLUMNS,
    FIRST,
    FIRST_ROW,
    HOLD,
    NONE,
    SECOND,
    SECOND_ROW,
    TRANSFER,
    Sequence,
)

#: The most operations of a sequence, all repeats together, and the longest hold in cycles: cycles stay far below 2 to the 62.
MOST_OPERATIONS = 1 << 40
LONGEST_HOLD = 1 << 20


def check_sequence(sequence: Sequence, dram: ResolvedDram) -> None:
    """Raise InputError, with the number of the operation, for a sequence that is none for this DRAM."""
    table, repeats = sequence.operations, sequence.repeats
    if table.ndim != 2 or table.shape[1] != COLUMNS or not np.issubdtype(table.dtype, np.integer):
        raise InputError(f"{dram.name}: expected operations of {COLUMNS} integers each, got {table.dtype} {table.shape}")
    if isinstance(repeats, bool) or not isinstance(repeats, int | np.integer) or repeats < 1:
        raise InputError(f"{dram.name}: expected a sequence to be done at least once, got {repeats} repeats")
    if len(sequence) > MOST_OPERATIONS:
        raise InputError(f"{dram.name}: expected at most {MOST_OPERATIONS:,} operations in all, got {len(sequence):,}")
    second, transfer, bursts, hold = (table[:, column] for column in (SECOND, TRANSFER, BURSTS, HOLD))
    rows, columns = dram.rows_per_subarray, dram.counts[-1]
    commands = range(len(dram.commands))
    _check(dram, np.isin(table[:, FIRST], commands), "expected a command as its first activation", table[:, FIRST])
    _check(dram, np.isin(second, [NONE, *commands]), "expected a command or none as its second activation", second)
    _check(dram, (table[:, FIRST_ROW] >= 0) & (table[:, FIRST_ROW] < rows), f"expected a row below {rows}", table[:, FIRST_ROW])
    has_row = (table[:, SECOND_ROW] >= 0) & (table[:, SECOND_ROW] < rows)
    _check(dram, has_row | (second == NONE), f"expected a second row below {rows}", table[:, SECOND_ROW])
    links = np.array([name == LINK for name in dram.commands])[np.clip(transfer, 0, None) % len(dram.commands)] & (transfer >= 0)
    copies = sequence.row_copies & links
    _check(
        dram,
        (bursts >= 0) & ((bursts <= columns) | copies),
        f"expected 0 to {columns} bursts, the row has no more columns",
        bursts,
    )
    most = max(1, dram.node_counts[-1] // 2)
    _check(dram, ~copies | (bursts <= most), f"expected at most {most} moves over links, the bank has no more subarrays", bursts)
    _check(dram, (hold >= 0) & (hold <= LONGEST_HOLD), f"expected a row to be held for 0 to {LONGEST_HOLD:,} cycles", hold)
    moved = (bursts == 0) | np.isin(transfer, [dram.roles["read"], dram.roles["write"]]) | copies
    _check(dram, moved, "expected RD or WR as the command of its bursts", transfer)
    lands = second == (dram.index(LAND) if LAND in dram.commands else NONE - 1)
    _check(dram, lands == copies, "expected LAND as the second activation of a row copy, and of no other operation", second)
    alone = (second != NONE).astype(np.int64) + ((bursts > 0) & ~copies) + (hold > 0)
    _check(dram, alone <= 1, "expected only one of a second activation, bursts and a hold", alone)


def _check(dram: ResolvedDram, right: np.ndarray, expected: str, got: np.ndarray) -> None:
    wrong = np.flatnonzero(~right)
    if len(wrong):
        raise InputError(f"{dram.name}, operation {wrong[0]}: {expected}, got {got[wrong[0]]}")
