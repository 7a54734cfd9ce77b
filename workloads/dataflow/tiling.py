"""Tiling search: the blocks and loop order with the least main-memory traffic, found by estimate before anything is planned."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.spec.system import System
from workloads.dataflow.folds import Loops, sides
from workloads.dataflow.regions import OUTPUT_BYTES, Share, shares
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.tap_order import reuse_parts, row_classes

#: Part of a share that keeps data from pass to pass; the rest is what double buffering and whole tiles take.
USEFUL_SHARE = 0.9


@dataclass(frozen=True)
class Estimate:
    """What a choice of loops is expected to cost: bytes moved, and folds."""

    loops: Loops
    traffic_bytes: float
    folds: int


def _psum_bytes(shape: ConvShape, system: System, loops: Loops) -> int:
    """Bytes of the partial sums that live together; 0 where none leave the array."""
    along_rows, along_columns, along_time = sides(shape, system.array.dataflow)
    if system.array.dataflow == "os" or along_rows <= system.array.rows:
        return 0
    return min(loops.block, along_time) * min(system.array.columns, along_columns) * system.words.psum_bytes


def layer_shares(shape: ConvShape, system: System, loops: Loops) -> dict[str, Share]:
    """The share of each tensor under these loops. Raises InputError where a scratchpad has fewer lines than tensors."""
    words = system.words
    wants = {
        "ifmap": shape.ifmap_words() * words.ifmap_bytes,
        "filter": shape.filters * shape.taps * words.filter_bytes,
        "ofmap": min(OUTPUT_BYTES, shape.pixels * shape.filters * words.ofmap_bytes),
    }
    psum = _psum_bytes(shape, system, loops)
    return shares(system, wants | ({"psum": psum} if psum else {}))


def _passes(unique: float, capacity: float, passes: float) -> float:
    """Bytes loaded when data are gone through again and again: what does not fit comes back in every pass."""
    return unique + max(0.0, passes - 1) * max(0.0, unique - USEFUL_SHARE * capacity)


def _ifmap_bytes(shape: ConvShape, system: System) -> float:
    return shape.ifmap_words() * system.words.ifmap_bytes / shape.groups


def _window_bytes(shape: ConvShape, system: System, pixels: int) -> float:
    """Bytes of the ifmap rows that some neighbouring output pixels read."""
    out_rows = min(shape.out_rows, -(-pixels // shape.out_width) + 1)
    images, rest = divmod(out_rows, shape.out_height)
    kernel_rows = shape.kernel[0]
    rows = images * shape.span_rows(shape.out_height, kernel_rows) + (shape.span_rows(rest, kernel_rows) if rest else 0)
    return rows * shape.row_words() * system.words.ifmap_bytes / shape.groups


def _fold_bytes(shape: ConvShape, system: System, pixels: int) -> float:
    """Bytes of the ifmap rows that some neighbouring output pixels, whole images of them, read in one fold of taps."""
    images = -(-pixels // (shape.out_height * shape.out_width))
    rows = images * shape.fold_rows(system.array.rows)
    return rows * shape.row_words() * system.words.ifmap_bytes / shape.groups


def _estimate(shape: ConvShape, system: System, loops: Loops) -> Estimate:
    array = system.array
    along_rows, along_columns, along_time = sides(shape, array.dataflow)
    rows, columns = -(-along_rows // array.rows), -(-along_columns // array.columns)
    blocks = 1 if array.dataflow == "os" else -(-along_time // loops.block)
    room = {name: float(share.capacity_bytes) for name, share in layer_shares(shape, system, loops).items()}
    parts = {"ws": _ws, "os": _os, "is": _is}[array.dataflow](shape, system, loops, room, (rows, columns, blocks))
    live = _psum_bytes(shape, system, loops)
    spilled = 2 * (rows - 1) * blocks * columns * max(0.0, live - room.get("psum", 0.0))
    return Estimate(loops, shape.groups * (sum(parts) + spilled), shape.groups * rows * columns * blocks)


def _ws(
    shape: ConvShape, system: System, loops: Loops, room: dict[str, float], counts: tuple[int, int, int]
) -> tuple[float, float]:
    """Ifmap and filter bytes of a group: a block of pixels streams past every fold of taps."""
    _, columns, blocks = counts
    filters = float(shape.taps * shape.group_filters * system.words.filter_bytes)
    read = _streamed_bytes(shape, system, loops, room["ifmap"], counts)
    if loops.outer == "block":
        return read, _passes(filters, room["filter"], blocks)
    if filters <= USEFUL_SHARE * room["filter"]:
        return read, filters
    return read, columns * _passes(filters / columns, room["filter"], blocks)


def _streamed_bytes(shape: ConvShape, system: System, loops: Loops, room: float, counts: tuple[int, int, int]) -> float:
    """Ifmap bytes of a group under ws."""
    rows, columns, blocks = counts
    ifmap = _ifmap_bytes(shape, system)
    if ifmap <= USEFUL_SHARE * room:
        return ifmap
    in_block = min(ifmap, _window_bytes(shape, system, loops.block) if blocks > 1 else ifmap)
    if in_block <= USEFUL_SHARE * room:
        return ifmap * (1 if loops.outer == "block" else columns)
    again = min(rows, shape.kernel[0] * shape.kernel[1])
    if loops.taps == "reuse":
        parts, classes = reuse_parts(shape, system.array.rows), row_classes(shape)
        one_column = parts * _passes(in_block / parts, room, again / classes)
        # The part that was read last is read first by the next column of folds: if the next reads the same pixels.
        kept = min(USEFUL_SHARE * room, in_block / parts) if loops.outer == "block" or blocks == 1 else 0.0
        return max(ifmap, blocks * (columns * one_column - (columns - 1) * kept))
    if _fold_bytes(shape, system, loops.block) <= USEFUL_SHARE * room:
        again = 1  # what neighbouring folds of taps read in common stays from one to the next
    if loops.outer == "block":
        return max(ifmap, blocks * _passes(in_block, room, columns * again))
    one_column = blocks * _passes(in_block, room, again)
    return max(ifmap, one_column * columns - (columns - 1) * (USEFUL_SHARE * room if blocks > 1 else 0.0))


def _is(
    shape: ConvShape, system: System, loops: Loops, room: dict[str, float], counts: tuple[int, int, int]
) -> tuple[float, float]:
    """Ifmap and filter bytes of a group: a block of filters streams past pixels that stay."""
    rows, columns, blocks = counts
    ifmap = _ifmap_bytes(shape, system)
    filters = float(shape.taps * shape.group_filters * system.words.filter_bytes)
    window = min(ifmap, _window_bytes(shape, system, system.array.columns))
    again = min(rows, shape.kernel[0] * shape.kernel[1]) if window > USEFUL_SHARE * room["ifmap"] else 1
    if loops.outer == "block":
        read = _passes(ifmap, room["ifmap"], blocks) * again
        return read, blocks * _passes(filters / blocks, room["filter"], columns)
    read = ifmap * again if again == 1 else ifmap * again * blocks
    return read, _passes(filters, room["filter"], columns)


def _os(
    shape: ConvShape, system: System, loops: Loops, room: dict[str, float], counts: tuple[int, int, int]
) -> tuple[float, float]:
    """Ifmap and filter bytes of a group: all taps of a row of pixels meet those of a column of filters."""
    rows, columns, _ = counts
    ifmap = _ifmap_bytes(shape, system)
    filters = float(shape.taps * shape.group_filters * system.words.filter_bytes)
    window = min(ifmap, _window_bytes(shape, system, system.array.rows))
    again = shape.kernel[0] * shape.kernel[1] if window > USEFUL_SHARE * room["ifmap"] else 1
    if loops.outer == "column":
        read = _passes(ifmap, room["ifmap"], columns * again)
        return read, columns * _passes(filters / columns, room["filter"], rows)
    return _passes(ifmap, room["ifmap"], again if again == 1 else columns * again), _passes(filters, room["filter"], rows)


def _block_sizes(shape: ConvShape, system: System) -> list[int]:
    """Sizes to try for a block of the streamed dimension: all, its halves, what lets partial sums stay; largest first."""
    dataflow = system.array.dataflow
    along_rows, along_columns, along_time = sides(shape, dataflow)
    if dataflow == "os":
        return [along_time]
    unit = shape.out_width if dataflow == "ws" else 1
    units = along_time // unit
    found = {-(-units // part) for part in (2**power for power in range(units.bit_length()))}
    lanes_bytes = min(system.array.columns, along_columns) * system.words.psum_bytes
    if along_rows > system.array.rows:
        room = layer_shares(shape, system, Loops(along_time))["psum"].capacity_bytes
        fitting = room // (lanes_bytes * unit)
        if 1 <= fitting < units:
            found.add(-(-units // -(-units // fitting)))
    return [size * unit for size in sorted(found, reverse=True)]


def _tap_orders(shape: ConvShape, system: System) -> tuple[str, ...]:
    gains = system.array.dataflow == "ws" and reuse_parts(shape, system.array.rows) > 1
    return ("storage", "reuse") if gains else ("storage",)


def choose_loops(shape: ConvShape, system: System) -> Loops:
    """The loops of a layer: least estimated traffic, then fewest folds; with tiling "whole" of those with SCALE-Sim's folds."""
    _, _, along_time = sides(shape, system.array.dataflow)
    whole = system.tiling == "whole"
    tried = [
        _estimate(shape, system, Loops(size, outer, taps))
        for size in ([along_time] if whole else _block_sizes(shape, system))
        for outer in (("column",) if whole else ("column", "block"))
        for taps in _tap_orders(shape, system)
    ]
    return min(tried, key=lambda estimate: (estimate.traffic_bytes, estimate.folds)).loops
