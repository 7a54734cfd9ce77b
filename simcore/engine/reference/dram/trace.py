"""Traces on the reference engine's DRAM controllers: a frontend process, and a controller process per channel."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import simpy

from simcore.dram.controller import ControllerSpec
from simcore.dram.mapping import address_mapping
from simcore.dram.outcome import DramOutcome
from simcore.dram.tables import IntArray, ResolvedDram
from simcore.engine.reference.dram.bank_turns import BankTurnController
from simcore.engine.reference.dram.controller import Controller
from simcore.engine.reference.dram.parts import DramClock, DramRequest, Tally


def controllers_of(clock: DramClock, dram: ResolvedDram, spec: ControllerSpec, tally: Tally) -> list[Controller]:
    """One controller per channel, of the kind that the scheduler asks for."""
    kind = BankTurnController if spec.scheduler == "bank-round-robin" else Controller
    return [kind(clock, dram, spec, channel, tally) for channel in range(dram.counts[0])]


def _frontend(
    clock: DramClock, controllers: list[Controller], requests: list[DramRequest]
) -> Generator[simpy.Event, object, None]:
    """Offer the requests in order, at most one a cycle; ends when all are done."""
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
    """Run a trace that has been checked. Raises InputError where refreshes come faster than they can be done."""
    numbers = address_mapping(dram, spec.mapping).decode(address, len(dram.levels)).T.tolist()
    lines = (address >> dram.offset_bits).tolist()
    row, column = dram.levels.index("row"), dram.levels.index("column")
    requests = [
        DramRequest(one_op, when, line, tuple(at[: dram.bank_level + 1]), at[row], at[column])
        for one_op, when, line, at in zip(op.tolist(), earliest.tolist(), lines, numbers, strict=True)
    ]
    clock, tally = DramClock(), Tally(dram, record_commands)
    controllers = controllers_of(clock, dram, spec, tally)
    clock.run(until=clock.process(_frontend(clock, controllers, requests)))
    return _outcome(dram, controllers, requests, tally, op)


def _outcome(
    dram: ResolvedDram, controllers: list[Controller], requests: list[DramRequest], tally: Tally, op: IntArray
) -> DramOutcome:
    end = _end(requests)
    issued, open_cycles, banks = counted(controllers, tally, end)
    # Channels take their turns in any order; sorted by clock and channel, the buses keep theirs.
    commands = sorted(tally.commands, key=lambda row: (row[0], row[2]))
    return DramOutcome(
        dram=dram,
        cycles=end,
        last_command_cycle=tally.last_command,
        arrive=np.array([request.arrive for request in requests], dtype=np.int64),
        depart=np.array([request.depart for request in requests], dtype=np.int64),
        kind=np.array([request.kind for request in requests], dtype=np.int64),
        op=op,
        commands=np.array(commands, dtype=np.int64).reshape(-1, 2 + len(dram.levels)),
        command_counts=issued,
        open_cycles=open_cycles,
        banks=banks,
    )


def counted(controllers: list[Controller], tally: Tally, end: int) -> tuple[IntArray, IntArray, IntArray]:
    """Commands [rank, command], cycles before ``end`` with an open bank [rank], requests by the state of the row [bank, 6]."""
    dram = tally.dram
    banks = [bank for controller in controllers for bank in controller.device.banks]
    ranks = list(dict.fromkeys(bank[: dram.rank_level + 1] for bank in banks))
    since = {rank: cycle for controller in controllers for rank, cycle in controller.open_since.items()}
    open_cycles = [tally.open_cycles.get(rank, 0) + (end - since[rank] if rank in since else 0) for rank in ranks]
    issued = [[tally.issued.get((rank, command), 0) for command in range(len(dram.commands))] for rank in ranks]
    found = [[tally.banks.get((bank, column), 0) for column in range(6)] for bank in banks]
    return np.array(issued, dtype=np.int64), np.array(open_cycles, dtype=np.int64), np.array(found, dtype=np.int64)
