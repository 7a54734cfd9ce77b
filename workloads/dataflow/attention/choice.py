"""The tiles with which attention takes the least time on a machine, or the reason why its scores leave the chip."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from simcore.program.program import Port
from simcore.spec.system import System
from workloads.dataflow.ahead import bytes_per_cycle
from workloads.dataflow.attention.room import Room, room_for
from workloads.dataflow.attention.shape import AttentionShape, Tiling
from workloads.dataflow.dataflow import Dataflow, Side
from workloads.dataflow.registry import dataflow_named
from workloads.dataflow.shape import matrix_product
from workloads.dataflow.sharing import Sharing, sharings

#: Choices that are remembered.
_MOST_KNOWN = 256


@dataclass(frozen=True)
class Chosen:
    """A tiling with its room, the bytes that it moves, and its steps."""

    tiling: Tiling
    room: Room
    moved_bytes: int
    steps: int


_known: OrderedDict[Hashable, Chosen | str] = OrderedDict()


def choose(shape: AttentionShape, system: System) -> Chosen | str:
    """Return the tiles that are expected to take the least time, or the reason why scores cannot stay on chip."""
    pads = tuple((name, pad.capacity_bytes, pad.line_bytes, pad.banks) for name, pad in system.scratchpads.items())
    key = (shape, system.array, system.words, pads, system.tiling, system.vector_unit.lanes, bytes_per_cycle(system))
    if key not in _known:
        _known[key] = _choose(shape, system)
        if len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)
    return _known[key]


def _choose(shape: AttentionShape, system: System) -> Chosen | str:
    flow = dataflow_named(system.array.dataflow)
    why_not = obstacle(system, flow)
    if why_not is not None:
        return why_not
    unit, most = max(system.array.rows, system.array.columns, system.vector_unit.lanes), 1 << 40
    at_once = range(1, min(system.array.count, shape.groups) + 1)
    found = [chosen for groups in at_once for chosen in fitting(shape, groups, (unit, most), system)]
    found = found or [chosen for groups in at_once for chosen in fitting(shape, groups, (1, unit), system)]
    if not found:
        return "not even the smallest tile fits the scratchpads"
    rate = bytes_per_cycle(system)

    def order(each: Chosen) -> tuple[float, int, int]:
        cycles = max(each.steps, each.moved_bytes / rate) + _ends_bytes(shape, each.tiling, system) / rate
        return cycles, each.moved_bytes, -each.tiling.keys

    return min(found, key=order)


def obstacle(system: System, flow: Dataflow) -> str | None:
    """Return why this machine cannot keep scores on chip whatever their size, or None."""
    if system.tiling == "whole":
        return "tiling 'whole' runs layers as SCALE-Sim does"
    by_taps, by_filters = flow.stream(Port.IFMAP)[1] is Side.TAPS, flow.stream(Port.OUTPUT)[1] is Side.FILTERS
    if not flow.sums_leave or by_taps != by_filters:
        return f"dataflow '{flow.name}' gives scores in another order than it takes weights"
    return None


def fitting(shape: AttentionShape, groups: int, sizes: tuple[int, int], system: System) -> list[Chosen]:
    """Return the tilings that fit, of sizes from the first of ``sizes`` by doubles to the last, and whole extents."""
    found = []
    for queries in _sizes(shape.queries, *sizes):
        for keys in _sizes(shape.keys, *sizes):
            tiling = Tiling(queries, keys, groups)
            room = room_for(shape, tiling, system)
            if room is not None:
                found.append(Chosen(tiling, room, moved_bytes_of(shape, tiling, room, system), _steps(shape, tiling, system)))
    return found


def _sizes(extent: int, least: int, most: int) -> Iterator[int]:
    size = least
    while size < min(extent, most):
        yield size
        size *= 2
    if extent <= most:
        yield extent


def moved_bytes_of(shape: AttentionShape, tiling: Tiling, room: Room, system: System) -> int:
    """Return the bytes to and from main memory: queries and results once, keys and values for each tile of queries or once."""
    words = system.words
    once = shape.query_words * words.ifmap_bytes + shape.result_words * words.ofmap_bytes
    return once + tiling.key_words(shape, stay=room.stay) * words.filter_bytes


def _ends_bytes(shape: AttentionShape, tiling: Tiling, system: System) -> int:
    """Return the bytes that move while nothing can be computed: the first tiles of queries and keys, and the last results."""
    words = system.words
    rows = tiling.queries * (shape.width * words.ifmap_bytes + shape.value_width * words.ofmap_bytes)
    return tiling.groups * (rows + tiling.keys * shape.width * words.filter_bytes)


def _steps(shape: AttentionShape, tiling: Tiling, system: System) -> int:
    """Return the steps of the arrays and of the vector unit, which take turns."""
    return sum(times * _turn_steps(shape, tiling, groups, system) for groups, times in Counter(tiling.turns(shape)).items())


def _turn_steps(shape: AttentionShape, tiling: Tiling, groups: int, system: System) -> int:
    """Return the steps of so many groups at once."""
    steps, last = 0, tiling.key_extent(shape, tiling.whole_key_tiles(shape) - 1)
    for (rows, tiles), times in Counter((rows, tiles) for rows, tiles, _ in tiling.query_tiles(shape)).items():
        ends = tiles == tiling.whole_key_tiles(shape)
        each = _tile_steps(shape, groups, rows, tiling.keys, system) if tiles > ends else 0
        end = _tile_steps(shape, groups, rows, last, system) if ends else 0
        # Sums are scaled for every tile but the first, and once to become results.
        scaled = tiles * vector_steps(groups, rows, shape.value_width, system)
        steps += times * ((tiles - ends) * each + end + scaled)
    return steps


def _tile_steps(shape: AttentionShape, groups: int, rows: int, keys: int, system: System) -> int:
    """Return the steps of one tile of scores: both products, and two passes of the vector unit over the scores."""
    products = ((rows, shape.width, keys), (rows, keys, shape.value_width))
    steps = sum(product_sharing(*each, system).least_steps(matrix_product(*each)) for each in products)
    return steps + 2 * vector_steps(groups, rows, keys, system)


def product_sharing(rows: int, taps: int, filters: int, system: System) -> Sharing:
    """Return a product on one array alone."""
    return sharings(matrix_product(rows, taps, filters), system.array, dataflow_named(system.array.dataflow))[-1]


def vector_steps(groups: int, rows: int, others: int, system: System) -> int:
    """Return the steps of the vector unit for one pass over ``rows`` rows of queries by ``others``, of so many groups."""
    outer, inner = as_stored(rows, others, dataflow_named(system.array.dataflow))
    return outer * -(-groups * inner // system.vector_unit.lanes)


def as_stored(rows: int, others: int, flow: Dataflow) -> tuple[int, int]:
    """Return the extents of a product's results as they are stored, that of neighbouring words last."""
    return (rows, others) if flow.stream(Port.OUTPUT)[1] is Side.FILTERS else (others, rows)
