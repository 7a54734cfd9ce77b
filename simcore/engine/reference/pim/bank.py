"""What the subarrays of one bank share beside the rules of the table: the way of their data, and the periphery."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.dram.tables import ResolvedDram
from simcore.pim.causes import hold_commands, sensing_cycles

#: The cycle of what no one can foresee yet.
NEVER = 1 << 62


@dataclass(frozen=True)
class HoldTimes:
    """The cycles from an activation until the periphery can read or write the row, and the write recovery of the row.

    ``holds`` has the commands that note in the stream that it reads or writes a row, by `ResolvedDram.holds`.
    """

    read: int
    write: int
    recovery: int
    write_command: int
    holds: dict[int, int]

    @classmethod
    def of(cls, dram: ResolvedDram) -> HoldTimes:
        """Return the times of a DRAM."""
        read, write = dram.roles["read"], dram.roles["write"]
        return cls(sensing_cycles(dram, read), sensing_cycles(dram, write), dram.timing["nWR"], write, hold_commands(dram))


@dataclass(eq=False)
class Bank:
    """``way_free`` is the cycle from which another subarray may move data, ``periphery_free`` from which it may be served.

    ``links_free`` is the cycle from which any may begin an operation, because no row is copied. ``working`` counts the subarrays
    that have begun an operation, and ``quiet`` is the cycle from which all rows are closed, if it is 0.
    """

    precharge: int
    times: HoldTimes
    way_free: int = 0
    periphery_free: int = 0
    links_free: int = 0
    working: int = 0
    quiet: int = 0
