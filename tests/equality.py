"""One case of the equality tests: both engines run layers on a machine, and the outcomes must be equal and add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from machines import network_of

from simcore.engine.compiled.run import CompiledEngine
from simcore.engine.reference.run import ReferenceEngine
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.line_writes import LineWrites, no_line_writes
from simcore.machine.machine import Machine, build_machine
from simcore.program.outcome import CAUSE_NAMES, Cause, Outcome
from simcore.program.program import Int64Array, Op, OpKind, Port, Program, Reg
from simcore.program.segments import Segments
from simcore.program.traces import Traced
from simcore.spec.system import System
from workloads.dataflow import lower_network
from workloads.dataflow.lowering import lower
from workloads.network import LayerInstance

#: All shortcuts on.
ALL_ON = Shortcuts()

#: A script that runs a printed case again.
SCRIPT = """\
import sys
sys.path.insert(0, "tests")
from equality import *
from workloads.layers import *

case = Case(
    system=System.model_validate({system}),
    layers={layers},
    shortcuts={shortcuts},
    shuffle_seed={shuffle_seed},
    edits={edits},
)
if __name__ == "__main__":
    print(run_compiled(case).cycles, check_case(case))
"""


class Edit(NamedTuple):
    """A change by hand of one cell of a Program's segments, to a value that no layer needs but a Program may hold."""

    port: int
    segment: int
    column: int
    value: int


@dataclass(frozen=True)
class Case:
    """Layers that run one after another on one machine.

    ``shuffle_seed`` shuffles the ties of the reference engine; None leaves their order. ``edits`` apply to the Program of each
    layer.
    """

    system: System
    layers: tuple[LayerInstance, ...]
    shortcuts: Shortcuts = ALL_ON
    shuffle_seed: int | None = None
    edits: tuple[Edit, ...] = ()

    def script(self) -> str:
        """Return a Python script that runs exactly this case again, from the repository's root."""
        return SCRIPT.format(
            system=self.system.model_dump(mode="json", exclude_none=True),
            layers=self.layers,
            shortcuts=self.shortcuts,
            shuffle_seed=self.shuffle_seed,
            edits=self.edits,
        )

    def programs(self) -> list[Program]:
        """Return the layers, lowered and edited. They are one network if a layer's plan may depend on other layers."""
        if self.system.layer_results == "scratchpads" or self.system.dma.prefetch != "none":
            lowered = [program for _, program, _ in lower_network(network_of(self.layers), self.system)]
        else:
            lowered = [lower(layer, self.system) for layer in self.layers]
        return [_edited(program, self.edits) for program in lowered if program is not None]


def _edited(program: Program, edits: tuple[Edit, ...]) -> Program:
    segments = [rows.copy() for rows in program.segments]
    for edit in edits:
        segments[edit.port][edit.segment, edit.column] = edit.value
    return replace(program, segments=Segments.of_rows(segments))


@dataclass
class Traces:
    """The rows of both traces, whole, layer by layer."""

    scratchpads: dict[str, list[Int64Array]] = field(default_factory=dict)
    dram: dict[str, list[Int64Array]] = field(default_factory=dict)

    def traced(self, first_cycle: int = 0, end_cycle: int | None = None) -> Traced:
        """Return the order for traces that come here."""
        take = [lambda name, rows, to=to: to.setdefault(name, []).append(rows) for to in (self.scratchpads, self.dram)]
        return Traced(*take, first_cycle, end_cycle)

    def rows(self) -> dict[str, list[list[int]]]:
        """Return all rows by trace and layer."""
        return {
            f"{kind} of {name}": np.concatenate(pieces).tolist()
            for kind, found in (("scratchpads", self.scratchpads), ("dram", self.dram))
            for name, pieces in found.items()
        }


@dataclass(frozen=True)
class CompiledRun:
    """Outcomes of the compiled engine, writes of each line, how many layers it did not simulate, and traces if asked for."""

    outcomes: list[Outcome]
    line_writes: LineWrites
    equal_layers: int
    traces: Traces
    residents: int = 0
    loads_ahead: int = 0

    @property
    def cycles(self) -> int:
        """Return the cycles of all layers."""
        return sum(outcome.cycles for outcome in self.outcomes)

    def seen(self) -> Counter[str]:
        """Return which events happened in this run, so that a test can check that its cases are worth running."""
        found = Counter({"equal layers": self.equal_layers, "resident": self.residents, "ahead": self.loads_ahead})
        for outcome in self.outcomes:
            found["preempted"] += int(outcome.preempted_writes.sum())
            found["forwarded"] += int(outcome.forwarded_reads.sum())
            found.update(dict(zip(CAUSE_NAMES, map(int, outcome.stall_cycles.sum(axis=1)), strict=True)))
        return Counter({name: 1 for name, count in found.items() if count})


@dataclass(frozen=True)
class ReferenceRun:
    """The layers of a case as Programs, their outcomes on the reference engine, writes of each line, and traces."""

    programs: list[Program]
    outcomes: list[Outcome]
    line_writes: LineWrites
    traces: Traces


def run_reference(case: Case) -> ReferenceRun:
    """Run a case on the reference engine."""
    machine, traces = build_machine(case.system), Traces()
    line_writes, programs = no_line_writes(machine), case.programs()
    engine = ReferenceEngine(machine, case.shuffle_seed, line_writes, traces.traced())
    return ReferenceRun(programs, [engine.run(program) for program in programs], line_writes, traces)


def run_compiled(case: Case, *, traced: bool = False) -> CompiledRun:
    """Run a case on the compiled engine with the case's shortcuts."""
    traces = Traces()
    machine = build_machine(case.system)
    line_writes = no_line_writes(machine)
    engine = CompiledEngine(machine, case.shortcuts, line_writes, traced=traces.traced() if traced else None)
    programs = case.programs()
    outcomes = [engine.run(program) for program in programs]
    residents = sum(len(program.facts["placement"].residents) for program in programs if "placement" in program.facts)
    ahead = sum(len(program.facts["ahead"].loads) for program in programs if "ahead" in program.facts)
    return CompiledRun(outcomes, line_writes, len(outcomes) - engine.simulated, traces, residents, ahead)


def check_case(case: Case, reference: ReferenceRun | None = None) -> CompiledRun:
    """Assert that the engines give equal outcomes, with all shortcuts and with the case's, and that nothing is lost.

    The second run is traced, and so is that of the reference engine: the traces are equal, row by row. ``reference`` is the
    case's run on that engine, if there was one. Return the run with all shortcuts.
    """
    slow = run_reference(case) if reference is None else reference
    fast, chosen = run_compiled(replace(case, shortcuts=ALL_ON)), run_compiled(case, traced=True)
    machine = build_machine(case.system)
    for program, expected, *outcomes in zip(slow.programs, slow.outcomes, fast.outcomes, chosen.outcomes, strict=True):
        for outcome in outcomes:
            assert not expected.differences(outcome), (program.name, expected.differences(outcome))
        assert_conserved(program, machine, expected)
    assert chosen.traces.rows() == slow.traces.rows()
    for run in (fast, chosen):
        assert_equal_line_writes(run, slow.line_writes)
    return fast


def assert_equal_line_writes(run: CompiledRun, expected: LineWrites) -> None:
    """Assert that a run wrote each line as often as expected, and each bank as often as its outcomes say."""
    for found, pad in zip(run.line_writes.pads, expected.pads, strict=True):
        assert np.array_equal(found, pad), np.argwhere(found != pad)[:10]
    written = sum(outcome.writes for outcome in run.outcomes)
    assert np.array_equal([bank.sum() for bank in run.line_writes.of_banks()], written)


def assert_conserved(program: Program, machine: Machine, outcome: Outcome) -> None:
    """Assert what must hold for any outcome of either engine."""
    assert outcome.compute_cycles == program.steps
    assert outcome.cycles == outcome.compute_cycles + outcome.stall_cycles.sum()
    assert (outcome.bank_stall_cycles.sum(axis=0) <= outcome.stall_cycles.sum(axis=1)).all()
    _assert_places_add_up(machine, outcome)
    assert outcome.port_elements.tolist() == [program.elements(port) for port in range(4)]
    array_reads = outcome.reads - outcome.dma_reads + outcome.forwarded_reads
    array_writes = outcome.writes - outcome.dma_writes
    assert array_reads.sum() == outcome.port_lines[: Port.OUTPUT].sum()
    assert array_writes.sum() == outcome.port_lines[Port.OUTPUT]
    assert (array_writes >= 0).all()
    _assert_dma_conserved(program, machine, outcome)
    assert np.array_equal(outcome.conflict_timeline.sum(axis=1), outcome.conflict_cycles)
    assert np.array_equal(outcome.busy_timeline.sum(axis=1), outcome.busy_cycles)
    assert (outcome.busy_timeline >= 0).all()
    assert (outcome.conflict_cycles <= outcome.cycles).all()
    assert outcome.bin_start_cycles[0] == outcome.start_cycle
    assert (np.diff(outcome.bin_start_cycles) > 0).all()


def _assert_places_add_up(machine: Machine, outcome: Outcome) -> None:
    """Assert that every stalled cycle has its scratchpad, every wait at a bank its holder, every cycle its entries."""
    stalls = outcome.stall_cycles.sum(axis=1)
    stalls[Cause.DRAIN] -= outcome.stall_cycles[Cause.DRAIN, Port.DMA]
    assert outcome.scratchpad_stall_cycles.sum(axis=0).tolist() == stalls.tolist()
    at_banks = [Cause.READ_CONFLICT, Cause.WRITE_CONFLICT, Cause.DMA_COLLISION, Cause.WRITE_BACKPRESSURE]
    first_banks = [pad.first_bank for pad in machine.scratchpads]
    by_bank = np.add.reduceat(outcome.bank_stall_cycles, first_banks)
    assert np.array_equal(by_bank[:, at_banks], outcome.scratchpad_stall_cycles[:, at_banks])
    waits = outcome.wait_cycles
    waits_of_reads = waits[:, : Port.OUTPUT].sum(axis=1)
    assert np.array_equal(waits_of_reads[:, Port.DMA], by_bank[:, Cause.DMA_COLLISION])
    assert np.array_equal(waits_of_reads[:, Port.OUTPUT], by_bank[:, Cause.WRITE_CONFLICT])
    assert np.array_equal(waits_of_reads[:, : Port.OUTPUT].sum(axis=1), by_bank[:, Cause.READ_CONFLICT])
    assert np.array_equal(waits[:, Port.OUTPUT].sum(axis=1), by_bank[:, Cause.WRITE_BACKPRESSURE])
    for_memory = outcome.scratchpad_stall_cycles[:, [Cause.FIRST_FILL, Cause.DRAM_WAIT]].sum(axis=1)
    assert (waits[:, Port.DMA].sum(axis=1) <= for_memory).all()
    assert (outcome.buffer_cycles.sum(axis=1) == outcome.cycles).all()
    assert outcome.buffer_cycles.shape[1] == 1 or outcome.buffer_cycles[:, -1].any()


def _assert_dma_conserved(program: Program, machine: Machine, outcome: Outcome) -> None:
    """Assert that the DMA moved what the plan says: bytes per region, and lines per scratchpad (a burst touches whole lines)."""
    first_banks = [pad.first_bank for pad in machine.scratchpads]
    moved_bytes = {OpKind.LOAD: outcome.dma_read_bytes, OpKind.STORE: outcome.dma_write_bytes}
    moved_lines = {OpKind.LOAD: outcome.dma_writes, OpKind.STORE: outcome.dma_reads}
    for kind, expected_bytes in moved_bytes.items():
        ops = program.ops[program.ops[:, Op.KIND] == kind]
        assert np.array_equal(np.bincount(ops[:, Op.REGION], ops[:, Op.BYTES], len(program.regions)), expected_bytes)
        expected_lines = [0] * len(machine.scratchpads)
        for region, total in ops[:, [Op.REGION, Op.BYTES]].tolist():
            pad = int(program.regions[region, Reg.SCRATCHPAD])
            line_bytes = machine.scratchpads[pad].line_bytes
            for begin in range(0, total, machine.burst_bytes):
                last = min(begin + machine.burst_bytes, total) - 1
                expected_lines[pad] += last // line_bytes - begin // line_bytes + 1
        assert np.add.reduceat(moved_lines[kind], first_banks).tolist() == expected_lines
