"""Planned traffic against an exhaustive search: every loop order, every tile size, every tensor kept at every loop.

The search knows nothing of the planner. It cuts a layer into folds (the array's rows and columns) and blocks of what streams, and
tries every nest of three loops over tiles of folds and blocks, of every size. At each loop a tensor may have a buffer that holds
what the loops inside use of it. A product's operand is then loaded once for each turn of the loops outside that do not change it;
of a convolution's ifmap the rows and channels that enter the buffer are counted one by one, from a walk through those loops. Sums
that leave their buffer before they are complete are stored and come back. Buffers must fit into their scratchpads.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import permutations, product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from simcore.program.program import Op, OpKind
from simcore.spec.system import System
from workloads.dataflow import tiling
from workloads.dataflow.array import lower_shape
from workloads.dataflow.shape import ConvShape, matrix_product

#: The sides along the array's rows, along its columns, and in time.
ARRANGED = {"ws": ("taps", "filters", "pixels"), "os": ("pixels", "filters", "taps"), "is": ("taps", "pixels", "filters")}
SIDES = {"ifmap": {"pixels", "taps"}, "filter": {"filters", "taps"}, "sums": {"pixels", "filters"}}
SUM_BYTES = 4
#: The part of a scratchpad shared by all tensors that is left to results and to tiles on their way.
RESULTS = 1 / 16

#: One number, or one for each tiling.
Numbers = Any
#: One number of each side for each tiling.
Tiles = dict[str, npt.NDArray[np.int64]]
#: A way to keep a tensor: bytes of its buffer, bytes that move.
Way = tuple[Numbers, Numbers]
Order = tuple[str, ...]


@dataclass(frozen=True)
class Problem:
    """A layer and a machine. Words are bytes, and lines are as wide as the array."""

    dataflow: str
    side: int
    shape: ConvShape
    capacity: dict[str, int]

    def system(self) -> System:
        pads = {}
        for name, size in self.capacity.items():
            line = SUM_BYTES * self.side if name == "accumulator" else self.side
            pads[name] = {"capacity_bytes": size, "banks": 2, "line_bytes": line, "timing": "sram"}
        return System.model_validate(
            {
                "name": "small",
                "core_clock_hz": "1 GHz",
                "array": {"rows": self.side, "columns": self.side, "dataflow": self.dataflow, "partial_sums": "accumulator"},
                "scratchpads": pads,
                "dma": {"burst_bytes": 16, "outstanding_bursts": 4},
                "memory": {"clock_hz": "1 GHz", "latency_cycles": 1, "bytes_per_cycle": 8},
                "vector_unit": {"lanes": 4},
            }
        )

    def extents(self) -> dict[str, int]:
        shape = self.shape
        return {"pixels": shape.pixels, "filters": shape.filters, "taps": shape.taps}


def planned_bytes(problem: Problem) -> int:
    """The bytes that the Program's DMA operations move."""
    ops = lower_shape("small", "conv", problem.shape, problem.system()).ops
    return int(ops[ops[:, Op.KIND] != OpKind.ACQUIRE, Op.BYTES].sum())


# The search ---------------------------------------------------------------------------------------------------------------------


def distinct_sizes(count: int) -> list[int]:
    """The smallest size for each number of tiles."""
    return sorted({-(-count // tiles) for tiles in range(1, count + 1)})


def least_bytes(problem: Problem) -> float:
    """The least traffic that the search finds."""
    sides = ARRANGED[problem.dataflow]
    tile, turns = tilings(problem)
    walks = Walks(problem, tile)
    least = min(nest_bytes(problem, order, tile, turns, walks).min() for order in permutations(sides))
    return float(least) + problem.shape.pixels * problem.shape.filters


def tilings(problem: Problem) -> tuple[Tiles, Tiles]:
    """Every combination of tile sizes: the extent of a tile along each side, and the number of tiles."""
    extents = problem.extents()
    rows, columns, time = ARRANGED[problem.dataflow]
    unit = {rows: problem.side, columns: problem.side, time: problem.shape.out_width if time == "pixels" else 1}
    units = {side: -(-extents[side] // unit[side]) for side in unit}
    sizes = [[units[side]] if side == time == "taps" else distinct_sizes(units[side]) for side in unit]
    grid = np.meshgrid(*sizes, indexing="ij")
    tile = {side: size.ravel() * unit[side] for side, size in zip(unit, grid, strict=True)}
    return tile, {side: -(-extents[side] // tile[side]) for side in unit}


def nest_bytes(problem: Problem, order: Order, tile: Tiles, turns: Tiles, walks: Walks) -> Numbers:
    """The least traffic of operands and sums with one order of the loops, for each tiling, over all ways to keep each tensor."""
    is_product = problem.shape.kernel == (1, 1)
    operands = {
        "ifmap": operand_ways(problem, "ifmap", order, tile, turns) if is_product else window_ways(order, turns, walks),
        "filter": operand_ways(problem, "filter", order, tile, turns),
    }
    sums = np.zeros(len(tile["taps"]))
    if problem.dataflow != "os" and problem.extents()["taps"] > problem.side:
        sums = least(sum_ways(problem, order, tile, turns), problem.capacity["accumulator"])
    if "unified" in problem.capacity:
        pairs = product(operands["ifmap"], operands["filter"])
        return sums + least([(a[0] + b[0], a[1] + b[1]) for a, b in pairs], problem.capacity["unified"] * (1 - RESULTS))
    return sums + sum(least(ways, problem.capacity[name]) for name, ways in operands.items())


def least(ways: list[Way], room: float) -> Numbers:
    """The least traffic of the ways whose buffers fit."""
    return reduce(np.minimum, (np.where(kept <= room, moved, np.inf) for kept, moved in ways))


def buffer(problem: Problem, name: str, inside: Order, tile: Tiles) -> Numbers:
    """The words of a tensor that the loops inside use."""
    extents = problem.extents()
    return np.prod(
        [np.full(len(tile[s]), extents[s]) if s in inside else np.minimum(tile[s], extents[s]) for s in SIDES[name]], axis=0
    )


def operand_ways(problem: Problem, name: str, order: Order, tile: Tiles, turns: Tiles) -> list[Way]:
    """Ways to keep an operand whose parts are disjoint: a buffer inside the first 0, 1, 2 or 3 loops, or none but the array."""
    extents, used = problem.extents(), SIDES[name]
    total = prod(extents[side] for side in used)
    again = next(side for side in extents if side not in used)
    folds = turns[again] if again == ARRANGED[problem.dataflow][2] else -(-extents[again] // problem.side)
    ways = [(buffer(problem, name, order[at:], tile), total * (turns[again] if again in order[:at] else 1)) for at in range(4)]
    return [*ways, (0, total * folds)]


def sum_ways(problem: Problem, order: Order, tile: Tiles, turns: Tiles) -> list[Way]:
    """Ways to keep partial sums. Each time they come back they were stored before."""
    extents = problem.extents()
    again = 2 * SUM_BYTES * extents["pixels"] * extents["filters"]
    ways = [
        (SUM_BYTES * buffer(problem, "sums", order[at:], tile), again * (turns["taps"] - 1 if "taps" in order[:at] else 0))
        for at in range(4)
    ]
    return [*ways, (0, again * (-(-extents["taps"] // problem.side) - 1))]


# The ifmap of a convolution -----------------------------------------------------------------------------------------------------


def window_ways(order: Order, turns: Tiles, walks: Walks) -> list[Way]:
    """Ways to keep the ifmap of a convolution: rows of a channel that enter the buffer, from a walk through the loops outside."""
    ways = []
    for at in range(4):
        loops = tuple(side for side in order[:at] if side != "filters")
        begins, inner, back, outer, around, most = walks.along(loops)
        # The loop over filters turns outside the whole walk, between its two loops, or inside, where it changes nothing.
        repeats = turns["filters"] if "filters" in order[:at] else 1
        if order[0] == "filters":
            moved = begins + repeats * (inner + outer) + (repeats - 1) * around
        elif order[1] == "filters":
            moved = begins + repeats * inner + (repeats - 1) * back + outer
        else:
            moved = begins + inner + outer
        ways.append((most * walks.width, moved * walks.width))
    return ways


class Walks:
    """Walks through the ifmap of a convolution, for each tiling: rows of a channel that enter a buffer on the way."""

    def __init__(self, problem: Problem, tile: Tiles) -> None:
        self.problem, self.width = problem, problem.shape.width
        self.sizes, self.which = np.unique(np.stack((tile["pixels"], tile["taps"])), axis=1, return_inverse=True)
        self.known: dict[Order, list[Numbers]] = {}

    def along(self, loops: Order) -> list[Numbers]:
        """See ``walk``: one array for each number, with an entry for each tiling."""
        if loops not in self.known:
            found = np.array([walk(self.problem, loops, int(pixels), int(taps)) for pixels, taps in self.sizes.T])
            self.known[loops] = list(found[self.which.ravel()].T)
        return self.known[loops]


def walk(problem: Problem, loops: Order, pixels: int, taps: int) -> tuple[int, ...]:
    """Rows of a channel that enter a buffer of those that one turn of ``loops`` (none, one or both of pixels and taps) reads.

    The six numbers are: those of the first turn, of all further turns of the inner loop, of the returns from the last turn of the
    inner loop to its first, of the further turns of the outer loop, of the return from the last turn of all to the first, and the
    most that a turn reads.
    """
    held = rows_read(problem.shape, pixels, taps)
    for axis, side in enumerate(("pixels", "taps")):
        if side not in loops:
            held = np.bitwise_or.reduce(held, axis=axis, keepdims=True)
    if loops[:1] == ("taps",):
        held = held.swapaxes(0, 1)
    first, last = held[:, 0], held[:, -1]
    return (
        ones(held[0, 0]),
        ones(held[:, 1:] & ~held[:, :-1]),
        ones(first & ~last),
        ones(first[1:] & ~last[:-1]),
        ones(first[0] & ~last[-1]),
        int(np.bitwise_count(held).sum(axis=2, dtype=np.int64).max()),
    )


def ones(bits: npt.NDArray[np.uint64]) -> int:
    return int(np.bitwise_count(bits).sum(dtype=np.int64))


@lru_cache(maxsize=1024)
def rows_read(shape: ConvShape, pixels: int, taps: int) -> npt.NDArray[np.uint64]:
    """For each tile of pixels, tile of taps and row: the channels that the tile of pixels reads of it, a bit for each."""
    touched = np.zeros((-(-shape.pixels // pixels), shape.kernel[0], shape.height), dtype=bool)
    for pixel, kernel_row in product(range(shape.pixels), range(shape.kernel[0])):
        row = pixel // shape.out_width * shape.stride[0] - shape.padding[0] + kernel_row
        if 0 <= row < shape.height:
            touched[pixel // pixels, kernel_row, row] = True
    channels = np.zeros((-(-shape.taps // taps), shape.kernel[0]), dtype=np.uint64)
    for tap in range(shape.taps):
        channels[tap // taps, tap // (shape.kernel[1] * shape.channels)] |= np.uint64(1 << tap % shape.channels)
    return np.bitwise_or.reduce(np.where(touched[:, None], channels[None, :, :, None], np.uint64(0)), axis=2)


# Problems -----------------------------------------------------------------------------------------------------------------------


def pads(draw: random.Random) -> dict[str, int]:
    sizes = (1024, 2048, 4096, 8192)
    if draw.random() < 0.3:
        found = {"unified": 2 * draw.choice(sizes)}
    else:
        found = {"ifmap": draw.choice(sizes), "filter": draw.choice(sizes), "ofmap": 1024}
    return found | {"accumulator": draw.choice(sizes)}


def drawn_product(draw: random.Random) -> ConvShape:
    return matrix_product(*(draw.choice((16, 32, 48, 64, 96, 128)) for _ in range(3)))


def drawn_convolution(draw: random.Random) -> ConvShape:
    size, kernel, stride = draw.choice((8, 10, 12, 16)), draw.choice((3, 3, 5)), draw.choice((1, 1, 2))
    out = (size + 2 * (kernel // 2) - kernel) // stride + 1
    return ConvShape(
        batch=1,
        height=size,
        width=size,
        channels=draw.choice((4, 8, 16, 32)),
        out_height=out,
        out_width=out,
        filters=draw.choice((8, 16, 32)),
        kernel=(kernel, kernel),
        stride=(stride, stride),
        padding=(kernel // 2, kernel // 2),
    )


def problems(dataflow: str, draw_shape: Callable[[random.Random], ConvShape], count: int) -> list[Problem]:
    draw = random.Random(f"{dataflow} {draw_shape.__name__}")
    return [Problem(dataflow, 8, draw_shape(draw), pads(draw)) for _ in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("draw_shape", [drawn_product, drawn_convolution], ids=lambda draw: draw.__name__)
@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
def test_planned_traffic_is_within_a_tenth_of_the_least(dataflow: str, draw_shape: Callable[[random.Random], ConvShape]) -> None:
    count = 40 if draw_shape is drawn_product else 30
    ratios = {
        number: planned_bytes(problem) / least_bytes(problem)
        for number, problem in enumerate(problems(dataflow, draw_shape, count))
    }
    assert {number: round(ratio, 3) for number, ratio in ratios.items() if ratio > 1.1} == {}


@pytest.mark.slow
@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
def test_an_equal_layer_gets_an_equal_plan_from_what_is_remembered(dataflow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "_known", OrderedDict())
    for problem in problems(dataflow, drawn_convolution, 3):
        first, again = (lower_shape("small", "conv", problem.shape, problem.system()) for _ in range(2))
        assert first.facts == again.facts
        assert np.array_equal(first.ops, again.ops)
