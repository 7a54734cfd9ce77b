"""Programs of the vector unit, with dataflow "vector": windows (pooling), sums and products, normalisations.

A step takes one vector of ``lanes`` words from each operand. The unit adds no latency, so a result is due in the step of its last
operand. The constants of a normalisation stay in the unit, and so do the neighbours of a local response normalisation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.compact import CompactTable
from simcore.program.program import Int64Array, Kind, Port, Program, Reg, Seg
from simcore.program.segments import Segments
from simcore.spec.system import System
from workloads.dataflow.operations import RegionPlan, build_operations, moved_bytes, plan_region
from workloads.dataflow.regions import OUTPUT_BYTES, Region, Share, region, region_rows
from workloads.dataflow.segments import NO_SEGMENTS, Stream, due_steps, linear_segments
from workloads.dataflow.tiles import Runs, linear_chunk, tile_target_bytes
from workloads.dataflow.uses import LinearTiles


@dataclass(frozen=True)
class Rows:
    """A tensor as ``rows`` rows of ``length`` words. A row is read in vectors of ``lanes`` words; the last one may be shorter."""

    rows: int
    length: int
    lanes: int

    @property
    def vectors(self) -> int:
        """Return the vectors of a row."""
        return -(-self.length // self.lanes)

    @property
    def words(self) -> int:
        """Return the words of the tensor."""
        return self.rows * self.length


@dataclass(frozen=True)
class RowTensor:
    """Rows in tiles of ``chunk`` vectors: their region, and the plan of its tiles."""

    region: Region
    plan: RegionPlan


def wants(system: System, words: dict[str, int]) -> dict[str, int]:
    sizes = {"ifmap": system.words.ifmap_bytes, "filter": system.words.ifmap_bytes, "ofmap": system.words.ofmap_bytes}
    wants = {tensor: count * sizes[tensor] for tensor, count in words.items()}
    return wants | {"ofmap": min(OUTPUT_BYTES, wants["ofmap"])}


def row_chunk(share: Share, name: str, tensor: str, rows: Rows, word_bytes: int) -> int:
    runs = Runs(rows.rows, rows.vectors, min(rows.lanes, rows.length), word_bytes)
    return linear_chunk(share, name, tensor, runs, max(1, tile_target_bytes(share) // runs.row_bytes))


def row_tensor(share: Share, rows: Rows, chunk: int, word_bytes: int, passes: int, port: Port, queue: str) -> RowTensor:
    """Plan a tensor. Each of its rows is read or written ``passes`` times before the next row."""
    run = np.arange(rows.rows * passes, dtype=np.int64)
    per_row = -(-rows.vectors // chunk)
    vectors, lanes = np.full(len(run), rows.vectors, dtype=np.int64), np.full(len(run), rows.lanes, dtype=np.int64)
    tiles = LinearTiles(run * rows.vectors, vectors, lanes, run // passes * per_row, chunk, rows.rows * per_row)
    words = tiles.tile_words()
    words[per_row - 1 :: per_row] -= rows.vectors * rows.lanes - rows.length
    place_in = region(share, chunk * min(rows.lanes, rows.length) * word_bytes, word_bytes, words)
    return RowTensor(place_in, plan_region(place_in, tiles.uses(), port, queue, kept=port == Port.OUTPUT))


def row_segments(rows: Rows, number: int, chunk: int, row: Int64Array, due: Int64Array, stride: int = 1) -> CompactTable:
    """Return segments that run once through each row of ``row``, beginning at step ``due``.

    A row has a segment of full vectors, and one for a last vector that is shorter. A vector is due every ``stride`` steps.
    """
    full, rest = divmod(rows.length, rows.lanes)
    # For each part of a row: vectors before it, its vectors and their words.
    parts = np.array([part for part in ((0, full, rows.lanes), (full, 1, rest)) if part[1] and part[2]], dtype=np.int64)
    before, times, lanes = np.repeat(parts, len(row), axis=0).T
    due, tile = np.tile(due, len(parts)) + before * stride, np.tile(row * -(-rows.vectors // chunk), len(parts)) + before // chunk
    order = np.argsort(due, kind="stable")
    stream = Stream(due, times, lanes, Kind.LINEAR).only(order)
    offset = (before % chunk * rows.lanes)[order]
    return linear_segments(stream, number, tile[order], chunk, {Seg.OFFSET: offset, Seg.DUE_STRIDE: stride})


def vector_program(
    name: str, op: str, steps: int, segments: list[CompactTable], geometry: Int64Array, plans: list[RegionPlan], names: list[str]
) -> Program:
    """Return the Program of a vector layer. ``segments`` are of ifmap, filter and output; ``names`` name the plans' regions."""
    regions = region_rows([item.region for item in plans])
    of_port = {Port.IFMAP: segments[0], Port.FILTER: segments[1], Port.OUTPUT: segments[2]}
    due = [due_steps(of_port[item.port], item.uses.first[item.placement.use]) for item in plans]
    ops, queue_start = build_operations(plans, regions, due, steps)
    return Program(
        name=name,
        dataflow="vector",
        steps=steps,
        segments=Segments([segments[0], segments[1], NO_SEGMENTS, segments[2]]),
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
                "tiles": {tensor: item.region.tiles for tensor, item in zip(names, plans, strict=True)},
                "slots": {tensor: item.region.slots for tensor, item in zip(names, plans, strict=True)},
            },
        }
        | moved_bytes(ops),
    )
