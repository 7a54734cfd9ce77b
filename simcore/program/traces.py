"""Access traces: what an engine writes down about every access of the scratchpads and of a DRAM, and in which order.

An engine hands over rows of integers piece by piece while it runs, so that a trace of any length needs little memory. Both
engines hand over equal rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from simcore.program.program import Int64Array


class Event(IntEnum):
    """What happened to a request at a bank."""

    FORWARDED = 0  # the write buffer answered a read of a partial sum, without the bank
    PREEMPTED = 1  # a buffered write in progress went back to its queue
    GRANTED = 2  # a port of the bank took the request


class Access(IntEnum):
    """Columns of a row about a scratchpad. Times are core cycles.

    ``CYCLE`` is the cycle of the event. ``BANK`` is the bank within the scratchpad, ``BANK_PORT`` its port, ``ROW`` the line
    within the bank. ``ARRIVED`` is the cycle in which the request came to the bank, ``DONE`` that in which its data can be used
    or its write is over, ``FREE`` that from which the bank's port is free. A value that the event does not have is NOTHING.
    """

    CYCLE = 0
    SCRATCHPAD = 1
    BANK = 2
    BANK_PORT = 3
    ROW = 4
    PORT = 5
    WRITE = 6
    EVENT = 7
    ARRIVED = 8
    DONE = 9
    FREE = 10


class Answer(IntEnum):
    """How a controller of a DRAM answers a transaction that it accepts."""

    COMMAND = 0  # by a read or write command
    FORWARDED = 1  # a read, from a write that waits
    MERGED = 2  # a write, by merging it into a write that waits


class Transaction(IntEnum):
    """Columns of a row about a DRAM. The controller of ``CHANNEL`` accepted the transaction in ``DRAM_CYCLE`` of its own clock.

    ``CYCLE`` is the core cycle of that DRAM cycle, ``ADDRESS`` the byte address.
    """

    CYCLE = 0
    DRAM_CYCLE = 1
    CHANNEL = 2
    ADDRESS = 3
    WRITE = 4
    ANSWER = 5


class State(IntEnum):
    """Columns of a row about the array: from core cycle ``CYCLE`` on it did the same for ``CYCLES`` cycles.

    ``CAUSE`` is the cause of a stall, or NOTHING if the array computed. ``PORT``, ``SCRATCHPAD``, ``BANK`` (within the
    scratchpad) and ``HOLDER`` (the port that holds the bank) say where it stalled, or are NOTHING.
    """

    CYCLE = 0
    CYCLES = 1
    CAUSE = 2
    PORT = 3
    SCRATCHPAD = 4
    BANK = 5
    HOLDER = 6


#: In place of a value that an event does not have.
NOTHING = -1

#: Takes the name of a layer and rows, [event, column of Access or of Transaction]. An engine makes no later use of the rows.
Take = Callable[[str, Int64Array], None]


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Traced:
    """What to trace, and who takes it (None: nobody): events of core cycles ``first_cycle`` up to, not with, ``end_cycle``.

    ``array`` takes what the array did, cycle by cycle (rows of State), and ``bursts`` rows of a cycle and the number of the DMA's
    bursts that are on their way from it on. ``commands`` takes the commands of a DRAM (`DramOutcome.commands`), also those before
    ``first_cycle``, which say what rows are open then. Only the reference engine knows these three. ``operations`` and ``phases``
    take rows of `simcore.pim.activity`, of a DRAM that computes. Once ``is_full`` says so, nothing more needs to be handed over.
    """

    scratchpads: Take | None = None
    dram: Take | None = None
    first_cycle: int = 0
    end_cycle: int | None = None
    array: Take | None = None
    bursts: Take | None = None
    commands: Take | None = None
    operations: Take | None = None
    phases: Take | None = None
    is_full: Callable[[], bool] = _never

    def holds(self, cycle: int) -> bool:
        """Return whether events of a core cycle are traced."""
        return self.first_cycle <= cycle and not self.is_over(cycle)

    def is_over(self, cycle: int) -> bool:
        """Return whether no event of this core cycle or of a later one is traced."""
        return (self.end_cycle is not None and cycle >= self.end_cycle) or self.is_full()


def in_order(rows: Int64Array) -> Int64Array:
    """Return rows about scratchpads by cycle, then by bank and port of the bank. No two rows tie in all of these columns."""
    order = (Access.CYCLE, Access.SCRATCHPAD, Access.BANK, Access.BANK_PORT, Access.EVENT, Access.ROW)
    return rows[np.lexsort([rows[:, column] for column in reversed(order)])]
