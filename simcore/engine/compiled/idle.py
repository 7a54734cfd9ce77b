"""Idle skipping: the next cycle in which anything can change, and the counts of the skipped cycles."""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.columns import FILLING, READING
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.tables import Tables


@inlined
def next_event(tables: Tables, now: int) -> int:
    """Return the earliest cycle after ``now`` in which an event that is already decided happens, or FAR if there is none.

    Events that a DRAM has yet to decide are not included.
    """
    scalars, ports, bundles, banks = tables.scalars, tables.ports, tables.bundles, tables.banks
    pads, servers, listed, burst_lists = tables.pads, tables.servers, tables.listed, tables.burst_lists
    soonest = c.FAR
    for pad in range(pads.shape[0]):
        if pads[pad, c.PAD_INFLIGHT]:
            soonest = min(soonest, pads[pad, c.PAD_INFLIGHT_MIN])
        for i in range(pads[pad, c.PAD_LISTED]):
            first = banks[listed[pad, i], c.BANK_FIRST_SERVER]
            for server in range(first, first + pads[pad, c.PAD_SERVERS]):
                if servers[server, c.SERVER_FREE_AT] > now:
                    soonest = min(soonest, servers[server, c.SERVER_FREE_AT])
    for port in range(c.READ_PORTS):
        if ports[port, c.PORT_IN_WINDOW]:
            element = port * scalars[c.SCALAR_WINDOW] + ports[port, c.PORT_HEAD]
            if bundles[element, c.BUNDLE_UNGRANTED] == 0 and bundles[element, c.BUNDLE_READY] > now:
                soonest = min(soonest, bundles[element, c.BUNDLE_READY])
    soonest = min(soonest, min(scalars[c.SCALAR_ARRIVES], scalars[c.SCALAR_STORED]))
    for kind, count in ((FILLING, scalars[c.SCALAR_FILLING]), (READING, scalars[c.SCALAR_READING])):
        for i in range(count):
            bundle = c.READ_PORTS * scalars[c.SCALAR_WINDOW] + burst_lists[kind, i]
            if bundles[bundle, c.BUNDLE_UNGRANTED] == 0:
                soonest = min(soonest, bundles[bundle, c.BUNDLE_READY])
    return max(soonest, now + 1)


@inlined
def count_skipped(tables: Tables, skipped: int) -> None:
    """Charge the banks with waiting requests for cycles in which nothing changed."""
    scalars, pads, counts, listed = tables.scalars, tables.pads, tables.counts, tables.listed
    conflict = tables.conflict
    for pad in range(pads.shape[0]):
        for i in range(pads[pad, c.PAD_LISTED]):
            counts[listed[pad, i], c.COUNT_CONFLICT] += skipped
            conflict[listed[pad, i], scalars[c.SCALAR_BIN]] += skipped
