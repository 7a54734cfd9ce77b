"""Tables of the compiled engine: built from a Machine once (banks, servers) and from a Program for each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simcore.engine.compiled import columns as c
from simcore.machine import Machine
from simcore.outcome import TIME_BINS, Cause
from simcore.program import QUEUES, Int64Array, Op, OpKind, Port, Program, Seg
from simcore.timing_compiled import compile_serve

#: Different bank timings (classes, not parameters) that one machine may have; the kernel takes so many functions.
MAX_TIMINGS = 8


def table(rows: int, columns: int, fill: int = 0) -> Int64Array:
    """An int64 table; never empty, because a kernel cannot take a table without rows."""
    return np.full((max(rows, 1), max(columns, 1)), fill, dtype=np.int64)


@dataclass(eq=False)
class MachineState:
    """What outlives a layer: the banks' state, when servers and the memory port are free, and the cycle."""

    machine: Machine
    serves: tuple[Any, ...]
    P: Int64Array
    B: Int64Array
    V: Int64Array
    G: Int64Array
    params: Int64Array
    shared: Int64Array
    states: Int64Array
    bank_pad: Int64Array
    cycle: int = 0
    memory_free: int = 0


def _flat(parts: list[Int64Array]) -> tuple[Int64Array, list[int]]:
    starts = np.cumsum([0] + [len(part) for part in parts])[:-1]
    return np.concatenate(parts), [int(start) for start in starts]


def machine_state(machine: Machine) -> MachineState:
    """Fresh tables of a machine; compiles its bank timings. Raises InputError if one cannot be compiled."""
    functions: list[Any] = []
    timing_function = []
    for timing in machine.timings:
        serve = compile_serve(timing)
        if serve not in functions:
            functions.append(serve)
        timing_function.append(functions.index(serve))
    if len(functions) > MAX_TIMINGS:
        raise ValueError(f"a machine may have {MAX_TIMINGS} different bank timings, got {len(functions)}")
    params, params_at = _flat([timing.params_array() for timing in machine.timings])
    shared, shared_at = _flat([timing.initial_shared() for timing in machine.timings])
    G = table(len(machine.timings), c.G_COLUMNS)
    for group, timing in enumerate(machine.timings):
        G[group] = params_at[group], len(timing.params_array()), shared_at[group], len(timing.initial_shared())
    P, B, V, states = _bank_tables(machine, timing_function)
    return MachineState(
        machine=machine,
        serves=tuple(functions + [functions[0]] * (MAX_TIMINGS - len(functions))),
        P=P,
        B=B,
        V=V,
        G=G,
        params=params,
        shared=shared,
        states=states,
        bank_pad=np.ascontiguousarray(B[:, c.B_PAD]),
    )


def _bank_tables(machine: Machine, timing_function: list[int]) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    P = table(len(machine.scratchpads), c.P_COLUMNS)
    B = table(machine.banks, c.B_COLUMNS, c.NONE)
    servers, states = [], []
    for number, pad in enumerate(machine.scratchpads):
        P[number, : c.P_BUFFER_HEAD] = (
            pad.first_bank,
            pad.banks,
            pad.rows,
            pad.line_bytes,
            pad.ports_per_bank,
            pad.interleaving,
            pad.arbiter,
            pad.depth,
            pad.high_watermark,
            pad.low_watermark,
            int(pad.read_priority),
            pad.preemption,
        )
        P[number, [c.P_BUFFER_HEAD, c.P_BUFFER_TAIL, c.P_INFLIGHT_MIN]] = c.NONE, c.NONE, c.FAR
        for index, group in enumerate(pad.groups):
            bank = B[pad.first_bank + index]
            bank[[c.B_PAD, c.B_GROUP, c.B_FUNCTION, c.B_FIRST_SERVER]] = number, group, timing_function[group], len(servers)
            bank[[c.B_WAITING, c.B_LAST_PORT, c.B_LISTED]] = 0, len(Port) - 1, 0
            for _ in range(pad.ports_per_bank):
                state = machine.timings[group].initial_bank(index)
                servers.append((sum(map(len, states)), len(state)))
                states.append(state)
    V = table(len(servers), c.V_COLUMNS)
    V[:, c.V_REQUEST] = V[:, c.V_PORT] = c.NONE
    V[:, [c.V_STATE_AT, c.V_STATE_SIZE]] = servers
    return P, B, V, np.concatenate(states)


@dataclass(eq=False)
class LayerState:
    """The tables of one layer, in the order of the kernel's arguments where a name is a letter (see ``columns``)."""

    K: Int64Array
    N: Int64Array
    E: Int64Array
    R: Int64Array
    Q: Int64Array
    D: Int64Array
    O: Int64Array  # noqa: E741
    S: Int64Array
    C: Int64Array
    W: Int64Array
    resident: Int64Array
    listed: Int64Array
    inflight: Int64Array
    bursts: Int64Array
    free_writes: Int64Array
    posted: Int64Array
    lines: Int64Array
    slots: Int64Array
    output_places: Int64Array
    stall_cycles: Int64Array
    bank_stall_cycles: Int64Array
    conflict: Int64Array
    busy: Int64Array
    read_bytes: Int64Array
    write_bytes: Int64Array


def max_lines(program: Program) -> int:
    """The most lines that one element of any port can have: one per lane."""
    return max([1] + [int(port[:, Seg.LANES].max()) for port in program.segments if len(port)])


def layer_state(state: MachineState, program: Program, idle_skipping: bool, coalescing: bool) -> LayerState:
    """Fresh tables for one layer on a machine."""
    machine = state.machine
    banks, pads = machine.banks, len(machine.scratchpads)
    widest = max_lines(program)
    burst_lines = max(machine.burst_bytes // pad.line_bytes for pad in machine.scratchpads)
    limit, window = machine.outstanding_bursts, machine.port_window
    first_burst = 3 * window * widest
    first_write = first_burst + limit * burst_lines
    writes = sum(max(pad.depth, widest) for pad in machine.scratchpads)
    E = table(3 * window + limit, c.E_COLUMNS)
    E[: 3 * window, c.E_FIRST] = np.arange(3 * window) * widest
    E[3 * window :, c.E_FIRST] = first_burst + np.arange(limit) * burst_lines
    R = table(first_write + writes, c.R_COLUMNS)
    # A row that was never used holds no bank: nothing may take it for a waiting request.
    R[:, c.R_GRANTED] = c.NONE
    bursts = table(5, limit)
    bursts[4] = np.arange(limit)
    K = np.zeros(c.K_COLUMNS, dtype=np.int64)
    p, q = machine.memory_ratio
    K[[c.K_NOW, c.K_START, c.K_STEPS, c.K_WINDOW]] = state.cycle, state.cycle, program.steps, window
    K[[c.K_OUTSTANDING_LIMIT, c.K_BURST_BYTES, c.K_SPARE_BURSTS]] = limit, machine.burst_bytes, limit
    K[[c.K_MEMORY_LATENCY, c.K_MEMORY_BYTES]] = machine.memory_latency_cycles, machine.memory_bytes_per_cycle
    K[[c.K_RATIO_P, c.K_RATIO_Q, c.K_MEMORY_FREE, c.K_BIN_LIMIT]] = p, q, state.memory_free, state.cycle + TIME_BINS
    K[[c.K_OPS_LEFT, c.K_FREE_WRITES, c.K_OUTPUT_LINES]] = len(program.ops), writes, c.NONE
    K[[c.K_IDLE_SKIPPING, c.K_COALESCING]] = int(idle_skipping), int(coalescing)
    O = table(len(program.ops), c.O_COLUMNS)  # noqa: E741
    if len(program.ops):
        O[:, c.O_LEFT] = -(-program.ops[:, Op.BYTES] // machine.burst_bytes)
        O[program.ops[:, Op.KIND] == OpKind.ACQUIRE, c.O_LEFT] = 0
    Q = table(len(QUEUES), 3)
    Q[:, c.Q_HEAD], Q[:, c.Q_END], Q[:, c.Q_STARTED] = program.queue_start[:-1], program.queue_start[1:], c.NONE
    S = table(program.slots, c.S_COLUMNS)
    S[:, c.S_HOLDER] = c.NONE
    return LayerState(
        K=K,
        N=_ports(program),
        E=E,
        R=R,
        Q=Q,
        D=table(limit, c.D_COLUMNS),
        O=O,
        S=S,
        C=table(banks, c.C_COLUMNS),
        W=table(len(Port) - 1, c.W_COLUMNS),
        resident=np.full(max(program.tiles, 1), c.NONE, dtype=np.int64),
        listed=table(pads, max(pad.banks for pad in machine.scratchpads)),
        inflight=table(pads, max(max(pad.depth, widest) for pad in machine.scratchpads)),
        bursts=bursts,
        free_writes=np.arange(first_write, first_write + writes, dtype=np.int64),
        posted=np.zeros(widest, dtype=np.int64),
        lines=np.zeros(widest, dtype=np.int64),
        slots=np.zeros(widest, dtype=np.int64),
        output_places=table(4, widest),
        stall_cycles=table(len(Cause), len(Port)),
        bank_stall_cycles=table(banks, len(Cause)),
        conflict=table(banks, TIME_BINS),
        busy=table(banks, TIME_BINS),
        read_bytes=np.zeros(max(len(program.regions), 1), dtype=np.int64),
        write_bytes=np.zeros(max(len(program.regions), 1), dtype=np.int64),
    )


def _ports(program: Program) -> Int64Array:
    N = table(len(Port) - 1, c.N_COLUMNS)
    N[:, c.N_BLOCKED_TILE] = c.NONE
    first = 0
    for port, segments in enumerate(program.segments):
        N[port, c.N_SEGMENT], N[port, c.N_LAST_SEGMENT] = first, first + len(segments)
        N[port, c.N_NEXT_DUE] = segments[0, Seg.DUE] if len(segments) else c.FAR
        first += len(segments)
    return N
