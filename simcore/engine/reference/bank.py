"""One bank: its ports (servers), its two queues, and the choice of the next request."""

from __future__ import annotations

from dataclasses import dataclass, field

from simcore.engine.reference.requests import NEVER, Request
from simcore.machine.machine import FCFS, PORT_PRIORITY, Scratchpad
from simcore.program.program import Int64Array, Port
from simcore.timing.bank_timing import BankTiming, broken_contract, undeclared_state

PORTS = len(Port)


@dataclass(eq=False)
class Server:
    """One port of a bank: the state of its timing model, and the request that holds the port until ``free_at``."""

    state: Int64Array
    free_at: int = 0
    request: Request | None = None


@dataclass(eq=False)
class Bank:
    """A bank with its servers, the *direct* queue (reads, DMA) and the *buffered* queue (write buffer entries)."""

    spec: Scratchpad
    timing: BankTiming
    params: Int64Array
    shared: Int64Array
    servers: list[Server]
    direct: list[Request] = field(default_factory=list)
    buffered: list[Request] = field(default_factory=list)
    last_port: int = PORTS - 1

    def free_server(self, cycle: int) -> Server | None:
        """Return the lowest server that can take a request now."""
        return next((s for s in self.servers if s.free_at <= cycle), None)

    def preemptible_server(self, cycle: int) -> Server | None:
        """Return the lowest server held by a buffered write that began earlier and is not done."""
        for server in self.servers:
            held = server.request
            if (
                held is not None
                and held.port == Port.OUTPUT
                and held.granted_at < cycle < held.done_at
                and server.free_at > cycle
            ):
                return server
        return None

    def holder(self, cycle: int) -> int:
        """Return the port (of the array, or DMA) whose request holds this bank, all of whose servers are busy.

        Where several hold it, the DMA comes first, then buffered writes, then the lowest server.
        """
        held = [s.request.port for s in self.servers if s.free_at > cycle and s.request is not None]
        return next((port for port in (Port.DMA, Port.OUTPUT) if port in held), held[0])

    def keeps_waiting(self, port: int) -> bool:
        """Return whether a direct request of the port waits at this bank."""
        return any(request.port == port for request in self.direct)

    def candidate(self, draining: bool) -> Request | None:
        """Return the request that the arbiter's rules choose next, or None."""
        if draining and self.buffered:
            return self.buffered[0]
        if self.spec.read_priority or draining:
            return self._best(self.direct) or (self.buffered[0] if self.buffered else None)
        return self._best(self.direct + self.buffered[:1])

    def best_direct(self) -> Request:
        """Return the direct request that goes first. There must be one."""
        best = self._best(self.direct)
        assert best is not None
        return best

    def _best(self, waiting: list[Request]) -> Request | None:
        if not waiting:
            return None
        if self.spec.arbiter == FCFS:
            return min(waiting, key=lambda r: r.rank)
        if self.spec.arbiter == PORT_PRIORITY:
            return min(waiting, key=lambda r: (r.port, r.rank))
        return min(waiting, key=lambda r: ((r.port - self.last_port - 1) % PORTS, r.rank))

    def take(self, request: Request) -> None:
        """Remove a request from its queue."""
        (self.buffered if request.port == Port.OUTPUT else self.direct).remove(request)

    def serve(self, server: Server, request: Request, cycle: int) -> None:
        """Ask the timing model how long the request holds the server and when it is done."""
        if request.left is not None:
            free_at, done_at = cycle + request.left[0], cycle + request.left[1]
            request.left = None
        else:
            answer = self.timing.serve(self.params, server.state, self.shared, cycle, request.op, request.row)
            free_at, done_at = int(answer[0]), int(answer[1])
            self._hold_to_contract(server, free_at, done_at, cycle)
        request.free_at, request.done_at = free_at, done_at
        request.granted_at = cycle
        server.free_at, server.request = request.free_at, request
        self.last_port = request.port

    def _hold_to_contract(self, server: Server, free_at: int, done_at: int, cycle: int) -> None:
        if free_at <= cycle or done_at < cycle:
            raise broken_contract(self.timing)
        if not self.timing.bank_values and server.state[0]:
            raise undeclared_state(self.timing, "bank")
        if not self.timing.shared_state and self.shared[0]:
            raise undeclared_state(self.timing, "shared")

    def send_back(self, server: Server, cycle: int, resume: bool) -> Request:
        """Preempt the buffered write that holds the server, which returns to the head of its queue."""
        request = server.request
        assert request is not None
        if resume:
            request.left = (request.free_at - cycle, request.done_at - cycle)
        request.granted_at = NEVER
        self.buffered.insert(0, request)
        server.free_at, server.request = cycle, None
        return request
