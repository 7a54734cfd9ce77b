"""Refreshes of a DRAM that computes: when each becomes due, and which subarrays must wait for it."""

from __future__ import annotations

from collections.abc import Generator

import simpy

from simcore.dram.tables import ResolvedDram
from simcore.engine.reference.dram.clock import DramClock
from simcore.engine.reference.dram.device import Address, Device
from simcore.pim.limits import Refresh


class Refreshes:
    """A process that makes refreshes due: of all ranks at once, or of one bank after the other.

    ``pending`` has those that are due and not yet issued, the oldest first. Subarrays below them begin no operation.
    """

    def __init__(self, clock: DramClock, dram: ResolvedDram, device: Device, kind: Refresh) -> None:
        self.clock = clock
        self.pending: list[Address] = []
        self.next_due = 0
        self.command = -1
        if kind != "none":
            role, self.interval = ("refresh_all", dram.refresh_interval)
            if kind == "per-bank":
                role, self.interval = ("refresh_bank", dram.refresh_bank_interval)
            self.command = dram.roles[role]
            depth = int(dram.command_level[self.command]) + 1
            below = (None,) * (dram.row_level + 1 - depth)
            nodes: list[Address] = [(*node, *below) for node in dict.fromkeys(unit[:depth] for unit in device.banks)]
            self._turns = [nodes] if kind == "all-bank" else [[node] for node in nodes]
            self.next_due = self.interval
            clock.process(self._run())

    def holds(self, unit: Address) -> bool:
        """Return whether a subarray must begin no operation."""
        return any(all(want in (None, got) for want, got in zip(node, unit, strict=True)) for node in self.pending)

    def _run(self) -> Generator[simpy.Event, object, None]:
        turn = 0
        while True:
            yield self.clock.timeout(self.next_due - self.clock.cycle)
            self.pending += self._turns[turn % len(self._turns)]
            self.next_due += self.interval
            turn += 1
