"""Planned traffic against an exhaustive search: every loop order, every tile size, every tensor kept at every loop.

The search knows nothing of the planner. It cuts a layer into folds (the array's rows and columns) and blocks of what streams, and
tries every nest of three loops over tiles of folds and blocks, of every size. At each loop a tensor may have a buffer that holds
what the loops inside use of it. A product's operand is then loaded once for each turn of the loops outside that do not change it;
of a convolution's ifmap the rows and channels that enter the buffer are counted one by one, from a walk through those loops. Sums
that leave their buffer before they are complete are stored and come back. Buffers must fit into their scratchpads.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations, product
from math import inf, prod

import pytest

from simcore.program.program import Op, OpKind
from simcore.spec.system import System
from workloads.dataflow.array import lower_shape
from workloads.dataflow.shape import ConvShape, matrix_product

#: The sides along the array's rows, along its columns, and in time.
ARRANGED = {"ws": ("taps", "filters", "pixels"), "os": ("pixels", "filters", "taps"), "is": ("taps", "pixels", "filters")}
SIDES = {"ifmap": {"pixels", "taps"}, "filter": {"filters", "taps"}, "sums": {"pixels", "filters"}}
SUM_BYTES = 4
#: The part of a scratchpad shared by all tensors that is left to results and to tiles on their way.
RESULTS = 1 / 16

#: A way to keep a tensor: bytes of its buffer, bytes that move.
Way = tuple[float, float]


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
    extents, shape = problem.extents(), problem.shape
    rows, columns, time = ARRANGED[problem.dataflow]
    unit = {rows: problem.side, columns: problem.side, time: shape.out_width if time == "pixels" else 1}
    units = {side: -(-extents[side] // unit[side]) for side in unit}
    sizes = [distinct_sizes(units[side]) if side != time or time != "taps" else [units[side]] for side in (rows, columns, time)]
    best = inf
    for size in product(*sizes):
        tile = {side: count * unit[side] for side, count in zip((rows, columns, time), size, strict=True)}
        turns = {side: -(-extents[side] // tile[side]) for side in tile}
        if any(
            units[side] > 1 and turns[side] > 1 and turns[side] * size[i] >= units[side] + size[i]
            for i, side in enumerate((rows, columns, time))
        ):
            continue
        for order in permutations((rows, columns, time)):
            best = min(best, nest_bytes(problem, order, tile, turns))
    return best + shape.pixels * shape.filters


def nest_bytes(problem: Problem, order: tuple[str, ...], tile: dict[str, int], turns: dict[str, int]) -> float:
    """The least traffic of operands and sums in one nest, over all ways to keep each tensor."""
    is_product = problem.shape.kernel == (1, 1)
    operands = {}
    for name in ("ifmap", "filter"):
        count = operand_ways if name == "filter" or is_product else window_ways
        operands[name] = count(problem, name, order, tile, turns)
    sums = 0.0
    if problem.dataflow != "os" and -(-problem.extents()["taps"] // problem.side) > 1:
        sums = least(sum_ways(problem, order, tile, turns), problem.capacity["accumulator"])
    if "unified" in problem.capacity:
        room = problem.capacity["unified"] * (1 - RESULTS)
        pairs = product(operands["ifmap"], operands["filter"])
        return sums + min((a[1] + b[1] for a, b in pairs if a[0] + b[0] <= room), default=inf)
    return sums + sum(least(ways, problem.capacity[name]) for name, ways in operands.items())


def least(ways: list[Way], room: int) -> float:
    return min((moved for kept, moved in ways if kept <= room), default=inf)


def operand_ways(problem: Problem, name: str, order: tuple[str, ...], tile: dict[str, int], turns: dict[str, int]) -> list[Way]:
    """Ways to keep an operand whose parts are disjoint: a buffer inside the first 0, 1, 2 or 3 loops, or none but the array."""
    extents, used = problem.extents(), SIDES[name]
    total = prod(extents[side] for side in used)
    ways = []
    for outside in range(4):
        kept = prod(min(tile[side], extents[side]) if side in order[:outside] else extents[side] for side in used)
        ways.append((float(kept), float(total * prod(turns[side] for side in order[:outside] if side not in used))))
    again = next(side for side in extents if side not in used)
    folds = turns[again] if again == ARRANGED[problem.dataflow][2] else -(-extents[again] // problem.side)
    return [*ways, (0.0, float(total * folds))]


def sum_ways(problem: Problem, order: tuple[str, ...], tile: dict[str, int], turns: dict[str, int]) -> list[Way]:
    """Ways to keep partial sums. Each time they come back they were stored before."""
    ways = []
    extents = problem.extents()
    total = SUM_BYTES * extents["pixels"] * extents["filters"]
    for outside in range(4):
        kept = SUM_BYTES * prod(min(tile[s], extents[s]) if s in order[:outside] else extents[s] for s in SIDES["sums"])
        passes = turns["taps"] if "taps" in order[:outside] else 1
        ways.append((float(kept), float(2 * (passes - 1) * total)))
    return [*ways, (0.0, float(2 * (-(-extents["taps"] // problem.side) - 1) * total))]


# The ifmap of a convolution -----------------------------------------------------------------------------------------------------


def window_ways(problem: Problem, name: str, order: tuple[str, ...], tile: dict[str, int], turns: dict[str, int]) -> list[Way]:
    """Ways to keep the ifmap of a convolution: rows of a channel that enter the buffer, from a walk through the loops outside."""
    width, ways = problem.shape.width, []
    for outside in range(4):
        loops = order[:outside]
        before, moved, most = 0, 0, 0
        for place in product(*(range(turns[side]) for side in loops)):
            at = dict(zip(loops, place, strict=True))
            held = rows_read(problem, tile, at.get("pixels"), at.get("taps"))
            moved += (held & ~before).bit_count()
            most = max(most, held.bit_count())
            before = held
        ways.append((float(most * width), float(moved * width)))
    return ways


_rows_read: dict[tuple[object, ...], int] = {}


def rows_read(problem: Problem, tile: dict[str, int], pixel_tile: int | None, tap_tile: int | None) -> int:
    """A bit for each row of each channel that a tile of pixels reads through a tile of taps; None means all of them."""
    shape = problem.shape
    key = (shape, tile["pixels"], tile["taps"], pixel_tile, tap_tile)
    if key not in _rows_read:
        pixels = part(shape.pixels, tile["pixels"], pixel_tile)
        taps = part(shape.taps, tile["taps"], tap_tile)
        out_rows = {pixel // shape.out_width for pixel in pixels}
        through = {(tap // (shape.kernel[1] * shape.channels), tap % shape.channels) for tap in taps}
        found = 0
        for out_row, (kernel_row, channel) in product(out_rows, through):
            row = out_row * shape.stride[0] - shape.padding[0] + kernel_row
            if 0 <= row < shape.height:
                found |= 1 << (row * shape.channels + channel)
        _rows_read[key] = found
    return _rows_read[key]


def part(extent: int, size: int, number: int | None) -> range:
    return range(extent) if number is None else range(number * size, min(extent, (number + 1) * size))


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


#: Problems, 5 of 210, whose plan moves more than a tenth too much, and how much. In a scratchpad that all tensors share the best
#: plan fills every line, and planar tiles of an ifmap that almost fits leave a part of their slots empty.
KNOWN = {
    ("os", "drawn_product"): {36: 1.167},
    ("ws", "drawn_convolution"): {15: 1.104},
    ("is", "drawn_convolution"): {0: 1.268, 1: 1.808, 21: 1.217},
}


@pytest.mark.slow
@pytest.mark.parametrize("draw_shape", [drawn_product, drawn_convolution], ids=lambda draw: draw.__name__)
@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
def test_planned_traffic_is_within_a_tenth_of_the_least(dataflow: str, draw_shape: Callable[[random.Random], ConvShape]) -> None:
    count = 40 if draw_shape is drawn_product else 30
    ratios = {
        number: planned_bytes(problem) / least_bytes(problem)
        for number, problem in enumerate(problems(dataflow, draw_shape, count))
    }
    known = KNOWN.get((dataflow, draw_shape.__name__), {})
    worse = {number: round(ratio, 3) for number, ratio in ratios.items() if ratio > 1.1}
    assert worse == known
