"""The controller of the scheduler ``bank-round-robin``: a queue of requests at each bank, and banks that are served in turn.

The rules are DRAMsim3's (a command queue per bank). docs/dram.md names the exceptions.
"""

from __future__ import annotations

from simcore.dram.controller import ACCESSES_BEFORE_CONFLICT, ControllerSpec
from simcore.dram.tables import ResolvedDram
from simcore.engine.reference.dram.clock import DramClock
from simcore.engine.reference.dram.controller import Controller
from simcore.engine.reference.dram.record import CommandRecord, Node
from simcore.engine.reference.dram.requests import DramRequest


class BankTurnController(Controller):
    """A controller in which a request waits first among reads or writes for a place at its bank, then in the bank's queue."""

    def __init__(self, clock: DramClock, dram: ResolvedDram, spec: ControllerSpec, channel: int, record: CommandRecord) -> None:
        super().__init__(clock, dram, spec, channel, record)
        self.at_bank: dict[Node, list[DramRequest]] = {bank: [] for bank in self.device.banks}
        self.unused: set[Node] = set()
        self.turn = len(self.device.banks) - 1

    @property
    def busy(self) -> bool:
        """Return whether a request is not yet served."""
        return super().busy or any(self.at_bank.values())

    def _step(self, now: int) -> None:
        super()._step(now)
        self._move()

    def _move(self) -> None:
        """Move the oldest request whose bank has a place there: a write while writes drain, else a read."""
        self._set_draining()
        queue = self.writes if self.draining else self.reads
        for request in queue:
            if len(self.at_bank[request.bank]) < self.spec.bank_queue:
                queue.remove(request)
                self.at_bank[request.bank].append(request)
                return

    def _serve(self, bus: int, now: int) -> None:
        """Serve the banks in turn, beginning after the last one served.

        The priority queue goes first, except before banks whose newly opened row no access has used yet.
        """
        banks = self.device.banks
        for step in range(1, len(banks) + 1):
            at = (self.turn + step) % len(banks)
            if self.priority and banks[at] not in self.unused:
                continue
            request = self._ready_at_bank(self.at_bank[banks[at]], bus, now)
            if request is not None:
                self.turn = at
                self._send(request, self.at_bank[request.bank], self._next(request), now)
                return
        if self.priority:
            self._serve_priority(bus, now)

    def _ready_at_bank(self, queue: list[DramRequest], bus: int, now: int) -> DramRequest | None:
        """Return the first request of a bank whose next command may be issued now."""
        for at, request in enumerate(queue):
            command = self._next(request)
            if command == self.pre and (at or self._keeps_row(queue)):
                continue
            if any(older.line == request.line for older in queue[:at]):
                continue
            if self._on_bus(command, bus) and self.device.is_ready(command, request.bank, now):
                return request
        return None

    def _keeps_row(self, queue: list[DramRequest]) -> bool:
        """Return whether a conflict at the head of a bank's queue must wait for later requests that hit the open row."""
        hits = any(self._next(request) in (self.rd, self.wr) for request in queue)
        return hits and self.accesses[queue[0].bank] < ACCESSES_BEFORE_CONFLICT

    def _send(self, request: DramRequest, queue: list[DramRequest], command: int, now: int) -> None:
        super()._send(request, queue, command, now)
        if command in (self.rd, self.wr):
            self.unused.discard(request.bank)

    def _activated(self, request: DramRequest, queue: list[DramRequest]) -> None:
        self.unused.add(request.bank)

    def _awaits_access(self, bank: Node) -> bool:
        return bank in self.unused
