"""The sequences of the phases: one multiplication with its operands and its read-out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from simcore.errors import InputError
from simcore.pim.counts import Counts
from simcore.pim.sequence import FIRST_ROW, SECOND_ROW, Sequence, sequence_of
from simcore.pim_dram.machine import PimMachine


@dataclass(frozen=True)
class Piece:
    """A sequence and its counts."""

    sequence: Sequence
    counts: Counts


@dataclass(frozen=True)
class Sequences:
    """The sequences of a machine, each made once."""

    machine: PimMachine

    def check(self) -> None:
        """Raise InputError if a subarray has not as many rows as the program needs."""
        try:
            _ = self.round
        except InputError as error:
            raise InputError(error.message, "program", error.hint) from error

    @property
    def rows(self) -> int:
        """Return the rows and row addresses of the program in each subarray, those of its operands and its product included."""
        operations = self.round.sequence.operations
        return max(len(self.machine.recording.rows), int(operations[:, [FIRST_ROW, SECOND_ROW]].max()) + 1)

    @cached_property
    def round(self) -> Piece:
        """Return one round: a multiplication in every column."""
        machine = self.machine
        made = sequence_of(machine.operations, len(machine.recording.rows), machine.dram, machine.limits)
        return Piece(made, machine.counts)
