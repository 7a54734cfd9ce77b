"""The entries in the queues of the reference engine's request controllers."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.dram.write_pulse import Pulse
from simcore.engine.reference.dram.device import Address
from simcore.engine.reference.dram.record import Node


@dataclass(slots=True, eq=False)
class DramRequest:
    """A read or write in progress, with its record."""

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
    """An entry of the priority queue: a refresh, or a precharge for the row policy."""

    command: int
    address: Address
