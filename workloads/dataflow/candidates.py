"""The loop nests among which a tiling is chosen, as arrays: every order of the loops, and tiles of every useful size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import permutations, product
from typing import Any

import numpy as np
import numpy.typing as npt

from simcore.program.program import Int64Array
from simcore.spec.system import System
from workloads.dataflow.dataflow import Side
from workloads.dataflow.loops import AXES, Loops
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.sharing import Sharing
from workloads.dataflow.tap_order import reuse_parts
from workloads.dataflow.traffic import Floats, Nests

#: The most sizes of a loop that are tried.
MOST_SIZES = 10
#: The most sizes of a loop that are tried around a nest already found good.
MOST_NEAR = 64

#: Every order of the loops over tiles with every order of those over the folds of a tile. The first is SCALE-Sim's.
ORDERS = [((1, 2, 0), (1, 0)), *(o for o in product(permutations(range(3)), permutations(range(2))) if o != ((1, 2, 0), (1, 0)))]


@lru_cache(maxsize=1024)
def useful_sizes(count: int, most: int = MOST_SIZES) -> tuple[int, ...]:
    """Return tile sizes for ``count`` units, largest first: the smallest size for each number of tiles, thinned out if many."""
    tiles = np.arange(1, min(count, 512) + 1)
    if count > 512:
        tiles = np.unique(np.concatenate((tiles, np.geomspace(1, count, 64).astype(np.int64))))
    found = np.unique(-(-count // tiles))[::-1]
    if len(found) > most:
        places = np.unique(np.abs(np.log(found)[None, :] - np.linspace(np.log(count), 0, most)[:, None]).argmin(axis=1))
        found = found[places]
    return tuple(found.tolist())


def _even(sizes: Sequence[int]) -> list[int]:
    """Return the sizes with all but the largest rounded up to numbers with many divisors, so that tiles of them are alike."""
    rounded = [-(-size // (unit := max(1, 1 << max(0, size.bit_length() - 4)))) * unit for size in sizes[1:]]
    return [sizes[0], *sorted({size for size in rounded if size < sizes[0]}, reverse=True)]


@dataclass(frozen=True)
class Candidates:
    """Loop nests to compare. Every array has one entry per nest; ``order`` is an index of ``ORDERS``."""

    order: Int64Array
    row_tile: Int64Array
    column_tile: Int64Array
    block: Int64Array
    reuse: npt.NDArray[np.bool_]

    def loops(self, index: int) -> Loops:
        """Return one of the nests."""
        outer, inner = ORDERS[int(self.order[index])]
        return Loops(
            block=int(self.block[index]),
            tile=(int(self.row_tile[index]), int(self.column_tile[index])),
            outer=(AXES[outer[0]], AXES[outer[1]], AXES[outer[2]]),
            inner=(AXES[inner[0]], AXES[inner[1]]),
            taps="reuse" if self.reuse[index] else "storage",
        )

    def only(self, chosen: npt.NDArray[Any]) -> Candidates:
        """Return some of the nests, by their indices or by a mask."""
        return Candidates(
            self.order[chosen], self.row_tile[chosen], self.column_tile[chosen], self.block[chosen], self.reuse[chosen]
        )

    def __len__(self) -> int:
        return len(self.order)


def candidates(shape: ConvShape, system: System, sharing: Sharing) -> Candidates:
    """Return the nests to compare; of those alike the first is taken. With tiling "whole" only taps have another order.

    Taps in the order of reuse come first, because their loads are spread over the folds. In the order of storage the first folds
    need all channels of the ifmap, even if nothing is loaded twice. With tiling "whole" SCALE-Sim's order is first.
    """
    flow = sharing.flow
    along_time = flow.extents(shape)[2]
    taps = [system.tiling != "whole", system.tiling == "whole"] if _reuses(shape, sharing) else [False]
    if system.tiling == "whole":
        sizes: list[Sequence[int]] = [[0], [1], [1], [along_time]]
    else:
        unit = flow.block_unit(shape)
        blocks = [size * unit for size in _even(useful_sizes(along_time // unit))] if flow.cuts_time else [along_time]
        rows, columns = sharing.folds_along(shape)
        sizes = [range(len(ORDERS)), useful_sizes(rows), useful_sizes(columns), blocks]
    grid = [axis.ravel() for axis in np.meshgrid(sizes[3], [int(t) for t in taps], *sizes[:3], indexing="ij")]
    block, reuse, order, row_tile, column_tile = (axis.astype(np.int64) for axis in grid)
    found = Candidates(order, row_tile, column_tile, block, reuse != 0)
    return found.only(_first_of_its_kind(found, shape, sharing))


def neighbours(nest: Candidates, shape: ConvShape, sharing: Sharing) -> Candidates:
    """Return one nest, and after it the nests in which one of its sizes is another, of all useful ones."""
    flow = sharing.flow
    along_time, unit = flow.extents(shape)[2], flow.block_unit(shape)
    rows, columns = (useful_sizes(folds, MOST_NEAR) for folds in sharing.folds_along(shape))
    blocks = [size * unit for size in _even(useful_sizes(along_time // unit, MOST_NEAR))] if flow.cuts_time else []
    count = 1 + len(rows) + len(columns) + len(blocks)
    row_tile, column_tile, block = (np.repeat(size, count) for size in (nest.row_tile, nest.column_tile, nest.block))
    first = 1
    for sizes, those in ((row_tile, rows), (column_tile, columns), (block, blocks)):
        sizes[first : first + len(those)] = those
        first += len(those)
    return Candidates(np.repeat(nest.order, count), row_tile, column_tile, block, np.repeat(nest.reuse, count))


def _reuses(shape: ConvShape, sharing: Sharing) -> bool:
    """Return whether the order of reuse differs from that of storage: pixels stream, and several folds share channels."""
    flow = sharing.flow
    return flow.rows is Side.TAPS and flow.time is Side.PIXELS and reuse_parts(shape, sharing.rows) > 1


def turns(found: Candidates, shape: ConvShape, sharing: Sharing) -> tuple[Int64Array, Floats]:
    """Return the turns of the loops over tiles [axis, nest], and the mean turns of the loops over a tile's folds [axis, nest]."""
    along_time = sharing.flow.extents(shape)[2]
    rows, columns = sharing.folds_along(shape)
    over = np.stack((-(-rows // found.row_tile), -(-columns // found.column_tile), -(-along_time // found.block)))
    return over, np.stack((rows / over[0], columns / over[1]))


def nests(found: Candidates, shape: ConvShape, sharing: Sharing) -> Nests:
    """Return the nests in the form that the closed form of the traffic takes."""
    over, within = turns(found, shape, sharing)
    outer, inner = (np.array([order[part][::-1] for order in ORDERS])[found.order].T for part in (0, 1))
    each, most = np.arange(len(found)), np.stack((found.row_tile, found.column_tile))
    tiles = [over[axis, each].astype(np.float64) for axis in outer]
    back = found.reuse & (outer[0] == 0) & (found.row_tile == 1) & (found.column_tile == 1)
    return Nests(
        turns=np.stack([within[axis, each] for axis in inner] + tiles),
        most_turns=np.stack([most[axis, each].astype(np.float64) for axis in inner] + tiles),
        axis=np.concatenate((inner, outer)),
        block=sharing.flow.time.extent(shape) / over[2],
        largest_block=found.block.astype(np.float64),
        reuse=found.reuse,
        turns_back=back,
    )


def steps(found: Candidates, shape: ConvShape, sharing: Sharing) -> Int64Array:
    """Return the array steps of each nest, as ``stream_starts`` counts them but for the ends of the layer."""
    along_time, (rows, columns) = sharing.flow.extents(shape)[2], sharing.folds_along(shape)
    sizes, which = np.unique(found.block, return_inverse=True)
    each = [along_time // size * sharing.fold_steps(size) + sharing.fold_steps(along_time % size) for size in sizes.tolist()]
    return sharing.group_folds(shape) * rows * columns * np.array(each, dtype=np.int64)[which]


# Nests that are the same ------------------------------------------------------------------------------------------------------


def _first_of_its_kind(found: Candidates, shape: ConvShape, sharing: Sharing) -> npt.NDArray[np.bool_]:
    """Return which nests differ from those of equal sizes before them. Loops that turn once make no difference."""
    over, within = turns(found, shape, sharing)
    mask = (over > 1).astype(np.int64).T @ np.array([1, 2, 4]) + (within > 1).astype(np.int64).T @ np.array([8, 16])
    return np.asarray(_distinct()[found.order, mask])


@cache
def _distinct() -> npt.NDArray[np.bool_]:
    """Return for each order of ``ORDERS`` and each set of loops that turn, as bits, whether no order before gives the same nest.

    A nest is also left out if the outermost loop of a tile goes on with the loop that is innermost over tiles.
    """
    table = np.zeros((len(ORDERS), 32), dtype=bool)
    for mask in range(32):
        known = set()
        for index, (outer, inner) in enumerate(ORDERS):
            over = tuple(axis for axis in outer if mask >> axis & 1)
            within = tuple(axis for axis in inner if mask >> (3 + axis) & 1)
            continues = bool(over and within) and over[-1] == within[0]
            table[index, mask] = (over, within) not in known and not continues
            known.add((over, within))
    return table
