"""The sequences of the phases: a round of multiplications, rows that the periphery holds, rows that move over the bus."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from simcore.errors import InputError
from simcore.pim.counts import Counts
from simcore.pim.sequence import FIRST_ROW, SECOND_ROW, Sequence, Transfer, joined, row_copy, row_hold, row_transfer, sequence_of
from simcore.pim_dram.machine import PimMachine

#: The row that data of phases without a micro-program take. Timing does not depend on it.
_ROW = 0


@dataclass(frozen=True)
class Piece:
    """A sequence and its counts. ``counts.ap`` does not include rows that are opened for the bus or the periphery, or copied."""

    sequence: Sequence
    counts: Counts


@dataclass(frozen=True)
class Sequences:
    """The sequences of a machine."""

    machine: PimMachine

    def check(self) -> None:
        """Raise InputError if a subarray has not as many rows as the program and the pairs that share a column need."""
        spec, rows = self.machine.spec, self.machine.dram.rows_per_subarray
        try:
            _ = self.round
        except InputError as error:
            raise InputError(error.message, f"program {spec.program}", error.hint) from error
        most = 1 + (rows - self.rows) // spec.precision.activation_bits
        if spec.pairs_per_column > most:
            hint = (
                f"one pair takes {self.rows} of the {rows} rows of a subarray, each further one {spec.precision.activation_bits}"
            )
            raise InputError(f"expected at most {most} pairs, got {spec.pairs_per_column}", "pairs_per_column", hint)

    @property
    def rows(self) -> int:
        """Return the rows and row addresses of the program in each subarray, those of its operands and its product included."""
        operations = self._multiplication.operations
        return max(len(self.machine.recording.rows), int(operations[:, [FIRST_ROW, SECOND_ROW]].max()) + 1)

    @cached_property
    def _multiplication(self) -> Sequence:
        machine = self.machine
        return sequence_of(machine.operations, len(machine.recording.rows), machine.dram, machine.limits)

    @cached_property
    def round(self) -> Piece:
        """Return one round: activations are written to their rows, every column multiplies, the tree reads the product's rows."""
        machine, spec = self.machine, self.machine.spec
        _, activations = machine.recording.inputs
        before = [self.operand_row(line.row) for line in activations]
        after = [self.held(line.row, machine.tree_cycles) for line in machine.recording.out] if spec.periphery.enabled else []
        pieces = [*(row for row in before if row is not None), Piece(self._multiplication, machine.counts), *after]
        return Piece(joined(*(piece.sequence for piece in pieces)), _sum(*(piece.counts for piece in pieces)))

    def operand_row(self, row: int) -> Piece | None:
        """Return the writing of a row of activations, or None if it takes no time."""
        spec = self.machine.spec
        if spec.operands == "bus":
            return self.moved("WR", self.machine.row_bursts, row) if spec.transfers else None
        return self.held(row, self.machine.operand_cycles, write=True) if spec.periphery.enabled else None

    def held(self, row: int, cycles: int, *, write: bool = False) -> Piece:
        """Return a row that the periphery reads or writes for so many cycles."""
        return Piece(row_hold(self.machine.dram, row, cycles, write), _OPENED)

    def moved(self, command: Transfer, bursts: int, row: int = _ROW) -> Piece:
        """Return a row of which so many transactions move over the bus."""
        return Piece(row_transfer(self.machine.dram, command, row, bursts), _OPENED)

    def copied(self, subarrays: int) -> Piece:
        """Return a row that is copied to a subarray so many subarrays away. Its energy is not that of its activations."""
        return Piece(row_copy(self.machine.dram, _ROW, _ROW, subarrays), _COPIED)


_OPENED = Counts(aap=0, ap=0, activations=1, rows_raised=1, activations_by_rows=((1, 1),))


_COPIED = Counts(aap=0, ap=0, activations=2, rows_raised=2, activations_by_rows=())


def _sum(*counts: Counts) -> Counts:
    by_rows: Counter[int] = Counter()
    for each in counts:
        by_rows.update(dict(each.activations_by_rows))
    names = ("aap", "ap", "activations", "rows_raised")
    totals = {name: sum(getattr(each, name) for each in counts) for name in names}
    return Counts(**totals, activations_by_rows=tuple(sorted(by_rows.items())))
