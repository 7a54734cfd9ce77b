"""The trace of what each subarray does: its operations and its waits, without a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simcore.pim.activity import RowOperation
from simcore.pim.limits import CAUSES
from simcore.pim.sequence import NONE
from simcore.pim.work import PimWork
from simcore.program.traces import NOTHING, Take, Traced

if TYPE_CHECKING:
    from simcore.engine.reference.pim.subarray import Step, Subarray

#: The rows after which those that were noted are handed over.
PIECE = 1 << 14


class ActivityTrace:
    """The activity of the units of a work. The channel tells it of waits before the command that waited, as they are charged."""

    def __init__(self, traced: Traced, take: Take, work: PimWork, write_command: int) -> None:
        self.traced, self.take, self.write_command = traced, take, write_command
        banks = len(work.sequences)
        self._places = [(unit % banks, NOTHING if work.is_beside(unit) else unit // banks) for unit in range(len(work.units))]
        #: The cycle up to which all is noted of each unit that has not finished.
        self._noted = {unit: 0 for unit in range(len(work.units)) if len(work.sequence(unit))}
        self._rows: list[tuple[int, ...]] = []

    def waited(self, subarray: Subarray, cause: str, begin: int, end: int) -> None:
        """Note a wait before the next command of a subarray."""
        if not subarray.begins:
            self._operates(subarray, begin)
        self._add(subarray, CAUSES.index(cause), end)

    def ended(self, subarray: Subarray) -> None:
        """Note that the operation of a subarray has ended, in the cycle ``subarray.finished``."""
        self._operates(subarray, subarray.finished)
        if subarray.begun == len(subarray.sequence):
            del self._noted[subarray.unit]

    def is_over(self) -> bool:
        """Return whether all is noted that is wanted."""
        return self.traced.is_over(min(self._noted.values(), default=0))

    def hand_over(self) -> None:
        """Hand over all rows."""
        if self._rows:
            self.take("", np.array(self._rows, dtype=np.int64))
        self._rows = []

    def _operates(self, subarray: Subarray, end: int) -> None:
        if end > self._noted[subarray.unit]:
            self._add(subarray, NOTHING, end)

    def _add(self, subarray: Subarray, cause: int, end: int) -> None:
        """Note what a subarray did from the cycle that was noted last up to ``end``."""
        unit, step = subarray.unit, subarray.step
        begin, self._noted[unit] = self._noted[unit], end
        if end <= self.traced.first_cycle:
            return
        did = operation_of(step, self.write_command)
        self._rows.append((begin, end - begin, *self._places[unit], did, cause, step.first_row, subarray.operation))
        if len(self._rows) >= PIECE:
            self.hand_over()


def operation_of(step: Step, write_command: int) -> RowOperation:
    """Return what an operation is. ``write_command`` is the DRAM's WR."""
    if step.copies:
        return RowOperation.COPY
    writes = step.transfer == write_command
    if step.moves:
        return RowOperation.WRITE if writes else RowOperation.READ
    if step.hold:
        return RowOperation.FROM_PERIPHERY if writes else RowOperation.TO_PERIPHERY
    return RowOperation.AP if step.second == NONE else RowOperation.AAP
