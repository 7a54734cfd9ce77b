"""Tables of the compiled engine: built from a Machine once (banks, servers) and from a Program for each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.dma import BURST_LISTS, SPARE
from simcore.engine.compiled.dram.memory_state import DramMemoryState, dram_memory_state
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.machine import ROUND_ROBIN, DramMemory, Machine, SimpleMemory
from simcore.program.outcome import Cause
from simcore.program.program import QUEUES, Int64Array, Op, OpKind, Port, Program, Seg
from simcore.timing.bank_timing import READ, WRITE, BankTiming, broken_contract, undeclared_state
from simcore.timing.compiled import compile_serve

#: Different bank timings (classes, not parameters) that one machine may have; the kernel takes so many functions.
MAX_TIMINGS = 8


def table(rows: int, columns: int, fill: int = 0) -> Int64Array:
    """An int64 table; never empty, because a kernel cannot take a table without rows."""
    return np.full((max(rows, 1), max(columns, 1)), fill, dtype=np.int64)


@dataclass(eq=False)
class MachineState:
    """What outlives a layer: the banks' state, when servers and the memory port are free, the DRAM's state, and the cycle."""

    machine: Machine
    serves: tuple[Any, ...]
    pads: Int64Array
    banks: Int64Array
    servers: Int64Array
    groups: Int64Array
    params: Int64Array
    shared: Int64Array
    states: Int64Array
    bank_pad: Int64Array
    dram: DramMemoryState | None
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
    groups = table(len(machine.timings), c.GROUP_COLUMNS)
    for group, timing in enumerate(machine.timings):
        groups[group] = params_at[group], len(timing.params_array()), shared_at[group], len(timing.initial_shared())
    pads, banks, servers, states = _bank_tables(machine, timing_function)
    return MachineState(
        machine=machine,
        serves=tuple(functions + [functions[0]] * (MAX_TIMINGS - len(functions))),
        pads=pads,
        banks=banks,
        servers=servers,
        groups=groups,
        params=params,
        shared=shared,
        states=states,
        bank_pad=np.ascontiguousarray(banks[:, c.BANK_PAD]),
        dram=dram_memory_state(machine) if isinstance(machine.memory, DramMemory) else None,
    )


def _shift(value: int) -> int:
    """The power of two that a number is, or NONE."""
    return value.bit_length() - 1 if value & (value - 1) == 0 else c.NONE


def _constant_cycles(timing: BankTiming) -> tuple[int, int, int, int]:
    """(read held, write held, read done, write done) of a timing that always answers alike and keeps its contract; else zeros."""
    if not timing.answers_alike:
        return 0, 0, 0, 0
    bank, shared = timing.initial_bank(0), timing.initial_shared()
    (read_held, read_done), (write_held, write_done) = (
        timing.serve(timing.params_array(), bank, shared, 0, op, 0) for op in (READ, WRITE)
    )
    # One that breaks its contract is called in the run, where that is found.
    kept = read_held > 0 and write_held > 0 and read_done >= 0 and write_done >= 0 and not (bank.any() or shared.any())
    return (read_held, write_held, read_done, write_done) if kept else (0, 0, 0, 0)


def _bank_tables(machine: Machine, timing_function: list[int]) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    pads = table(len(machine.scratchpads), c.PAD_COLUMNS)
    banks = table(machine.banks, c.BANK_COLUMNS, c.NONE)
    states: list[Int64Array] = []
    constant = [_constant_cycles(timing) for timing in machine.timings]
    for number, pad in enumerate(machine.scratchpads):
        pads[number, : c.PAD_BUFFER_HEAD] = (
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
        pads[number, [c.PAD_BANK_SHIFT, c.PAD_LINE_SHIFT]] = _shift(pad.banks), _shift(pad.line_bytes)
        pads[number, [c.PAD_BUFFER_HEAD, c.PAD_BUFFER_TAIL, c.PAD_INFLIGHT_MIN]] = c.NONE, c.NONE, c.FAR
        own = banks[pad.first_bank : pad.first_bank + pad.banks]
        own[:, c.BANK_PAD], own[:, c.BANK_GROUP] = number, pad.groups
        own[:, c.BANK_FUNCTION] = [timing_function[group] for group in pad.groups]
        own[:, c.BANK_FIRST_SERVER] = len(states) + np.arange(pad.banks) * pad.ports_per_bank
        own[:, c.BANK_WAITING], own[:, c.BANK_LAST_PORT], own[:, c.BANK_LISTED] = 0, len(Port) - 1, 0
        own[:, c.BANK_READ_HELD : c.BANK_WRITE_DONE + 1] = [constant[group] for group in pad.groups]
        for index, group in enumerate(pad.groups):
            # Numbered apart, as in the reference engine: a model that draws at random draws for each server on its own.
            first = index * pad.ports_per_bank
            states += [machine.timings[group].initial_bank(first + port) for port in range(pad.ports_per_bank)]
    flat, starts = _flat(states)
    servers = table(len(states), c.SERVER_COLUMNS)
    servers[:, c.SERVER_REQUEST] = servers[:, c.SERVER_PORT] = c.NONE
    servers[:, c.SERVER_STATE_AT], servers[:, c.SERVER_STATE_SIZE] = starts, [len(state) for state in states]
    return pads, banks, servers, flat


@dataclass(eq=False)
class LayerState:
    """The tables of one layer, in the order of the kernel's arguments where a name is a letter (see ``columns``)."""

    scalars: Int64Array
    ports: Int64Array
    bundles: Int64Array
    requests: Int64Array
    queues: Int64Array
    bursts: Int64Array
    op_states: Int64Array
    slots: Int64Array
    counts: Int64Array
    port_counts: Int64Array
    resident: Int64Array
    listed: Int64Array
    inflight: Int64Array
    burst_lists: Int64Array
    free_writes: Int64Array
    posted: Int64Array
    lines: Int64Array
    line_slots: Int64Array
    output_places: Int64Array
    stall_cycles: Int64Array
    bank_stall_cycles: Int64Array
    conflict: Int64Array
    busy: Int64Array
    bin_steps: Int64Array
    bin_start_cycles: Int64Array
    read_bytes: Int64Array
    write_bytes: Int64Array


def _grants_at_once(state: MachineState) -> list[int]:
    """Per scratchpad, whether nothing that comes later in a cycle can go before a request to an idle bank.

    Round robin lets a later port go first, and a write buffer at its high watermark lets its writes.
    """
    constant = [bool((state.banks[state.bank_pad == pad, c.BANK_READ_HELD] > 0).all()) for pad in range(len(state.pads))]
    in_order = (state.pads[:, c.PAD_ARBITER] != ROUND_ROBIN) & (state.pads[:, c.PAD_HIGH] == 0)
    return [int(fits) for fits in in_order & constant]


def max_lines(program: Program) -> int:
    """The most lines that one element of any port can have: one per lane."""
    return max([1] + [int(port[:, Seg.LANES].max()) for port in program.segments if len(port)])


def layer_state(state: MachineState, program: Program, shortcuts: Shortcuts) -> LayerState:
    """Fresh tables for one layer on a machine."""
    machine, bin_steps = state.machine, program.bin_steps()
    banks, pads = machine.banks, len(machine.scratchpads)
    state.pads[:, c.PAD_AT_ONCE] = _grants_at_once(state) if shortcuts.grants_at_once else 0
    widest = max_lines(program)
    burst_lines = max(1, *(machine.burst_bytes // pad.line_bytes for pad in machine.scratchpads))
    limit, window = machine.outstanding_bursts, machine.port_window
    first_burst = 3 * window * widest
    first_write = first_burst + limit * burst_lines
    writes = sum(max(pad.depth, widest) for pad in machine.scratchpads)
    bundles = table(3 * window + limit, c.BUNDLE_COLUMNS)
    bundles[: 3 * window, c.BUNDLE_FIRST] = np.arange(3 * window) * widest
    bundles[3 * window :, c.BUNDLE_FIRST] = first_burst + np.arange(limit) * burst_lines
    requests = table(first_write + writes, c.REQUEST_COLUMNS)
    burst_lists = table(BURST_LISTS, limit)
    burst_lists[SPARE] = np.arange(limit)
    scalars = np.zeros(c.SCALAR_COLUMNS, dtype=np.int64)
    p, q = machine.memory_ratio
    scalars[[c.SCALAR_NOW, c.SCALAR_START, c.SCALAR_STEPS, c.SCALAR_WINDOW]] = state.cycle, state.cycle, program.steps, window
    scalars[[c.SCALAR_OUTSTANDING_LIMIT, c.SCALAR_BURST_BYTES, c.SCALAR_SPARE_BURSTS]] = limit, machine.burst_bytes, limit
    if isinstance(machine.memory, SimpleMemory):
        memory = machine.memory
        scalars[[c.SCALAR_MEMORY_LATENCY, c.SCALAR_MEMORY_BYTES]] = memory.latency_cycles, memory.bytes_per_cycle
    scalars[[c.SCALAR_RATIO_P, c.SCALAR_RATIO_Q, c.SCALAR_MEMORY_FREE]] = (
        p,
        q,
        state.memory_free,
    )
    scalars[[c.SCALAR_OPS_LEFT, c.SCALAR_FREE_WRITES, c.SCALAR_OUTPUT_LINES]] = len(program.ops), writes, c.NONE
    scalars[[c.SCALAR_IDLE_SKIPPING, c.SCALAR_COALESCING]] = int(shortcuts.idle_skipping), int(shortcuts.coalesced_lines)
    scalars[[c.SCALAR_ARRIVES, c.SCALAR_DRAM_NEXT]] = c.FAR
    scalars[c.SCALAR_MAY_START] = 1
    if state.dram is not None:
        scalars[[c.SCALAR_HAS_DRAM, c.SCALAR_DRAM_NEXT]] = 1, state.dram.next_core_cycle()
    op_states = table(len(program.ops), c.OP_COLUMNS)
    if len(program.ops):
        op_states[:, c.OP_LEFT] = -(-program.ops[:, Op.BYTES] // machine.burst_bytes)
        op_states[program.ops[:, Op.KIND] == OpKind.ACQUIRE, c.OP_LEFT] = 0
    queues = table(len(QUEUES), 3)
    queues[:, c.QUEUE_HEAD], queues[:, c.QUEUE_END], queues[:, c.QUEUE_STARTED] = (
        program.queue_start[:-1],
        program.queue_start[1:],
        c.NONE,
    )
    slots = table(program.slots, c.SLOT_COLUMNS)
    slots[:, c.SLOT_HOLDER] = c.NONE
    return LayerState(
        scalars=scalars,
        ports=_ports(program),
        bundles=bundles,
        requests=requests,
        queues=queues,
        bursts=table(limit, c.BURST_COLUMNS),
        op_states=op_states,
        slots=slots,
        counts=table(banks, c.COUNT_COLUMNS),
        port_counts=table(len(Port) - 1, c.PORT_COUNT_COLUMNS),
        resident=np.full(max(program.tiles, 1), c.NONE, dtype=np.int64),
        listed=table(pads, max(pad.banks for pad in machine.scratchpads)),
        inflight=table(pads, max(max(pad.depth, widest) for pad in machine.scratchpads)),
        burst_lists=burst_lists,
        free_writes=np.arange(first_write, first_write + writes, dtype=np.int64),
        posted=np.zeros(widest, dtype=np.int64),
        lines=np.zeros(widest, dtype=np.int64),
        line_slots=np.zeros(widest, dtype=np.int64),
        output_places=table(4, widest),
        stall_cycles=table(len(Cause), len(Port)),
        bank_stall_cycles=table(banks, len(Cause)),
        conflict=table(banks, len(bin_steps)),
        busy=table(banks, len(bin_steps)),
        bin_steps=bin_steps,
        bin_start_cycles=np.full(len(bin_steps), state.cycle, dtype=np.int64),
        read_bytes=np.zeros(max(len(program.regions), 1), dtype=np.int64),
        write_bytes=np.zeros(max(len(program.regions), 1), dtype=np.int64),
    )


def _ports(program: Program) -> Int64Array:
    ports = table(len(Port) - 1, c.PORT_COLUMNS)
    ports[:, c.PORT_BLOCKED_TILE], ports[:, c.PORT_HEAD_DUE] = c.NONE, c.FAR
    first = 0
    for port, segments in enumerate(program.segments):
        ports[port, c.PORT_SEGMENT], ports[port, c.PORT_LAST_SEGMENT] = first, first + len(segments)
        ports[port, c.PORT_NEXT_DUE] = segments[0, Seg.DUE] if len(segments) else c.FAR
        first += len(segments)
    return ports


def hold_to_contract(state: MachineState, broken_bank: int) -> None:
    """Raise InputError if a bank timing answered against its contract (at bank ``broken_bank - 1``) or used undeclared state."""
    machine = state.machine
    if broken_bank:
        raise broken_contract(machine.timings[state.banks[broken_bank - 1, c.BANK_GROUP]])
    for group, timing in enumerate(machine.timings):
        if not timing.shared_state and state.shared[state.groups[group, c.GROUP_SHARED_AT]]:
            raise undeclared_state(timing, "shared")
    for bank in state.banks:
        timing = machine.timings[bank[c.BANK_GROUP]]
        if not timing.bank_state and state.states[state.servers[bank[c.BANK_FIRST_SERVER], c.SERVER_STATE_AT]]:
            raise undeclared_state(timing, "bank")
