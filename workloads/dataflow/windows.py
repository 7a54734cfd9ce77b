"""Pooling on the vector unit, which processes the taps of each window one after another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from simcore.errors import InputError
from simcore.program.compact import Column
from simcore.program.program import Kind, Port, Program, Seg
from simcore.spec.system import System
from workloads.dataflow.ifmap_uses import IfmapTiles, window_row_uses, window_uses
from workloads.dataflow.operations import plan_region
from workloads.dataflow.regions import Region, Share, region, shares
from workloads.dataflow.segments import NO_SEGMENTS, Stream, linear_segments
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.tiles import Heights, Runs, ifmap_tiles, linear_chunk, tile_target_bytes, whole_rows
from workloads.dataflow.uses import LinearTiles, Uses
from workloads.dataflow.vector import vector_program, wants
from workloads.dataflow.work import Words, Work


@dataclass(frozen=True)
class Windows(Work):
    """Windows of ``shape`` over each channel. A window gives ``results`` words: its value and, in training, the value's place."""

    shape: ConvShape
    results: int = 1

    @property
    def words(self) -> Words:
        shape = self.shape
        return Words(shape.ifmap_words_at_most(), 0, shape.pixels * shape.channels * self.results)

    def steps(self, system: System) -> int:
        kernel = self.shape.kernel
        return -(-self.shape.channels // system.vector_unit.lanes) * self.shape.pixels * kernel[0] * kernel[1]

    def lower(self, name: str, op: str, system: System, *, with_folds: bool = False) -> Program:
        return lower_windows(name, op, self.shape, system, results=self.results)


def _blocks(
    shape: ConvShape, share: Share, name: str, word_bytes: int, most_lanes: int
) -> tuple[int, tuple[IfmapTiles, Uses, Region]]:
    """Return the channels of a block, and the tiles of the ifmap with their uses and their region.

    A window is resident as a whole if a share can hold that. Otherwise its rows pass through the share one after another; where
    neighbouring windows would fetch the same rows again, blocks of fewer channels are preferred, which fetch each row once.
    """
    widest = min(most_lanes, shape.channels)
    narrower = [widest >> halvings for halvings in range(1, widest.bit_length())]
    whole, by_rows = ([(lanes, uses) for lanes in (widest, *narrower)] for uses in (window_uses, window_row_uses))
    ways = [whole[0], *by_rows] if shape.out_width == 1 else [*whole, *by_rows]
    first_error = None
    for lanes, uses_of in ways:
        try:
            find = [partial(uses_of, lanes=lanes)]
            return lanes, ifmap_tiles(shape, share, name, word_bytes, lanes, False, Heights(shape.height), find)
        except InputError as error:
            first_error = first_error or error
    assert first_error is not None
    raise first_error


def lower_windows(name: str, op: str, shape: ConvShape, system: System, *, results: int = 1) -> Program:
    """Return the Program of a pooling layer.

    For each block of channels, as many as the unit has lanes, and each pixel it reads the taps of the window one after another.
    The partial results of a block stay in the unit until the last tap. A window gives ``results`` words: its value and, in
    training, the value's place. Raise InputError as :func:`lower_rows` does.
    """
    words, taps, pixels = system.words, shape.kernel[0] * shape.kernel[1], shape.pixels
    room = shares(system, wants(system, {"ifmap": shape.ifmap_words(), "ofmap": pixels * shape.channels * results}))
    lanes, (cut, uses, place_in) = _blocks(shape, room["ifmap"], name, words.ifmap_bytes, system.vector_unit.lanes)
    channel = np.arange(0, shape.channels, lanes, dtype=np.int64)
    block = np.arange(len(channel), dtype=np.int64)
    widths, times = np.minimum(lanes, shape.channels - channel), np.full(len(channel), pixels, dtype=np.int64)
    start = block * pixels * taps
    out_widths, runs = widths * results, Runs(len(channel), pixels, lanes * results, words.ofmap_bytes)
    target = whole_rows(max(1, tile_target_bytes(room["ofmap"]) // runs.row_bytes), shape.out_width)
    chunk = linear_chunk(room["ofmap"], name, "ofmap", runs, target)
    tile = block * runs.tiles(chunk)
    out_tiles = LinearTiles(block * pixels, times, out_widths, tile, chunk, runs.count * runs.tiles(chunk))
    out_region = region(room["ofmap"], chunk * runs.row_bytes, words.ofmap_bytes, out_tiles.tile_words())
    windows: dict[Seg, Column] = {Seg.K0: channel, Seg.SETS: taps, Seg.K_STEP: shape.channels}
    reads = linear_segments(Stream(start, times * taps, widths, Kind.PIXELS), 0, 0, 1, windows)
    writes = linear_segments(Stream(start + taps - 1, times, out_widths, Kind.LINEAR), 1, tile, chunk, {Seg.DUE_STRIDE: taps})
    plans = [
        plan_region(place_in, uses, Port.IFMAP, "ifmap"),
        plan_region(out_region, out_tiles.uses(), Port.OUTPUT, "output", kept=True),
    ]
    geometry = shape.geometry(cut.rows, cut.channels, planar=False)
    steps = len(channel) * pixels * taps
    return vector_program(name, op, steps, [reads, NO_SEGMENTS, writes], geometry, plans, ["ifmap", "ofmap"])
