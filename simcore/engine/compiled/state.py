"""The state that the compiled engine keeps from layer to layer: the tables of a Machine, its bank timings, and the cycle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.dram.memory_state import DramMemoryState, dram_memory_state
from simcore.engine.compiled.tables import Tables, no_tables, table
from simcore.machine.counters import Counters, read_counters
from simcore.machine.machine import DramMemory, Machine
from simcore.program.program import Int64Array, Port
from simcore.timing.bank_timing import READ, WRITE, BankTiming, broken_contract, undeclared_state
from simcore.timing.compiled import compile_serve
from simcore.timing.machine_code import jit_is_off


@dataclass(eq=False)
class MachineState:
    """The state that outlives a layer: banks, the cycles when servers and the memory port become free, the DRAM, the cycle."""

    machine: Machine
    #: The addresses of the compiled bank timings; the plain functions if nothing is compiled.
    serves: Int64Array | tuple[Any, ...]
    #: The tables of the machine; all other tables are empty.
    tables: Tables
    dram: DramMemoryState | None
    cycle: int = 0
    #: The cycle of main memory's own clock from which its port is free, plus parts of a cycle (see `columns`).
    memory_free: int = 0
    memory_part: int = 0


def _flat(parts: list[Int64Array]) -> tuple[Int64Array, list[int]]:
    starts = np.cumsum([0] + [len(part) for part in parts])[:-1]
    return np.concatenate(parts), [int(start) for start in starts]


def machine_state(machine: Machine, traced_rows: int = 0) -> MachineState:
    """Return fresh tables of a machine, and compile its bank timings. Raise InputError if one cannot be compiled.

    ``traced_rows`` is the number of a DRAM's transactions for a trace that it keeps before it hands them over.
    """
    functions: list[Any] = []
    timing_function = []
    for timing in machine.timings:
        serve = compile_serve(timing)
        if serve not in functions:
            functions.append(serve)
        timing_function.append(functions.index(serve))
    params, params_at = _flat([timing.params_array() for timing in machine.timings])
    shared, shared_at = _flat([timing.initial_shared() for timing in machine.timings])
    groups = table(len(machine.timings), c.GROUP_COLUMNS)
    for group, timing in enumerate(machine.timings):
        groups[group] = params_at[group], len(timing.params_array()), shared_at[group], len(timing.initial_shared())
    pads, banks, servers, states = _bank_tables(machine, timing_function)
    dram = dram_memory_state(machine, traced_rows) if isinstance(machine.memory, DramMemory) else None
    tables = no_tables()._replace(
        pads=pads, banks=banks, servers=servers, groups=groups, params=params, shared=shared, states=states
    )
    return MachineState(
        machine=machine,
        serves=tuple(functions) if jit_is_off() else np.array([function.address for function in functions], dtype=np.int64),
        tables=tables if dram is None else tables._replace(dram=dram.flat),
        dram=dram,
    )


def _shift(value: int) -> int:
    """Return the exponent of a power of two, or NONE for another number."""
    return value.bit_length() - 1 if value & (value - 1) == 0 else c.NONE


def _constant_cycles(timing: BankTiming) -> tuple[int, int, int, int]:
    """Return (read held, write held, read done, write done) if a timing's answers are constant and legal, else zeros."""
    if not timing.answers_alike:
        return 0, 0, 0, 0
    bank, shared = timing.initial_bank(0), timing.initial_shared()
    (read_held, read_done), (write_held, write_done) = (
        timing.serve(timing.params_array(), bank, shared, 0, op, 0) for op in (READ, WRITE)
    )
    # A timing that breaks its contract is called during the run, which then finds the breach.
    kept = read_held > 0 and write_held > 0 and read_done >= 0 and write_done >= 0 and not (bank.any() or shared.any())
    return (read_held, write_held, read_done, write_done) if kept else (0, 0, 0, 0)


def _bank_tables(machine: Machine, timing_function: list[int]) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    pads = table(len(machine.scratchpads), c.PAD_COLUMNS)
    banks = table(machine.banks, c.BANK_COLUMNS, c.NONE)
    states: list[Int64Array] = []
    held_by: list[int] = []
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
            # Each server has its own number, as in the reference engine, so that a model with random draws draws for each server
            # separately.
            first = index * pad.ports_per_bank
            states += [machine.timings[group].initial_bank(first + port) for port in range(pad.ports_per_bank)]
            held_by += [pad.first_bank + index] * pad.ports_per_bank
    flat, starts = _flat(states)
    servers = table(len(states), c.SERVER_COLUMNS)
    servers[:, c.SERVER_REQUEST] = servers[:, c.SERVER_PORT] = c.NONE
    servers[:, c.SERVER_BANK] = held_by
    servers[:, c.SERVER_STATE_AT], servers[:, c.SERVER_STATE_SIZE] = starts, [len(state) for state in states]
    return pads, banks, servers, flat


def counters_of(machine: Machine, tables: Tables) -> Counters:
    """Return what each bank has counted so far, by the counter's name."""

    def states(bank: int) -> Iterator[Int64Array]:
        first = tables.banks[bank, c.BANK_FIRST_SERVER]
        ports = tables.pads[tables.banks[bank, c.BANK_PAD], c.PAD_SERVERS]
        for start, size in tables.servers[first : first + ports, [c.SERVER_STATE_AT, c.SERVER_STATE_SIZE]].tolist():
            yield tables.states[start : start + size]

    return read_counters(machine, states)


def hold_to_contract(state: MachineState, broken_bank: int) -> None:
    """Raise InputError if a bank timing broke its contract (at bank ``broken_bank - 1``) or used undeclared state."""
    machine, tables = state.machine, state.tables
    if broken_bank:
        raise broken_contract(machine.timings[tables.banks[broken_bank - 1, c.BANK_GROUP]])
    for group, timing in enumerate(machine.timings):
        if not timing.shared_state and tables.shared[tables.groups[group, c.GROUP_SHARED_AT]]:
            raise undeclared_state(timing, "shared")
    first_values = tables.states[tables.servers[tables.banks[:, c.BANK_FIRST_SERVER], c.SERVER_STATE_AT]]
    for group in tables.banks[np.flatnonzero(first_values), c.BANK_GROUP].tolist():
        if not machine.timings[group].bank_values:
            raise undeclared_state(machine.timings[group], "bank")
