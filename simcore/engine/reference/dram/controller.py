"""The reference engine's DRAM controller, one process per channel.

The rules are Ramulator 2.1's (GenericDDR and HBM controllers). Its command streams confirm them.
"""

from __future__ import annotations

from collections.abc import Generator

import simpy

from simcore.dram.controller import ControllerSpec
from simcore.dram.outcome import READ, WRITE
from simcore.dram.tables import ResolvedDram
from simcore.dram.write_pulse import Pulse, random_pulse
from simcore.engine.reference.dram.clock import DramClock
from simcore.engine.reference.dram.device import Address, Device
from simcore.engine.reference.dram.record import CommandRecord, Node
from simcore.engine.reference.dram.requests import DramRequest, Maintenance
from simcore.errors import InputError

#: The number of entries in Ramulator's priority queue.
_PRIORITY_ENTRIES = 1568


class Controller:
    """One channel: queues of reads and writes, activated requests, refreshes, and the scheduler."""

    def __init__(self, clock: DramClock, dram: ResolvedDram, spec: ControllerSpec, channel: int, record: CommandRecord) -> None:
        self.clock, self.dram, self.spec = clock, dram, spec
        self.device = Device(dram, channel, record)
        #: Counts of requests by the state of their bank at their first command: columns of `DramOutcome.banks`.
        self.found = {bank: [0] * 6 for bank in self.device.banks}
        self.reads: list[DramRequest] = []
        self.writes: list[DramRequest] = []
        self.active: list[DramRequest] = []
        self.priority: list[Maintenance] = []
        self.draining = False
        self.written = 0
        self.accesses = dict.fromkeys(self.device.banks, 0)
        self.closing = dict.fromkeys(self.device.banks, False)
        self.last_used = dict.fromkeys(self.device.banks, 0)
        self.offered = clock.event()
        self.last_done = 0
        role = dram.roles
        self.act, self.pre, self.preab = role["activate"], role["precharge"], role["precharge_all"]
        self.rd, self.wr, self.rda, self.wra = role["read"], role["write"], role["read_precharge"], role["write_precharge"]
        self.refab, self.refpb = role["refresh_all"], role["refresh_bank"]
        interval = {"none": 0, "all-bank": dram.refresh_interval, "per-bank": dram.refresh_bank_interval}[spec.refresh]
        self.interval, self.next_refresh, self.next_bank = interval, interval, 0
        clock.process(self._run())

    @property
    def busy(self) -> bool:
        """Return whether a request is not yet served."""
        return bool(self.reads or self.writes or self.active)

    # Called by the frontend

    def accept(self, request: DramRequest) -> bool:
        """Take a request into its queue, or answer it from a waiting write. Return False if there is no room."""
        now = self.clock.cycle
        found = any(write.line == request.line for write in self.writes)
        queue, room = (self.reads, self.spec.read_queue) if request.op == READ else (self.writes, self.spec.write_queue)
        if not found and len(queue) == room:
            return False
        request.arrive = now
        if request.op == WRITE:
            request.pulse = self._pulse()
            self.written += 1
        if found:
            request.kind = 1 if request.op == READ else 2
            request.depart = now + 1 if request.op == READ else now
        else:
            queue.append(request)
        self._wake()
        return True

    def _pulse(self) -> Pulse:
        """Return the pulse of the arriving write. A write that is merged into a waiting one does not change that one's pulse."""
        pulse = self.spec.write_pulse
        return random_pulse(pulse, self.device.channel, self.written) if pulse.name == "random" else pulse.name

    def _wake(self) -> None:
        if not self.offered.triggered:
            self.offered.succeed()

    # Called by the controller's own process

    def _run(self) -> Generator[simpy.Event, object, None]:
        cycle = 1
        while True:
            yield self.clock.controllers(cycle)
            self._step(cycle)
            cycle += 1
            if not self.busy and not self.priority and self.spec.row_policy.name == "open":
                # Nothing can happen before the next request or refresh.
                self.offered = self.clock.event()
                waits = [self.offered]
                if self.interval:
                    waits.append(self.clock.controllers(max(cycle, self.next_refresh) - 1))
                yield simpy.AnyOf(self.clock, waits)
                if self.clock.cycle >= cycle:
                    self.draining = True  # no read waited in the skipped cycles
                cycle = max(cycle, self.clock.cycle + 1)

    def _step(self, now: int) -> None:
        """Run one cycle: refreshes, row policy, and at most one command on each bus."""
        self._refresh(now)
        self._row_policy(now)
        for bus in range(len(self.dram.buses)):
            self._serve(bus, now)

    def _refresh(self, now: int) -> None:
        if now != self.next_refresh:
            return
        if len(self.priority) + 2 * len(self.device.banks) > _PRIORITY_ENTRIES:
            raise InputError(f"{self.dram.name}: refreshes become due faster than the DRAM can do them")
        self.next_refresh += self.interval
        if self.spec.refresh == "per-bank":
            self.priority.append(Maintenance(self.refpb, self.device.banks[self.next_bank]))
            self.next_bank = (self.next_bank + 1) % len(self.device.banks)
            return
        depth = int(self.dram.command_level[self.refab]) + 1
        for node in dict.fromkeys(bank[:depth] for bank in self.device.banks):
            self.priority.append(Maintenance(self.refab, (*node, *[None] * (self.dram.bank_level + 1 - depth))))

    def _row_policy(self, now: int) -> None:
        policy = self.spec.row_policy
        for bank in self.device.banks if policy.name != "open" else ():
            if policy.name == "closed-after":
                due = self.accesses[bank] >= policy.accesses
            else:
                due = now >= self.last_used[bank] + policy.timeout_cycles
            is_open = self.device.open_row[bank] is not None
            if due and is_open and not self.closing[bank] and self.device.is_ready(self.pre, bank, now):
                self.priority.append(Maintenance(self.pre, bank))
                self.closing[bank] = True

    def _serve(self, bus: int, now: int) -> None:
        """Issue at most one command on a bus: for activated requests, else for the priority queue, else for reads or writes."""
        request = self._ready_active(now) if bus == 0 else None
        if request is not None:
            self._send(request, self.active, self._next(request), now)
        elif self.priority:
            self._serve_priority(bus, now)
        else:
            self._set_draining()
            queue = self.writes if self.draining else self.reads
            request = self._ready_queued(queue, bus, now)
            if request is not None:
                self._send(request, queue, self._next(request), now)

    def _ready_active(self, now: int) -> DramRequest | None:
        """Return the oldest activated request whose read or write is ready. An activated request needs no other command."""
        ready = [request for request in self.active if self.device.is_ready(self._next(request), request.bank, now)]
        return min(ready, key=lambda request: request.arrive, default=None)

    def _serve_priority(self, bus: int, now: int) -> None:
        head = self.priority[0]
        command, closes = head.command, head.command == self.pre
        if not closes and self.device.is_open(head.address):
            command, closes = self.preab if head.command == self.refab else self.pre, True
        reached = self.device.below(head.address)
        if closes and any(self._awaits_access(bank) for bank in reached):
            return
        if self._on_bus(command, bus) and self.device.is_ready(command, head.address, now):
            self._issue(command, head.address, reached[0], -1, -1, now)
            if command == head.command:
                self.priority.pop(0)

    def _awaits_access(self, bank: Node) -> bool:
        """Return whether a row of the bank was opened for a request whose read or write is still to come."""
        return any(request.bank == bank for request in self.active)

    def _on_bus(self, command: int, bus: int) -> bool:
        return len(self.dram.buses) == 1 or bool(self.dram.command_bus[command] == bus)

    def _set_draining(self) -> None:
        if self.draining:
            self.draining = not (len(self.writes) < self.spec.drain_until_below and self.reads)
        else:
            self.draining = len(self.writes) > self.spec.drain_above or not self.reads

    def _ready_queued(self, queue: list[DramRequest], bus: int, now: int) -> DramRequest | None:
        """Return the oldest request whose next command may be issued now."""
        if self.spec.scheduler == "fcfs":
            queue = [] if self.active else queue[:1]
        hit_banks: set[Node] = set()
        for request in queue:
            command = self._next(request)
            if command in (self.rd, self.wr):
                hit_banks.add(request.bank)
            elif command == self.pre:
                hit_first = self.spec.scheduler == "frfcfs-rowhit" and request.bank in hit_banks
                if hit_first or self._awaits_access(request.bank):
                    continue
            if self._on_bus(command, bus) and self.device.is_ready(command, request.bank, now):
                return request
        return None

    def _next(self, request: DramRequest) -> int:
        """Return the command that a request needs now."""
        row = self.device.open_row[request.bank]
        if row is None:
            return self.act
        if row != request.row:
            return self.pre
        return self.rd if request.op == READ else self.wr

    def _send(self, request: DramRequest, queue: list[DramRequest], command: int, now: int) -> None:
        """Issue the next command of a request and move the request on."""
        self._count(request)
        if command not in (self.rd, self.wr):
            self._issue(command, request.bank, request.bank, request.row, request.column, now)
            if command == self.act:
                self._activated(request, queue)
            return
        closing = self.rda if request.op == READ else self.wra
        waits = queue is not self.active and self._awaits_access(request.bank)
        at_limit = self.spec.row_policy.name == "closed-after" and self.accesses[request.bank] >= self.spec.row_policy.accesses
        if at_limit and not waits and closing >= 0 and self.device.is_ready(closing, request.bank, now):
            command = closing
        if request.pulse != "worst":
            command = self.dram.roles[f"write_{request.pulse}" + "_precharge" * (command == closing)]
        self._issue(command, request.bank, request.bank, request.row, request.column, now)
        queue.remove(request)
        request.depart = now if request.op == WRITE else now + self.dram.read_latency + self.dram.burst_cycles

    def _activated(self, request: DramRequest, queue: list[DramRequest]) -> None:
        """Move a request whose row was opened to the requests that are served before all others."""
        queue.remove(request)
        self.active.append(request)

    def _count(self, request: DramRequest) -> None:
        """Count a request as row hit, miss or conflict, once per request."""
        if not request.counted:
            request.counted = True
            row = self.device.open_row[request.bank]
            column = 3 * request.op + (1 if row is None else 0 if row == request.row else 2)
            self.found[request.bank][column] += 1

    def _issue(self, command: int, address: Address, bank: Node, row: int, column: int, now: int) -> None:
        """Issue a command to the device, and note for the banks that it reaches what the row policy needs."""
        self.device.issue(command, address, row, column, now)
        self.last_used[bank] = now
        if self.dram.reads[command] or self.dram.writes[command]:
            self.accesses[bank] += 1
        if self.dram.closes[command]:
            for reached in self.device.below(address):
                self.accesses[reached], self.closing[reached] = 0, False
