"""Micro-programs as values: what a family of programs, or a user's own file, gives to simcore."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simcore.errors import InputError
from simcore.pim.language import Line
from simcore.pim.meaning import meaning_of
from simcore.pim.recorder import Recorder, Recording
from simcore.pim.rows import ComputeRows

#: The widest operands of a micro-program: a product of two fits an int64.
MOST_BITS = 31


@dataclass(frozen=True)
class Operands:
    """The data rows of a program: a row per bit, the lowest bit first. The rows of inputs must keep their values."""

    inputs: tuple[tuple[Line, ...], ...]
    out: tuple[Line, ...]
    signed: bool


@dataclass(frozen=True)
class MicroProgram:
    """One micro-program: the operation on integers that it computes, the rows that it needs, and how it is written down.

    ``record`` gives its operations to the recorder, for operands of any width. ``signed`` says that it can also compute with
    signed operands (two's complement).
    """

    name: str
    operation: str
    rows: ComputeRows
    record: Callable[[Recorder, Operands], None]
    signed: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        meaning_of(self.operation)

    def recorded(self, n: int, m: int | None = None, signed: bool = False) -> Recording:
        """Return the operations for operands of ``n`` bits (a product's second operand has ``m``).

        Raise InputError for an illegal use of rows, a width that is no count of bits, and signed operands of a program without.
        """
        widths = n, n if m is None else m
        for bits in widths:
            if isinstance(bits, bool) or not isinstance(bits, int) or not 1 <= bits <= MOST_BITS:
                raise InputError(f"{self.name}: expected operands of 1 to {MOST_BITS} bits, got {bits}")
        meaning = meaning_of(self.operation)
        if signed and meaning.has_signed and not self.signed:
            raise InputError(f"{self.name}: expected unsigned operands, because the program has no signed form")
        recorder = Recorder(self.rows, meaning.widths(*widths), meaning.out_bits(*widths))
        try:
            self.record(recorder, Operands(recorder.inputs, recorder.out, signed and meaning.has_signed))
            return recorder.recording()
        except InputError as error:
            raise InputError(f"{self.name}, {widths[0]} x {widths[1]} bits: {error.message}", error.where, error.hint) from error
