"""Open-loop traffic on the compiled engine: the tables of one scratchpad, and the kernel called until all is granted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int64

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.cache import compile_kernel, types
from simcore.engine.compiled.state import MAX_TIMINGS, machine_state, table
from simcore.engine.compiled.traffic_kernel import serve_traffic
from simcore.machine.machine import Machine
from simcore.machine.traffic import NOT_GRANTED, Traffic, TrafficOutcome
from simcore.program.program import Int64Array
from simcore.timing.compiled import SERVE_TYPE

#: Requests that may be waiting or under way before the tables are doubled.
_FIRST_ROWS = 1024


def _signature() -> Any:
    rows, vector = int64[:, ::1], int64[::1]
    return int64(
        types.UniTuple(SERVE_TYPE, MAX_TIMINGS),
        *[rows] * 4,  # pads, banks, servers, groups
        *[vector] * 4,  # params, shared, states, scalars
        *[rows] * 7,  # requests, bundles, slots, counts, listed, conflict, busy
        rows,  # inflight
        *[vector] * 3,  # free_rows, numbers, asked
        *[vector] * 5,  # arrive, port, bank, row, op
        *[vector] * 2,  # granted, done
        *[int64] * 2,  # first, until
    )


_serve_traffic = compile_kernel(_signature(), serve_traffic)


class _Rows:
    """The requests that are waiting or under way: a table whose rows are used again, doubled when it is full."""

    def __init__(self) -> None:
        self.requests = table(_FIRST_ROWS, c.REQUEST_COLUMNS)
        self.numbers = np.zeros(_FIRST_ROWS, dtype=np.int64)
        self.inflight = table(1, _FIRST_ROWS)
        self.free = np.arange(_FIRST_ROWS, dtype=np.int64)

    def double(self, free: int) -> int:
        """Twice as many rows, of which ``free`` of the old ones were free; returns how many are free now."""
        rows = len(self.requests)
        self.requests = np.concatenate([self.requests, np.zeros_like(self.requests)])
        self.numbers = np.concatenate([self.numbers, np.zeros_like(self.numbers)])
        self.inflight = np.concatenate([self.inflight, np.zeros_like(self.inflight)], axis=1)
        self.free = np.concatenate([self.free[:free], np.arange(rows, 2 * rows), np.zeros(rows - free, dtype=np.int64)])
        return free + rows


def run_traffic(machine: Machine, traffic: Traffic, until: int | None = None) -> TrafficOutcome:
    """Run traffic on the one scratchpad of a machine, up to but without cycle ``until``.

    Beside the answer and the traffic in order of port, memory is only needed for requests that wait at the same time.
    """
    order = np.lexsort((traffic.port, traffic.arrive))
    columns = [values[order] for values in (traffic.arrive, traffic.port, traffic.bank, traffic.row, traffic.op)]
    granted, done = (np.full(len(traffic), NOT_GRANTED, dtype=np.int64) for _ in range(2))
    counts = _run(machine, columns, granted, done, c.FAR if until is None else until)
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
    )


def _run(machine: Machine, columns: list[Int64Array], granted: Int64Array, done: Int64Array, until: int) -> Int64Array:
    """Fill granted and done; returns the counts of the banks."""
    state, rows, banks = machine_state(machine), _Rows(), machine.banks
    scalars, counts = np.zeros(c.SCALAR_COLUMNS, dtype=np.int64), table(banks, c.COUNT_COLUMNS)
    scalars[c.SCALAR_FREE_WRITES] = len(rows.free)
    bundles, slots, listed = table(1, c.BUNDLE_COLUMNS), table(1, c.SLOT_COLUMNS), table(1, banks)
    conflict, busy, asked = table(banks, 1), table(banks, 1), np.zeros(banks, dtype=np.int64)
    offered = 0
    while True:
        offered = _serve_traffic(
            state.serves,
            state.pads,
            state.banks,
            state.servers,
            state.groups,
            state.params,
            state.shared,
            state.states,
            scalars,
            rows.requests,
            bundles,
            slots,
            counts,
            listed,
            conflict,
            busy,
            rows.inflight,
            rows.free,
            rows.numbers,
            asked,
            *columns,
            granted,
            done,
            offered,
            until,
        )
        if offered < 0:
            return counts
        scalars[c.SCALAR_FREE_WRITES] = rows.double(int(scalars[c.SCALAR_FREE_WRITES]))
