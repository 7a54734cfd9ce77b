"""Main-memory traffic in closed form: the bytes that a nest of loops moves, for many nests at once, before anything is planned.

The form follows from the sides of the dataflow alone. Each tensor is followed through the loops from the innermost to the
outermost. A loop that does not change which part of a tensor is used meets the same bytes in each turn, and a loop over pixels
meets again the rows that neighbouring windows share. Of these bytes the tensor's scratchpad keeps what it can; the rest is moved
again.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from simcore.program.program import Port
from simcore.spec.system import System
from workloads.dataflow.dataflow import TENSOR_SIDES, Side
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.sharing import Sharing
from workloads.dataflow.tap_order import row_classes
from workloads.dataflow.windows_of import Windows

Floats = npt.NDArray[np.float64]
#: One number, or an array of them.
Amount = Any

#: Bytes that are called shared only because tiles differ in size by less than this fraction.
_EVEN = 1e-6


def running_product(rows: Floats) -> Floats:
    """Return the products of the first 1, 2, ... rows. There are few rows, for which ``cumprod`` is several times as slow."""
    products = rows.copy()
    for row in range(1, len(products)):
        products[row] *= products[row - 1]
    return products


@dataclass(frozen=True)
class Nests:
    """Many loop nests of a layer. Arrays of loops have a row per loop, innermost first, and a column per nest.

    ``turns`` is the mean number of turns, and ``most_turns`` their greatest number. ``axis`` is 0 for row folds, 1 for column
    folds and 2 for blocks. ``block`` is the mean size of a block, and ``largest_block`` that of the largest. ``reuse`` says
    whether row folds run in the order of reuse, and ``turns_back`` whether every second run over them goes backwards.
    """

    turns: Floats
    most_turns: Floats
    axis: npt.NDArray[np.int64]
    block: Floats
    largest_block: Floats
    reuse: npt.NDArray[np.bool_]
    turns_back: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.block)

    def only(self, chosen: npt.NDArray[Any]) -> Nests:
        """Return some of the nests, by their indices or by a mask."""
        return Nests(*(getattr(self, field.name)[..., chosen] for field in fields(self)))


@dataclass(frozen=True)
class Far:
    """Bytes that loops over row folds meet again in the order of storage, [loop, nest], and the bytes that are read in between.

    ``where`` marks such loops. ``near`` bytes of a turn come back after the ``row`` bytes that one row of the filter reads, and
    ``across`` bytes after the ``rows`` bytes up to the next row of the filter that reads them.
    """

    where: npt.NDArray[np.bool_]
    near: Floats
    row: Floats
    across: Floats
    rows: Floats

    def only(self, chosen: npt.NDArray[Any]) -> Far:
        """Return what is met again in some of the nests, by their indices or by a mask."""
        return Far(*(getattr(self, field.name)[:, chosen] for field in fields(self)))

    def kept(self, loop: int, room: Amount) -> Floats:
        """Return what a turn of a loop finds in the scratchpad if ``room`` bytes of it are kept."""
        near = self.near[loop] * np.minimum(1.0, room / np.maximum(self.row[loop], 1.0))
        return np.asarray(near + self.across[loop] * np.minimum(1.0, room / np.maximum(self.rows[loop], 1.0)))


@dataclass(frozen=True)
class Reuse:
    """What a tensor's use looks like from one fold to the whole nest, in bytes.

    ``unique`` [1 + loop, nest] are the distinct bytes of one fold and of each part of the nest, on average, and ``largest`` those
    of the largest. ``shared`` [loop, nest] are the bytes that a turn of a loop has in common with the turn before. ``far``
    describes the loops in which they come back only after others. ``in_row`` and ``passes`` describe a fold that reads the same
    bytes several times (see ``Traffic._row_of_a_fold``).
    """

    nests: Nests
    unique: Floats
    largest: Floats
    shared: Floats
    far: Far | None
    in_row: Floats
    passes: tuple[float, float]

    def only(self, nests: Nests, chosen: npt.NDArray[Any]) -> Reuse:
        """Return the use in ``nests``, which are those ``chosen`` by their indices or by a mask."""
        unique, largest, shared = (each[:, chosen] for each in (self.unique, self.largest, self.shared))
        far = None if self.far is None else self.far.only(chosen)
        return Reuse(nests, unique, largest, shared, far, self.in_row[chosen], self.passes)

    def entering(self, part: Amount, room: Amount) -> list[Floats]:
        """Return the bytes that enter the tensor's scratchpad in one fold and in each part of the nest.

        These are loads, or partial sums that are begun or come back. What fits into ``part`` bytes of the scratchpad is kept
        there; of something larger ``room`` bytes are, because tiles on their way take the rest. Both are numbers or arrays whose
        last axis is that of the nests.
        """
        nests = self.nests
        levels = [self._in_a_fold(part, room)]
        busy, busy_with = np.zeros(len(nests)), np.full(len(nests), -1.0)
        fill = self.unique / np.maximum(self.largest, 1.0)
        for loop, turns in enumerate(nests.turns):
            unique, shared = self.unique[loop], self.shared[loop]
            if not shared.any():
                levels.append(np.maximum(turns, 1.0) * levels[-1])
                continue
            free = np.where((unique == busy_with) | nests.turns_back, room, np.maximum(0.0, room - busy)) * fill[loop]
            kept = np.minimum(shared, np.where(self.largest[loop] <= part, part, free))
            if self.far is not None:
                returning = np.where(self.largest[loop + 1] <= part, shared, self.far.kept(loop, room))
                kept = np.where(self.far.where[loop], returning, kept)
            more = np.maximum(turns - 1, 0.0)
            levels.append((more + 1) * levels[-1] - more * kept)
            keeps = (more > 0) & (kept > 0)
            busy_with = np.where(keeps, unique, busy_with)
            busy = np.where(keeps, np.maximum(busy, kept), busy)
        return levels

    def _in_a_fold(self, part: Amount, room: Amount) -> Floats:
        """Return the bytes that one fold loads: each byte once, if the scratchpad holds what a row of the filter reads."""
        kernel_rows, places = self.passes
        unique: Floats = self.unique[0]
        if kernel_rows * places == 1:
            return unique
        row = self.in_row
        each = row + (places - 1) * np.where(row <= part, 0.0, np.maximum(0.0, row - room))
        fits = (self.largest[0] <= part) | (row <= part)
        return np.asarray(np.where(fits, unique, np.maximum(unique, kernel_rows * each)))


@dataclass(frozen=True)
class _Covered:
    """What one fold and each part of the nest cover of each side, [1 + loop, nest]. Taps along the rows are counted in folds."""

    pixels: Floats
    filters: Floats
    taps: Floats

    def of(self, side: Side) -> Floats:
        """Return what is covered of a side."""
        return self.pixels if side is Side.PIXELS else self.filters if side is Side.FILTERS else self.taps

    def only(self, chosen: npt.NDArray[Any]) -> _Covered:
        return _Covered(self.pixels[:, chosen], self.filters[:, chosen], self.taps[:, chosen])


class Traffic:
    """The traffic of one layer's tensors, for one group, under many nests and any division of the scratchpads."""

    def __init__(self, shape: ConvShape, system: System, sharing: Sharing, nests: Nests) -> None:
        """Take what the closed form needs of a layer, its machine and the nests."""
        self.shape, self.flow, self.sharing, self.nests = shape, sharing.flow, sharing, nests
        words = system.words
        self._word = {Port.IFMAP: words.ifmap_bytes, Port.FILTER: words.filter_bytes, Port.OUTPUT: words.psum_bytes}
        lanes = sharing.rows if sharing.flow.rows is Side.PIXELS else sharing.columns
        apart = sharing.flow.planar and lanes <= shape.width
        self._windows = Windows(shape, system, taps_in_folds=sharing.flow.rows is Side.TAPS, rows_apart=apart)
        self._mean, self._most = self._covered(largest=False), self._covered(largest=True)
        self._step = self._windows.step(self._most.pixels)
        self._reuse: dict[Port, Reuse] = {}

    def only(self, chosen: npt.NDArray[Any]) -> Traffic:
        """Return the traffic under some of the nests, by their indices or by a mask."""
        some = copy(self)
        some.nests, some._mean, some._most = self.nests.only(chosen), self._mean.only(chosen), self._most.only(chosen)
        some._step = self._step[:, chosen]
        some._reuse = {port: reuse.only(some.nests, chosen) for port, reuse in self._reuse.items()}
        return some

    def total(self, port: Port) -> float:
        """Return the bytes of a tensor, each counted once. Sums are counted in the size of partial sums."""
        if port is Port.IFMAP:
            return self._windows.total
        first, second = TENSOR_SIDES[port]
        return float(first.extent(self.shape) * second.extent(self.shape) * self._word[port])

    def results(self) -> Floats:
        """Return the results, in words, that belong to one fold and to each part of the nest, [1 + loop, nest]."""
        return self._mean.pixels * self._mean.filters

    def reuse(self, port: Port) -> Reuse:
        """Return how a tensor is used in each part of the nests."""
        if port not in self._reuse:
            self._reuse[port] = self._reuse_of(port)
        return self._reuse[port]

    def _reuse_of(self, port: Port) -> Reuse:
        nests = self.nests
        unique, most = (
            self._unique(port, covered, largest=largest) for covered, largest in ((self._mean, False), (self._most, True))
        )
        for loop, turns in enumerate(nests.turns):
            unique[loop + 1] = np.minimum(np.maximum(unique[loop + 1], unique[loop]), turns * unique[loop])
        again = (nests.turns * unique[:-1] - unique[1:]) / np.where(nests.turns > 1, nests.turns - 1, 1.0)
        shared = np.where((nests.turns > 1) & (again > _EVEN * unique[:-1]), again, 0.0)
        in_row, passes = self._row_of_a_fold(port)
        largest = np.maximum(np.maximum.accumulate(most), unique)
        over_taps = port is Port.IFMAP and self.flow.rows is Side.TAPS
        return Reuse(nests, unique, largest, shared, self._far(unique, shared) if over_taps else None, in_row, passes)

    def _far(self, unique: Floats, shared: Floats) -> Far:
        """Return what loops over row folds meet again, in the order of storage: other places of a filter row, and other rows."""
        nests, covered = self.nests, self._most
        taps = self._windows.in_a_filter_row(covered.taps[1:])
        one_row = self._windows.bytes_of(covered.pixels[1:], taps, nests.reuse, self._step[1:], largest=True)
        one_row = np.minimum(one_row, unique[1:])
        rows = np.maximum(1.0, covered.taps[1:] / taps)
        across = np.clip((rows * one_row - unique[1:]) / np.where(nests.turns > 1, nests.turns - 1, 1.0), 0.0, shared)
        apart = np.minimum(row_classes(self.shape) * one_row, unique[1:])
        return Far((nests.axis == 0) & ~nests.reuse, shared - across, one_row, across, apart)

    # What a part of the nest covers -----------------------------------------------------------------------------------------

    def _covered(self, *, largest: bool) -> _Covered:
        nests, flow = self.nests, self.flow
        turns = nests.most_turns if largest else nests.turns
        found = {}
        for axis, side in enumerate((flow.rows, flow.columns, flow.time)):
            grown = running_product(np.where(nests.axis == axis, turns, 1.0))
            one = self._one_fold(axis, side, largest)
            found[side.value] = np.minimum(np.concatenate((np.ones((1, len(nests))), grown)) * one, self._full(side))
        return _Covered(**found)

    def _one_fold(self, axis: int, side: Side, largest: bool) -> Amount:
        """Return what one fold covers of a side."""
        if axis == 2:
            return self.nests.largest_block if largest else self.nests.block
        if side is Side.TAPS:
            return 1.0
        lanes, extent = (self.sharing.rows, self.sharing.columns)[axis], side.extent(self.shape)
        return float(min(lanes, extent)) if largest else extent / -(-extent // lanes)

    def _full(self, side: Side) -> float:
        """Return the extent of a side, in folds if it is taps along the rows."""
        extent = side.extent(self.shape)
        return float(-(-extent // self.sharing.rows) if side is Side.TAPS and self.flow.rows is side else extent)

    def _unique(self, port: Port, covered: _Covered, *, largest: bool) -> Floats:
        """Return the distinct bytes of a tensor in one fold and in each part of the nest."""
        if port is Port.IFMAP:
            return self._windows.bytes_of(covered.pixels, covered.taps, self.nests.reuse, self._step, largest=largest)
        taps = self.shape.taps / self._full(Side.TAPS)
        product: Floats = np.asarray(float(self._word[port]))
        for side in TENSOR_SIDES[port]:
            product = product * covered.of(side) * (taps if side is Side.TAPS else 1.0)
        return product

    def _row_of_a_fold(self, port: Port) -> tuple[Floats, tuple[float, float]]:
        """Return the bytes that a fold reads in one row of the filter, the rows of the filter, and the places in a row.

        Only a vector of neighbouring pixels reads the same bytes at several places of the filter.
        """
        shape, nests = self.shape, self.nests
        if port is not Port.IFMAP or not self.flow.planar:
            return np.zeros(len(nests)), (1.0, 1.0)
        taps = shape.taps if self.flow.time is Side.TAPS else min(shape.taps, self.sharing.rows)
        places = max(1, min(shape.kernel[0] * shape.kernel[1], -(-taps // shape.group_channels)))
        in_row = min(places, shape.kernel[1])
        folds = 1.0 if self.flow.time is Side.TAPS else shape.taps / self._full(Side.TAPS)
        pixels = self._most.pixels[0]
        row_taps = np.minimum(self._most.taps[0], shape.kernel[1] * shape.group_channels / folds)
        return self._windows.bytes_of(pixels, row_taps, nests.reuse, self._step[0], largest=True), (
            places / in_row,
            float(in_row),
        )
