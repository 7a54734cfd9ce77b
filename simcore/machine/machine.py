"""The Machine: a System resolved into integers and one BankTiming object per bank group, which both engines need."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from simcore.clock import clock_ratio, cycle_ratio
from simcore.dram.controller import ControllerSpec
from simcore.dram.statistics import peak_bytes_per_cycle
from simcore.errors import InputError, raise_all
from simcore.machine.bank_group import group_timing
from simcore.spec import DramMemorySpec, ScratchpadSpec, System
from simcore.timing.bank_timing import BankTiming

if TYPE_CHECKING:
    from simcore.dram.tables import ResolvedDram

INTERLEAVINGS = ("low-order", "xor", "block")
ARBITERS = ("fcfs", "port-priority", "round-robin")
PREEMPTIONS = ("none", "resume", "restart")
LOW_ORDER, XOR, BLOCK = range(3)
FCFS, PORT_PRIORITY, ROUND_ROBIN = range(3)
NO_PREEMPTION, RESUME, RESTART = range(3)


@dataclass(frozen=True)
class Scratchpad:
    """One scratchpad in integers. ``groups`` names, for each bank, the index of its BankTiming in ``Machine.timings``."""

    name: str
    first_bank: int
    banks: int
    rows: int
    line_bytes: int
    ports_per_bank: int
    interleaving: int
    arbiter: int
    depth: int
    high_watermark: int
    low_watermark: int
    read_priority: bool
    preemption: int
    groups: tuple[int, ...]

    def place(self, line: int) -> tuple[int, int]:
        """Return (bank within the scratchpad, row) of a line."""
        if self.interleaving == BLOCK:
            return line // self.rows, line % self.rows
        bank, row = line % self.banks, line // self.banks
        if self.interleaving == XOR:
            bank ^= row % self.banks
        return bank, row


@dataclass(frozen=True)
class SimpleMemory:
    """Main memory as a latency and a bandwidth, an exact rational number, in cycles of its own clock."""

    latency_cycles: int
    bytes_per_cycle: Fraction


@dataclass(frozen=True)
class DramMemory:
    """Main memory as a DRAM with a controller per channel."""

    dram: ResolvedDram
    controller: ControllerSpec


@dataclass(frozen=True)
class Machine:
    """A machine that both engines can run. The banks of all scratchpads are numbered in one sequence.

    One cycle of main memory's clock lasts ``memory_ratio[0] / memory_ratio[1]`` core cycles. In a core cycle the DMA starts
    bursts until they hold ``dma_bytes_per_cycle`` bytes, which is what main memory moves in a core cycle at most, rounded up.
    """

    scratchpads: tuple[Scratchpad, ...]
    timings: tuple[BankTiming, ...]
    arrays: int
    rows: int
    columns: int
    port_window: int
    outstanding_bursts: int
    burst_bytes: int
    dma_bytes_per_cycle: int
    memory_ratio: tuple[int, int]
    memory: SimpleMemory | DramMemory

    @property
    def banks(self) -> int:
        """Number of banks of all scratchpads together."""
        return sum(pad.banks for pad in self.scratchpads)

    @property
    def counters(self) -> tuple[str, ...]:
        """Names of the counters of all bank timings, each once."""
        return tuple(dict.fromkeys(name for timing in self.timings for name in timing.counters))

    def scratchpad_index(self, name: str) -> int:
        """Return the position of the named scratchpad."""
        return [pad.name for pad in self.scratchpads].index(name)


def _timings(system: System) -> list[BankTiming]:
    """Return the timing of every bank group. Raise InputError (InputErrors for several) for timings that cannot be loaded."""
    timings: list[BankTiming] = []
    errors: list[InputError] = []
    for name, spec in system.scratchpads.items():
        for group in spec.groups:
            try:
                timings.append(group_timing(system, name, group))
            except InputError as error:
                errors.append(error)
    raise_all(errors)
    return timings


def _scratchpad(name: str, spec: ScratchpadSpec, first_bank: int, first_group: int) -> Scratchpad:
    groups = [first_group + number for number, group in enumerate(spec.groups) for _ in range(group.banks)]
    buffer = spec.write_buffer
    return Scratchpad(
        name=name,
        first_bank=first_bank,
        banks=spec.banks,
        rows=spec.capacity_bytes // (spec.line_bytes * spec.banks),
        line_bytes=spec.line_bytes,
        ports_per_bank=spec.ports_per_bank,
        interleaving=INTERLEAVINGS.index(spec.interleaving),
        arbiter=ARBITERS.index(spec.arbiter),
        depth=buffer.depth,
        high_watermark=0 if buffer.high_watermark is None else buffer.high_watermark,
        low_watermark=buffer.low_watermark,
        read_priority=buffer.read_priority,
        preemption=PREEMPTIONS.index(buffer.preemption),
        groups=tuple(groups),
    )


def _peak_bytes_per_cycle(memory: SimpleMemory | DramMemory) -> Fraction:
    """Return what main memory moves in a cycle of its own clock at most."""
    return memory.bytes_per_cycle if isinstance(memory, SimpleMemory) else peak_bytes_per_cycle(memory.dram)


def _memory(system: System) -> tuple[SimpleMemory | DramMemory, tuple[int, int]]:
    """Return main memory, and the core cycles per cycle of its clock as a ratio."""
    spec = system.memory
    if isinstance(spec, DramMemorySpec):
        dram = spec.resolved()
        return DramMemory(dram, spec.controller), cycle_ratio(system.core_clock_hz, dram.tck_ps)
    return SimpleMemory(spec.latency_cycles, spec.bytes_per_cycle), clock_ratio(system.core_clock_hz, spec.clock_hz)


def build_machine(system: System) -> Machine:
    """Resolve a System: look up its bank timings and number its banks. Raise InputError for a timing that cannot be loaded."""
    scratchpads: list[Scratchpad] = []
    timings = _timings(system)
    memory, ratio = _memory(system)
    for name, spec in system.scratchpads.items():
        first_group = sum(len(set(pad.groups)) for pad in scratchpads)
        scratchpads.append(_scratchpad(name, spec, sum(pad.banks for pad in scratchpads), first_group))
    return Machine(
        scratchpads=tuple(scratchpads),
        timings=tuple(timings),
        arrays=system.array.count,
        rows=system.array.rows,
        columns=system.array.columns,
        port_window=system.array.port_window,
        outstanding_bursts=system.dma.outstanding_bursts,
        burst_bytes=system.dma.burst_bytes,
        dma_bytes_per_cycle=ceil(_peak_bytes_per_cycle(memory) * Fraction(ratio[1], ratio[0])),
        memory_ratio=ratio,
        memory=memory,
    )
