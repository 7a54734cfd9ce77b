"""The clock of the reference engine's DRAM: two turns in every cycle."""

from __future__ import annotations

from typing import Any

import simpy


class DramClock(simpy.Environment):
    """In every cycle the controllers come first, then the frontend: what it offers is seen a cycle later."""

    def controllers(self, cycle: int) -> simpy.Event:
        """The controllers' turn in a cycle."""
        return self._at(cycle, 10)

    def frontend(self, cycle: int) -> simpy.Event:
        """The frontend's turn in a cycle."""
        return self._at(cycle, 11)

    @property
    def cycle(self) -> int:
        """The current cycle."""
        return int(self.now)

    def _at(self, cycle: int, priority: Any) -> simpy.Event:
        event = simpy.Event(self)
        event._ok, event._value = True, None
        self.schedule(event, priority, cycle - self.cycle)
        return event
