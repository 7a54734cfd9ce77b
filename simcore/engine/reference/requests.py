"""Requests, which travel between ports, arbiters and banks."""

from __future__ import annotations

from dataclasses import dataclass, field

#: The value of `granted_at` and similar fields before the event.
NEVER = -1


@dataclass(eq=False)
class Request:
    """A read or write of one line. ``rank`` is (arrive, port, index), the order in which ties are broken."""

    scratchpad: int
    bank: int
    row: int
    op: int
    port: int
    slot: int = NEVER
    arrive: int = NEVER
    index: int = 0
    granted_at: int = NEVER
    free_at: int = NEVER
    done_at: int = NEVER
    # The remaining needs of a preempted write that resumes: (occupancy, time to done).
    left: tuple[int, int] | None = None
    was_counted: bool = False
    # The timeline bin in which the request was granted.
    bin: int = 0

    @property
    def rank(self) -> tuple[int, int, int]:
        """Return the tie-breaking order."""
        return self.arrive, self.port, self.index

    @property
    def place(self) -> tuple[int, int]:
        """Return the line as (bank, row)."""
        return self.bank, self.row


@dataclass(eq=False)
class Bundle:
    """Requests that belong together (an element's, a burst's). The bundle is ready when each is granted and done."""

    requests: list[Request] = field(default_factory=list)

    def is_ready(self, cycle: int) -> bool:
        """Return whether every request was granted and its data can be used in ``cycle``."""
        return all(r.granted_at != NEVER and r.done_at <= cycle for r in self.requests)

    def first_waiting(self) -> Request | None:
        """Return the first request that is not yet granted, in index order."""
        return next((r for r in self.requests if r.granted_at == NEVER), None)


@dataclass(eq=False)
class Element(Bundle):
    """The operand vector of one time index: its lines, its words ((tile, word) or None per lane), and the step that needs it."""

    due: int = 0
    segment: int = 0
    number: int = 0
    words: list[tuple[int, int] | None] = field(default_factory=list)
    region: int = 0
    tiles: frozenset[int] = frozenset()
