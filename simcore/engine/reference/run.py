"""The execution of Programs on the reference engine: it builds the processes of a layer and runs them until the array is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from simcore.engine.reference.array import ArrayControl
from simcore.engine.reference.bank import Bank, Server
from simcore.engine.reference.clock import PhaseClock
from simcore.engine.reference.dma import Dma
from simcore.engine.reference.dram.memory import DramDomain, DramMemoryProcess
from simcore.engine.reference.memory import MemoryPort, MemoryProcess, SimpleMemoryProcess
from simcore.engine.reference.operands import Operands
from simcore.engine.reference.pe import PeArray
from simcore.engine.reference.port import ReadPort
from simcore.engine.reference.scratchpad import ScratchpadProcess
from simcore.engine.reference.shared import Shared
from simcore.engine.reference.tally import Tally
from simcore.engine.reference.traces import AccessTrace, ArrayTrace, CommandTrace, DramTrace
from simcore.engine.reference.values import ValueFlow
from simcore.errors import WrongValuesError
from simcore.machine.counters import Counters, counted_since, read_counters
from simcore.machine.line_writes import LineWrites
from simcore.machine.machine import DramMemory, Machine, SimpleMemory
from simcore.program.outcome import Outcome
from simcore.program.program import Port, Program
from simcore.program.traces import Traced
from simcore.timing.bank_timing import BankTiming


def _servers(timing: BankTiming, bank: int, ports: int) -> list[Server]:
    """Return a bank's servers. Each has its own number, so that a model with random draws draws for each server separately."""
    return [Server(timing.initial_bank(bank * ports + port)) for port in range(ports)]


def make_banks(machine: Machine) -> list[list[Bank]]:
    """Return the banks of each scratchpad with fresh state. The banks of a group share one `shared` array."""
    params = [timing.params_array() for timing in machine.timings]
    shared = [timing.initial_shared() for timing in machine.timings]
    banks = []
    for pad in machine.scratchpads:
        banks.append(
            [
                Bank(
                    spec=pad,
                    timing=machine.timings[group],
                    params=params[group],
                    shared=shared[group],
                    servers=_servers(machine.timings[group], number, pad.ports_per_bank),
                )
                for number, group in enumerate(pad.groups)
            ]
        )
    return banks


def counters_of(machine: Machine, banks: list[list[Bank]]) -> Counters:
    """Return what each bank has counted so far, by the counter's name."""
    flat = [bank for pad in banks for bank in pad]
    return read_counters(machine, lambda number: [server.state for server in flat[number].servers])


@dataclass(eq=False)
class ReferenceEngine:
    """An engine that runs layers one after another. Bank states, main memory and time continue from layer to layer.

    ``shuffle_seed`` shuffles the events of each (cycle, phase); the outcome must not change. The engine adds the writes of lines
    to ``line_writes``, and hands accesses over to ``traced``, if given. ``dram`` is main memory, if that is a DRAM.
    """

    machine: Machine
    shuffle_seed: int | None = None
    line_writes: LineWrites | None = None
    traced: Traced | None = None
    cycle: int = 0
    memory_port: MemoryPort = field(default_factory=MemoryPort)

    def __post_init__(self) -> None:
        self.banks = make_banks(self.machine)
        memory = self.machine.memory
        self.dram = DramDomain(memory, self.machine.memory_ratio) if isinstance(memory, DramMemory) else None
        traced = self.traced or Traced()
        self.trace = None if traced.scratchpads is None else AccessTrace(traced, traced.scratchpads)
        both = (traced.array, traced.bursts)
        self.array_trace = None if both[0] is None or both[1] is None else ArrayTrace(traced, both[0], both[1])
        if self.dram is not None and traced.dram is not None:
            self.dram.trace = DramTrace(traced, traced.dram, self.machine.memory_ratio)
        self.command_trace = None
        if self.dram is not None and traced.commands is not None:
            self.command_trace = CommandTrace(traced, traced.commands, self.machine.memory_ratio)
            self.dram.record.tell = self.command_trace.note

    def run(self, program: Program, operands: Operands | None = None, on_step: Callable[[int], None] | None = None) -> Outcome:
        """Run one layer. With ``operands`` the PEs multiply them and leave their results in them.

        ``on_step`` is called after each array step with the number of steps made. Raise WrongValuesError if an operand or a
        partial sum never came.
        """
        clock = PhaseClock(self.cycle, self.shuffle_seed)
        tally = Tally(self.machine, program, self.cycle, self.line_writes, self.array_trace)
        shared = Shared(clock, self.machine, program, tally)
        shared.scratchpads += [
            ScratchpadProcess(clock, pad, banks, tally, self.trace)
            for pad, banks in zip(self.machine.scratchpads, self.banks, strict=True)
        ]
        dma = Dma(shared, self._memory(clock))
        readers = [ReadPort(shared, port) for port in (Port.IFMAP, Port.FILTER, Port.PSUM)]
        control = ArrayControl(shared, readers, dma, self._values(clock, program, operands), on_step)
        before = None if self.dram is None else self.dram.counts()
        self._traces(program)
        counted = counters_of(self.machine, self.banks)
        try:
            clock.run(until=control.done)
        except WrongValuesError as error:
            raise WrongValuesError(f"layer '{program.name}': {error}") from error
        self.cycle = clock.cycle
        for trace in self._traces(program):
            trace.hand_over()
        counted = counted_since(counted, counters_of(self.machine, self.banks))
        outcome = replace(tally.outcome(self.cycle), counters=counted)
        return outcome if self.dram is None or before is None else replace(outcome, dram=self.dram.counts().since(before))

    def _traces(self, program: Program) -> list[AccessTrace | ArrayTrace | DramTrace | CommandTrace]:
        """Return the traces, after telling them which layer runs."""
        wanted = (self.trace, self.array_trace, None if self.dram is None else self.dram.trace, self.command_trace)
        traces = [trace for trace in wanted if trace is not None]
        for trace in traces:
            trace.layer = program.name
        return traces

    def _memory(self, clock: PhaseClock) -> MemoryProcess:
        if self.dram is not None:
            return DramMemoryProcess(clock, self.dram)
        assert isinstance(self.machine.memory, SimpleMemory)
        return SimpleMemoryProcess(clock, self.machine.memory, self.machine.memory_ratio, self.memory_port)

    def _values(self, clock: PhaseClock, program: Program, operands: Operands | None) -> ValueFlow | None:
        if operands is None or program.roles is None:
            return None
        machine, split, roles = self.machine, program.split, program.roles
        sums_stay = roles.held is Port.OUTPUT
        shares = [tuple(split.share(fold, place, sums_stay=sums_stay) for fold in program.folds) for place in split.places()]
        pes = [PeArray(clock, roles, machine.rows, machine.columns, folds) for folds in shares]
        return ValueFlow(program, pes, operands)
