"""What the reference engine's request controllers hold in their queues."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.dram.write_pulse import Pulse
from simcore.engine.reference.dram.device import Address
from simcore.engine.reference.dram.record import Node


@dataclass(slots=True, eq=False)
class DramRequest:
    """A read or write on its way, with what is noted about it."""

    op: int
    earliest: int
    line: int
    bank: Node
    row: int
    column: int
    arrive: int = -1
    depart: int = -1
    kind: int = 0
    counted: bool = False
    pulse: Pulse = "worst"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """An entry of the priority queue: a refresh, or a precharge of the row policy."""

    command: int
    address: Address
