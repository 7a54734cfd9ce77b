"""The execution of micro-programs on bit planes: the values that a subarray would hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simcore.pim.language import Kind, Line, Operation
from simcore.pim.meaning import Integers
from simcore.pim.planes import ALL_ONES, Planes, majority, packed, shifted, unpacked
from simcore.pim.recorder import Recording

#: What the sense amplifiers make of the word lines of a first activation, whose values are the planes.
Sense = Callable[[tuple[Line, ...], list[Planes]], Planes]


def ideal(lines: tuple[Line, ...], planes: list[Planes]) -> Planes:
    """Return the majority, as amplifiers do that never fail."""
    return majority(planes)


@dataclass(frozen=True)
class Executed:
    """The rows after a program, and what it read out to the periphery, in order."""

    recording: Recording
    rows: Planes
    read: tuple[Planes, ...]

    def result(self, columns: int, signed: bool = False) -> Integers:
        """Return the integers of the result in the first columns."""
        return unpacked(self.rows[[line.row for line in self.recording.out]], columns, signed)


def execute(recording: Recording, operands: tuple[Integers, ...], sense: Sense = ideal) -> Executed:
    """Return what the subarray holds after the program. Operand k of column c is ``operands[k][c]``.

    Rows that the program has not written hold noise first, so that nothing can depend on them.
    """
    words = -(-len(operands[0]) // 64)
    noise = np.random.default_rng(0).integers(0, 2**64, (len(recording.rows), words), dtype=np.uint64)
    noise[recording.zero], noise[recording.one] = 0, ALL_ONES
    for lines, values in zip(recording.inputs, operands, strict=True):
        noise[[line.row for line in lines]] = packed(values, len(lines))
    read = [_apply(operation, noise, sense) for operation in recording.operations]
    return Executed(recording, noise, tuple(plane for plane in read if plane is not None))


def _apply(operation: Operation, rows: Planes, sense: Sense) -> Planes | None:
    """Apply one operation to the rows. Return the value that the periphery takes, if it takes one."""
    value = sense(operation.first, [rows[line.row] ^ ALL_ONES if line.inverted else rows[line.row] for line in operation.first])
    if len(operation.first) > 1:
        for line in operation.first:
            rows[line.row] = value ^ ALL_ONES if line.inverted else value
    written = shifted(value, operation.columns) if operation.kind is Kind.SHIFT else value
    for line in operation.second:
        rows[line.row] = written ^ ALL_ONES if line.inverted else written
    return value if operation.kind is Kind.READ else None
