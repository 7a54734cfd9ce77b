"""The channel of a DRAM that computes: the one owner of the device, which issues what the subarrays ask for.

In a cycle, refreshes come first, then the commands of subarrays: those that begin operations before others (activations are what
the limits make scarce), then those of the earliest operations, then in the order of `PimWork.units`. A command is issued in the
first cycle in which every rule of the table allows it. If it begins an operation, its subarray's group must also have begun the
operation before, and no refresh of the subarray may be due.

A command that came later than its subarray alone would have allowed has waited. Each waited cycle is charged to the first limit
(in the order of `CAUSES`) whose rules, with all that was issued until the end of the wait, allow the command only later.
"""

from __future__ import annotations

from collections.abc import Generator

import simpy

from simcore.engine.reference.dram.clock import DramClock
from simcore.engine.reference.dram.device import Address, Device
from simcore.engine.reference.dram.record import CommandRecord
from simcore.engine.reference.pim.refresh import Refreshes
from simcore.engine.reference.pim.subarray import Ask, Pace, Subarray
from simcore.pim.causes import RULE_CAUSES, parts_of
from simcore.pim.limits import CAUSES
from simcore.pim.work import PimWork


class PimChannel:
    """One channel. ``own`` has the rules of single subarrays, ``limits`` those of each limit; a command needs them all."""

    def __init__(self, clock: DramClock, work: PimWork, record: CommandRecord) -> None:
        self.clock, dram = clock, work.device_dram
        own, *limits = parts_of(dram)
        self.own = Device(own, 0, record)
        self.limits = {
            cause: Device(part, 0, CommandRecord(part, keeps_commands=False))
            for cause, part in zip(RULE_CAUSES, limits, strict=True)
            if part.rules
        }
        self.refreshes = Refreshes(clock, dram, self.own, work.limits.refresh)
        precharge = dram.roles["precharge"]
        self.subarrays = [
            Subarray(clock, node, work.sequence(unit), dram.rows_per_subarray, precharge) for unit, node in enumerate(work.units)
        ]
        groups = [work.group(unit) for unit in range(len(self.subarrays))]
        paces = {group: Pace([s for s, g in zip(self.subarrays, groups, strict=True) if g == group]) for group in set(groups)}
        self.pace = {subarray: paces[group] for subarray, group in zip(self.subarrays, groups, strict=True)}
        self.done = clock.process(self._run())

    def _run(self) -> Generator[simpy.Event, object, None]:
        cycle = 0
        while True:
            yield self.clock.controllers(cycle)
            self._refresh(cycle)
            self._serve(cycle)
            yield self.clock.frontend(cycle)
            if all(subarray.ask is None for subarray in self.subarrays):
                return
            cycle = max(cycle + 1, min(self._next()))

    def _refresh(self, now: int) -> None:
        for node in list(self.refreshes.pending):
            command = self.refreshes.command
            if not self.own.is_open(node) and self._ready_at(command, node) <= now:
                self._issue(command, node, -1, now)
                self.refreshes.pending.remove(node)

    def _serve(self, now: int) -> None:
        may = [subarray for subarray in self.subarrays if self._may(subarray)]
        for subarray in sorted(may, key=lambda each: (not each.begins, each.operation)):
            ask = subarray.ask
            if ask is not None and self._ready_at(ask.command, subarray.node) <= now:
                self._charge(subarray, ask, now)
                self._issue(ask.command, subarray.node, ask.row, now)
                subarray.grant()
                subarray.finished = self.own.ready_at(int(subarray.sequence.operations[-1, 0]), subarray.node)

    def _may(self, subarray: Subarray) -> bool:
        """Return whether anything but the rules of the table keeps a subarray from what it asks for."""
        if subarray.ask is None:
            return False
        if not subarray.ask.begins:
            return True
        return subarray.begun <= self.pace[subarray].level() and not self.refreshes.holds(subarray.node)

    def _charge(self, subarray: Subarray, ask: Ask, now: int) -> None:
        """Charge the cycles since the subarray alone would have allowed the command."""
        charged = self.own.ready_at(ask.command, subarray.node)
        for cause, device in self.limits.items():
            until = min(now, device.ready_at(ask.command, subarray.node))
            if until > charged:
                subarray.stalls[cause] += until - charged
                charged = until
        subarray.stalls[CAUSES[-1]] += now - charged

    def _ready_at(self, command: int, address: Address) -> int:
        return max(device.ready_at(command, address) for device in (self.own, *self.limits.values()))

    def _issue(self, command: int, address: Address, row: int, now: int) -> None:
        for device in (self.own, *self.limits.values()):
            device.issue(command, address, row, -1, now)

    def _next(self) -> Generator[int, None, None]:
        """Yield the cycles in which something may happen next."""
        for subarray in self.subarrays:
            if subarray.ask is not None and self._may(subarray):
                yield self._ready_at(subarray.ask.command, subarray.node)
        for node in self.refreshes.pending:
            if not self.own.is_open(node):
                yield self._ready_at(self.refreshes.command, node)
        if self.refreshes.next_due:
            yield self.refreshes.next_due
