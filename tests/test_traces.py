"""Traces of accesses: by hand, equal from both engines, without loss; and a DRAM serves its trace as it served the run.

`tests/equality.py` compares the traces of both engines, row by row, on random machines.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from equality import Case, Traces, run_compiled
from machines import CONTENDED, draw_layer, draw_system, instance_of
from test_array_cycles import product
from test_dram_memory_by_hand import tiny

from simcore.dram.checker import check_commands
from simcore.dram.commands import Command
from simcore.dram.trace import DramTrace
from simcore.engine import dram_traces, run_programs
from simcore.engine.compiled import traces as compiled_traces
from simcore.engine.compiled.run import CompiledEngine
from simcore.engine.records import Records
from simcore.engine.reference import traces as reference_traces
from simcore.engine.reference.dram.memory import DramDomain
from simcore.engine.reference.run import ReferenceEngine
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.machine import DramMemory, build_machine
from simcore.program.outcome import Outcome
from simcore.program.program import Int64Array, Port, Program
from simcore.program.traces import NOTHING, Access, Event, Transaction
from simcore.spec import System, load_system
from simcore.timing.bank_timing import READ, WRITE
from workloads.dataflow import lower, lower_network
from workloads.layers import Conv
from workloads.load import load_network

#: Reads take the ports of writes in progress.
PREEMPTING = replace(CONTENDED, drained=(False,), read_priority=(True,), preemptions=("resume", "restart"))
ENGINES = pytest.mark.parametrize("engine", ["compiled", "simpy"])
CONV = instance_of(Conv("conv", 24, (3, 3), padding=(1, 1, 1, 1)), ((16, 14, 14),))


def traced(engine: str, system: System, programs: list[Program], **cycles: Any) -> tuple[Traces, list[Outcome]]:
    traces = Traces()
    outcomes = run_programs(system, programs, engine, records=Records(traced=traces.traced(**cycles)))
    return traces, outcomes


def lowered(system: System, layer: Any = CONV) -> Program:
    program = lower(layer, system)
    assert program is not None
    return program


@ENGINES
def test_the_accesses_of_a_tiny_layer_by_hand(engine: str) -> None:
    # The data end in DRAM cycles 27 and 31 (tests/test_dram_memory_by_hand.py), which are core cycles. The DMA writes the line at
    # once; a cycle later the tile is resident and its port reads it. Step 0 is in 33; its result reaches the bank in 34, is
    # written in 35, read by the DMA, and handed to the memory in 36.
    found, _ = traced(engine, tiny(), [lowered(tiny(), product(1, 1, 1))])
    ((name, (rows,)),) = found.scratchpads.items()
    accesses = [(27, 0, Port.DMA, WRITE), (28, 0, Port.IFMAP, READ), (31, 1, Port.DMA, WRITE), (32, 1, Port.FILTER, READ)]
    accesses += [(34, 2, Port.OUTPUT, WRITE), (35, 2, Port.DMA, READ)]
    assert rows.tolist() == [
        [cycle, pad, 0, 0, 0, port, op, Event.GRANTED, cycle, cycle + 1, cycle + 1] for cycle, pad, port, op in accesses
    ]
    assert name == "product"


@ENGINES
@pytest.mark.parametrize(
    ("core_clock_hz", "filter_cycle", "store"),
    [("800 MHz", 1, (36, 36)), ("1600 MHz", 2, (68, 34)), ("400 MHz", 1, (21, 41)), ("1 GHz", 2, (44, 35))],
)
def test_the_transactions_of_a_tiny_layer_by_hand(
    engine: str, core_clock_hz: str, filter_cycle: int, store: tuple[int, int]
) -> None:
    # The cycles are those of tests/test_dram_memory_by_hand.py: both loads in DRAM cycles 0 and 1, the store in w.
    system = tiny(core_clock_hz)
    found, _ = traced(engine, system, [lowered(system, product(1, 1, 1))])
    ((rows,),) = found.dram.values()
    assert rows.tolist() == [[0, 0, 0, 0, READ, 0], [filter_cycle, 1, 0, 4096, READ, 0], [*store, 0, 8192, WRITE, 0]]


def of_banks(rows: Int64Array, system: System, chosen: Any) -> Int64Array:
    """Count the chosen rows by bank, in the engines' order."""
    machine = build_machine(system)
    first = np.array([pad.first_bank for pad in machine.scratchpads])
    kept = rows[chosen]
    return np.bincount(first[kept[:, Access.SCRATCHPAD]] + kept[:, Access.BANK], minlength=machine.banks)


@pytest.mark.slow
def test_a_trace_holds_every_access_that_the_outcome_counts() -> None:
    pick, seen = random.Random(5).choice, np.zeros(3, dtype=np.int64)
    for _ in range(50):
        system = draw_system(pick, PREEMPTING)
        case = Case(system, (draw_layer(pick),), Shortcuts())
        run = run_compiled(case, traced=True)
        pieces = [piece for layer in run.traces.scratchpads.values() for piece in layer]
        if not pieces:
            continue
        rows, (outcome,) = np.concatenate(pieces), run.outcomes
        event, write, dma = rows[:, Access.EVENT], rows[:, Access.WRITE] == 1, rows[:, Access.PORT] == Port.DMA
        granted, again = event == Event.GRANTED, event == Event.PREEMPTED
        count = lambda chosen: of_banks(rows, system, chosen)  # noqa: B023, E731
        assert np.array_equal(count(granted & ~write), outcome.reads)
        assert np.array_equal(count(granted & write) - count(again), outcome.writes)
        assert np.array_equal(count(again), outcome.preempted_writes)
        assert np.array_equal(count(event == Event.FORWARDED), outcome.forwarded_reads)
        assert np.array_equal(count(granted & dma & write), outcome.dma_writes)
        assert (np.diff(rows[:, Access.CYCLE]) >= 0).all()
        assert (rows[granted][:, Access.FREE] > rows[granted][:, Access.CYCLE]).all()
        assert (rows[:, Access.ARRIVED] <= rows[:, Access.CYCLE]).all()
        assert (rows[again][:, [Access.DONE, Access.FREE]] == NOTHING).all()
        seen += [again.sum(), (event == Event.FORWARDED).sum(), len(rows)]
    assert (seen > 5).all(), seen


@pytest.mark.parametrize("preset", ["edge-stt", "edge-sram-ddr4"])
def test_a_trace_changes_no_outcome_and_pieces_of_any_size_make_the_same_trace(preset, monkeypatch) -> None:
    system = load_system(preset, of=System)
    programs = [lowered(system)] * 2
    plain = run_programs(system, programs)
    whole, outcomes = traced("compiled", system, programs)
    monkeypatch.setattr(compiled_traces, "PIECE", 100)
    in_pieces, again = traced("compiled", system, programs)
    for one, *others in zip(plain, outcomes, again, strict=True):
        assert not any(one.differences(other) for other in others)
    assert in_pieces.rows() == whole.rows()
    assert max(len(rows) for pieces in in_pieces.scratchpads.values() for rows in pieces) < 1000
    assert sum(len(pieces) for pieces in in_pieces.scratchpads.values()) > 10


def test_the_reference_engine_hands_over_pieces_too(monkeypatch) -> None:
    system = load_system("edge-sram-ddr4", of=System)
    programs = [lowered(system, instance_of(Conv("conv", 4, (2, 2)), ((3, 6, 6),)))]
    whole, _ = traced("compiled", system, programs)
    monkeypatch.setattr(reference_traces, "PIECE", 10)
    pieces, _ = traced("simpy", system, programs)
    assert pieces.rows() == whole.rows()
    assert len(pieces.scratchpads["conv"]) > 5


@ENGINES
def test_a_span_of_cycles_is_that_part_of_the_whole_trace(engine: str) -> None:
    system = load_system("edge-sram-ddr4", of=System)
    programs = [lowered(system, instance_of(Conv("conv", 4, (2, 2)), ((3, 6, 6),)))] * 3
    (whole, outcomes), whole_rows = traced(engine, system, programs), {}
    first, end = outcomes[0].cycles - 40, outcomes[0].cycles + outcomes[1].cycles // 2
    for kind, rows in whole.rows().items():
        whole_rows[kind] = [row for row in rows if first <= row[0] < end]
    some, _ = traced(engine, system, programs, first_cycle=first, end_cycle=end)
    assert some.rows() == {kind: rows for kind, rows in whole_rows.items() if rows}
    assert 0 < len(some.rows()["scratchpads of conv"]) < len(whole.rows()["scratchpads of conv"])


def test_layers_that_equal_earlier_ones_are_traced_too_and_after_the_span_run_once_again() -> None:
    system = load_system("edge-sram", of=System)
    programs = [lowered(system)] * 4
    traces, outcomes = traced("compiled", system, programs)
    (pieces,) = traces.scratchpads.values()
    starts = [outcome.start_cycle for outcome in outcomes] + [10**9]
    cycles = np.concatenate(pieces)[:, Access.CYCLE]
    counts = np.histogram(cycles, starts)[0]
    assert (counts == counts[0]).all()
    engine = CompiledEngine(build_machine(system), traced=Traces().traced(0, starts[1]))
    for program in programs:
        engine.run(program)
    assert engine.simulated == 2  # the traced layer, and the first of the equal ones after it


# Replay


def coupled_stream(system: System, programs: list[Program]) -> tuple[Int64Array, Int64Array]:
    """Run on the reference engine. Return the rows of the trace and the commands of the DRAM."""
    machine, traces = build_machine(system), Traces()
    assert isinstance(machine.memory, DramMemory)
    engine = ReferenceEngine(machine, traced=replace(traces.traced(), scratchpads=None))
    trace = engine.dram.trace
    engine.dram = DramDomain(machine.memory, machine.memory_ratio, record_commands=True)
    engine.dram.trace = trace
    for program in programs:
        engine.run(program)
    compiled, _ = traced("compiled", system, programs)
    assert {f"dram of {name}": np.concatenate(rows).tolist() for name, rows in traces.dram.items()} == {
        kind: rows for kind, rows in compiled.rows().items() if kind.startswith("dram")
    }
    rows = np.concatenate([piece for program in programs_once(programs) for piece in traces.dram[program.name]])
    return rows, engine.dram.record.commands()


def programs_once(programs: list[Program]) -> list[Program]:
    return list({program.name: program for program in programs}.values())


def replayed(system: System, rows: Int64Array) -> Int64Array:
    """Return the commands with which ``simcore dram`` serves the trace."""
    machine = build_machine(system)
    assert isinstance(machine.memory, DramMemory)
    columns = (rows[:, column] for column in (Transaction.DRAM_CYCLE, Transaction.WRITE, Transaction.ADDRESS))
    outcome = dram_traces.run_trace(machine.memory.dram, DramTrace(*columns), machine.memory.controller, record_commands=True)
    assert np.array_equal(outcome.arrive, rows[:, Transaction.DRAM_CYCLE])
    assert np.array_equal(outcome.kind, rows[:, Transaction.ANSWER])
    return outcome.commands


def assert_same_stream(system: System, coupled: Int64Array, alone: Int64Array) -> None:
    """Assert that the commands are equal one by one. The coupled run may go on with refreshes while it computes."""
    machine = build_machine(system)
    assert isinstance(machine.memory, DramMemory)
    dram, common = machine.memory.dram, min(len(coupled), len(alone))
    assert common > 0
    assert coupled[:common].tolist() == alone[:common].tolist()
    for rest in (coupled[common:], alone[common:]):
        assert not (dram.reads[rest[:, 1]] | dram.writes[rest[:, 1]]).any()
    stream = (Command(i, row[0], row[1], tuple(row[2:])) for i, row in enumerate(coupled.tolist()))
    assert list(check_commands(stream, dram)) == []


SLOW_REFRESHES: dict[str, int] = {}
#: The DRAM is refreshed every 700 cycles.
REFRESHES = {"nREFI": 700}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("memory", "overrides"),
    [
        ("ddr4_2400r", REFRESHES),
        ("ddr4_2400r", {**REFRESHES, "rank": 2}),
        ("ddr4_3200aa", SLOW_REFRESHES),
        ("ddr3_1600k", REFRESHES),
    ],
)
def test_the_trace_of_a_convolution_replays_as_the_coupled_runs_commands(memory: str, overrides: dict[str, int]) -> None:
    settings = [f"memory={memory}", *(f"memory.overrides.{key}={value}" for key, value in overrides.items())]
    system = load_system("edge-sram", settings, of=System)
    layer = instance_of(Conv("conv", 16, (3, 3), padding=(1, 1, 1, 1)), ((8, 10, 10),))
    programs = [replace(lowered(system, layer), name=f"conv{number}") for number in range(3)]
    rows, commands = coupled_stream(system, programs)
    assert (rows[:, Transaction.WRITE] == 1).sum() > 10
    alone = replayed(system, rows)
    assert_same_stream(system, commands, alone)
    if overrides:
        assert build_machine(system).memory.dram.refreshes[alone[:, 1]].sum() >= 2


@pytest.mark.slow
def test_the_trace_of_lenet5_replays_as_the_coupled_runs_commands() -> None:
    system = load_system("edge-sram-ddr4", of=System)
    programs = [program for _, program, _ in lower_network(load_network("lenet5"), system) if program is not None]
    rows, commands = coupled_stream(system, programs)
    assert_same_stream(system, commands, replayed(system, rows))
    refreshes = build_machine(system).memory.dram.refreshes
    assert refreshes[commands[:, 1]].sum() >= 1
    assert (rows[:, Transaction.WRITE] == 1).sum() > 50


def test_each_channel_replays_by_itself() -> None:
    # In one DRAM cycle each channel may accept a transaction, but a trace's frontend offers one in all.
    settings = ["memory=ddr4_2400r", "memory.overrides.channel=2", "memory.overrides.nREFI=900"]
    system = load_system("edge-sram", settings, of=System)
    layer = instance_of(Conv("conv", 16, (3, 3), padding=(1, 1, 1, 1)), ((8, 10, 10),))
    rows, commands = coupled_stream(system, [lowered(system, layer)])
    assert set(rows[:, Transaction.CHANNEL].tolist()) == {0, 1}
    for channel in (0, 1):
        alone = replayed(system, rows[rows[:, Transaction.CHANNEL] == channel])
        assert_same_stream(system, commands[commands[:, 2] == channel], alone[alone[:, 2] == channel])
