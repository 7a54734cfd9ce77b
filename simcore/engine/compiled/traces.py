"""The traces of the compiled engine: room for the kernel's rows, and their way from there to the caller."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simcore.clock import core_cycle_of
from simcore.engine.compiled import columns as c
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.state import MachineState
from simcore.engine.compiled.tables import Tables, table
from simcore.engine.shortcuts import Shortcuts
from simcore.program.program import Int64Array
from simcore.program.traces import Access, Traced, Transaction, in_order

#: The rows after which the kernel returns, so that they are handed over.
PIECE = 1 << 15

_ACCESS_SCALARS = [c.SCALAR_ACCESS_FROM, c.SCALAR_ACCESS_END, c.SCALAR_ACCESS_ROOM]
_TRANSACTION_SCALARS = [c.SCALAR_TRANSACTION_FROM, c.SCALAR_TRANSACTION_END, c.SCALAR_TRANSACTION_ROOM]


def shortcuts_of(shortcuts: Shortcuts, traced: Traced) -> Shortcuts:
    """Return the shortcuts that a traced run may take. Accesses are noted where the arbiter's queues grant them."""
    return shortcuts if traced.scratchpads is None else replace(shortcuts, grants_at_once=False)


def with_room(layer: Tables, state: MachineState, traced: Traced) -> Tables:
    """Return the tables of a layer with room for its trace, and with the scalars that tell the kernel what to note."""
    end = c.FAR if traced.end_cycle is None else traced.end_cycle
    if traced.scratchpads is not None:
        layer.scalars[_ACCESS_SCALARS] = traced.first_cycle, end, PIECE
        # In a cycle each port of a bank is preempted and granted at most once, and one element is forwarded.
        most = 2 * len(state.tables.servers) + len(layer.lines)
        layer = layer._replace(trace=table(PIECE + most, c.TRACE_COLUMNS))
    if traced.dram is not None and state.dram is not None:
        layer.scalars[_TRANSACTION_SCALARS] = traced.first_cycle, end, PIECE
    return layer


def hand_over(name: str, layer: Tables, state: MachineState, traced: Traced) -> None:
    """Hand over the rows noted so far of the layer with this name, and make room."""
    scalars = layer.scalars
    accesses, transactions = int(scalars[c.SCALAR_ACCESSES]), int(scalars[c.SCALAR_TRANSACTIONS])
    if accesses and traced.scratchpads is not None:
        traced.scratchpads(name, _accesses(layer.trace[:accesses].copy(), layer))
    if transactions and traced.dram is not None and state.dram is not None:
        traced.dram(name, _transactions(state.dram.tables.trace[:transactions], state.machine.memory_ratio))
    scalars[[c.SCALAR_ACCESSES, c.SCALAR_TRANSACTIONS, c.SCALAR_TRACE_IS_FULL]] = 0


def _accesses(rows: Int64Array, layer: Tables) -> Int64Array:
    """Return rows with the bank's number in its scratchpad, in the order that both engines keep."""
    pad = layer.banks[rows[:, Access.BANK], c.BANK_PAD]
    rows[:, Access.SCRATCHPAD] = pad
    rows[:, Access.BANK] -= layer.pads[pad, c.PAD_FIRST_BANK]
    return in_order(rows)


def _transactions(noted: Int64Array, ratio: tuple[int, int]) -> Int64Array:
    """Return rows with the core cycle of each DRAM cycle."""
    rows = np.empty((len(noted), len(Transaction)), dtype=np.int64)
    rows[:, Transaction.CYCLE] = [core_cycle_of(at, *ratio) for at in noted[:, d.TRACE_AT].tolist()]
    rows[:, Transaction.DRAM_CYCLE], rows[:, Transaction.CHANNEL] = noted[:, d.TRACE_AT], noted[:, d.TRACE_CHANNEL]
    rows[:, Transaction.ADDRESS], rows[:, Transaction.WRITE] = noted[:, d.TRACE_ADDRESS], noted[:, d.TRACE_WRITE]
    rows[:, Transaction.ANSWER] = noted[:, d.TRACE_ANSWER]
    return rows
