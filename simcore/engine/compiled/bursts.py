"""The bursts that main memory has. Loads and stores each have a ring, in the order in which memory got them.

A simple memory is done with bursts in that order, so that one look at the oldest burst is enough. A DRAM keeps no order.
"""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.tables import Tables


@inlined
def _wrapped(tables: Tables, at: int) -> int:
    """Return a place in a ring for a number below twice the ring's length."""
    limit = tables.scalars[c.SCALAR_OUTSTANDING_LIMIT]
    return at - limit if at >= limit else at


@inlined
def add_burst(tables: Tables, ring: int, burst: int) -> None:
    """Put a burst at the end of a ring (LOADING or STORING)."""
    scalars = tables.scalars
    at = _wrapped(tables, scalars[c.SCALAR_FIRST_LOADING + ring] + scalars[c.SCALAR_LOADING + ring])
    tables.burst_lists[ring, at] = burst
    scalars[c.SCALAR_LOADING + ring] += 1


@inlined
def take_done(tables: Tables, ring: int, now: int) -> int:
    """Remove the first burst of a ring with which memory is done, and return it; NONE if there is none."""
    scalars, burst_lists = tables.scalars, tables.burst_lists
    first, count = scalars[c.SCALAR_FIRST_LOADING + ring], scalars[c.SCALAR_LOADING + ring]
    for number in range(count if scalars[c.SCALAR_HAS_DRAM] else min(count, 1)):
        at = _wrapped(tables, first + number)
        burst = burst_lists[ring, at]
        if tables.bursts[burst, c.BURST_MEMORY_DONE] <= now:
            # The bursts before it move up by one place.
            for earlier in range(number - 1, -1, -1):
                burst_lists[ring, at] = burst_lists[ring, _wrapped(tables, first + earlier)]
                at = _wrapped(tables, first + earlier)
            scalars[c.SCALAR_FIRST_LOADING + ring], scalars[c.SCALAR_LOADING + ring] = _wrapped(tables, first + 1), count - 1
            return burst
    return c.NONE


@inlined
def next_done(tables: Tables, ring: int) -> int:
    """Return the earliest cycle in which memory is done with a burst of a ring, or FAR."""
    scalars = tables.scalars
    soonest, count = c.FAR, scalars[c.SCALAR_LOADING + ring]
    for number in range(count if scalars[c.SCALAR_HAS_DRAM] else min(count, 1)):
        burst = tables.burst_lists[ring, _wrapped(tables, scalars[c.SCALAR_FIRST_LOADING + ring] + number)]
        soonest = min(soonest, tables.bursts[burst, c.BURST_MEMORY_DONE])
    return soonest
