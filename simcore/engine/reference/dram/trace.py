"""Traces on the reference engine's DRAM controllers, with a frontend process, and a controller process per channel."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import simpy

from simcore.dram.controller import ControllerSpec
from simcore.dram.mapping import address_mapping
from simcore.dram.outcome import DramOutcome
from simcore.dram.tables import IntArray, ResolvedDram
from simcore.engine.reference.dram.bank_turns import BankTurnController
from simcore.engine.reference.dram.clock import DramClock
from simcore.engine.reference.dram.controller import Controller
from simcore.engine.reference.dram.record import CommandRecord
from simcore.engine.reference.dram.requests import DramRequest


def controllers_of(clock: DramClock, dram: ResolvedDram, spec: ControllerSpec, record: CommandRecord) -> list[Controller]:
    """Return one controller per channel, of the kind that the scheduler needs."""
    kind = BankTurnController if spec.scheduler == "bank-round-robin" else Controller
    return [kind(clock, dram, spec, channel, record) for channel in range(dram.counts[0])]


def _frontend(
    clock: DramClock, controllers: list[Controller], requests: list[DramRequest]
) -> Generator[simpy.Event, object, None]:
    """Offer the requests in order, at most one per cycle, and end when all are done."""
    cycle = 0
    for request in requests:
        cycle = max(cycle, request.earliest)
        yield clock.frontend(cycle)
        while not controllers[request.bank[0]].accept(request):
            cycle += 1
            yield clock.frontend(cycle)
        cycle += 1
    while any(controller.busy for controller in controllers):
        yield clock.frontend(cycle)
        cycle += 1
    yield clock.frontend(_end(requests))


def _end(requests: list[DramRequest]) -> int:
    return max((max(request.depart, request.arrive + 1) for request in requests), default=0)


def run_trace(
    dram: ResolvedDram, earliest: IntArray, op: IntArray, address: IntArray, spec: ControllerSpec, record_commands: bool
) -> DramOutcome:
    """Run a trace that has been checked. Raise InputError if refreshes become due faster than the DRAM can do them."""
    numbers = address_mapping(dram, spec.mapping).decode(address, len(dram.levels)).T.tolist()
    lines = (address >> dram.offset_bits).tolist()
    row, column = dram.levels.index("row"), dram.levels.index("column")
    requests = [
        DramRequest(one_op, when, line, tuple(at[: dram.bank_level + 1]), at[row], at[column])
        for one_op, when, line, at in zip(op.tolist(), earliest.tolist(), lines, numbers, strict=True)
    ]
    clock, record = DramClock(), CommandRecord(dram, record_commands)
    controllers = controllers_of(clock, dram, spec, record)
    clock.run(until=clock.process(_frontend(clock, controllers, requests)))
    return _outcome(dram, controllers, requests, record, op)


def _outcome(
    dram: ResolvedDram, controllers: list[Controller], requests: list[DramRequest], record: CommandRecord, op: IntArray
) -> DramOutcome:
    end = _end(requests)
    return DramOutcome(
        dram=dram,
        cycles=end,
        last_command_cycle=record.last_command,
        arrive=np.array([request.arrive for request in requests], dtype=np.int64),
        depart=np.array([request.depart for request in requests], dtype=np.int64),
        kind=np.array([request.kind for request in requests], dtype=np.int64),
        op=op,
        commands=record.commands(),
        command_counts=record.issued(),
        open_cycles=record.open_cycles(end),
        banks=requests_found(controllers),
    )


def requests_found(controllers: list[Controller]) -> IntArray:
    """Return, as [bank, 6] like `DramOutcome.banks`, the requests by the state of their bank at their first command."""
    return np.array([found for controller in controllers for found in controller.found.values()], dtype=np.int64)
