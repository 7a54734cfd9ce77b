"""Layers of the vector unit: windows (pooling), sums and products, normalisations, as Programs with dataflow "vector".

A step takes one vector of ``lanes`` words from each operand; the unit itself adds no latency, so that a result is due in the step
of its last operand. Constants of a normalisation stay in the unit; a local response normalisation keeps its neighbours there too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.program import GEO_COLUMNS, SEG_COLUMNS, Int64Array, Kind, Op, OpKind, Port, Program, Reg, Seg
from simcore.spec.system import System
from workloads.dataflow.ifmap_uses import window_uses
from workloads.dataflow.operations import Traffic, build_operations, moved_bytes, plan
from workloads.dataflow.regions import OUTPUT_BYTES, Region, Share, region, region_rows, shares
from workloads.dataflow.segments import Stream, linear_segments
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.tiles import ifmap_tiles, linear_chunk, tile_target_bytes, whole_rows
from workloads.dataflow.uses import LinearTiles

NO_SEGMENTS = np.zeros((0, SEG_COLUMNS), dtype=np.int64)


@dataclass(frozen=True)
class Rows:
    """A tensor as ``rows`` rows of ``length`` words, each read in vectors of ``lanes`` words, the last of them shorter."""

    rows: int
    length: int
    lanes: int

    @property
    def vectors(self) -> int:
        """Vectors of a row."""
        return -(-self.length // self.lanes)

    @property
    def words(self) -> int:
        """Words of the tensor."""
        return self.rows * self.length


@dataclass(frozen=True)
class RowTensor:
    """Rows in tiles of ``chunk`` vectors: the region and the plan of its tiles."""

    region: Region
    traffic: Traffic


def wants(system: System, words: dict[str, int]) -> dict[str, int]:
    sizes = {"ifmap": system.words.ifmap_bytes, "filter": system.words.ifmap_bytes, "ofmap": system.words.ofmap_bytes}
    wants = {tensor: count * sizes[tensor] for tensor, count in words.items()}
    return wants | {"ofmap": min(OUTPUT_BYTES, wants["ofmap"])}


def row_chunk(share: Share, name: str, tensor: str, rows: Rows, word_bytes: int) -> int:
    lanes = min(rows.lanes, rows.length)
    target = max(1, tile_target_bytes(share) // (lanes * word_bytes))
    return linear_chunk(share, name, tensor, lanes, word_bytes, rows.rows, rows.vectors, target, skewed=False)


def row_tensor(share: Share, rows: Rows, chunk: int, word_bytes: int, passes: int, port: Port, queue: str) -> RowTensor:
    """Plan a tensor whose rows are each gone through ``passes`` times before the next row."""
    run = np.arange(rows.rows * passes, dtype=np.int64)
    per_row = -(-rows.vectors // chunk)
    vectors, lanes = np.full(len(run), rows.vectors, dtype=np.int64), np.full(len(run), rows.lanes, dtype=np.int64)
    tiles = LinearTiles(run * rows.vectors, vectors, lanes, run // passes * per_row, chunk, rows.rows * per_row)
    words = tiles.tile_words()
    words[per_row - 1 :: per_row] -= rows.vectors * rows.lanes - rows.length
    place_in = region(share, chunk * min(rows.lanes, rows.length) * word_bytes, word_bytes, words)
    return RowTensor(place_in, plan(place_in, tiles.uses(), port, queue, kept=port == Port.OUTPUT))


def row_segments(rows: Rows, number: int, chunk: int, row: Int64Array, due: Int64Array, stride: int = 1) -> Int64Array:
    """One run through each row of ``row``, from step ``due``: a segment of full vectors, and one for a shorter last vector.

    A vector is due every ``stride`` steps.
    """
    full, rest = divmod(rows.length, rows.lanes)
    tile = row * -(-rows.vectors // chunk)

    def part(start: Int64Array, times: int, lanes: int) -> Stream:
        return Stream(start, np.full(len(row), times, dtype=np.int64), np.full(len(row), lanes, dtype=np.int64), Kind.LINEAR)

    parts = []
    if full:
        parts.append(linear_segments(part(due, full, rows.lanes), number, tile, chunk))
    if rest:
        last = linear_segments(part(due + full * stride, 1, rest), number, tile + full // chunk, chunk)
        last[:, Seg.OFFSET] = full % chunk * rows.lanes
        parts.append(last)
    segments = np.concatenate(parts)
    segments[:, Seg.DUE_STRIDE] = stride
    return segments[np.argsort(segments[:, Seg.DUE], kind="stable")]


def vector_program(
    name: str, op: str, steps: int, segments: list[Int64Array], geometry: Int64Array, traffics: list[Traffic], names: list[str]
) -> Program:
    regions = region_rows([item.region for item in traffics])
    ops, queue_start = build_operations(traffics, regions)
    return Program(
        name=name,
        dataflow="vector",
        steps=steps,
        segments=(segments[0], segments[1], NO_SEGMENTS, segments[2]),
        geometry=geometry,
        regions=regions,
        ops=ops,
        queue_start=queue_start,
        tiles=int(regions[:, Reg.TILES].sum()),
        slots=int(regions[:, Reg.SLOTS].sum()),
        facts={
            "op": op,
            "macs": 0,
            "dataflow": "vector",
            "mapping_efficiency_percent": 0.0,
            "row_folds": 0,
            "column_folds": 0,
            "folds": 0,
            "tiling": {
                "tiles": {tensor: item.region.tiles for tensor, item in zip(names, traffics, strict=True)},
                "slots": {tensor: item.region.slots for tensor, item in zip(names, traffics, strict=True)},
            },
        }
        | moved_bytes(ops),
    )


def lower_rows(name: str, op: str, system: System, *, rows: int, length: int, passes: int = 1) -> Program:
    """A layer that goes through each row of its input ``passes`` times and writes a row of results in the last pass.

    Raises InputError where a scratchpad is below one tile.
    """
    shape = Rows(rows, length, system.vector_unit.lanes)
    room = shares(system, wants(system, {"ifmap": shape.words, "ofmap": shape.words}))
    words = system.words
    chunk = row_chunk(room["ifmap"], name, "ifmap", shape, words.ifmap_bytes)
    out_chunk = row_chunk(room["ofmap"], name, "ofmap", shape, words.ofmap_bytes)
    source = row_tensor(room["ifmap"], shape, chunk, words.ifmap_bytes, passes, Port.IFMAP, "ifmap")
    result = row_tensor(room["ofmap"], shape, out_chunk, words.ofmap_bytes, 1, Port.OUTPUT, "output")
    run = np.arange(rows * passes, dtype=np.int64)
    last = run[passes - 1 :: passes]
    segments = [
        row_segments(shape, 0, chunk, run // passes, run * shape.vectors),
        NO_SEGMENTS,
        row_segments(shape, 1, out_chunk, last // passes, last * shape.vectors),
    ]
    geometry = np.zeros(GEO_COLUMNS, dtype=np.int64)
    return vector_program(
        name, op, len(run) * shape.vectors, segments, geometry, [source.traffic, result.traffic], ["ifmap", "ofmap"]
    )


def lower_elementwise(name: str, op: str, system: System, *, words: int, operands: int) -> Program:
    """A sum or product of ``operands`` tensors, pair by pair: a pass adds an operand (on the filter port) to the result so far.

    The result of a pass goes to main memory and comes back as an operand of the next; an operand that broadcasts is fetched in
    full. Raises InputError as :func:`lower_rows`.
    """
    passes = operands - 1
    shape = Rows(passes, words, system.vector_unit.lanes)
    room = shares(system, wants(system, dict.fromkeys(("ifmap", "filter", "ofmap"), shape.words)))
    sizes = system.words
    places: list[tuple[str, Port, str, int]] = [
        ("ifmap", Port.IFMAP, "ifmap", sizes.ifmap_bytes),
        ("filter", Port.FILTER, "filter", sizes.ifmap_bytes),
        ("ofmap", Port.OUTPUT, "output", sizes.ofmap_bytes),
    ]
    chunk = min(row_chunk(room[tensor], name, tensor, shape, size) for tensor, _, _, size in places)
    tensors = [row_tensor(room[tensor], shape, chunk, size, 1, port, queue) for tensor, port, queue, size in places]
    run = np.arange(passes, dtype=np.int64)
    segments = [row_segments(shape, number, chunk, run, run * shape.vectors) for number in range(3)]
    geometry = np.zeros(GEO_COLUMNS, dtype=np.int64)
    names = [tensor for tensor, _, _, _ in places]
    program = vector_program(name, op, passes * shape.vectors, segments, geometry, [item.traffic for item in tensors], names)
    _await_stores(program, -(-shape.vectors // chunk))
    return program


def _await_stores(program: Program, tiles_per_pass: int) -> None:
    """Let the loads of each pass after the first wait for the stores of the pass before, tile by tile.

    They read where those wrote, if words of operands and results have one size; else the results have been copied to a place of
    their own by the time they are read, at no cost.
    """
    ops, regions = program.ops, program.regions
    stores = np.flatnonzero(ops[:, Op.KIND] == OpKind.STORE)
    store_of_tile = np.zeros(program.tiles, dtype=np.int64)
    store_of_tile[ops[stores, Op.TILE]] = stores
    again = np.flatnonzero((ops[:, Op.REGION] == 0) & (ops[:, Op.TILE] >= tiles_per_pass))
    ops[again, Op.DEP_OP] = store_of_tile[regions[2, Reg.FIRST_TILE] + ops[again, Op.TILE] - tiles_per_pass]
    if regions[0, Reg.WORD_BYTES] == regions[2, Reg.WORD_BYTES]:
        ops[again, Op.ADDRESS] = ops[ops[again, Op.DEP_OP], Op.ADDRESS]


def lower_windows(name: str, op: str, shape: ConvShape, system: System, *, results: int = 1) -> Program:
    """Pooling: for each block of ``lanes`` channels and each pixel, the taps of the window one after another.

    A window gives ``results`` words: its value, and in training its place. Raises InputError as :func:`lower_rows`.
    """
    lanes, words = min(system.vector_unit.lanes, shape.channels), system.words
    taps, pixels = shape.kernel[0] * shape.kernel[1], shape.pixels
    room = shares(system, wants(system, {"ifmap": shape.ifmap_words(), "ofmap": pixels * shape.channels * results}))
    cut, uses, place_in = ifmap_tiles(
        shape, room["ifmap"], name, words.ifmap_bytes, lanes, False, shape.height, [lambda tiles: window_uses(tiles, lanes)]
    )
    channel = np.arange(0, shape.channels, lanes, dtype=np.int64)
    block = np.arange(len(channel), dtype=np.int64)
    widths, times = np.minimum(lanes, shape.channels - channel), np.full(len(channel), pixels, dtype=np.int64)
    start = block * pixels * taps
    out_lanes, out_widths = lanes * results, widths * results
    target = whole_rows(max(1, tile_target_bytes(room["ofmap"]) // (out_lanes * words.ofmap_bytes)), shape.out_width)
    chunk = linear_chunk(room["ofmap"], name, "ofmap", out_lanes, words.ofmap_bytes, len(channel), pixels, target, skewed=False)
    tile = block * -(-pixels // chunk)
    out_tiles = LinearTiles(block * pixels, times, out_widths, tile, chunk, len(channel) * -(-pixels // chunk))
    out_region = region(room["ofmap"], chunk * out_lanes * words.ofmap_bytes, words.ofmap_bytes, out_tiles.tile_words())
    reads = linear_segments(Stream(start, times * taps, widths, Kind.PIXELS), 0, np.zeros_like(block), 1)
    reads[:, Seg.K0] = channel
    reads[:, Seg.SETS] = taps
    reads[:, Seg.K_STEP] = shape.channels
    writes = linear_segments(Stream(start + taps - 1, times, out_widths, Kind.LINEAR), 1, tile, chunk)
    writes[:, Seg.DUE_STRIDE] = taps
    traffics = [
        plan(place_in, uses, Port.IFMAP, "ifmap"),
        plan(out_region, out_tiles.uses(), Port.OUTPUT, "output", kept=True),
    ]
    geometry = shape.geometry(cut.rows, cut.channels, planar=False)
    steps = len(channel) * pixels * taps
    return vector_program(name, op, steps, [reads, NO_SEGMENTS, writes], geometry, traffics, ["ifmap", "ofmap"])
