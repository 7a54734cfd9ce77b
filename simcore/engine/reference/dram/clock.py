"""The clock of the reference engine's DRAM, which has two turns in every cycle."""

from __future__ import annotations

from typing import Any

import simpy


class DramClock(simpy.Environment):
    """A clock of two turns per cycle: controllers act before the frontend, so they see an offer a cycle later."""

    def controllers(self, cycle: int) -> simpy.Event:
        """Return the event of the controllers' turn in a cycle."""
        return self._at(cycle, 10)

    def frontend(self, cycle: int) -> simpy.Event:
        """Return the event of the frontend's turn in a cycle."""
        return self._at(cycle, 11)

    @property
    def cycle(self) -> int:
        """Return the current cycle."""
        return int(self.now)

    def _at(self, cycle: int, priority: Any) -> simpy.Event:
        event = simpy.Event(self)
        event._ok, event._value = True, None
        self.schedule(event, priority, cycle - self.cycle)
        return event
