"""Where latency is not hidden, loads come in crowds: the plan's order and slots let main memory begin too late, in closed form.

Layers and machines were drawn at random: products of sides 256 to 2048, usual convolutions, all dataflows, latencies 1 to 500,
bursts that cover them or not. Most take their steps or their bytes and one fill, as in tests/test_latency_hidden.py.

In the others many bytes are needed within a short time, before which their slots are not free: at the begin of the layer, or
where the next part of an operand replaces one that is used until then. An ideal memory loads them strictly in the order in which
they are needed, one at a time, none before its slot is released, at no latency. The simulated layer takes 5 % and one fill more
at most. It may also take less, because the DMA goes on with a later load while the next one waits for its slot.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from test_latency_hidden import KEYS, bound
from test_order_of_need import by_hand, reads

from simcore.engine import run_programs
from simcore.program.program import Int64Array, Op, OpKind, Port, Program
from simcore.spec import SimpleMemorySpec, System, load_system
from workloads.dataflow.array import lower_shape
from workloads.dataflow.segments import due_steps
from workloads.dataflow.shape import ConvShape, matrix_product

#: A burst is also in flight while it is transferred, and for the cycles in which its lines are written and it is found done.
HANDLING_CYCLES = 2


class Case(NamedTuple):
    """A layer on a machine: "small" is that of tests/test_latency_hidden.py. Shapes are M, K, N or H, C, F, kernel, stride."""

    machine: str
    dataflow: str
    shape: tuple[int, ...]
    latency: int
    bursts: int


HIDDEN = [
    Case("small", "ws", (56, 64, 128, 3, 2), 400, 73),
    Case("small", "is", (13, 192, 384, 3, 1), 500, 252),
    Case("small", "is", (768, 512, 768), 500, 87),
    Case("small", "os", (1536, 384, 512), 60, 6),
    Case("small", "ws", (56, 256, 64, 1, 1), 30, 4),
    Case("edge-sram", "ws", (56, 256, 64, 1, 1), 30, 17),
    Case("edge-sram", "os", (28, 96, 208, 3, 1), 300, 27),
    Case("cloud-128x128-ws", "os", (1024, 1000, 1536), 8, 10),
    Case("cloud-128x128-ws", "ws", (768, 384, 1536), 200, 202),
    Case("tpu-v3-core", "os", (256, 1536, 1024), 240, 450),
]
CROWDED = [
    Case("small", "is", (28, 256, 512, 1, 2), 8, 4),
    Case("small", "os", (28, 512, 128, 1, 1), 30, 17),
    Case("small", "os", (13, 192, 384, 3, 1), 300, 50),
    Case("small", "os", (28, 256, 512, 1, 2), 240, 122),
    Case("edge-sram", "is", (28, 128, 256, 3, 2), 240, 38),
    Case("edge-sram", "os", (384, 768, 1024), 100, 10),
    Case("cloud-128x128-ws", "os", (768, 1000, 768), 60, 62),
    Case("tpu-v3-core", "ws", (768, 1000, 768), 240, 124),
]


def shape_of(case: Case) -> ConvShape:
    if len(case.shape) == 3:
        return matrix_product(*case.shape)
    side, channels, filters, kernel, stride = case.shape
    out = (side + 2 * (kernel // 2) - kernel) // stride + 1
    ends = (kernel // 2, kernel // 2)
    return ConvShape(1, side, side, channels, out, out, filters, (kernel, kernel), stride=(stride, stride), padding=ends)


def system_of(case: Case) -> System:
    base, keys = ("edge-sram", KEYS) if case.machine == "small" else (case.machine, ())
    own = (f"array.dataflow={case.dataflow}", f"memory.latency_cycles={case.latency}", f"dma.outstanding_bursts={case.bursts}")
    overlap = ("array.fold_overlap=after-wave",) if base == "edge-sram" else ()
    return load_system(base, [*keys, *overlap, *own])


def released_after(program: Program) -> Int64Array:
    """The step after which each operation may start, or -1 if it waits for no element."""
    ops = program.ops
    released = np.full(len(ops), -1, dtype=np.int64)
    for port in Port:
        waits = np.flatnonzero((ops[:, Op.DEP_PORT] == port) & (ops[:, Op.DEP_COUNT] > 0))
        if len(waits):
            released[waits] = due_steps(program.segments.ports[port], ops[waits, Op.DEP_COUNT] - 1)
    return released


def ideal_cycles(program: Program, bytes_per_cycle: float) -> float:
    """The cycles of a layer whose loads an ideal memory moves in order of need, one at a time, each once its slot is released."""
    released, ops = released_after(program), program.ops
    loads = np.flatnonzero(ops[:, Op.KIND] == OpKind.LOAD)
    memory = lost = 0.0
    from_step, lost_by = [-1], [0.0]
    for load in loads[np.argsort(ops[loads, Op.NEEDED], kind="stable")].tolist():
        step = int(released[load])
        memory = max(memory, step + 1 + lost_by[bisect_right(from_step, step) - 1]) + int(ops[load, Op.BYTES]) / bytes_per_cycle
        needed = int(ops[load, Op.NEEDED])
        if memory > needed + lost:
            lost = memory - needed
            from_step.append(needed)
            lost_by.append(lost)
    return program.steps + lost


@pytest.mark.slow
@pytest.mark.parametrize("case", [*HIDDEN, *CROWDED], ids=str)
def test_a_large_layer_takes_no_more_than_its_plan_needs_and_one_fill(case: Case) -> None:
    system, shape = system_of(case), shape_of(case)
    memory, dma, array, word = system.memory, system.dma, system.array, system.words.ifmap_bytes
    assert isinstance(memory, SimpleMemorySpec)
    assert memory.clock_hz == system.core_clock_hz
    bandwidth = float(memory.bytes_per_cycle)
    program = lower_shape("layer", "conv", shape, system)
    (outcome,) = run_programs(system, [program])
    moved = program.facts["dram_read_bytes"] + program.facts["dram_write_bytes"]
    first_fold = array.rows * (array.columns + max(shape.pixels, shape.filters, shape.taps)) * word
    in_flight = dma.burst_bytes / bandwidth + HANDLING_CYCLES
    rate = min(bandwidth, dma.outstanding_bursts * dma.burst_bytes / (memory.latency_cycles + in_flight))
    assert (outcome.cycles <= bound(system, program.steps, moved, first_fold, in_flight)) == (case in HIDDEN)
    assert outcome.cycles <= bound(system, ideal_cycles(program, rate), moved, first_fold, in_flight)
    assert outcome.cycles >= max(program.steps, moved / bandwidth)


@pytest.mark.parametrize(
    ("needed", "released", "cycles"),
    [
        ((100, 116, 132, 148), -1, 164),  # All are there by cycle 128.
        ((0, 16, 32, 48), -1, 144),  # The array loses 32 cycles, and 16 more with each further load.
        ((0, 16, 32, 48), 20, 144),  # Step 20 is made in cycle 20 + 48, before memory has moved the third load.
        ((0, 16, 32, 48), 40, 153),  # Step 40 is made in cycle 40 + 64, and the fourth load is done in cycle 105 + 32.
    ],
)
def test_an_ideal_memory_moves_one_load_at_a_time_once_its_slot_is_released(
    needed: tuple[int, ...], released: int, cycles: int
) -> None:
    """Four loads of 32 cycles. The slot of the last is released by an element that is due in step ``released``."""
    steps = needed[-1] + 16
    program = by_hand([1] * 4, list(needed), 0, reads(*((0, step) for step in range(steps))), reads())
    program.ops[:, Op.BYTES] = 32
    if released >= 0:
        program.ops[3, [Op.DEP_PORT, Op.DEP_COUNT]] = Port.IFMAP, released + 1
    assert ideal_cycles(replace(program, steps=steps), 1.0) == cycles
