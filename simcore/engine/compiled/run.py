"""The execution of Programs on the compiled engine, whose kernel is compiled once per installation and kept in a cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simcore.engine.compiled import columns as c
from simcore.engine.compiled import slices
from simcore.engine.compiled.columns import GOES_ON, OVERRUN, STUCK
from simcore.engine.compiled.equal_layers import KeptLayer, keep_layer, layer_key, run_again
from simcore.engine.compiled.kernels import RUN_BLOCKS, RUN_LAYER, RUN_MEMORY
from simcore.engine.compiled.layer import layer_tables
from simcore.engine.compiled.replay.blocks import BlockReplay
from simcore.engine.compiled.replay.tables import Replay
from simcore.engine.compiled.state import counters_of, hold_to_contract, machine_state
from simcore.engine.compiled.tables import Tables
from simcore.engine.compiled.traces import PIECE, hand_over, shortcuts_of, with_room
from simcore.engine.compiled.written_lines import rows_before, written_since
from simcore.engine.shortcuts import Shortcuts
from simcore.engine.store import MemoryStore, Store
from simcore.machine.counters import counted_since
from simcore.machine.line_writes import LineWrites
from simcore.machine.machine import Machine
from simcore.program.outcome import Outcome
from simcore.program.program import Int64Array, Port, Program
from simcore.program.traces import Traced


class CompiledEngine:
    """An engine that runs layers one after another. Bank states, main memory and time continue from layer to layer."""

    def __init__(
        self,
        machine: Machine,
        shortcuts: Shortcuts | None = None,
        line_writes: LineWrites | None = None,
        store: Store[KeptLayer] | None = None,
        traced: Traced | None = None,
    ) -> None:
        """Start a machine at cycle 0. The writes of its lines are added to ``line_writes``, and accesses go to ``traced``.

        ``store`` keeps layers for later layers that equal them. By default it is in memory, for this engine alone.
        """
        self.line_writes = line_writes
        self.shortcuts = shortcuts or Shortcuts()
        self.traced = traced or Traced()
        self.state = machine_state(machine, PIECE if self.traced.dram is not None else 0)
        self.store: Store[KeptLayer] = MemoryStore() if store is None else store
        self.block_replay = BlockReplay()
        #: The number of layers simulated so far.
        self.simulated = 0

    def run(self, program: Program, on_step: Callable[[int], None] | None = None) -> Outcome:
        """Run one layer. About every tenth of a second, call ``on_step`` with the number of array steps made.

        Raise InputError for a bank timing that broke its contract and for a DRAM whose refreshes pile up. Raise RuntimeError,
        which says who waits for what, if nothing can happen any more.
        """
        # A layer whose accesses are traced must make them.
        is_traced = self.traced.scratchpads is not None and not self.traced.is_over(self.state.cycle)
        key = layer_key(self.state, program) if self.shortcuts.equal_layers and not is_traced else None
        kept = None if key is None else self.store.get(key)
        if kept is not None and (self.line_writes is None or kept.lines is not None):
            return run_again(self.state, kept, self.line_writes)
        if key is None:
            return self._run_anew(program, on_step)
        counted, pads = self.line_writes, self.state.machine.scratchpads
        rows = [] if counted is None else rows_before(program, pads, counted)
        outcome = self._run_anew(program, on_step)
        self.store.put(key, keep_layer(self.state, outcome, None if counted is None else written_since(rows, counted)))
        return outcome

    def _run_anew(self, program: Program, on_step: Callable[[int], None] | None) -> Outcome:
        state = self.state
        counted = counters_of(state.machine, state.tables)
        layer = self._simulated(program, on_step)
        hold_to_contract(state, int(layer.scalars[c.SCALAR_BROKEN_BANK]))
        state.cycle = int(layer.scalars[c.SCALAR_NOW])
        state.memory_free, state.memory_part = layer.scalars[[c.SCALAR_MEMORY_FREE, c.SCALAR_MEMORY_PART]].tolist()
        self.simulated += 1
        if self.line_writes is not None:
            from simcore.engine.compiled.line_writes import add_line_writes

            add_line_writes(layer, program, self.line_writes)
        counted = counted_since(counted, counters_of(state.machine, state.tables))
        outcome = replace(_outcome(layer, state.machine), counters=counted)
        return outcome if state.dram is None else replace(outcome, dram=state.dram.end_layer(state.cycle))

    def _simulated(self, program: Program, on_step: Callable[[int], None] | None) -> Tables:
        """Return the tables of a layer at its end. If a repeated block went otherwise than known, none is repeated."""
        layer, machine = self._tables(program), self.state.tables
        # Accesses that are traced must be made. Transactions may fill their trace within a block.
        replays = self.shortcuts.block_replay and self.traced.scratchpads is None and self.traced.dram is None
        replay = self.block_replay.begin(self.state, program, layer) if replays else None
        changed = (machine.pads, machine.banks, machine.servers, machine.dram) if replay is not None else ()
        before = [rows.copy() for rows in changed]
        self._simulate(program, layer, replay, on_step)
        if replay is not None and not self.block_replay.end(program, replay):
            for rows, kept in zip(changed, before, strict=True):
                rows[:] = kept
            layer = self._tables(program)
            self._simulate(program, layer, None, on_step)
        return layer

    def _tables(self, program: Program) -> Tables:
        return with_room(layer_tables(self.state, program, shortcuts_of(self.shortcuts, self.traced)), self.state, self.traced)

    def _simulate(self, program: Program, layer: Tables, replay: Replay | None, on_step: Callable[[int], None] | None) -> None:
        """Run the kernel, slice by slice, until the layer is done."""
        while (status := self._slice(layer, replay)) == GOES_ON:
            hand_over(program.name, layer, self.state, self.traced)
            if on_step is not None:
                on_step(int(layer.scalars[c.SCALAR_STEP]))
        hand_over(program.name, layer, self.state, self.traced)
        if status == OVERRUN and self.state.dram is not None:
            raise self.state.dram.overrun()
        if status == STUCK:
            raise RuntimeError(deadlock_report(program, layer))

    def _slice(self, layer: Tables, replay: Replay | None) -> int:
        """Run the kernel for a slice, by blocks if the layer is replayed."""
        run_memory = RUN_MEMORY.handle if self.state.dram is not None else 0
        if replay is not None:
            return RUN_BLOCKS(self.state.serves, RUN_LAYER.handle, run_memory, layer, replay, slices.SLICE_US)
        return RUN_LAYER(self.state.serves, run_memory, layer, slices.SLICE_US)


def deadlock_report(program: Program, layer: Tables) -> str:
    """Return who waits for what when nothing can happen any more, which means that the Program's plan is faulty."""
    lines = [f"layer {program.name}: nothing can happen any more at step {int(layer.scalars[c.SCALAR_STEP])} of {program.steps}"]
    for port, row in enumerate(layer.ports):
        lines.append(
            f"port {port}: segment {row[c.PORT_SEGMENT]}, element {row[c.PORT_NUMBER]}, due {row[c.PORT_NEXT_DUE]}, "
            f"waits for tile {row[c.PORT_BLOCKED_TILE]}, consumed {row[c.PORT_CONSUMED]}"
        )
    for queue, row in enumerate(layer.queues):
        if row[c.QUEUE_NEXT] < row[c.QUEUE_END]:
            lines.append(f"queue {queue}: operation {row[c.QUEUE_NEXT]} waits: {program.ops[row[c.QUEUE_NEXT]].tolist()}")
    return "\n".join(lines)


def _wait_cycles(layer: Tables, machine: Machine) -> Int64Array:
    """Return [scratchpad, waiter, holder]. The kernel counts pairs in one column each."""
    return layer.wait_cycles.reshape(len(machine.scratchpads), len(Port), len(Port))


def _buffer_cycles(layer: Tables) -> Int64Array:
    """Return [scratchpad, entries], up to the largest number of entries that occurred. At its end a layer has no entries."""
    layer.buffer_cycles[:, 0] += layer.scalars[c.SCALAR_NOW] - layer.pads[:, c.PAD_COUNTED]
    most = int(np.flatnonzero(layer.buffer_cycles.any(axis=0)).max(initial=0))
    return layer.buffer_cycles[:, : most + 1].copy()


def _outcome(layer: Tables, machine: Machine) -> Outcome:
    scalars, counts, port_counts = layer.scalars, layer.counts, layer.port_counts
    return Outcome(
        start_cycle=int(scalars[c.SCALAR_START]),
        cycles=int(scalars[c.SCALAR_NOW] - scalars[c.SCALAR_START]),
        compute_cycles=int(scalars[c.SCALAR_COMPUTE]),
        stall_cycles=layer.stall_cycles,
        bank_stall_cycles=layer.bank_stall_cycles,
        scratchpad_stall_cycles=layer.scratchpad_stall_cycles,
        wait_cycles=_wait_cycles(layer, machine),
        buffer_cycles=_buffer_cycles(layer),
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
        port_elements=port_counts[:, c.PORT_COUNT_ELEMENTS].copy(),
        port_words=port_counts[:, c.PORT_COUNT_WORDS].copy(),
        port_lines=port_counts[:, c.PORT_COUNT_LINES].copy(),
        dma_read_bytes=layer.read_bytes,
        dma_write_bytes=layer.write_bytes,
    )
