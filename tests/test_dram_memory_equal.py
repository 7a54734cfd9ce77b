"""Both engines give equal outcomes on machines with a DRAM, and no transaction is lost: random machines, layers, standards.

As in tests/test_engines_equal.py, a failing case is printed as a script.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest
from equality import Case, check_case, run_compiled
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st
from machines import ANY, CALM, draw_dram, draw_system, folded_layers, instance_of, layers

from simcore.dram.checker import check_commands
from simcore.dram.commands import Command
from simcore.dram.tables import ResolvedDram
from simcore.dram.trace import make_trace
from simcore.engine.dram_traces import run_trace
from simcore.engine.reference.dram.memory import DramDomain
from simcore.engine.reference.dram.requests import DramRequest
from simcore.engine.reference.memory import MemoryRequest
from simcore.engine.reference.run import ReferenceEngine
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.machine import DramMemory, build_machine
from simcore.program.outcome import CAUSE_NAMES, Cause, Outcome
from simcore.program.program import Op, OpKind, Program
from simcore.spec.system import System
from workloads.layers import Add
from workloads.network import LayerInstance

DEEP = os.environ.get("SIMCORE_HYPOTHESIS_PROFILE") == "deep"
MAX_CYCLES = 1500
WANTED = ("read_conflict_rows", "refreshes", "forwarded_by_writes", "merged", "drained_by_dram", "slower", "faster", "channels")


@st.composite
def coupled(draw: st.DrawFn) -> System:
    """A drawn machine whose main memory is a drawn DRAM."""
    pick = lambda options: draw(st.sampled_from(options))  # noqa: E731
    system = draw_system(pick, pick((ANY, ANY, CALM)))
    return draw_dram(pick, system)


@st.composite
def sums(draw: st.DrawFn) -> LayerInstance:
    """Sums of three tensors: the first result is stored and read back, perhaps while the write still waits."""
    shape = (draw(st.integers(1, 8)), draw(st.integers(1, 8)), draw(st.integers(1, 8)))
    return instance_of(Add("sum"), (shape, shape, shape))


def transactions(program: Program, system: System, kind: OpKind, bytes_each: int) -> int:
    """Accesses of main memory that the bursts of one kind touch."""
    touched = 0
    for op in program.ops[program.ops[:, Op.KIND] == kind]:
        for start in range(0, int(op[Op.BYTES]), system.dma.burst_bytes):
            first = int(op[Op.ADDRESS]) + start
            last = first + min(system.dma.burst_bytes, int(op[Op.BYTES]) - start) - 1
            touched += last // bytes_each - first // bytes_each + 1
    return touched


def assert_every_transaction_served_once(program: Program, system: System, outcome: Outcome) -> None:
    memory, counts = build_machine(system).memory, outcome.dram
    assert isinstance(memory, DramMemory)
    assert counts is not None
    dram = memory.dram
    reads, writes = (int((counts.commands * flag).sum()) for flag in (dram.reads, dram.writes))
    assert reads + counts.forwarded_reads == transactions(program, system, OpKind.LOAD, dram.transaction_bytes)
    assert writes + counts.coalesced_writes == transactions(program, system, OpKind.STORE, dram.transaction_bytes)
    assert (counts.banks[:, :3].sum(), counts.banks[:, 3:].sum()) == (reads, writes)
    assert (counts.open_cycles <= counts.cycles).all()


def seen(system: System, outcomes: list[Outcome]) -> Counter[str]:
    """What a case shows."""
    machine = build_machine(system)
    assert isinstance(machine.memory, DramMemory)
    p, q = machine.memory_ratio
    found = Counter(slower=p > q, faster=p < q, channels=machine.memory.dram.counts[0] > 1)
    for outcome in outcomes:
        assert outcome.dram is not None
        found["read_conflict_rows"] += int(outcome.dram.banks[:, 2].sum())
        found["refreshes"] += int((outcome.dram.commands * machine.memory.dram.refreshes).sum())
        found["forwarded_by_writes"] += outcome.dram.forwarded_reads
        found["merged"] += outcome.dram.coalesced_writes
        found["drained_by_dram"] += int(outcome.stall_cycles[Cause.DRAIN].sum())
        found.update(dict(zip(CAUSE_NAMES, map(int, outcome.stall_cycles.sum(axis=1)), strict=True)))
    return Counter({name: 1 for name, count in found.items() if count})


#: Each shortcut on or off. Blocks are never replayed with a DRAM, so that shortcut is not drawn.
shortcuts = st.builds(Shortcuts, **{item.name: st.booleans() for item in fields(Shortcuts) if item.name != "block_replay"})


@pytest.mark.slow
def test_both_engines_give_equal_outcomes_with_a_dram() -> None:
    happened: Counter[str] = Counter()

    @settings(max_examples=settings().max_examples if DEEP else 110)
    @given(
        coupled(),
        st.lists(st.one_of(layers(), folded_layers(), sums()), min_size=1, max_size=3),
        shortcuts,
        st.one_of(st.none(), st.integers(0, 1 << 20)),
    )
    def agree(system, instances, switched, shuffle_seed):
        case = Case(system, tuple(instances), switched, shuffle_seed)
        note(case.script())
        assume(run_compiled(case).cycles <= MAX_CYCLES)
        run = check_case(case)
        for program, outcome in zip(case.programs(), run.outcomes, strict=True):
            assert_every_transaction_served_once(program, system, outcome)
        happened.update(seen(system, run.outcomes) | Counter(cases=1))

    agree()
    assert happened["cases"] >= 100
    assert not [name for name in (*WANTED, "dram_wait", "first_fill", "drain") if not happened[name]], dict(happened)


@pytest.mark.slow
@settings(max_examples=15)
@given(coupled(), st.lists(layers(), min_size=1, max_size=2))
def test_the_commands_keep_the_standards_rules(system, instances) -> None:
    case = Case(system, tuple(instances))
    assume(run_compiled(case).cycles <= MAX_CYCLES)
    machine = build_machine(system)
    assert isinstance(machine.memory, DramMemory)
    engine = ReferenceEngine(machine)
    engine.dram = DramDomain(machine.memory, machine.memory_ratio, record_commands=True)
    for program in case.programs():
        engine.run(program)
    commands = engine.dram.record.commands().tolist()
    stream = (Command(i, row[0], row[1], tuple(row[2:])) for i, row in enumerate(commands))
    assert list(check_commands(stream, machine.memory.dram)) == []


class NotingDomain(DramDomain):
    """Keeps every transaction that it was given."""

    def __init__(self, memory: DramMemory, ratio: tuple[int, int]) -> None:
        super().__init__(memory, ratio)
        self.noted: list[DramRequest] = []

    def give(self, burst: MemoryRequest) -> None:
        super().give(burst)
        self.noted += self.given[-1].transactions


@pytest.mark.slow
@settings(max_examples=15)
@given(coupled(), st.lists(layers(), min_size=1, max_size=2))
def test_one_channel_serves_as_it_serves_a_trace(system, instances) -> None:
    one_channel = system.model_dump(mode="json", exclude_none=True)
    one_channel["memory"]["overrides"]["channel"] = 1
    case = Case(System.model_validate(one_channel), tuple(instances))
    assume(run_compiled(case).cycles <= MAX_CYCLES)
    machine = build_machine(case.system)
    assert isinstance(machine.memory, DramMemory)
    engine = ReferenceEngine(machine)
    engine.dram = domain = NotingDomain(machine.memory, machine.memory_ratio)
    for program in case.programs():
        engine.run(program)
    dram, noted = machine.memory.dram, domain.noted
    trace = make_trace(*(np.array([getattr(r, name) for r in noted]) for name in ("earliest", "op")), lines_of(noted, dram))
    served = run_trace(dram, trace, machine.memory.controller)
    for name in ("arrive", "depart", "kind"):
        assert [getattr(request, name) for request in noted] == getattr(served, name).tolist()
    assert np.array_equal(domain.counts().banks, served.banks)


def lines_of(noted: list[DramRequest], dram: ResolvedDram) -> np.ndarray:
    return np.array([request.line for request in noted], dtype=np.int64) * dram.transaction_bytes


@pytest.mark.slow
@settings(max_examples=20)
@given(coupled(), st.lists(folded_layers(), min_size=1, max_size=2))
def test_shortcuts_change_nothing_with_a_dram(system, instances) -> None:
    case = Case(system, tuple(instances))
    fast = run_compiled(case)
    assume(fast.cycles <= 200_000)
    slow = run_compiled(replace(case, shortcuts=Shortcuts(**{item.name: False for item in fields(Shortcuts)})))
    for one, other in zip(fast.outcomes, slow.outcomes, strict=True):
        assert not one.differences(other)
