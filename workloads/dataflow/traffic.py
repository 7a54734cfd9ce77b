"""Main-memory traffic in closed form: the bytes that a nest of loops moves, for many nests at once, before anything is planned.

The form follows from the sides of the dataflow alone. Each tensor is followed through the loops from the innermost to the
outermost. A loop that does not change which part of a tensor is used meets the same bytes in each turn, and a loop over pixels
meets again the rows that neighbouring windows share. Of these bytes the tensor's scratchpad keeps what it can; the rest is moved
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simcore.program.program import Port
from simcore.spec.system import System
from workloads.dataflow.dataflow import TENSOR_SIDES, Side
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.sharing import Sharing
from workloads.dataflow.windows_of import Windows

Floats = npt.NDArray[np.float64]
#: One number, or an array of them.
Amount = Any

#: Bytes that are called shared only because tiles differ in size by less than this fraction.
_EVEN = 1e-6


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


@dataclass(frozen=True)
class Reuse:
    """What a tensor's use looks like from one fold to the whole nest, in bytes.

    ``unique`` [1 + loop, nest] are the distinct bytes of one fold and of each part of the nest, on average, and ``largest`` those
    of the largest. ``shared`` [loop, nest] are the bytes that a turn of a loop has in common with the turn before. ``far`` marks
    loops in which they come back only after all other bytes. ``rows_of_fold`` and ``passes`` describe a fold that reads the same
    bytes several times (see ``Traffic._in_a_fold``).
    """

    nests: Nests
    unique: Floats
    largest: Floats
    shared: Floats
    far: npt.NDArray[np.bool_]
    in_row: Floats
    passes: tuple[float, float]

    def moved(self, part: Amount, room: Amount) -> Floats:
        """Return the bytes that enter the tensor's scratchpad, in one fold and in each part of the nest, [1 + loop, nest].

        These are loads, or partial sums that are begun or come back. What fits into ``part`` bytes of the scratchpad is kept
        there; of something larger ``room`` bytes are, because tiles on their way take the rest.
        """
        nests, moved = self.nests, self._in_a_fold(part, room)
        levels = [moved]
        busy, busy_with = np.zeros(len(nests)), np.full(len(nests), -1.0)
        for loop, turns in enumerate(nests.turns):
            unique, shared = self.unique[loop], self.shared[loop]
            free = np.where((unique == busy_with) | nests.turns_back, room, np.maximum(0.0, room - busy))
            free = free * unique / np.maximum(self.largest[loop], 1.0)
            kept = np.minimum(shared, np.where(self.largest[loop] <= part, part, free))
            if self.far[loop].any():
                again = np.where(
                    self.largest[loop + 1] <= part, 1.0, np.minimum(1.0, room / np.maximum(self.largest[loop + 1], 1.0))
                )
                kept = np.where(self.far[loop], shared * again, kept)
            more = np.maximum(turns - 1, 0.0)
            moved = (more + 1) * moved - more * kept
            keeps = (more > 0) & (kept > 0)
            busy_with = np.where(keeps, unique, busy_with)
            busy = np.where(keeps, np.maximum(busy, kept), busy)
            levels.append(moved)
        return np.stack(levels)

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


class Traffic:
    """The traffic of one layer's tensors, for one group, under any nests and any division of the scratchpads."""

    def __init__(self, shape: ConvShape, system: System, sharing: Sharing) -> None:
        """Take what the closed form needs of a layer and its machine."""
        self.shape, self.flow, self.sharing = shape, sharing.flow, sharing
        words, flow = system.words, sharing.flow
        self._word = {Port.IFMAP: words.ifmap_bytes, Port.FILTER: words.filter_bytes, Port.OUTPUT: words.psum_bytes}
        self._sides = (flow.rows, flow.columns, flow.time)
        self._extent = {side: float(side.extent(shape)) for side in Side}
        self._windows = Windows(shape, system, taps_in_folds=flow.rows is Side.TAPS)

    def total(self, port: Port) -> float:
        """Return the bytes of a tensor of one group, each counted once. Sums are counted in the size of partial sums."""
        if port is Port.IFMAP:
            return self._windows.total
        first, second = TENSOR_SIDES[port]
        return self._extent[first] * self._extent[second] * self._word[port]

    def results(self, nests: Nests) -> Floats:
        """Return the results, in words, that belong to one fold and to each part of the nest, [1 + loop, nest]."""
        levels = self._covered(nests, largest=False)
        return np.stack([covered[Side.PIXELS] * covered[Side.FILTERS] for covered in levels])

    def reuse(self, port: Port, nests: Nests) -> Reuse:
        """Return how a tensor is used in each part of the nests."""
        mean, most = (
            [self._unique(port, covered, nests.reuse, largest=largest) for covered in self._covered(nests, largest=largest)]
            for largest in (False, True)
        )
        unique, shared = [mean[0]], []
        for turns, wider in zip(nests.turns, mean[1:], strict=True):
            unique.append(np.clip(wider, unique[-1], turns * unique[-1]))
            more = np.where(turns > 1, turns - 1, 1.0)
            again = np.where(turns > 1, (turns * unique[-2] - unique[-1]) / more, 0.0)
            shared.append(np.where(again > _EVEN * unique[-2], again, 0.0))
        over_taps = port is Port.IFMAP and self.flow.rows is Side.TAPS
        far = (nests.axis == 0) & ~nests.reuse if over_taps else np.zeros(nests.axis.shape, dtype=bool)
        in_row, passes = self._row_of_a_fold(port, nests)
        largest = np.maximum(np.maximum.accumulate(np.stack(most)), np.stack(unique))
        return Reuse(nests, np.stack(unique), largest, np.stack(shared), far, in_row, passes)

    # What a part of the nest covers -----------------------------------------------------------------------------------------

    def _covered(self, nests: Nests, *, largest: bool) -> list[dict[Side, Floats]]:
        """Return what one fold and each part of the nest cover of each side. Taps along the rows are counted in folds."""
        covered = self._one_fold(nests, largest)
        levels = [covered]
        for turns, axis in zip(nests.most_turns if largest else nests.turns, nests.axis, strict=True):
            covered = {
                side: np.where(axis == index, np.minimum(covered[side] * turns, self._full(side)), covered[side])
                for index, side in enumerate(self._sides)
            }
            levels.append(covered)
        return levels

    def _one_fold(self, nests: Nests, largest: bool) -> dict[Side, Floats]:
        covered = {self.flow.time: nests.largest_block if largest else nests.block}
        for side, lanes in ((self.flow.rows, self.sharing.rows), (self.flow.columns, self.sharing.columns)):
            extent = self._extent[side]
            one = min(lanes, extent) if largest else extent / -(-extent // lanes)
            covered[side] = np.full(len(nests), 1.0 if side is Side.TAPS else one)
        return covered

    def _full(self, side: Side) -> float:
        """Return the extent of a side, in folds if it is taps along the rows."""
        extent = self._extent[side]
        return float(-(-extent // self.sharing.rows)) if side is Side.TAPS and self.flow.rows is side else extent

    def _unique(self, port: Port, covered: dict[Side, Floats], reuse: npt.NDArray[np.bool_], *, largest: bool) -> Floats:
        """Return the distinct bytes of a tensor in the part of the nest that covers this much of each side."""
        if port is Port.IFMAP:
            return self._windows.bytes_of(covered[Side.PIXELS], covered[Side.TAPS], reuse, largest=largest)
        taps = self._extent[Side.TAPS] / self._full(Side.TAPS)
        product: Floats = np.full(len(reuse), float(self._word[port]))
        for side in TENSOR_SIDES[port]:
            product = product * covered[side] * (taps if side is Side.TAPS else 1.0)
        return product

    def _row_of_a_fold(self, port: Port, nests: Nests) -> tuple[Floats, tuple[float, float]]:
        """Return the bytes that a fold reads in one row of the filter, the rows of the filter, and the places in a row.

        Only a vector of neighbouring pixels reads the same bytes at several places of the filter.
        """
        shape = self.shape
        if port is not Port.IFMAP or not self.flow.planar:
            return np.zeros(len(nests)), (1.0, 1.0)
        taps = shape.taps if self.flow.time is Side.TAPS else min(shape.taps, self.sharing.rows)
        places = max(1, min(shape.kernel[0] * shape.kernel[1], -(-taps // shape.group_channels)))
        in_row = min(places, shape.kernel[1])
        folds = 1.0 if self.flow.time is Side.TAPS else self._extent[Side.TAPS] / self._full(Side.TAPS)
        one = self._one_fold(nests, largest=True)
        row_taps = np.minimum(one[Side.TAPS], shape.kernel[1] * shape.group_channels / folds)
        return self._windows.bytes_of(one[Side.PIXELS], row_taps, nests.reuse, largest=True), (places / in_row, float(in_row))
