"""The DMA serves the operations of its queues in the order in which they are needed, and the plan says for which step each is."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from dataflow_walk import elements
from machines import instance_of
from test_latency_hidden import machine as latency_machine

from simcore.engine import run_programs
from simcore.program.outcome import Cause, Outcome
from simcore.program.program import OP_COLUMNS, SEG_COLUMNS, Int64Array, Op, OpKind, Port, Program, Reg, Seg
from simcore.program.segments import Segments
from simcore.spec import System, load_system
from workloads.dataflow import lower
from workloads.dataflow.array import lower_shape
from workloads.dataflow.elementwise import lower_elementwise
from workloads.dataflow.shape import ConvShape, matrix_product
from workloads.layers import Conv, Pool

ENGINES = pytest.mark.parametrize("engine", ["simpy", "compiled"])
LATENCY, LINE = 20, 64
#: A scratchpad in which every line has a bank, so that no burst waits there.
PAD: dict[str, Any] = {"capacity_bytes": "64 KiB", "banks": 256, "line_bytes": LINE, "ports_per_bank": 8, "timing": "sram"}
SYSTEM = System.model_validate(
    {
        "name": "by hand",
        "core_clock_hz": "1 GHz",
        "array": {"rows": 1, "columns": 1, "dataflow": "os", "partial_sums": "ofmap", "port_window": 1},
        "scratchpads": {"unified": PAD},
        "dma": {"burst_bytes": LINE, "outstanding_bursts": 4096},
        "memory": {"clock_hz": "1 GHz", "latency_cycles": LATENCY, "bytes_per_cycle": LINE},
    }
)


def reads(*tile_and_step: tuple[int, int]) -> Int64Array:
    """Segments of one element each: the first word of a tile, due in a step."""
    rows = np.zeros((len(tile_and_step), SEG_COLUMNS), dtype=np.int64)
    rows[:, [Seg.COUNT, Seg.LANES, Seg.TIMES, Seg.CHUNK, Seg.STRIDE, Seg.SETS, Seg.JOINED, Seg.GROUPS]] = 1
    rows[:, Seg.AFTER_WRITE] = -1
    rows[:, [Seg.TILE, Seg.DUE]] = np.array(tile_and_step).reshape(-1, 2)
    return rows


def by_hand(bursts: list[int], needed: list[int], in_filter_queue: int, ifmap: Int64Array, filters: Int64Array) -> Program:
    """A layer that loads tile i with bursts[i] bursts for step needed[i]; the last ones are loaded by the filter's queue."""
    count, none = len(bursts), np.zeros((0, SEG_COLUMNS), dtype=np.int64)
    region = np.zeros((1, len(Reg)), dtype=np.int64)
    region[0, [Reg.SLOT_LINES, Reg.SLOTS, Reg.WORD_BYTES, Reg.TILES]] = max(bursts), count, 1, count
    ops = np.zeros((count, OP_COLUMNS), dtype=np.int64)
    ops[:, Op.KIND], ops[:, Op.DEP_PORT], ops[:, Op.DEP_OP] = OpKind.LOAD, -1, -1
    ops[:, Op.TILE] = ops[:, Op.SLOT] = np.arange(count)
    ops[:, Op.BYTES], ops[:, Op.NEEDED] = np.array(bursts) * LINE, needed
    return Program(
        name="by hand", dataflow="vector", steps=max(needed) + 1, segments=Segments.of_rows((ifmap, filters, none, none)),
        geometry=np.ones(18, dtype=np.int64), regions=region, ops=ops,
        queue_start=np.array([0, count - in_filter_queue, *[count] * 4], dtype=np.int64), tiles=count, slots=count,
    )  # fmt: skip


def run(program: Program, engine: str) -> Outcome:
    (outcome,) = run_programs(SYSTEM, [program], engine)
    return outcome


def step_after(burst: int) -> int:
    """The cycle in which the array makes a step that waits for a burst handed over in cycle ``burst``.

    The transfer takes a cycle, then comes the latency. The line is written in the cycle after, the tile is resident in the next,
    in which it is read, and the step follows.
    """
    return burst + 1 + LATENCY + 1 + 1


@ENGINES
@pytest.mark.parametrize(("needed", "last_bursts"), [((0, 1), (9, 19)), ((1, 0), (9, 19))])
def test_the_tile_that_is_needed_first_takes_all_of_the_rate(engine: str, needed: tuple[int, int], last_bursts: Any) -> None:
    """Two tiles of ten bursts: the first step waits for the ten of its tile, not for twenty of both, whichever queue it is in."""
    ifmap, filters = reads((0, needed[0])), reads((1, needed[1]))
    outcome = run(by_hand([10, 10], list(needed), 1, ifmap, filters), engine)
    first, second = map(step_after, last_bursts)
    assert outcome.stall_cycles[Cause.FIRST_FILL].sum() == first
    assert outcome.cycles == second + 1


@ENGINES
def test_of_two_that_are_needed_for_one_step_the_first_queues_is_loaded_first(engine: str) -> None:
    outcome = run(by_hand([10, 10], [0, 0], 1, reads((0, 0)), reads((1, 0))), engine)
    assert outcome.stall_cycles[Cause.FIRST_FILL, Port.IFMAP] == step_after(9)
    assert outcome.cycles == step_after(19) + 1


@ENGINES
def test_a_load_whose_slot_is_released_goes_before_the_rest_of_one_that_is_needed_later(engine: str) -> None:
    """Tile 2, needed in step 1, may start once step 0 is made; 100 bursts of tile 1, needed in step 2, are then half done."""
    program = by_hand([1, 100, 1], [0, 2, 1], 1, reads((0, 0), (1, 2)), reads((2, 1)))
    program.ops[2, [Op.DEP_PORT, Op.DEP_COUNT]] = Port.IFMAP, 1
    outcome = run(program, engine)
    released = step_after(0) + 1
    assert outcome.bin_start_cycles.tolist() == [0, released, step_after(released) + 1]
    assert outcome.cycles == step_after(101) + 1


# The plan -----------------------------------------------------------------------------------------------------------------------

TIGHT = ("tiling=whole", "array.rows=4", "array.columns=4", "scratchpads.accumulator.line_bytes=16")
SMALL = (
    *TIGHT,
    *(f"scratchpads.{pad}.{key}" for pad in ("ifmap", "filter", "ofmap") for key in ("capacity_bytes=512", "banks=2")),
)
SPILLS = (*SMALL, "scratchpads.accumulator.banks=1", "scratchpads.accumulator.capacity_bytes=128")


def plans() -> dict[str, Program]:
    """Plans that load tiles again, spill partial sums, and run on the vector unit."""
    found = {}
    for flow in ("ws", "os", "is"):
        system = load_system("edge-sram", [*SPILLS, f"array.dataflow={flow}"])
        found[f"{flow} product"] = lower_shape("product", "linear", matrix_product(50, 8, 12), system)
        found[f"{flow} conv"] = lower_shape("conv", "conv", ConvShape(1, 9, 9, 6, 9, 9, 8, (3, 3), padding=(1, 1)), system)
    small = load_system("edge-sram", SMALL)
    found["sum of three"] = lower_elementwise("sum", "add", small, words=2000, operands=3)
    pool = lower(instance_of(Pool("pool", "max", 3, 2), ((40, 13, 13),)), small)
    depthwise = lower(instance_of(Conv("conv", 8, 3, groups=8), ((8, 12, 12),)), small)
    assert pool is not None
    assert depthwise is not None
    return found | {"pool": pool, "depthwise": depthwise}


PLANS = plans()


def takers_in_order(program: Program) -> list[Int64Array]:
    """Loads and acquisitions in the order in which they are needed."""
    return sorted((op for op in program.ops if op[Op.KIND] != OpKind.STORE), key=lambda op: int(op[Op.NEEDED]))


def test_the_plans_load_tiles_again_and_store_partial_sums() -> None:
    again = {name for name, program in PLANS.items() if len(takers_in_order(program)) > program.tiles}
    assert {"ws product", "ws conv", "os conv", "is product"} <= again
    assert any(op[Op.KIND] == OpKind.STORE and op[Op.REGION] == 2 for op in PLANS["ws product"].ops)


@pytest.mark.parametrize("name", PLANS)
def test_if_each_tile_comes_in_the_step_for_which_it_is_needed_no_element_finds_it_missing(name: str) -> None:
    program = PLANS[name]
    touched: dict[int, set[int]] = {}
    for port in range(len(program.segments)):
        for element in elements(program, port):
            tiles = {int(program.regions[region, Reg.FIRST_TILE]) + tile for region, tile, _ in element.words}
            touched.setdefault(element.due, set()).update(tiles)
    takers, holds = takers_in_order(program), dict[int, int]()
    for step in sorted(touched):
        while takers and takers[0][Op.NEEDED] <= step:
            op = takers.pop(0)
            holds[int(op[Op.SLOT])] = int(op[Op.TILE])
        assert touched[step] <= set(holds.values()), step
    assert not takers


@pytest.mark.parametrize("name", [name for name in PLANS if "product" in name])
def test_no_tile_of_a_product_is_needed_before_an_element_of_it_is_due(name: str) -> None:
    program = PLANS[name]
    due = {
        (int(program.regions[region, Reg.FIRST_TILE]) + tile, element.due)
        for port in range(len(program.segments))
        for element in elements(program, port)
        for region, tile, _ in element.words
    }
    for op in takers_in_order(program):
        assert (int(op[Op.TILE]), int(op[Op.NEEDED])) in due


@pytest.mark.parametrize("name", PLANS)
def test_a_store_is_needed_for_what_waits_for_it_or_for_a_store_after_it_and_else_when_the_layer_ends(name: str) -> None:
    program = PLANS[name]
    first, end = program.queue_start[-2:].tolist()
    needed = program.steps
    for index in range(end - 1, first - 1, -1):
        waiting = program.ops[program.ops[:, Op.DEP_OP] == index, Op.NEEDED]
        needed = min([needed, *waiting.tolist()])
        assert program.ops[index, Op.NEEDED] == needed


@pytest.mark.parametrize("name", PLANS)
def test_every_queue_is_in_order_of_need(name: str) -> None:
    program = PLANS[name]
    for first, end in pairwise(program.queue_start.tolist()):
        assert (np.diff(program.ops[first:end, Op.NEEDED]) >= 0).all()


def test_no_store_waits_behind_one_that_needs_later_results() -> None:
    """Of partial sums that leave and results that are stored, those come first that may start first.

    A store that waits for another one may start no earlier than that. A spilled tile used to stand where its successor is needed,
    thousands of steps later than it is released, so that the results before it kept partial sums from coming back in time.
    """
    shape = ConvShape(1, 13, 13, 192, 13, 13, 384, kernel=(3, 3), padding=(1, 1))
    program = lower_shape("conv", "conv", shape, latency_machine("is", 500, 252))
    stores = range(*program.queue_start[-2:].tolist())
    assert {int(program.ops[index, Op.REGION]) for index in stores} == {2, 3}
    ready: dict[int, int] = {-1: 0}
    for index in stores:
        ready[index] = max(int(program.ops[index, Op.DEP_COUNT]), ready[int(program.ops[index, Op.DEP_OP])])
    assert (np.diff([ready[index] for index in stores]) >= 0).all()
