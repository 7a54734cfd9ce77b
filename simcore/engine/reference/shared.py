"""What the processes of one layer see of each other. Each field has one writer, in one phase."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simcore.engine.reference.clock import PhaseClock
from simcore.engine.reference.tally import Tally
from simcore.machine.machine import Machine
from simcore.program.program import Port, Program

if TYPE_CHECKING:
    from simcore.engine.reference.scratchpad import ScratchpadProcess


@dataclass(eq=False)
class Shared:
    """The layer being run.

    resident: tile -> slot, written by the DMA in SETTLE. consumed: elements taken by the array per port, written in ADVANCE.
    """

    clock: PhaseClock
    machine: Machine
    program: Program
    tally: Tally
    scratchpads: list[ScratchpadProcess] = field(default_factory=list)
    resident: dict[int, int] = field(default_factory=dict)
    consumed: list[int] = field(default_factory=lambda: [0] * len(Port))
