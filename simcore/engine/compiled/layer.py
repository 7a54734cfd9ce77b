"""The tables of one layer, built from a Program on the tables of the machine that runs it."""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.state import MachineState
from simcore.engine.compiled.tables import Tables, table, vector
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.machine import ROUND_ROBIN, SimpleMemory
from simcore.program.outcome import Cause
from simcore.program.program import OP_COLUMNS, QUEUES, Int64Array, Op, OpKind, Port, Program, Seg


def layer_tables(state: MachineState, program: Program, shortcuts: Shortcuts) -> Tables:
    """Return fresh tables for one layer on a machine. The machine's tables are shared, not copied."""
    state.tables.pads[:, c.PAD_AT_ONCE] = _grants_at_once(state.tables) if shortcuts.grants_at_once else 0
    state.tables.pads[:, c.PAD_COUNTED] = state.cycle
    return state.tables._replace(
        segments=program.segments.rows,
        geometry=program.geometry,
        regions=program.regions,
        ops=program.ops if len(program.ops) else table(1, OP_COLUMNS),
        scalars=_scalars(state, program, shortcuts),
        ports=_ports(program),
        **_requests(state, program),
        **_operations(state, program),
        **_counters(state, program),
    )


def _grants_at_once(tables: Tables) -> Int64Array:
    """Return, per scratchpad, whether no later event of a cycle can go before a request to an idle bank.

    With round robin a later port may go first, and at its high watermark a write buffer's writes may.
    """
    pads, banks = tables.pads, tables.banks
    constant = np.bincount(banks[:, c.BANK_PAD], banks[:, c.BANK_READ_HELD] <= 0, len(pads)) == 0
    return np.asarray((pads[:, c.PAD_ARBITER] != ROUND_ROBIN) & (pads[:, c.PAD_HIGH] == 0) & constant, dtype=np.int64)


def _scalars(state: MachineState, program: Program, shortcuts: Shortcuts) -> Int64Array:
    machine, scalars = state.machine, vector(c.SCALAR_COLUMNS)
    scalars[[c.SCALAR_NOW, c.SCALAR_START]] = state.cycle
    scalars[[c.SCALAR_MEMORY_FREE, c.SCALAR_MEMORY_PART]] = state.memory_free, state.memory_part
    scalars[c.SCALAR_DMA_BYTES] = machine.dma_bytes_per_cycle
    scalars[[c.SCALAR_STEPS, c.SCALAR_WINDOW]] = program.steps, machine.port_window
    scalars[[c.SCALAR_RATIO_P, c.SCALAR_RATIO_Q]] = machine.memory_ratio
    limit = machine.outstanding_bursts
    scalars[[c.SCALAR_OUTSTANDING_LIMIT, c.SCALAR_BURST_BYTES, c.SCALAR_SPARE_BURSTS]] = limit, machine.burst_bytes, limit
    scalars[[c.SCALAR_OPS_LEFT, c.SCALAR_MAY_START, c.SCALAR_OUTPUT_LINES]] = len(program.ops), 1, c.NONE
    scalars[c.SCALAR_FREE_WRITES] = _write_entries(state, program)
    scalars[[c.SCALAR_IDLE_SKIPPING, c.SCALAR_COALESCING]] = int(shortcuts.idle_skipping), int(shortcuts.coalesced_lines)
    scalars[[c.SCALAR_ARRIVES, c.SCALAR_STORED, c.SCALAR_DRAM_NEXT, c.SCALAR_STOP_STEP]] = c.FAR
    if isinstance(machine.memory, SimpleMemory):
        memory = machine.memory
        rate = memory.bytes_per_cycle
        scalars[c.SCALAR_MEMORY_LATENCY] = memory.latency_cycles
        scalars[[c.SCALAR_RATE_BYTES, c.SCALAR_RATE_CYCLES]] = rate.numerator, rate.denominator
    if state.dram is not None:
        scalars[[c.SCALAR_HAS_DRAM, c.SCALAR_DRAM_NEXT]] = 1, state.dram.next_core_cycle()
    return scalars


def _ports(program: Program) -> Int64Array:
    ports = table(c.ARRAY_PORTS, c.PORT_COLUMNS)
    ports[:, c.PORT_BLOCKED_TILE], ports[:, c.PORT_HEAD_DUE] = c.NONE, c.FAR
    first = 0
    for port, segments in enumerate(program.segments):
        ports[port, c.PORT_SEGMENT], ports[port, c.PORT_LAST_SEGMENT] = first, first + len(segments)
        ports[port, c.PORT_NEXT_DUE] = segments[0, Seg.DUE] if len(segments) else c.FAR
        first += len(segments)
    return ports


def _write_entries(state: MachineState, program: Program) -> int:
    """Return the entries of all write buffers together. An element wider than a buffer enters an empty buffer."""
    return sum(max(pad.depth, program.segments.widest) for pad in state.machine.scratchpads)


def _deepest(state: MachineState, widest: int) -> int:
    """Return the most entries that any write buffer can hold."""
    return max(max(pad.depth, widest) for pad in state.machine.scratchpads)


def _requests(state: MachineState, program: Program) -> dict[str, Int64Array]:
    """Return window elements and bursts with rows for their lines, entries of write buffers, and room for an element's lines."""
    machine, widest = state.machine, program.segments.widest
    elements, limit = c.READ_PORTS * machine.port_window, machine.outstanding_bursts
    burst_lines = max(1, *(machine.burst_bytes // pad.line_bytes for pad in machine.scratchpads))
    first_burst = elements * widest
    first_write, writes = first_burst + limit * burst_lines, _write_entries(state, program)
    bundles = table(elements + limit, c.BUNDLE_COLUMNS)
    bundles[:elements, c.BUNDLE_FIRST] = np.arange(elements) * widest
    bundles[elements:, c.BUNDLE_FIRST] = first_burst + np.arange(limit) * burst_lines
    return {
        "bundles": bundles,
        "requests": table(first_write + writes, c.REQUEST_COLUMNS),
        "listed": table(len(machine.scratchpads), max(pad.banks for pad in machine.scratchpads)),
        "inflight": table(len(machine.scratchpads), _deepest(state, widest)),
        "free_writes": np.arange(first_write, first_write + writes, dtype=np.int64),
        "posted": vector(widest),
        "lines": vector(widest),
        "line_slots": vector(widest),
        "output_places": table(c.OUTPUT_ROWS, widest),
    }


def _operations(state: MachineState, program: Program) -> dict[str, Int64Array]:
    """Return the DMA's queues, operations and bursts, and the slots with their tiles."""
    machine, operations = state.machine, len(program.ops)
    op_states = table(operations, c.OP_COLUMNS)
    op_states[:operations, c.OP_LEFT] = -(-program.ops[:, Op.BYTES] // machine.burst_bytes)
    op_states[:operations, c.OP_LEFT][program.ops[:, Op.KIND] == OpKind.ACQUIRE] = 0
    queues = table(len(QUEUES), c.QUEUE_COLUMNS)
    queues[:, c.QUEUE_NEXT], queues[:, c.QUEUE_END] = program.queue_start[:-1], program.queue_start[1:]
    burst_lists = table(c.BURST_LISTS, machine.outstanding_bursts)
    burst_lists[c.SPARE] = np.arange(machine.outstanding_bursts)
    slots = table(program.slots, c.SLOT_COLUMNS)
    slots[:, c.SLOT_HOLDER] = c.NONE
    return {
        "queues": queues,
        "op_states": op_states,
        "bursts": table(machine.outstanding_bursts, c.BURST_COLUMNS),
        "burst_lists": burst_lists,
        "slots": slots,
        "resident": vector(program.tiles, c.NONE),
    }


def _counters(state: MachineState, program: Program) -> dict[str, Int64Array]:
    banks, regions, bin_steps = state.machine.banks, len(program.regions), program.bin_steps
    pads = len(state.machine.scratchpads)
    shapes = {
        # Replay counts the first two per bank.
        "counts": (banks, c.COUNT_COLUMNS),
        "bank_stall_cycles": (banks, len(Cause)),
        "port_counts": (c.ARRAY_PORTS, c.PORT_COUNT_COLUMNS),
        "stall_cycles": (len(Cause), len(Port)),
        "scratchpad_stall_cycles": (pads, len(Cause)),
        "wait_cycles": (pads, len(Port) ** 2),
        "read_bytes": (max(regions, 1),),
        "write_bytes": (max(regions, 1),),
        # Replay counts in the last of them.
        "buffer_cycles": (pads, 1 + _deepest(state, program.segments.widest)),
    }
    ends = np.cumsum([np.prod(shape) for shape in shapes.values()])
    flat = vector(int(ends[-1]))
    parts = {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), np.split(flat, ends[:-1]), strict=True)}
    return {
        **parts,
        "counters": flat,
        "conflict": table(banks, len(bin_steps)),
        "busy": table(banks, len(bin_steps)),
        "bin_steps": bin_steps,
        "bin_start_cycles": np.full(len(bin_steps), state.cycle, dtype=np.int64),
    }
