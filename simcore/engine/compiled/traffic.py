"""Open-loop traffic on the compiled engine: the tables of one scratchpad, and calls of the kernel until everything is granted."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled import columns as c
from simcore.engine.compiled import slices
from simcore.engine.compiled.kernels import SERVE_TRAFFIC
from simcore.engine.compiled.state import counters_of, machine_state
from simcore.engine.compiled.tables import Tables, table, vector
from simcore.engine.compiled.traffic_kernel import Offers
from simcore.machine.machine import Machine
from simcore.machine.traffic import NOT_GRANTED, Traffic, TrafficOutcome

#: The number of waiting or unfinished requests for which the tables first have room. The tables double when they are full.
_FIRST_ROWS = 1024


def _double(tables: Tables, offers: Offers) -> tuple[Tables, Offers]:
    """Return tables with twice as many rows for requests that wait or are unfinished."""
    rows, free = len(tables.requests), int(tables.scalars[c.SCALAR_FREE_WRITES])
    tables.scalars[c.SCALAR_FREE_WRITES] += rows
    tables = tables._replace(
        requests=np.concatenate([tables.requests, np.zeros_like(tables.requests)]),
        inflight=np.concatenate([tables.inflight, np.zeros_like(tables.inflight)], axis=1),
        free_writes=np.concatenate([tables.free_writes[:free], np.arange(rows, 2 * rows), np.zeros(rows - free, dtype=np.int64)]),
    )
    return tables, offers._replace(numbers=np.concatenate([offers.numbers, np.zeros_like(offers.numbers)]))


def run_traffic(machine: Machine, traffic: Traffic, until: int | None = None) -> TrafficOutcome:
    """Run traffic on the one scratchpad of a machine. The run stops before cycle ``until``.

    Besides the answer and the traffic in order of port, memory is only needed for requests that wait at the same time.
    """
    order = np.lexsort((traffic.port, traffic.arrive))
    arrive, port, bank, row, op = (getattr(traffic, name)[order] for name in ("arrive", "port", "bank", "row", "op"))
    granted, done = (np.full(len(traffic), NOT_GRANTED, dtype=np.int64) for _ in range(2))
    offers = Offers(arrive, port, bank, row, op, granted, done, numbers=vector(_FIRST_ROWS), asked=vector(machine.banks))
    tables = _run(machine, offers, c.FAR if until is None else until)
    counts = tables.counts
    in_order = np.empty((2, len(traffic)), dtype=np.int64)
    in_order[:, order] = granted, done
    return TrafficOutcome(
        arrive=traffic.arrive,
        granted=in_order[0],
        done=in_order[1],
        reads=counts[:, c.COUNT_READS].copy(),
        writes=counts[:, c.COUNT_WRITES].copy(),
        forwarded_reads=counts[:, c.COUNT_FORWARDED].copy(),
        preempted_writes=counts[:, c.COUNT_PREEMPTED].copy(),
        conflict_cycles=counts[:, c.COUNT_CONFLICT].copy(),
        busy_cycles=counts[:, c.COUNT_BUSY].copy(),
        counters=counters_of(machine, tables),
    )


def _run(machine: Machine, offers: Offers, until: int) -> Tables:
    """Fill granted and done. Return the tables, with the counts and the state of the banks."""
    state, banks = machine_state(machine), machine.banks
    scalars = vector(c.SCALAR_COLUMNS)
    scalars[c.SCALAR_FREE_WRITES] = _FIRST_ROWS
    tables = state.tables._replace(
        scalars=scalars,
        requests=table(_FIRST_ROWS, c.REQUEST_COLUMNS),
        free_writes=np.arange(_FIRST_ROWS, dtype=np.int64),
        inflight=table(1, _FIRST_ROWS),
        bundles=table(1, c.BUNDLE_COLUMNS),
        slots=table(1, c.SLOT_COLUMNS),
        listed=table(1, banks),
        counts=table(banks, c.COUNT_COLUMNS),
        conflict=table(banks, 1),
        busy=table(banks, 1),
    )
    offered = 0
    while scalars[c.SCALAR_NOW] < until:
        offered = SERVE_TRAFFIC(state.serves, tables, offers, offered, until, slices.SLICE_US)
        if scalars[c.SCALAR_ROWS_ARE_SHORT]:
            tables, offers = _double(tables, offers)
    return tables
