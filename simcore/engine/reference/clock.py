"""A SimPy environment whose time is (cycle, phase), with an optional shuffle of simultaneous events."""

from __future__ import annotations

from heapq import heappush
from random import Random
from typing import Any

import simpy

from simcore.clock import Phase

#: Every phase has a larger number than SimPy's own priorities (URGENT, NORMAL), so that a process starts before its first cycle.
_FIRST_PHASE_PRIORITY = 10


class PhaseClock(simpy.Environment):
    """SimPy's environment with events at a phase of a cycle.

    All processes that wait for the same phase wait for one event. ``shuffle_seed`` orders them, and the events of one (cycle,
    phase), at random instead of by insertion. The simulated machine must not depend on that order, so a test runs it both ways to
    find hidden dependence.
    """

    def __init__(self, start_cycle: int = 0, shuffle_seed: int | None = None) -> None:
        super().__init__(initial_time=start_cycle)
        self._random = None if shuffle_seed is None else Random(shuffle_seed)
        self._phase = -1
        #: The event of each phase's next occurrence, if a process waits for it, and what it will call: `_enter`, then processes.
        self._coming: list[simpy.Event | None] = [None] * len(Phase)
        self._called: list[list[Any]] = [[] for _ in Phase]

    def schedule(self, event: simpy.Event, priority: int = 1, delay: float = 0) -> None:
        """Put an event on the heap. With a shuffle, a random number precedes the serial number."""
        serial = next(self._eid)
        if self._random is not None:
            serial += self._random.getrandbits(30) << 40
        # SimPy types the serial number as an int of its own kind, but the heap only compares it.
        entry: Any = (self._now + delay, priority, serial, event)
        heappush(self._queue, entry)

    @property
    def cycle(self) -> int:
        """The current core cycle."""
        return int(self._now)

    def next(self, phase: Phase) -> simpy.Event:
        """Return the event of the next occurrence of ``phase``, later in this cycle or in the next one."""
        coming = self._coming[phase]
        if coming is not None:
            return coming
        event = simpy.Event(self)
        event._ok, event._value = True, phase
        event.callbacks.append(self._enter)
        self._coming[phase], self._called[phase] = event, event.callbacks
        self.schedule(event, _FIRST_PHASE_PRIORITY + phase, 0 if phase > self._phase else 1)
        return event

    def trigger(self, event: simpy.Event, phase: Phase, value: object) -> None:
        """Let an event for which processes already wait happen at ``phase`` of this cycle.

        The phase must be later than the current one.
        """
        event._ok, event._value = True, value
        self.schedule(event, _FIRST_PHASE_PRIORITY + phase)

    def _enter(self, event: simpy.Event) -> None:
        self._phase = phase = event._value
        self._coming[phase] = None
        if self._random is not None:
            waiting = self._called[phase][1:]
            self._random.shuffle(waiting)
            self._called[phase][1:] = waiting  # SimPy is going through this list and has only called this function
