"""The channel of a DRAM that computes: the one owner of the device, which issues what the subarrays ask for.

In a cycle, refreshes come first, then the commands of subarrays: those that begin operations before others (activations are what
the limits make scarce), then those of the earliest operations, then in the order of `PimWork.units`. A command is issued in the
first cycle in which every rule of the table allows it. If it begins an operation, its subarray's group must also have begun the
operation before, and no refresh of the subarray may be due. If the operation moves data, no other subarray of the bank may move
data, from the cycle of its activation up to and with the cycle of its precharge. A row is given to the periphery when it can be
read or written and the periphery serves no other subarray of the bank. That takes its turn as a command does, but needs no bus.
An operation that copies a row to another subarray begins when all rows of the bank were closed before that cycle, and no other
operation of the bank begins up to and with the cycle of its last precharge.

A command that came later than the activations of its subarray alone would have allowed has waited. Each waited cycle is charged
to the first cause (in the order of `CAUSES`) that, with all that was issued until the end of the wait, allows it only later.
Bursts are charged with their precharge: what it waits for them is `transfer`. What it waits for the periphery is `periphery`, and
what it waits for the copy of its row is `row_copy`. The stream has HOLD or HOLDW, with the cycles as its
column, for a row that the periphery gets.
"""

from __future__ import annotations

from collections.abc import Generator

import simpy

from simcore.dram.tables import HOLDS_READ, HOLDS_WRITE
from simcore.engine.reference.dram.clock import DramClock
from simcore.engine.reference.dram.device import Address, Device
from simcore.engine.reference.dram.record import CommandRecord
from simcore.engine.reference.pim.activity import ActivityTrace
from simcore.engine.reference.pim.bank import NEVER, Bank, HoldTimes
from simcore.engine.reference.pim.refresh import Refreshes
from simcore.engine.reference.pim.subarray import Ask, Pace, Subarray
from simcore.pim.causes import RULE_CAUSES, parts_of
from simcore.pim.limits import CAUSES
from simcore.pim.sequence import NONE
from simcore.pim.work import PimWork


class PimChannel:
    """One channel. ``own`` has the rules of single subarrays, ``limits`` those of each limit; a command needs them all.

    If there is a ``trace``, it ends as soon as all is noted that the trace wants.
    """

    def __init__(self, clock: DramClock, work: PimWork, record: CommandRecord, trace: ActivityTrace | None = None) -> None:
        self.clock, dram, self.trace = clock, work.device_dram, trace
        own, *limits = parts_of(dram)
        self.own = Device(own, 0, record)
        self.limits = {
            cause: Device(part, 0, CommandRecord(part, keeps_commands=False))
            for cause, part in zip(RULE_CAUSES, limits, strict=True)
            if part.rules
        }
        self.refreshes = Refreshes(clock, dram, self.own, work.limits.refresh)
        times = HoldTimes.of(dram)
        banks = [Bank(dram.roles["precharge"], times) for _ in work.sequences]
        self.subarrays = [
            Subarray(clock, (unit, node), work.sequence(unit), dram.rows_per_subarray, banks[work.bank(unit)])
            for unit, node in enumerate(work.units)
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
            if all(subarray.ask is None for subarray in self.subarrays) or (self.trace is not None and self.trace.is_over()):
                return
            cycle = max(cycle + 1, min(self._next()))

    def _refresh(self, now: int) -> None:
        for node in list(self.refreshes.pending):
            command = self.refreshes.command
            if not self.own.is_open(node) and self._ready_at(command, node) <= now:
                self._issue(command, node, -1, -1, now)
                self.refreshes.pending.remove(node)

    def _serve(self, now: int) -> None:
        may = [subarray for subarray in self.subarrays if self._may(subarray)]
        for subarray in sorted(may, key=lambda each: (not each.begins, each.operation)):
            ask = subarray.ask
            if ask is not None and self._may_come_at(subarray, ask) <= now:
                self._grant(subarray, ask, now)

    def _grant(self, subarray: Subarray, ask: Ask, now: int) -> None:
        """Issue a command, or give the row to the periphery, and note what others must wait for."""
        bank, step = subarray.bank, subarray.step
        writes = step.transfer == bank.times.write_command
        if ask.command == NONE:
            held = bank.times.holds[HOLDS_WRITE if writes else HOLDS_READ]
            if held >= 0:
                self.own.record.note(held, subarray.node, ask.row, step.hold, now)
            bank.periphery_free = now + step.hold
            subarray.row_free = now + step.hold + (bank.times.recovery if writes else 0)
        else:
            if not ask.between:
                self._charge(subarray, ask, now)
            self._issue(ask.command, subarray.other if ask.elsewhere else subarray.node, ask.row, ask.column, now)
        if ask.begins:
            bank.working += 1
            subarray.row_ready = now + (bank.times.write if writes else bank.times.read)
            subarray.row_free = 0
        if ask.ends:
            bank.working, bank.quiet = bank.working - 1, now + 1
        if step.moves and (ask.begins or ask.ends):
            bank.way_free = NEVER if ask.begins else now + 1
        if step.copies and (ask.begins or ask.ends):
            bank.links_free = NEVER if ask.begins else now + 1
        subarray.grant()
        subarray.finished = self.own.ready_at(step.first, subarray.node)
        if self.trace is not None and ask.ends:
            self.trace.ended(subarray)

    def _may_come_at(self, subarray: Subarray, ask: Ask) -> int:
        """Return the first cycle in which the rules of the table and the rest of the bank allow what a subarray asks for."""
        if ask.command == NONE:
            return max(subarray.row_ready, subarray.bank.periphery_free)
        ready = self._ready_at(ask.command, subarray.other if ask.elsewhere else subarray.node)
        return max(ready, self._way(subarray, ask), self._links(subarray, ask), subarray.row_free if ask.ends else 0)

    def _way(self, subarray: Subarray, ask: Ask) -> int:
        """Return the cycle from which the bank's data lines are free for an operation that begins, if it moves data."""
        return subarray.bank.way_free if ask.begins and subarray.step.moves else 0

    def _links(self, subarray: Subarray, ask: Ask) -> int:
        """Return the cycle from which row copies of the bank allow an operation to begin, or the bank's open rows a row copy."""
        bank = subarray.bank
        if not ask.begins:
            return 0
        quiet = (NEVER if bank.working else bank.quiet) if subarray.step.copies else 0
        return max(bank.links_free, quiet)

    def _may(self, subarray: Subarray) -> bool:
        """Return whether anything but the rules of the table keeps a subarray from what it asks for."""
        if subarray.ask is None:
            return False
        if not subarray.ask.begins:
            return True
        return subarray.begun <= self.pace[subarray].level() and not self.refreshes.holds(subarray.node)

    def _charge(self, subarray: Subarray, ask: Ask, now: int) -> None:
        """Charge the cycles since the activations of the subarray alone would have allowed the command.

        A row that another subarray copied here may keep an operation from beginning, too.
        """
        own = self.own.ready_at(ask.command, subarray.node)
        charged = subarray.finished if ask.begins else own
        until = {cause: device.ready_at(ask.command, subarray.node) for cause, device in self.limits.items()}
        until["transfer"] = max(until["transfer"], self._way(subarray, ask))
        until["row_copy"] = max(until.get("row_copy", 0), self._links(subarray, ask), own)
        if ask.ends and subarray.step.copies:
            until["row_copy"] = now
        until["periphery"] = subarray.row_free if ask.ends else 0
        until["lock_step"] = now
        for cause in CAUSES:
            end = min(now, until.get(cause, 0))
            if end > charged:
                if self.trace is not None:
                    self.trace.waited(subarray, cause, charged, end)
                subarray.stalls[cause] += end - charged
                charged = end

    def _ready_at(self, command: int, address: Address) -> int:
        return max(device.ready_at(command, address) for device in (self.own, *self.limits.values()))

    def _issue(self, command: int, address: Address, row: int, column: int, now: int) -> None:
        for device in (self.own, *self.limits.values()):
            device.issue(command, address, row, column, now)

    def _next(self) -> Generator[int, None, None]:
        """Yield the cycles in which something may happen next."""
        for subarray in self.subarrays:
            if subarray.ask is not None and self._may(subarray):
                yield self._may_come_at(subarray, subarray.ask)
        for node in self.refreshes.pending:
            if not self.own.is_open(node):
                yield self._ready_at(self.refreshes.command, node)
        if self.refreshes.next_due:
            yield self.refreshes.next_due
