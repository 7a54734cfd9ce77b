"""What travels between ports, arbiters and banks."""

from __future__ import annotations

from dataclasses import dataclass, field

#: `granted_at` and the like before it has happened.
NEVER = -1


@dataclass(eq=False)
class Request:
    """One line, read or written. ``rank`` is (arrive, port, index), the order in which ties are broken."""

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
    # What a preempted write still needs, if it resumes: (occupancy, time to done).
    left: tuple[int, int] | None = None
    was_counted: bool = False
    # The timeline bin in which it was granted.
    bin: int = 0

    @property
    def rank(self) -> tuple[int, int, int]:
        """The tie-breaking order."""
        return self.arrive, self.port, self.index

    @property
    def place(self) -> tuple[int, int]:
        """The line: (bank, row)."""
        return self.bank, self.row


@dataclass(eq=False)
class Bundle:
    """Requests that belong together (an element's, a burst's); ready when each has been granted and is done."""

    requests: list[Request] = field(default_factory=list)

    def is_ready(self, cycle: int) -> bool:
        """True when every request was granted and its data can be used in ``cycle``."""
        return all(r.granted_at != NEVER and r.done_at <= cycle for r in self.requests)

    def first_waiting(self) -> Request | None:
        """The first request not yet granted, in index order."""
        return next((r for r in self.requests if r.granted_at == NEVER), None)


@dataclass(eq=False)
class Element(Bundle):
    """The operand vector of one time index: its lines, its words (tile, word or None per lane), and the step it is due."""

    due: int = 0
    segment: int = 0
    number: int = 0
    words: list[tuple[int, int] | None] = field(default_factory=list)
    region: int = 0
    tiles: frozenset[int] = frozenset()
