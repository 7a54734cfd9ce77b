"""A DRAM that multiplies, in integers: its DRAM, limits, micro-program and geometry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from models.pim.periphery import Periphery
from simcore.dram.tables import ResolvedDram
from simcore.errors import InputError
from simcore.pim.counts import Counts, counts_of
from simcore.pim.find import find_program
from simcore.pim.language import Operation
from simcore.pim.limits import PimLimits
from simcore.pim.program import MicroProgram
from simcore.pim.recorder import Recording
from simcore.pim.work import banks_of
from simcore.pim_dram.spec import PimDramSpec


@dataclass(frozen=True)
class PimMachine:
    """What a spec describes. ``recording`` is the multiplication; ``banks`` of each channel compute. Channels do the same."""

    spec: PimDramSpec
    dram: ResolvedDram
    limits: PimLimits
    program: MicroProgram
    recording: Recording
    banks: int

    @property
    def channels(self) -> int:
        """Return the number of channels."""
        return self.dram.counts[0]

    @property
    def channel_dram(self) -> ResolvedDram:
        """Return the DRAM with one channel alone, as it is simulated."""
        return replace(self.dram, counts=(1, *self.dram.counts[1:]))

    @property
    def subarrays(self) -> int:
        """Return the subarrays of a bank that compute at the same time."""
        return self.spec.active_subarrays

    @property
    def ranks(self) -> int:
        """Return the ranks (pseudo-channels) of a channel."""
        return prod(self.dram.node_counts[1 : self.dram.rank_level + 1])

    @property
    def copies(self) -> int:
        """Return how many channels do the same. In a pipeline each has layers of its own."""
        return 1 if self.spec.placement == "pipelined" else self.channels

    @property
    def shown_banks(self) -> int:
        """Return the banks that are told apart: those of one of the channels that do the same."""
        return self.banks * self.channels // self.copies

    @property
    def units(self) -> int:
        """Return the subarrays of all channels that compute at the same time."""
        return self.channels * self.banks * self.subarrays

    @property
    def columns(self) -> int:
        """Return the columns of a row of all chips of a rank, each of which multiplies."""
        return self.dram.counts[-1] * self.dram.transaction_bytes * 8

    @property
    def bank_subarrays(self) -> int:
        """Return all subarrays of a bank, those that are idle, too. They hold weights."""
        return self.dram.node_counts[-1]

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Return the operations that one multiplication issues."""
        return self.recording.operations if self.spec.initialised else self.recording.published

    @cached_property
    def counts(self) -> Counts:
        """Return the counts of one multiplication in one subarray."""
        return counts_of(self.operations)

    @property
    def multiply_cycles(self) -> int:
        """Return the cycles of one multiplication in a subarray that waits for nothing."""
        timing = self.dram.timing
        row_cycle = timing["nRAS"] + timing["nRP"]
        return self.counts.operations * row_cycle + self.counts.aap * timing["nWLOV"]

    @property
    def row_bursts(self) -> int:
        """Return the transactions of a row."""
        return self.dram.counts[-1]

    @cached_property
    def periphery(self) -> Periphery:
        """Return the periphery of a bank."""
        given = self.spec.periphery
        return Periphery(
            columns=self.columns,
            tree_columns=given.tree_columns,
            clock_hz=given.clock_hz,
            transposer_bits_per_cycle=given.transposer_bits_per_cycle,
            vector_words_per_cycle=given.vector_words_per_cycle,
        )

    @property
    def tree_cycles(self) -> int:
        """Return the DRAM cycles for which the adder tree needs a row of a product."""
        return self.periphery_cycles(self.periphery.read_cycles)

    @property
    def operand_cycles(self) -> int:
        """Return the DRAM cycles in which the transpose unit writes a row of operands."""
        return self.periphery_cycles(self.periphery.operand_cycles)

    def periphery_cycles(self, cycles: int) -> int:
        """Return the DRAM cycles of so many cycles of the periphery, rounded up."""
        return self.periphery.dram_cycles(cycles, self.dram.tck_ps)


def build_machine(spec: PimDramSpec) -> PimMachine:
    """Return the machine. Raise InputError for a micro-program that cannot be used."""
    precision, dram = spec.precision, spec.resolved()
    try:
        program = find_program(spec.program, "mul")
        recording = program.recorded(precision.weight_bits, precision.activation_bits, precision.signed)
    except InputError as error:
        raise InputError(error.message, f"program {spec.program}", error.hint) from error
    return PimMachine(spec, dram, spec.limits.limits(), program, recording, spec.banks or len(banks_of(dram)))
