"""What a subarray does as DRAM commands: operations of activations and a precharge, some of which move data in between.

An operation raises rows, and may raise further rows. Instead of these it may move data over the channel's data bus (bursts of RD
or WR while the row is open), give its row to the bank's periphery, or copy it by links between row buffers to a row of the other
subarray of its pair (0 and 1, 2 and 3, ...). Then it precharges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simcore.dram.tables import IntArray, ResolvedDram
from simcore.errors import InputError
from simcore.pim.language import Line, Operation
from simcore.pim.limits import LAND, LINK, PimLimits

# Columns of `Sequence.operations`. FIRST and SECOND are commands, FIRST_ROW and SECOND_ROW rows within the subarray; without a
# second activation both are NONE. TRANSFER is the command RD or WR, or NONE, and BURSTS how many of them come while the row is
# open, to the columns from 0 on. HOLD is the number of cycles that the row is given to the bank's periphery, which reads it or,
# where TRANSFER is WR, writes it. A row copy has a second activation, LAND, whose row is one of the other subarray, and as
# TRANSFER the command LINK, as often as BURSTS says.
FIRST, SECOND, FIRST_ROW, SECOND_ROW, TRANSFER, BURSTS, HOLD = range(7)
COLUMNS = 7
NONE = -1

Transfer = Literal["RD", "WR"]
_ROLES: dict[str, Literal["read", "write"]] = {"RD": "read", "WR": "write"}


@dataclass(frozen=True, eq=False)
class Sequence:
    """The operations of one subarray as commands of one DRAM, [operations, COLUMNS], done ``repeats`` times."""

    operations: IntArray
    repeats: int = 1

    def __len__(self) -> int:
        """Return the number of operations, each as often as it is done."""
        return len(self.operations) * self.repeats

    @property
    def commands(self) -> int:
        """Return the number of commands of all operations."""
        second, copies = (self.operations[:, SECOND] != NONE).sum(), self.row_copies.sum()
        once = 2 * len(self.operations) + second + copies + self.operations[:, BURSTS].sum()
        return int(once) * self.repeats

    @property
    def row_copies(self) -> NDArray[np.bool_]:
        """Return which operations copy a row to the other subarray of the pair."""
        found: NDArray[np.bool_] = (self.operations[:, SECOND] != NONE) & (self.operations[:, BURSTS] > 0)
        return found


def sequence_of(operations: Iterable[Operation], rows: int, dram: ResolvedDram, limits: PimLimits) -> Sequence:
    """Return the commands of these operations on a subarray of which the program uses ``rows`` rows.

    Word lines that are raised together, and inverting word lines, have row addresses of their own after these rows. Raise
    InputError if the subarray has not as many rows and addresses.
    """
    addresses: dict[frozenset[Line], int] = {}

    def address(lines: tuple[Line, ...]) -> int:
        if len(lines) == 1 and not lines[0].inverted:
            return lines[0].row
        return addresses.setdefault(frozenset(lines), rows + len(addresses))

    found = [
        (
            _first(operation, dram, limits),
            _second(operation, dram, limits),
            address(operation.first),
            address(operation.second) if operation.second else NONE,
        )
        for operation in operations
    ]
    needed = rows + len(addresses)
    if needed > dram.rows_per_subarray:
        raise InputError(f"{dram.name}: expected at most {dram.rows_per_subarray} rows in a subarray, the program needs {needed}")
    return Sequence(np.array([(*row, NONE, 0, 0) for row in found], dtype=np.int64).reshape(-1, COLUMNS))


def _first(operation: Operation, dram: ResolvedDram, limits: PimLimits) -> int:
    rows = len(operation.first)
    return dram.index(f"ACT{rows}" if limits.count_rows and rows > 1 else "ACT")


def _second(operation: Operation, dram: ResolvedDram, limits: PimLimits) -> int:
    if not operation.second:
        return NONE
    if limits.aap_activations == 1:
        return dram.index("COPY")
    return dram.index(f"COPY{len(operation.second) if limits.count_rows else 1}")


def row_transfer(dram: ResolvedDram, command: Transfer, row: int, bursts: int) -> Sequence:
    """Return one operation: a row is opened and ``bursts`` transactions of it, from column 0 on, are read or written."""
    return Sequence(np.array([[dram.roles["activate"], NONE, row, NONE, dram.roles[_ROLES[command]], bursts, 0]]))


def row_hold(dram: ResolvedDram, row: int, hold_cycles: int, write: bool = False) -> Sequence:
    """Return one operation: a row is opened and given to the bank's periphery for ``hold_cycles``, which reads or writes it."""
    transfer = dram.roles["write"] if write else NONE
    return Sequence(np.array([[dram.roles["activate"], NONE, row, NONE, transfer, 0, hold_cycles]]))


def row_copy(dram: ResolvedDram, row: int, to_row: int, subarrays: int) -> Sequence:
    """Return one operation: a row is copied to a row of the other subarray of its pair, which is ``subarrays`` away.

    Raise InputError if the DRAM has no links between its subarrays.
    """
    if not {LINK, LAND} <= set(dram.commands):
        raise InputError(f"{dram.name}: has no commands LINK and LAND, so it copies no row to another subarray")
    links = -(-subarrays // 2)
    return Sequence(np.array([[dram.roles["activate"], dram.index(LAND), row, to_row, dram.index(LINK), links, 0]]))


def joined(*pieces: Sequence) -> Sequence:
    """Return the operations of all pieces, one piece after the other, once."""
    parts = [np.tile(piece.operations, (piece.repeats, 1)) for piece in pieces]
    return Sequence(np.concatenate([np.zeros((0, COLUMNS), dtype=np.int64), *parts]))


def repeated(sequence: Sequence, times: int) -> Sequence:
    """Return a sequence that is done ``times`` times as often."""
    return Sequence(sequence.operations, sequence.repeats * times)
