"""Run Programs on the compiled engine. Its kernel is compiled once per installation and kept in a cache of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.state import LayerState, MachineState, hold_to_contract, layer_state, machine_state
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.line_writes import LineWrites
from simcore.machine.machine import Machine
from simcore.program.outcome import Outcome
from simcore.program.program import Program

_NO_DRAM = np.zeros(1, dtype=np.int64)


class CompiledEngine:
    """Runs layers one after another; bank states, main memory and time go on from layer to layer."""

    def __init__(self, machine: Machine, shortcuts: Shortcuts | None = None, line_writes: LineWrites | None = None) -> None:
        """A machine at cycle 0; writes of its lines are added to ``line_writes`` where that is given."""
        self.line_writes = line_writes
        self.shortcuts = shortcuts or Shortcuts()
        self.state = machine_state(machine)

    def run(self, program: Program) -> Outcome:
        """Run one layer.

        Raises InputError for a bank timing that broke its contract and for a DRAM whose refreshes pile up;
        RuntimeError, with who waits for what, if nothing can happen any more.
        """
        from simcore.engine.compiled.compile import load_memory, run_layer

        state = self.state
        layer = layer_state(state, program, self.shortcuts)
        answer = _call(run_layer, load_memory(state.dram is not None), state, layer, program, c.FAR)
        if answer == -2 and state.dram is not None:
            raise state.dram.overrun()
        if answer < 0:
            raise RuntimeError(deadlock_report(program, layer))
        hold_to_contract(state, int(layer.scalars[c.SCALAR_BROKEN_BANK]))
        state.cycle, state.memory_free = int(layer.scalars[c.SCALAR_NOW]), int(layer.scalars[c.SCALAR_MEMORY_FREE])
        if self.line_writes is not None:
            from simcore.engine.compiled.line_writes import add_line_writes

            add_line_writes(state, layer, program, self.line_writes)
        outcome = _outcome(layer)
        return outcome if state.dram is None else replace(outcome, dram=state.dram.end_layer(state.cycle))


def _call(
    run_layer: Callable[..., int],
    run_memory: Callable[..., int],
    state: MachineState,
    layer: LayerState,
    program: Program,
    until: int,
) -> int:
    segments = np.ascontiguousarray(np.concatenate(program.segments))
    rows: Any = program.ops if len(program.ops) else np.zeros((1, 9), dtype=np.int64)
    return run_layer(
        state.serves,
        run_memory,
        layer.scalars,
        layer.ports,
        layer.bundles,
        layer.requests,
        state.banks,
        state.pads,
        state.servers,
        state.groups,
        layer.queues,
        layer.bursts,
        layer.op_states,
        layer.slots,
        layer.counts,
        layer.port_counts,
        segments,
        program.geometry,
        program.regions,
        rows,
        layer.resident,
        state.params,
        state.shared,
        state.states,
        layer.listed,
        layer.inflight,
        layer.burst_lists,
        layer.free_writes,
        layer.posted,
        layer.lines,
        layer.line_slots,
        layer.output_places,
        layer.stall_cycles,
        layer.bank_stall_cycles,
        state.bank_pad,
        layer.conflict,
        layer.busy,
        layer.bin_steps,
        layer.bin_start_cycles,
        layer.read_bytes,
        layer.write_bytes,
        _NO_DRAM if state.dram is None else state.dram.flat,
        until,
    )


def deadlock_report(program: Program, layer: LayerState) -> str:
    """Who waits for what, when nothing can happen any more: the plan of the Program is at fault."""
    lines = [f"layer {program.name}: nothing can happen any more at step {int(layer.scalars[c.SCALAR_STEP])} of {program.steps}"]
    for port, row in enumerate(layer.ports):
        lines.append(
            f"port {port}: segment {row[c.PORT_SEGMENT]}, element {row[c.PORT_NUMBER]}, due {row[c.PORT_NEXT_DUE]}, "
            f"waits for tile {row[c.PORT_BLOCKED_TILE]}, consumed {row[c.PORT_CONSUMED]}"
        )
    for queue, row in enumerate(layer.queues):
        if row[c.QUEUE_HEAD] < row[c.QUEUE_END]:
            lines.append(f"queue {queue}: operation {row[c.QUEUE_HEAD]} waits: {program.ops[row[c.QUEUE_HEAD]].tolist()}")
    return "\n".join(lines)


def _outcome(layer: LayerState) -> Outcome:
    scalars, counts, port_counts = layer.scalars, layer.counts, layer.port_counts
    return Outcome(
        start_cycle=int(scalars[c.SCALAR_START]),
        cycles=int(scalars[c.SCALAR_NOW] - scalars[c.SCALAR_START]),
        compute_cycles=int(scalars[c.SCALAR_COMPUTE]),
        stall_cycles=layer.stall_cycles,
        bank_stall_cycles=layer.bank_stall_cycles,
        reads=counts[:, c.COUNT_READS].copy(),
        writes=counts[:, c.COUNT_WRITES].copy(),
        dma_reads=counts[:, c.COUNT_DMA_READS].copy(),
        dma_writes=counts[:, c.COUNT_DMA_WRITES].copy(),
        forwarded_reads=counts[:, c.COUNT_FORWARDED].copy(),
        preempted_writes=counts[:, c.COUNT_PREEMPTED].copy(),
        conflict_cycles=counts[:, c.COUNT_CONFLICT].copy(),
        busy_cycles=counts[:, c.COUNT_BUSY].copy(),
        conflict_timeline=layer.conflict,
        busy_timeline=layer.busy,
        bin_start_cycles=layer.bin_start_cycles,
        port_elements=port_counts[:, 0].copy(),
        port_words=port_counts[:, 1].copy(),
        port_lines=port_counts[:, 2].copy(),
        dma_read_bytes=layer.read_bytes,
        dma_write_bytes=layer.write_bytes,
    )
