"""Equal layers run once, with the same tables and the same machine state, and only if every part of the key is equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from machines import instance_of

from simcore.engine.compiled import columns as c
from simcore.engine.compiled import equal_layers
from simcore.engine.compiled.run import CompiledEngine
from simcore.engine.shortcuts import Shortcuts
from simcore.engine.store import MemoryStore
from simcore.machine.line_writes import no_line_writes
from simcore.machine.machine import build_machine
from simcore.program.outcome import Outcome
from simcore.program.program import Geo, Op, Port, Program, Reg, Seg
from simcore.program.segments import Segments
from simcore.simulation import simulate
from simcore.spec import System, override_system
from workloads.dataflow import lower
from workloads.layers import Conv

_PAD = {
    "capacity_bytes": 2048,
    "banks": 4,
    "line_bytes": 4,
    "timing": {"model": "stt-mram", "parameters": {"read_cycles": 1, "write_cycles": 3}},
    "write_buffer": {"depth": 8},
}
SYSTEM = System.model_validate(
    {
        "name": "again",
        "core_clock_hz": 1_000_000_000,
        "array": {"rows": 3, "columns": 3, "dataflow": "ws", "partial_sums": "accumulator", "port_window": 2},
        "words": {"ifmap_bytes": 1, "filter_bytes": 1, "ofmap_bytes": 1, "psum_bytes": 4},
        "scratchpads": {"ifmap": _PAD, "filter": _PAD, "ofmap": _PAD, "accumulator": {**_PAD, "line_bytes": 16}},
        "dma": {"outstanding_bursts": 4, "burst_bytes": 16},
        "memory": {"clock_hz": 1_000_000_000, "latency_cycles": 5, "bytes_per_cycle": 8},
        "tiling": "whole",
    }
)
#: Three row folds and two column folds; the first taps of the first pixels lie in the padding.
LAYER = instance_of(Conv("conv", 6, (2, 2), padding=(1, 0, 1, 0)), ((2, 5, 5),))
Prepare = Callable[[CompiledEngine], None]


def program_on(system: System = SYSTEM) -> Program:
    lowered = lower(LAYER, system)
    assert lowered is not None
    return lowered


@dataclass(frozen=True)
class Run:
    """A layer on a fresh machine that was changed by ``prepare`` before."""

    system: System = SYSTEM
    change: Callable[[Program], Program] = lambda program: program
    prepare: Prepare = lambda engine: None

    def outcome(self, store: MemoryStore[Any], shortcuts: Shortcuts | None = None) -> tuple[Outcome, np.ndarray, list[Any]]:
        """What the layer counts, how often it writes each line, and the machine that it leaves behind."""
        machine = build_machine(self.system)
        counted = no_line_writes(machine)
        engine = CompiledEngine(machine, shortcuts, counted, store)
        self.prepare(engine)
        outcome = engine.run(self.change(program_on(self.system)))
        return outcome, counted.flat, left_behind(engine)


def left_behind(engine: CompiledEngine) -> list[Any]:
    """The machine that the next layer begins on, as far as it can matter to that."""
    state = engine.state
    return [
        state.cycle,
        equal_layers._memory_free_in(state),
        *(part.tolist() for part in equal_layers._servers(state)),
        equal_layers._last_ports(state).tolist(),
    ]


def differ(one: tuple[Outcome, np.ndarray, list[Any]], other: tuple[Outcome, np.ndarray, list[Any]]) -> bool:
    return bool(one[0].differences(other[0])) or not np.array_equal(one[1], other[1]) or one[2] != other[2]


def set_to(**overrides: Any) -> Run:
    return Run(override_system(SYSTEM, [f"{name.replace('__', '.')}={value}" for name, value in overrides.items()]))


def changed(name: str, column: int, by: int, row: int = 0, port: int | None = None) -> Run:
    """The layer with one cell of its Program changed."""

    def change(program: Program) -> Program:
        tables = program.segments if port is not None else getattr(program, name)
        cells = (tables[port] if port is not None else tables).copy()
        cells[(row, column) if cells.ndim == 2 else column] += by
        if port is None:
            return replace(program, **{name: cells})
        return replace(
            program, segments=Segments.of_rows(cells if number == port else rows for number, rows in enumerate(tables))
        )

    return Run(change=change)


def all_in_one_queue(program: Program) -> Program:
    starts = program.queue_start.copy()
    starts[1] = 0
    return replace(program, queue_start=starts)


def begun_at(cycle: int) -> Prepare:
    def prepare(engine: CompiledEngine) -> None:
        engine.state.cycle = cycle

    return prepare


def memory_busy(cycles: int, part: int = 0) -> Prepare:
    def prepare(engine: CompiledEngine) -> None:
        engine.state.memory_free, engine.state.memory_part = cycles, part

    return prepare


def only_results(program: Program) -> Program:
    """Nothing is read: results may meet the DMA's loads at a bank that has granted nothing yet."""
    nothing = program.segments[Port.IFMAP][:0]
    return replace(program, segments=Segments.of_rows((nothing, nothing, nothing, program.segments[Port.OUTPUT])))


def held(cycles: int, port: int) -> Prepare:
    """One of the ports of the first bank is still held when the layer begins."""

    def prepare(engine: CompiledEngine) -> None:
        engine.state.tables.servers[0, [c.SERVER_FREE_AT, c.SERVER_PORT]] = cycles, port

    return prepare


def granted_last(port: int) -> Prepare:
    def prepare(engine: CompiledEngine) -> None:
        engine.state.tables.banks[:, c.BANK_LAST_PORT] = port

    return prepare


TWO_PORTS = override_system(SYSTEM, ["scratchpads.ifmap.ports_per_bank=2", "scratchpads.ifmap.banks=1"])
IN_TURN = override_system(
    SYSTEM.model_copy(update={"scratchpads": {"unified": SYSTEM.scratchpads["ofmap"]}}),
    [
        "array.partial_sums=ofmap",
        "scratchpads.unified.arbiter=round-robin",
        "scratchpads.unified.banks=1",
        "scratchpads.unified.write_buffer.read_priority=false",
        "memory.latency_cycles=7",
        "memory.bytes_per_cycle=64",
    ],
)
FAST_CLOCK = override_system(SYSTEM, ["memory.clock_hz=1600 MHz", "memory.bytes_per_cycle=1", "memory.latency_cycles=1"])
IN_PARTS = override_system(FAST_CLOCK, ["memory.bytes_per_cycle=7/3"])
ODD_RATE = override_system(SYSTEM, ["memory.bytes_per_cycle=3"])
SLOW_CLOCK = override_system(SYSTEM, ["memory.clock_hz=300 MHz"])

#: For each part of the key, two layers that differ in it alone.
PAIRS: dict[str, tuple[Run, Run]] = {
    **{
        f"segments of port {port}": (Run(), changed("segments", Seg.LANES, -1, port=port))
        for port in (Port.IFMAP, Port.FILTER, Port.PSUM, Port.OUTPUT)
    },
    "geometry": (Run(), changed("geometry", Geo.PAD_H, -1)),
    "regions": (Run(), changed("regions", Reg.BASE_LINE, 1)),
    "operations": (Run(), changed("ops", Op.BYTES, -1)),
    "queues": (Run(), Run(change=all_in_one_queue)),
    "bins": (Run(), Run(change=lambda program: replace(program, roles=None))),
    "steps": (Run(), Run(change=lambda program: replace(program, steps=program.steps + 5))),
    "scratchpads": (Run(), set_to(scratchpads__accumulator__write_buffer__depth=3)),
    "timings": (Run(), set_to(scratchpads__ifmap__timing__parameters__read_cycles=2)),
    "window": (Run(), set_to(array__port_window=1)),
    "bursts": (Run(), set_to(dma__outstanding_bursts=1)),
    "main memory": (Run(), set_to(memory__latency_cycles=9)),
    "phase of main memory's clock": (Run(SLOW_CLOCK, prepare=begun_at(1)), Run(SLOW_CLOCK, prepare=begun_at(2))),
    "cycles until main memory is free": (Run(), Run(prepare=memory_busy(200))),
    "part of a cycle until main memory is free": (
        Run(ODD_RATE, prepare=memory_busy(200)),
        Run(ODD_RATE, prepare=memory_busy(200, part=2)),
    ),
    "cycles until servers are free": (Run(prepare=held(200, Port.IFMAP)), Run(prepare=held(300, Port.IFMAP))),
    "what holds servers": (Run(TWO_PORTS, prepare=held(2000, Port.DMA)), Run(TWO_PORTS, prepare=held(2000, Port.OUTPUT))),
    "ports granted last": (
        Run(IN_TURN, only_results, granted_last(Port.OUTPUT)),
        Run(IN_TURN, only_results, granted_last(Port.DMA)),
    ),
}


def test_every_part_of_the_key_has_two_layers_that_differ_in_it() -> None:
    assert set(PAIRS) == set(equal_layers.key_parts(CompiledEngine(build_machine(SYSTEM)).state, program_on()))


@pytest.mark.parametrize("part", PAIRS)
def test_without_a_part_of_the_key_a_layer_is_taken_for_another(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = PAIRS[part]
    truth = [run.outcome(MemoryStore(), Shortcuts(equal_layers=False)) for run in (one, other)]
    store: MemoryStore[Any] = MemoryStore()
    assert not any(differ(run.outcome(store), expected) for run, expected in zip((one, other), truth, strict=True))
    whole = equal_layers.key_parts
    monkeypatch.setattr(
        equal_layers, "key_parts", lambda *given: {name: cells for name, cells in whole(*given).items() if name != part}
    )
    store = MemoryStore()
    one.outcome(store)
    assert differ(other.outcome(store), truth[1])


HELD_LONG = override_system(
    SYSTEM, [f"scratchpads.ofmap.timing.parameters.{name}" for name in ("read_cycles=90", "read_latency_cycles=1")]
)


@pytest.mark.parametrize("system", [SYSTEM, IN_TURN, HELD_LONG, SLOW_CLOCK, FAST_CLOCK, IN_PARTS])
def test_a_layer_that_comes_again_leaves_the_machine_as_if_it_had_been_simulated(system: System) -> None:
    machines = [CompiledEngine(build_machine(system), Shortcuts(equal_layers=on)) for on in (True, False)]
    program = program_on(system)
    other = replace(program, ops=program.ops + np.eye(1, program.ops.shape[1], Op.ADDRESS, dtype=np.int64) * 4096, name="other")
    for number in range(6):
        (fast, slow) = (engine.run(other if number % 2 else program) for engine in machines)
        assert not slow.differences(fast)
        assert left_behind(machines[0]) == left_behind(machines[1])
    assert machines[0].simulated < machines[1].simulated == 6


def test_what_is_kept_without_writes_of_lines_does_not_serve_who_counts_them() -> None:
    store: MemoryStore[Any] = MemoryStore()
    CompiledEngine(build_machine(SYSTEM), store=store).run(program_on())
    assert not differ(Run().outcome(store), Run().outcome(MemoryStore()))


def test_layers_on_a_dram_and_on_banks_with_a_state_are_simulated() -> None:
    for overrides in (["memory=ddr4_2400r"], ["scratchpads.ofmap.timing=stt-mram-verify"]):
        system = override_system(SYSTEM, overrides)
        engine = CompiledEngine(build_machine(system))
        for _ in range(2):
            engine.run(program_on(system))
        assert engine.simulated == 2


@pytest.mark.parametrize("system", ["edge-sram", "train-stt"])
def test_every_table_of_a_network_is_the_same_without_it(system: str) -> None:
    fast, slow = (
        simulate("lenet5", system, training="momentum", batch=3, shortcuts=Shortcuts(equal_layers=on)) for on in (True, False)
    )
    for name, table in slow.tables().items():
        assert table.equals(fast.tables()[name]), name


@dataclass(frozen=True)
class Bytes:
    nbytes: int


def test_a_store_in_memory_gives_up_what_was_not_asked_for_the_longest() -> None:
    store: MemoryStore[Bytes] = MemoryStore(most_bytes=10)
    for name in "ab":
        store.put(name, Bytes(4))
    assert store.get("a") == Bytes(4)
    store.put("c", Bytes(4))
    assert [store.get(name) is None for name in "abc"] == [False, True, False]
    store.put("a", Bytes(6))
    assert [store.get(name) for name in "ac"] == [Bytes(6), Bytes(4)]
    store.put("d", Bytes(11))
    assert [store.get(name) for name in "acd"] == [None, None, None]
