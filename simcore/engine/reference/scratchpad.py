"""A scratchpad: its write buffer, and the one process that owns its arbiter and its banks."""

from __future__ import annotations

from collections.abc import Generator

import simpy

from simcore.clock import Phase
from simcore.engine.reference.bank import Bank, Server
from simcore.engine.reference.clock import PhaseClock
from simcore.engine.reference.requests import NEVER, Request
from simcore.engine.reference.tally import BankTally
from simcore.engine.reference.traces import AccessTrace
from simcore.machine.machine import NO_PREEMPTION, RESUME, Scratchpad
from simcore.program.program import Port
from simcore.program.traces import NOTHING, Event


class ScratchpadProcess:
    """A process that retires buffered writes, collects the ports' offers and grants them, bank by bank."""

    def __init__(
        self, clock: PhaseClock, spec: Scratchpad, banks: list[Bank], tally: BankTally, trace: AccessTrace | None = None
    ) -> None:
        """Start the arbiter of one scratchpad with an empty write buffer. The banks keep their state from the layer before."""
        self.clock, self.spec, self.banks, self.tally, self.trace = clock, spec, banks, tally, trace
        #: The offers of each port in this cycle. A port writes its own list in ISSUE; the arbiter empties it in GRANT.
        self.offers: dict[Port, list[Request]] = {port: [] for port in Port}
        #: Entries of the write buffer, oldest first. The array appends in ADVANCE; the arbiter removes in RETIRE.
        self.buffer: list[Request] = []
        self.draining = False
        clock.process(self._run())

    def has_room(self, lines: int) -> bool:
        """Return whether the write buffer takes an element of this many lines: they all fit, or the buffer is empty."""
        return not self.buffer or len(self.buffer) + lines <= self.spec.depth

    def post(self, requests: list[Request]) -> None:
        """Enter an element's lines into the write buffer (ADVANCE). They reach their banks in the next cycle."""
        self.buffer += requests
        self.offers[Port.OUTPUT] += requests

    def writes_to(self, slot: int) -> int:
        """Return the number of lines of a slot that are still in the write buffer."""
        return sum(entry.slot == slot for entry in self.buffer)

    def _run(self) -> Generator[simpy.Event, None, None]:
        while True:
            if self.buffer:  # else there is nothing to retire: what comes after GRANT is not done before the next GRANT
                yield self.clock.next(Phase.RETIRE)
                self._retire(self.clock.cycle)
            yield self.clock.next(Phase.GRANT)
            self._collect(self.clock.cycle)
            self._watermarks()
            for number, bank in enumerate(self.banks):
                if bank.direct or bank.buffered:
                    self._grant(number, bank, self.clock.cycle)

    def _retire(self, cycle: int) -> None:
        self.buffer = [e for e in self.buffer if e.granted_at == NEVER or e.done_at > cycle]

    def _collect(self, cycle: int) -> None:
        for port, offered in self.offers.items():
            if not offered:
                continue
            for index, request in enumerate(offered):
                request.arrive, request.index = cycle, index
                if port == Port.PSUM and any(entry.place == request.place for entry in self.buffer):
                    request.granted_at, request.done_at = cycle, cycle + 1
                    self.tally.forwarded_reads[self.spec.first_bank + request.bank] += 1
                    self._note(Event.FORWARDED, request, None)
                elif port == Port.OUTPUT:
                    self.banks[request.bank].buffered.append(request)
                else:
                    self.banks[request.bank].direct.append(request)
            offered.clear()

    def _watermarks(self) -> None:
        if self.draining and len(self.buffer) <= self.spec.low_watermark:
            self.draining = False
        if self.spec.high_watermark and len(self.buffer) >= self.spec.high_watermark:
            self.draining = True

    def _grant(self, number: int, bank: Bank, cycle: int) -> None:
        while (server := bank.free_server(cycle)) and (request := bank.candidate(self.draining)):
            bank.take(request)
            bank.serve(server, request, cycle)
            self.tally.granted(self.spec.first_bank + number, request, cycle)
            self._note(Event.GRANTED, request, server)
        if self.spec.preemption != NO_PREEMPTION and not self.draining:
            self._preempt(number, bank, cycle)
        if bank.direct or bank.buffered:
            self.tally.waited(self.spec.first_bank + number)

    def _preempt(self, number: int, bank: Bank, cycle: int) -> None:
        while bank.direct and (server := bank.preemptible_server(cycle)):
            assert server.request is not None
            self.tally.preempted(self.spec.first_bank + number, server.request, cycle)
            self._note(Event.PREEMPTED, server.request, server)
            bank.send_back(server, cycle, resume=self.spec.preemption == RESUME)
            request = bank.best_direct()
            bank.take(request)
            bank.serve(server, request, cycle)
            self.tally.granted(self.spec.first_bank + number, request, cycle)
            self._note(Event.GRANTED, request, server)

    def _note(self, event: Event, request: Request, server: Server | None) -> None:
        if self.trace is not None:
            port = NOTHING if server is None else self.banks[request.bank].servers.index(server)
            self.trace.note(event, request, port, self.clock.cycle)
