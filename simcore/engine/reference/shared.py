"""The state that the processes of one layer share. Each field has one writer, in one phase."""

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
    """The running layer.

    ``resident`` maps a tile to its slot; the DMA writes it in SETTLE. ``consumed`` counts the elements that the array took, per
    port; the array writes it in ADVANCE.
    """

    clock: PhaseClock
    machine: Machine
    program: Program
    tally: Tally
    scratchpads: list[ScratchpadProcess] = field(default_factory=list)
    resident: dict[int, int] = field(default_factory=dict)
    consumed: list[int] = field(default_factory=lambda: [0] * len(Port))
