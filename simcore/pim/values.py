"""The check of a micro-program's values against integers: every combination of narrow operands, random wide ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.pim.execute import Sense, execute, ideal
from simcore.pim.meaning import Integers, meaning_of
from simcore.pim.program import MicroProgram

#: Operands of so many bits in all are checked in every combination: every pair of 6-bit numbers.
EVERY_BITS = 12
#: The number of random operands otherwise, to which the corners come.
RANDOM = 4096


@dataclass(frozen=True)
class ValueCheck:
    """How many operands were tried, how many gave the right integer, and the first that did not.

    ``mean_error`` is the mean absolute difference from the right integer.
    """

    checked: int
    right: int
    first_wrong: str | None
    mean_error: float

    @property
    def exact(self) -> bool:
        """Return whether every result was right."""
        return self.right == self.checked


def check_values(
    program: MicroProgram, n: int, m: int | None = None, *, signed: bool = False, seed: int = 0, sense: Sense = ideal
) -> ValueCheck:
    """Return how the program's results compare with integers. Raise InputError as `MicroProgram.recorded` does."""
    recording = program.recorded(n, m, signed)
    meaning = meaning_of(program.operation)
    signed = signed and meaning.has_signed
    operands = drawn([len(lines) for lines in recording.inputs], signed, seed)
    wanted = meaning.value(*operands) & (2 ** len(recording.out) - 1)
    got = execute(recording, operands, sense).result(len(wanted))
    wrong = np.flatnonzero(got != wanted)
    first = None
    if len(wrong):
        at = int(wrong[0])
        given = ", ".join(str(int(values[at])) for values in operands)
        first = f"{program.operation}({given}): expected {int(wanted[at])}, got {int(got[at])}"
    return ValueCheck(len(wanted), len(wanted) - len(wrong), first, float(np.abs(got - wanted).mean()))


def drawn(widths: list[int], signed: bool, seed: int) -> tuple[Integers, ...]:
    """Return operands of these widths: every combination, if they have at most EVERY_BITS bits, else corners and random ones."""
    ranges = [(-(1 << width - 1), 1 << width - 1) if signed else (0, 1 << width) for width in widths]
    if sum(widths) <= EVERY_BITS:
        grid = np.meshgrid(*(np.arange(low, high, dtype=np.int64) for low, high in ranges), indexing="ij")
        return tuple(axis.reshape(-1) for axis in grid)
    random = np.random.default_rng(seed)
    corners = np.meshgrid(*(np.array([low, high - 1, 0, high >> 1], dtype=np.int64) for low, high in ranges), indexing="ij")
    return tuple(
        np.concatenate([corner.reshape(-1), random.integers(low, high, RANDOM, dtype=np.int64)])
        for corner, (low, high) in zip(corners, ranges, strict=True)
    )
