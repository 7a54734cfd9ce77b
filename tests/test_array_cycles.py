"""Exact cycles of tiny layers, worked out by hand from the cycle contract, on both engines.

The part common to all cases has a memory latency of L cycles and SRAM (read 1, write 1). Cycle 0 starts the bursts of the ifmap
and of the filters, which together have fewer bytes than main memory moves in a cycle. A burst of cycle t is moved within that
cycle and arrives in t + 1 + L. In that cycle it is written to its bank. Its tile is resident in t + 2 + L, when the first element
is offered and granted; the element is ready in t + 3 + L. Step 0 comes in cycle 3 + L, after 3 + L cycles of first fill.

The last step, in cycle z, puts its result into the write buffer. The write is granted in z + 1 and over in z + 2, when the store
starts and reads the line. The store is sent in z + 3 and the memory is done in z + 4 + L, where the layer ends, after 3 + L
cycles of drain following z.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import instance_of

from simcore.clock import clock_ratio, core_cycle_of, domain_cycle_at
from simcore.engine import run_programs
from simcore.program.outcome import Cause, Outcome
from simcore.program.program import Port
from simcore.spec.system import System
from workloads.dataflow import lower
from workloads.layers import Linear
from workloads.network import LayerInstance

LATENCY = 10
FILL, DRAIN = 3 + LATENCY, 3 + LATENCY
PAD: dict[str, Any] = {"capacity_bytes": 1024, "banks": 8, "line_bytes": 16, "ports_per_bank": 2, "timing": "sram"}

ENGINES = pytest.mark.parametrize("engine", ["compiled", "simpy"])


def machine(dataflow: str, side: int, array: dict[str, Any] | None = None, **changes: Any) -> System:
    """A machine in which nothing but main memory is ever waited for: wide scratchpads, ``side`` x ``side`` PEs."""
    values: dict[str, Any] = {
        "name": "by hand",
        "core_clock_hz": "1 GHz",
        "array": {"rows": side, "columns": side, "dataflow": dataflow, "partial_sums": "ofmap", **(array or {})},
        "scratchpads": dict.fromkeys(("ifmap", "filter", "ofmap"), PAD),
        "dma": {"burst_bytes": 64, "outstanding_bursts": 16},
        "memory": {"clock_hz": "1 GHz", "latency_cycles": LATENCY, "bytes_per_cycle": 64},
        "tiling": "whole",
    }
    return System.model_validate(values | changes)


def product(m: int, k: int, n: int) -> LayerInstance:
    """A product of M x K by K x N."""
    return instance_of(Linear("product", n), ((k,),), batch=m)


def run(engine: str, system: System, layer: LayerInstance) -> Outcome:
    """The outcome of one layer, every cycle of which is accounted for."""
    program = lower(layer, system)
    assert program is not None
    (outcome,) = run_programs(system, [program], engine)
    assert outcome.cycles == outcome.compute_cycles + outcome.stall_cycles.sum()
    return outcome


def stalls(outcome: Outcome) -> dict[tuple[Cause, Port], int]:
    """The cycles of each cause and port that has any, without first fill and drain."""
    rows, columns = outcome.stall_cycles.nonzero()
    found = {(Cause(c), Port(p)): int(outcome.stall_cycles[c, p]) for c, p in zip(rows, columns, strict=True)}
    return {key: cycles for key, cycles in found.items() if key[0] not in (Cause.FIRST_FILL, Cause.DRAIN)}


@ENGINES
@pytest.mark.parametrize(
    ("dataflow", "side", "steps"),
    [
        ("os", 1, 1),  # T + R + C - 2 = 1 + 1 + 1 - 2
        ("ws", 1, 2),  # 2R + C + T - 2 = 2 + 1 + 1 - 2
        ("is", 1, 2),
        ("os", 2, 4),  # 2 + 2 + 2 - 2
        ("ws", 2, 6),  # 4 + 2 + 2 - 2
        ("is", 2, 6),
    ],
)
def test_one_fold_takes_first_fill_then_a_cycle_a_step_then_drain(engine: str, dataflow: str, side: int, steps: int) -> None:
    outcome = run(engine, machine(dataflow, side), product(side, side, side))
    assert outcome.compute_cycles == steps
    assert outcome.stall_cycles[Cause.FIRST_FILL].sum() == FILL
    assert outcome.stall_cycles[Cause.DRAIN].sum() == DRAIN
    assert outcome.cycles == FILL + steps + DRAIN
    assert stalls(outcome) == {}


@ENGINES
def test_a_memory_of_one_byte_a_cycle_delays_fill_and_drain_by_what_the_transfers_take(engine: str) -> None:
    """Four bytes each: the ifmap's transfer ends in 4, the filters' in 8, seven cycles later than in one cycle for both; the
    store's takes three more. First fill 10 + L, four steps, drain 6 + L."""
    memory = {"clock_hz": "1 GHz", "latency_cycles": LATENCY, "bytes_per_cycle": 1}
    outcome = run(engine, machine("os", 2, memory=memory), product(2, 2, 2))
    assert outcome.stall_cycles[Cause.FIRST_FILL].sum() == FILL + 7
    assert outcome.cycles == (10 + LATENCY) + 4 + (6 + LATENCY)


@ENGINES
@pytest.mark.parametrize(("window", "waits"), [(1, 7), (2, 0), (8, 0)])
def test_a_port_window_of_one_halves_the_read_rate(engine: str, window: int, waits: int) -> None:
    """Eight taps on one PE. An element is offered in t and ready in t + 1; with one place in the window the next is offered in
    t + 2 only. Both ports wait, the ifmap's is charged."""
    outcome = run(engine, machine("os", 1, {"port_window": window}), product(1, 8, 1))
    assert stalls(outcome) == ({(Cause.READ_LATENCY, Port.IFMAP): waits} if waits else {})
    assert outcome.cycles == FILL + 8 + waits + DRAIN


@ENGINES
def test_a_read_latency_of_three_with_two_places_gives_two_elements_in_three_cycles(engine: str) -> None:
    """The ifmap's elements 0, 1 are offered in a, a + 1, ready in a + 3, a + 4; place 0 is free again from a + 4 on.

    The ifmap is resident in 2 + L: its elements 0, 1 are ready in 5 + L, 6 + L, the filters' (read 1) before. Then 2, 3 are
    offered in 6 + L, 7 + L and ready in 9 + L, 10 + L, and so on: pairs every four cycles, two of them stalls.
    First fill 5 + L, steps in 5, 6, 9, 10, 13, 14, 17, 18 + L.
    """
    slow = PAD | {"timing": {"model": "sram", "parameters": {"read_cycles": 3}}}
    pads = {"ifmap": slow, "filter": PAD, "ofmap": PAD}
    outcome = run(engine, machine("os", 1, {"port_window": 2}, scratchpads=pads), product(1, 8, 1))
    assert outcome.stall_cycles[Cause.FIRST_FILL].sum() == 5 + LATENCY
    assert stalls(outcome) == {(Cause.READ_LATENCY, Port.IFMAP): 6}
    assert outcome.cycles == (18 + LATENCY) + 1 + DRAIN


@ENGINES
def test_with_one_outstanding_burst_each_load_waits_for_the_one_before(engine: str) -> None:
    """Eight taps on one PE, a word in a line: the filters are eight tiles. A burst started in t is over in t + 2 + L.

    The next burst starts then.

    Filter tile i is the burst number i + 1, resident in (i + 2)(L + 2), its step in the cycle after. Between two steps lie L
    cycles without the tile and one for the read.
    """
    pads = {"ifmap": PAD, "filter": PAD | {"line_bytes": 1}, "ofmap": PAD}
    one = machine("os", 1, dma={"burst_bytes": 64, "outstanding_bursts": 1}, scratchpads=pads)
    outcome = run(engine, one, product(1, 8, 1))
    last_step = 9 * (LATENCY + 2) + 1
    assert outcome.stall_cycles[Cause.FIRST_FILL].sum() == 2 * (LATENCY + 2) + 1
    assert stalls(outcome) == {(Cause.DRAM_WAIT, Port.FILTER): 7 * LATENCY, (Cause.READ_LATENCY, Port.FILTER): 7}
    assert outcome.cycles == last_step + 1 + DRAIN
    many = run(engine, machine("os", 1), product(1, 8, 1))
    assert many.cycles == FILL + 8 + DRAIN


@ENGINES
@pytest.mark.parametrize(
    ("clock", "fill", "cycles"),
    [
        # The operands' requests of core cycle 0 are taken in memory cycle 0 and done in 1 + 10; step 0 comes two cycles later.
        # At half the clock, memory cycle k is core cycle 2k: done in 22, step 0 in 24. The store's request of 27 is taken in
        # memory cycle 14 and done in 15 + 10, core cycle 50.
        ("500 MHz", 24, 50),
        # At 8/5 of the clock, memory cycle k is core cycle ceil(5k / 8): done in ceil(55 / 8) = 7, step 0 in 9. The store's
        # request of 12 is taken in memory cycle 18 (the first of two in core cycle 12), done in 29, core cycle 19.
        ("1.6 GHz", 9, 19),
        # At 2/3 of the clock, memory cycle k is core cycle ceil(3k / 2): done in ceil(33 / 2) = 17, step 0 in 19. The store's
        # request of 22 is taken in memory cycle 15 (core cycle 23; cycle 14 was core cycle 21), done in 26, core cycle 39.
        ("2 GHz", 19, 39),
    ],
)
def test_the_memory_counts_cycles_of_its_own_clock(engine: str, clock: str, fill: int, cycles: int) -> None:
    core, memory_clock = ("3 GHz", clock) if clock == "2 GHz" else ("1 GHz", clock)
    memory = {"clock_hz": memory_clock, "latency_cycles": 10, "bytes_per_cycle": 64}
    outcome = run(engine, machine("os", 1, core_clock_hz=core, memory=memory), product(1, 1, 1))
    assert outcome.stall_cycles[Cause.FIRST_FILL].sum() == fill
    assert outcome.cycles == cycles


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 5000))
def test_a_domains_cycle_at_a_core_cycle_is_the_first_that_does_not_lie_before_it(core: int, domain: int, cycle: int) -> None:
    p, q = clock_ratio(core, domain)
    found = domain_cycle_at(cycle, p, q)
    assert core_cycle_of(found, p, q) >= cycle
    assert found == 0 or core_cycle_of(found - 1, p, q) < cycle
    assert core_cycle_of(found + q, p, q) == core_cycle_of(found, p, q) + p


@ENGINES
@pytest.mark.parametrize(("depth", "waits"), [(0, 1), (1, 1), (2, 0)])
def test_a_write_buffer_without_room_waits_for_each_write(engine: str, depth: int, waits: int) -> None:
    """Four products on one PE, a result a step. A result posted in t is granted in t + 1 and over in t + 2: with depth 0 or 1 the
    next step comes in t + 2, with depth 2 in t + 1."""
    pads = {"ifmap": PAD, "filter": PAD, "ofmap": PAD | {"write_buffer": {"depth": depth}}}
    outcome = run(engine, machine("os", 1, scratchpads=pads), product(4, 1, 1))
    assert stalls(outcome) == ({(Cause.WRITE_BACKPRESSURE, Port.OUTPUT): 3 * waits} if waits else {})
    assert outcome.cycles == FILL + 4 + 3 * waits + DRAIN


@ENGINES
def test_slow_writes_without_a_buffer_are_waited_for_in_full(engine: str) -> None:
    """Writes of 9 cycles: posted in t, granted in t + 1, over in t + 10, where the next step comes; the last delays the drain by
    eight. The store's read of one cycle, in t + 10, has left the bank when the next write comes to it in t + 11."""
    timing = {"model": "stt-mram", "parameters": {"read_cycles": 1, "write_cycles": 9}}
    pads = {"ifmap": PAD, "filter": PAD, "ofmap": PAD | {"timing": timing, "write_buffer": {"depth": 0}}}
    outcome = run(engine, machine("os", 1, scratchpads=pads), product(4, 1, 1))
    assert stalls(outcome) == {(Cause.WRITE_BACKPRESSURE, Port.OUTPUT): 27}
    assert outcome.cycles == FILL + 4 + 27 + (DRAIN + 8)


@ENGINES
def test_a_partial_sum_is_not_read_before_it_is_written(engine: str) -> None:
    """Two taps on one PE, weight stationary: the second fold adds to the sum of the first.

    With overlap the sum of step 1 is added to in step 2. It is posted in t, its read is offered in t + 1, answered by the write
    buffer, and ready in t + 2: one stall. Without overlap a step lies between, and the read is in time.
    """
    overlapped = run(engine, machine("ws", 1, {"fold_overlap": "wave"}), product(1, 2, 1))
    assert stalls(overlapped) == {(Cause.READ_LATENCY, Port.PSUM): 1}
    assert overlapped.forwarded_reads.sum() == 1
    assert overlapped.cycles == FILL + 3 + 1 + DRAIN
    apart = run(engine, machine("ws", 1), product(1, 2, 1))
    assert stalls(apart) == {}
    assert apart.forwarded_reads.sum() == 1
    assert apart.cycles == FILL + 4 + DRAIN


@ENGINES
def test_a_partial_sum_that_has_left_the_write_buffer_is_read_from_its_bank(engine: str) -> None:
    """As above with four pixels, no overlap and a window of one: 2R + C + T - 2 = 5 steps a fold.

    Sums are posted in steps 1 to 4, and each has left the buffer two cycles later. Only the read of the first is offered while
    its sum is there, a cycle after it was posted; it keeps the window until step 6. The others follow in turn and are read from
    the bank. The ifmap's window of one makes steps 2 to 4 and 7 to 9 wait a cycle each; the partial sums, which
    would be late in 7 to 9 as well, come after it in the order of ports.
    """
    outcome = run(engine, machine("ws", 1, {"port_window": 1}), product(4, 2, 1))
    assert outcome.forwarded_reads.sum() == 1
    assert outcome.port_elements[Port.PSUM] == 4
    # Of the results' lines the array reads three (the fourth came from the buffer), the DMA's store one, in one slot of its own.
    assert outcome.reads[16:].sum() - outcome.dma_reads[16:].sum() == 3
    assert stalls(outcome) == {(Cause.READ_LATENCY, Port.IFMAP): 6}
    assert outcome.cycles == FILL + 10 + 6 + DRAIN
