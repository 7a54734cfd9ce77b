"""``simcore check`` of a user's micro-program: its values against integers, its use of rows, its count and its time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simcore.errors import InputError
from simcore.pim.counts import Counts, counts_of
from simcore.pim.meaning import meaning_of
from simcore.pim.program import MicroProgram
from simcore.pim.values import check_values
from simcore.timing.time_limit import LIMIT_S, TimeUpError, time_limit

#: Widths of operands: every combination of values up to six bits, then random values.
_WIDTHS = (1, 2, 3, 4, 5, 6, 8, 16)
#: The width whose count is told.
COUNTED_BITS = 8


@dataclass(frozen=True)
class Tried:
    """One width of operands: how many were checked, and what went wrong first."""

    n: int
    m: int
    signed: bool
    checked: int
    problem: str | None


@dataclass(frozen=True)
class ProgramReport:
    """What the check found. ``counts`` are those of operands of COUNTED_BITS bits, or None after a problem."""

    program: MicroProgram
    tried: tuple[Tried, ...]
    counts: Counts | None
    published: Counts | None

    @property
    def ok(self) -> bool:
        """Return whether nothing went wrong."""
        return all(each.problem is None for each in self.tried)


def check_program(program: MicroProgram) -> ProgramReport:
    """Try a program at all widths up to the first problem."""
    tried: list[Tried] = []
    for n, m, signed in _cases(program):
        tried.append(_try(program, n, m, signed))
        if tried[-1].problem is not None:
            return ProgramReport(program, tuple(tried), None, None)
    recording = program.recorded(COUNTED_BITS)
    return ProgramReport(program, tuple(tried), counts_of(recording.operations), counts_of(recording.published))


def _cases(program: MicroProgram) -> Iterator[tuple[int, int, bool]]:
    meaning = meaning_of(program.operation)
    two_widths = len(set(meaning.widths(1, 2))) > 1 and meaning.out_bits(1, 2) != meaning.out_bits(1, 1)
    for signed in (False, True)[: 1 + (program.signed and meaning.has_signed)]:
        for n in _WIDTHS:
            yield n, n, signed
        for n, m in ((1, 3), (3, 1), (4, 6), (6, 4)) if two_widths else ():
            yield n, m, signed


def _try(program: MicroProgram, n: int, m: int, signed: bool) -> Tried:
    try:
        with time_limit():
            found = check_values(program, n, m, signed=signed)
    except InputError as error:
        return Tried(n, m, signed, 0, str(error))
    except TimeUpError:
        return Tried(n, m, signed, 0, f"{program.name} did not finish within {LIMIT_S:g} s")
    return Tried(n, m, signed, found.checked, found.first_wrong)
