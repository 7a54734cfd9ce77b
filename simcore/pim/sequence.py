"""Micro-programs as DRAM commands: each operation is a first activation, perhaps a second one, and a precharge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from simcore.dram.tables import IntArray, ResolvedDram
from simcore.errors import InputError
from simcore.pim.language import Line, Operation
from simcore.pim.limits import PimLimits

# Columns of `Sequence.operations`: the commands, and the rows within the subarray. Without a second activation both are NONE.
FIRST, SECOND, FIRST_ROW, SECOND_ROW = range(4)
NONE = -1


@dataclass(frozen=True, eq=False)
class Sequence:
    """The operations of one subarray as commands of one DRAM: [operations, 4] with the columns above."""

    operations: IntArray

    def __len__(self) -> int:
        return len(self.operations)


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
    return Sequence(np.array(found, dtype=np.int64).reshape(-1, 4))


def _first(operation: Operation, dram: ResolvedDram, limits: PimLimits) -> int:
    rows = len(operation.first)
    return dram.index(f"ACT{rows}" if limits.count_rows and rows > 1 else "ACT")


def _second(operation: Operation, dram: ResolvedDram, limits: PimLimits) -> int:
    if not operation.second:
        return NONE
    if limits.aap_activations == 1:
        return dram.index("COPY")
    return dram.index(f"COPY{len(operation.second) if limits.count_rows else 1}")
