"""Traces on the reference engine's DRAM controllers: a frontend process, and a controller process per channel.

The rules are Ramulator 2.1's (GenericDDR and HBM controllers), which its command streams confirm.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import simpy

from simcore.dram.controller import ControllerSpec
from simcore.dram.mapping import address_mapping
from simcore.dram.outcome import READ, WRITE, DramOutcome
from simcore.dram.tables import IntArray, ResolvedDram
from simcore.engine.reference.dram_device import Address, Device, Node
from simcore.engine.reference.dram_parts import DramClock, DramRequest, Maintenance, Tally
from simcore.errors import InputError

#: Entries of Ramulator's priority queue.
_PRIORITY_ENTRIES = 1568


class Controller:
    """One channel: queues of reads and writes, the requests that are activated, refreshes, and the scheduler."""

    def __init__(self, clock: DramClock, dram: ResolvedDram, spec: ControllerSpec, channel: int, tally: Tally) -> None:
        self.clock, self.dram, self.spec, self.tally = clock, dram, spec, tally
        self.device = Device(dram, channel)
        self.reads: list[DramRequest] = []
        self.writes: list[DramRequest] = []
        self.active: list[DramRequest] = []
        self.priority: list[Maintenance] = []
        self.draining = False
        self.accesses = dict.fromkeys(self.device.banks, 0)
        self.closing = dict.fromkeys(self.device.banks, False)
        self.last_used = dict.fromkeys(self.device.banks, 0)
        self.open_since: dict[Node, int] = {}
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
        """Whether a request is not yet served."""
        return bool(self.reads or self.writes or self.active)

    # The frontend's side

    def accept(self, request: DramRequest) -> bool:
        """Take a request into its queue, or answer it from a waiting write; False if there is no room."""
        now = self.clock.cycle
        if any(write.line == request.line for write in self.writes):
            request.arrive, request.kind = now, 1 if request.op == READ else 2
            request.depart = now + 1 if request.op == READ else now
            self._wake()
            return True
        queue, room = (self.reads, self.spec.read_queue) if request.op == READ else (self.writes, self.spec.write_queue)
        if len(queue) == room:
            return False
        request.arrive = now
        queue.append(request)
        self._wake()
        return True

    def _wake(self) -> None:
        if not self.offered.triggered:
            self.offered.succeed()

    # The controller's side

    def _run(self) -> Generator[simpy.Event, object, None]:
        cycle = 1
        while True:
            yield self.clock.controllers(cycle)
            self._refresh(cycle)
            self._row_policy(cycle)
            for bus in range(len(self.dram.buses)):
                self._serve(bus, cycle)
            cycle += 1
            if not self.busy and not self.priority and self.spec.row_policy.name == "open":
                # Nothing can happen before the next request or refresh.
                self.offered = self.clock.event()
                waits = [self.offered]
                if self.interval:
                    waits.append(self.clock.controllers(max(cycle, self.next_refresh) - 1))
                yield simpy.AnyOf(self.clock, waits)
                if self.clock.cycle >= cycle:
                    # Cycles went by in which no read waited: in such a cycle the controller turns to writes.
                    self.draining, cycle = True, self.clock.cycle + 1

    def _refresh(self, now: int) -> None:
        if now != self.next_refresh:
            return
        if len(self.priority) + 2 * len(self.device.banks) > _PRIORITY_ENTRIES:
            raise InputError(f"{self.dram.name}: refreshes are asked for faster than they can be done")
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
        """Issue at most one command on a bus: activated requests first, then the priority queue, then reads or writes."""
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
        """The oldest activated request whose read or write is ready; an activated request needs nothing else."""
        ready = [request for request in self.active if self.device.is_ready(self._next(request), request.bank, now)]
        return min(ready, key=lambda request: request.arrive, default=None)

    def _serve_priority(self, bus: int, now: int) -> None:
        head = self.priority[0]
        command, closes = head.command, head.command == self.pre
        if not closes and self.device.is_open(head.address):
            command, closes = self.preab if head.command == self.refab else self.pre, True
        reached = self.device.below(head.address)
        if closes and any(request.bank in reached for request in self.active):
            return
        on_bus = len(self.dram.buses) == 1 or self.dram.command_bus[command] == bus
        if on_bus and self.device.is_ready(command, head.address, now):
            self._issue(command, head.address, reached[0], -1, -1, now)
            if command == head.command:
                self.priority.pop(0)

    def _set_draining(self) -> None:
        if self.draining:
            self.draining = not (len(self.writes) < self.spec.drain_until_below and self.reads)
        else:
            self.draining = len(self.writes) > self.spec.drain_above or not self.reads

    def _ready_queued(self, queue: list[DramRequest], bus: int, now: int) -> DramRequest | None:
        """The oldest request whose next command may be issued now."""
        if self.spec.scheduler == "fcfs":
            queue = [] if self.active else queue[:1]
        hit_banks: set[Node] = set()
        for request in queue:
            command = self._next(request)
            if command in (self.rd, self.wr):
                hit_banks.add(request.bank)
            elif command == self.pre:
                hit_first = self.spec.scheduler == "frfcfs-rowhit" and request.bank in hit_banks
                if hit_first or any(other.bank == request.bank for other in self.active):
                    continue
            on_bus = len(self.dram.buses) == 1 or self.dram.command_bus[command] == bus
            if on_bus and self.device.is_ready(command, request.bank, now):
                return request
        return None

    def _next(self, request: DramRequest) -> int:
        """The command a request needs now."""
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
                queue.remove(request)
                self.active.append(request)
            return
        closing = self.rda if request.op == READ else self.wra
        waits = queue is not self.active and any(other.bank == request.bank for other in self.active)
        at_limit = self.spec.row_policy.name == "closed-after" and self.accesses[request.bank] >= self.spec.row_policy.accesses
        if at_limit and not waits and closing >= 0 and self.device.is_ready(closing, request.bank, now):
            command = closing
        self._issue(command, request.bank, request.bank, request.row, request.column, now)
        queue.remove(request)
        request.depart = now if request.op == WRITE else now + self.dram.read_latency + self.dram.burst_cycles

    def _count(self, request: DramRequest) -> None:
        """Row hit, miss or conflict, once per request."""
        if not request.counted:
            request.counted = True
            row = self.device.open_row[request.bank]
            column = 3 * request.op + (1 if row is None else 0 if row == request.row else 2)
            self.tally.banks[request.bank, column] = self.tally.banks.get((request.bank, column), 0) + 1

    def _issue(self, command: int, address: Address, bank: Node, row: int, column: int, now: int) -> None:
        rank = bank[: self.dram.rank_level + 1]
        was_open = self._any_open(rank)
        self.device.issue(command, address, row, now)
        is_open = self._any_open(rank)
        if is_open and not was_open:
            self.open_since[rank] = now
        elif was_open and not is_open:
            self.tally.open_cycles[rank] = self.tally.open_cycles.get(rank, 0) + now - self.open_since.pop(rank)
        self.last_used[bank] = now
        if command in (self.rd, self.wr):
            self.accesses[bank] += 1
        if self.dram.closes[command]:
            for reached in self.device.below(address):
                self.accesses[reached], self.closing[reached] = 0, False
        self.tally.note(command, bank, row, column, now)

    def _any_open(self, rank: Node) -> bool:
        return self.device.is_open((*rank, *[None] * (self.dram.bank_level + 1 - len(rank))))


def _frontend(
    clock: DramClock, controllers: list[Controller], requests: list[DramRequest]
) -> Generator[simpy.Event, object, None]:
    """Offer the requests in order, at most one a cycle; ends when all are done."""
    cycle = 0
    for request in requests:
        cycle = max(cycle, request.earliest)
        yield clock.frontend(cycle)
        while not controllers[request.bank[0]].accept(request):
            cycle += 1
            yield clock.frontend(cycle)
        cycle += 1
    while any(controller.busy for controller in controllers):
        yield clock.frontend(cycle)
        cycle += 1
    yield clock.frontend(_end(requests))


def _end(requests: list[DramRequest]) -> int:
    return max((max(request.depart, request.arrive + 1) for request in requests), default=0)


def run_trace(
    dram: ResolvedDram, earliest: IntArray, op: IntArray, address: IntArray, spec: ControllerSpec, record_commands: bool
) -> DramOutcome:
    """Run a trace that has been checked. Raises InputError where refreshes come faster than they can be done."""
    numbers = address_mapping(dram, spec.mapping).decode(address, len(dram.levels)).T.tolist()
    lines = (address >> dram.offset_bits).tolist()
    row, column = dram.levels.index("row"), dram.levels.index("column")
    requests = [
        DramRequest(one_op, when, line, tuple(at[: dram.bank_level + 1]), at[row], at[column])
        for one_op, when, line, at in zip(op.tolist(), earliest.tolist(), lines, numbers, strict=True)
    ]
    clock, tally = DramClock(), Tally(dram, record_commands)
    controllers = [Controller(clock, dram, spec, channel, tally) for channel in range(dram.counts[0])]
    clock.run(until=clock.process(_frontend(clock, controllers, requests)))
    return _outcome(dram, controllers, requests, tally, op)


def _outcome(
    dram: ResolvedDram, controllers: list[Controller], requests: list[DramRequest], tally: Tally, op: IntArray
) -> DramOutcome:
    end = _end(requests)
    issued, open_cycles, banks = counted(controllers, tally, end)
    # Channels take their turns in any order; sorted by clock and channel, the buses keep theirs.
    commands = sorted(tally.commands, key=lambda row: (row[0], row[2]))
    return DramOutcome(
        dram=dram,
        cycles=end,
        last_command_cycle=tally.last_command,
        arrive=np.array([request.arrive for request in requests], dtype=np.int64),
        depart=np.array([request.depart for request in requests], dtype=np.int64),
        kind=np.array([request.kind for request in requests], dtype=np.int64),
        op=op,
        commands=np.array(commands, dtype=np.int64).reshape(-1, 2 + len(dram.levels)),
        command_counts=issued,
        open_cycles=open_cycles,
        banks=banks,
    )


def counted(controllers: list[Controller], tally: Tally, end: int) -> tuple[IntArray, IntArray, IntArray]:
    """Commands [rank, command], cycles before ``end`` with an open bank [rank], requests by the state of the row [bank, 6]."""
    dram = tally.dram
    banks = [bank for controller in controllers for bank in controller.device.banks]
    ranks = list(dict.fromkeys(bank[: dram.rank_level + 1] for bank in banks))
    since = {rank: cycle for controller in controllers for rank, cycle in controller.open_since.items()}
    open_cycles = [tally.open_cycles.get(rank, 0) + (end - since[rank] if rank in since else 0) for rank in ranks]
    issued = [[tally.issued.get((rank, command), 0) for command in range(len(dram.commands))] for rank in ranks]
    found = [[tally.banks.get((bank, column), 0) for column in range(6)] for bank in banks]
    return np.array(issued, dtype=np.int64), np.array(open_cycles, dtype=np.int64), np.array(found, dtype=np.int64)
