"""Equal layers run once. A layer that must run as an earlier one did gets that layer's Outcome and leaves the machine as it did.

Two layers are equal if their Programs are the same (except for name, facts and addresses in main memory) and if the machine is in
the same state, relative to the cycle in which each begins. Between layers no request waits, no write is buffered and no burst is
outstanding, because a layer lasts until all of that is done. `key_parts` holds the remaining state of a
machine with constant bank timings. A DRAM remembers more, and so does a timing with a state of its own; layers on such machines
are simulated.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from simcore.clock import domain_cycle_at
from simcore.engine.compiled import columns as c
from simcore.engine.compiled.state import MachineState
from simcore.machine.line_writes import LineWrites
from simcore.machine.machine import ROUND_ROBIN, SimpleMemory
from simcore.program.outcome import Outcome
from simcore.program.program import Int64Array, Op, Program

#: A part of a layer's key: numbers, an array of int64, or a digest of a table.
Part = int | tuple[int, ...] | Int64Array | bytes


@dataclass(frozen=True)
class KeptLayer:
    """A layer as if it had begun in cycle 0, and the machine at its end, relative to that cycle.

    ``lines`` are the lines that the layer wrote, ``line_writes`` how often. Both are None if nobody counted.
    """

    outcome: Outcome
    memory_free_in: tuple[int, int]
    free_in: Int64Array
    held_by: Int64Array
    last_ports: Int64Array
    lines: Int64Array | None
    line_writes: Int64Array | None

    @property
    def nbytes(self) -> int:
        """Return the bytes of the arrays."""
        values = (*vars(self).values(), *vars(self.outcome).values())
        return sum(value.nbytes for value in values if isinstance(value, np.ndarray))


def key_parts(state: MachineState, program: Program) -> dict[str, Part]:
    """Return everything on which the Outcome of a layer depends, except its start cycle."""
    machine, tables, memory = state.machine, state.tables, state.machine.memory
    assert isinstance(memory, SimpleMemory)
    p, q = machine.memory_ratio
    free_in, held_by = _servers(state)
    memory_free_in, part_taken = _memory_free_in(state)
    return {
        **{f"segments of port {port}": table.digest for port, table in enumerate(program.segments.ports)},
        "geometry": program.geometry,
        "regions": program.regions,
        "operations": program.compact_ops.digest_without([Op.ADDRESS]),
        "queues": program.queue_start,
        "bins": program.bin_steps,
        "steps": program.steps,
        "scratchpads": tables.pads[:, : c.PAD_BUFFER_HEAD],
        "timings": tables.banks[:, c.BANK_READ_HELD : c.BANK_WRITE_DONE + 1],
        "window": machine.port_window,
        "bursts": (machine.outstanding_bursts, machine.burst_bytes, machine.dma_bytes_per_cycle),
        "main memory": (memory.latency_cycles, *memory.bytes_per_cycle.as_integer_ratio(), p, q),
        "phase of main memory's clock": state.cycle * q % p,
        "cycles until main memory is free": memory_free_in,
        "part of a cycle until main memory is free": part_taken,
        "cycles until servers are free": free_in,
        "what holds servers": held_by,
        "ports granted last": _last_ports(state),
    }


def layer_key(state: MachineState, program: Program) -> str | None:
    """Return a digest of everything on which the Outcome of a layer depends, or None for a layer that must be simulated."""
    if state.dram is not None or not (state.tables.banks[:, c.BANK_READ_HELD] > 0).all():
        return None
    digest = hashlib.sha256()  # processors have instructions for it
    for name, part in key_parts(state, program).items():
        given = part.tobytes() if isinstance(part, np.ndarray) else part if isinstance(part, bytes) else repr(part).encode()
        digest.update(f"{name} {len(given)} ".encode() + given)
    return digest.hexdigest()


def _memory_free_in(state: MachineState) -> tuple[int, int]:
    """Return the first cycle of main memory's clock that can serve a burst, and the parts of that cycle which are taken.

    The cycle is relative to the clock's cycle at ``state.cycle``. A core cycle may hold several of them, of which the last layer
    may have used some. In core cycle 0 there is only the first.
    """
    p, q = state.machine.memory_ratio
    begins = domain_cycle_at(state.cycle, p, q)
    free, part = (state.memory_free, state.memory_part) if state.memory_free >= begins else (begins, 0)
    return free - state.cycle * q // p, part


def _servers(state: MachineState) -> tuple[Int64Array, Int64Array]:
    """Return the number of cycles until each server is free, and the port that holds the server until then."""
    servers = state.tables.servers
    free_in = np.maximum(servers[:, c.SERVER_FREE_AT] - state.cycle, 0)
    return free_in, np.where(free_in > 0, servers[:, c.SERVER_PORT], c.NONE)


def _last_ports(state: MachineState) -> Int64Array:
    """Return the port that each bank granted last, if its arbiter depends on that port."""
    banks, pads = state.tables.banks, state.tables.pads
    in_turn = pads[banks[:, c.BANK_PAD], c.PAD_ARBITER] == ROUND_ROBIN
    return np.where(in_turn, banks[:, c.BANK_LAST_PORT], c.NONE)


def keep_layer(state: MachineState, outcome: Outcome, written: tuple[Int64Array, Int64Array] | None) -> KeptLayer:
    """Return the data to keep of a layer that has just run. ``written`` has the lines that it wrote, and how often."""
    lines, counted = (None, None) if written is None else written
    begun_at_0 = replace(outcome, start_cycle=0, bin_start_cycles=outcome.bin_start_cycles - outcome.start_cycle)
    return KeptLayer(
        begun_at_0, _memory_free_in(state), *_servers(state), state.tables.banks[:, c.BANK_LAST_PORT].copy(), lines, counted
    )


def run_again(state: MachineState, kept: KeptLayer, counted: LineWrites | None) -> Outcome:
    """Repeat a kept layer on the machine, and add the writes of its lines to ``counted``."""
    start, servers = state.cycle, state.tables.servers
    p, q = state.machine.memory_ratio
    state.cycle += kept.outcome.cycles
    free_in, state.memory_part = kept.memory_free_in
    state.memory_free = state.cycle * q // p + free_in
    servers[:, c.SERVER_FREE_AT], servers[:, c.SERVER_PORT] = state.cycle + kept.free_in, kept.held_by
    state.tables.banks[:, c.BANK_LAST_PORT] = kept.last_ports
    if counted is not None and kept.line_writes is not None:
        counted.flat[kept.lines] += kept.line_writes
    return replace(kept.outcome, start_cycle=start, bin_start_cycles=kept.outcome.bin_start_cycles + start)
