"""Open-loop traffic on the reference engine, from a process that offers each request in the cycle in which it arrives."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import simpy

from simcore.clock import Phase
from simcore.engine.reference.clock import PhaseClock
from simcore.engine.reference.requests import NEVER, Request
from simcore.engine.reference.run import counters_of, make_banks
from simcore.engine.reference.scratchpad import ScratchpadProcess
from simcore.engine.reference.tally import BankTally
from simcore.machine.machine import Machine
from simcore.machine.traffic import Traffic, TrafficOutcome
from simcore.program.program import Int64Array, Port


class TrafficSource:
    """A source in place of all ports of one scratchpad. ``over`` happens when everything is granted, or in cycle ``until``."""

    def __init__(self, clock: PhaseClock, pad: ScratchpadProcess, traffic: Traffic, until: int | None) -> None:
        """Start a source that offers each request in its cycle of arrival, up to cycle ``until`` (None: all requests)."""
        self.clock, self.pad, self.until, self.over = clock, pad, until, clock.event()
        self.arrive: list[int] = traffic.arrive.tolist()
        columns = (traffic.bank.tolist(), traffic.row.tolist(), traffic.op.tolist(), traffic.port.tolist())
        self.requests = [Request(0, *columns_of_one) for columns_of_one in zip(*columns, strict=True)]
        self.first_grant = [NEVER] * len(self.requests)
        clock.process(self._run())

    def done(self) -> list[int]:
        """Return the cycle in which the last grant of each request is done."""
        return [request.done_at for request in self.requests]

    def _run(self) -> Generator[simpy.Event, None, None]:
        offered = 0
        ungranted: list[int] = []
        while True:
            yield self.clock.next(Phase.ISSUE)
            if self.clock.cycle == self.until:
                break
            while offered < len(self.requests) and self.arrive[offered] == self.clock.cycle:
                self._offer(self.requests[offered])
                ungranted.append(offered)
                offered += 1
            yield self.clock.next(Phase.ADVANCE)
            for number in ungranted:
                self.first_grant[number] = self.requests[number].granted_at
            ungranted = [number for number in ungranted if self.first_grant[number] == NEVER]
            # A write that was preempted was granted before and waits again.
            if offered == len(self.requests) and not any(bank.direct or bank.buffered for bank in self.pad.banks):
                break
        self.over.succeed()

    def _offer(self, request: Request) -> None:
        if request.port == Port.OUTPUT:
            # The array would have posted this write in ADVANCE of the last cycle. Nothing reads the buffer between then and now.
            self.pad.post([request])
        else:
            self.pad.offers[Port(request.port)].append(request)


def run_traffic(machine: Machine, traffic: Traffic, until: int | None = None, shuffle_seed: int | None = None) -> TrafficOutcome:
    """Run traffic on the one scratchpad of a machine. The run stops before cycle ``until``.

    ``shuffle_seed`` shuffles the events of each (cycle, phase); the outcome must not change.
    """
    clock = PhaseClock(0, shuffle_seed)
    tally = BankTally(machine.banks, bin_steps=np.zeros(1, dtype=np.int64), start_cycle=0)
    banks = make_banks(machine)
    pad = ScratchpadProcess(clock, machine.scratchpads[0], banks[0], tally)
    source = TrafficSource(clock, pad, traffic, until)
    clock.run(until=source.over)
    return TrafficOutcome(
        arrive=traffic.arrive,
        granted=_int64(source.first_grant),
        done=_int64(source.done()),
        reads=tally.reads,
        writes=tally.writes,
        forwarded_reads=tally.forwarded_reads,
        preempted_writes=tally.preempted_writes,
        conflict_cycles=tally.conflict_cycles,
        busy_cycles=tally.busy_cycles,
        counters=counters_of(machine, banks),
    )


def _int64(values: list[int]) -> Int64Array:
    return np.array(values, dtype=np.int64)
