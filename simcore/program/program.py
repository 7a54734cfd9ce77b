"""The Program, which an engine runs for one layer, as plain int64 arrays.

``workloads.dataflow`` makes a Program, and both engines execute it. It holds streams (segments of elements per port), the regions
and tiles in which the elements lie, and the DMA's plan. Nothing in it grows with the number of simulated cycles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from simcore.program.compact import CompactTable
from simcore.program.split import ONE_ARRAY, Split

if TYPE_CHECKING:
    from simcore.program.segments import Segments

Int64Array = npt.NDArray[np.int64]


class Port(IntEnum):
    """Array-side ports of the scratchpads, in the order in which ties are broken."""

    IFMAP = 0
    FILTER = 1
    PSUM = 2
    OUTPUT = 3
    DMA = 4


class Kind(IntEnum):
    """How the words of a segment's elements are addressed. :mod:`simcore.program.streams` has the formulas."""

    LINEAR = 0
    PIXELS = 1
    TAPS = 2


class Seg(IntEnum):
    """Columns of a segment (one row of ``Program.segments[port]``).

    ``count`` elements; element ``e`` is due at array step ``due + e * due_stride``. Unskewed, element ``e`` is time index ``e``
    of all ``lanes``. Skewed, lane ``l`` of element ``e`` is time index ``e - l`` (absent outside ``0..times-1``), and
    ``count = times + lanes - 1``. ``reverse`` maps time index ``t`` to ``times - 1 - t`` (a preload enters its last row first).

    LINEAR: word ``(t, l)`` is word ``offset + (t % chunk) * stride + l`` of tile ``tile + t // chunk``.
    PIXELS: time is an output pixel, a lane is a tap: pixel ``m0 + t // sets``, tap ``k0 + (t % sets) * k_step + l``.
    TAPS: time is a tap, a lane is an output pixel: pixel ``m0 + l``, tap ``k0 + t``.
    Pixels count batch, row, column of the ofmap; taps count filter row, filter column, channel of the group.

    Several arrays may take several vectors in one step. Element ``e`` then joins the time indices ``e * joined`` to
    ``e * joined + joined - 1``, as far as they exist, one after another, so that ``count`` is ``times / joined`` rounded up. Only
    LINEAR and PIXELS join vectors, neither skewed nor reversed, nor with several sets. In PIXELS and TAPS a vector may serve
    ``groups`` groups of the convolution, whose channels follow each other from ``channel_base`` on: each group has an equal part
    of the lanes, in which ``l`` counts from 0.
    """

    DUE = 0
    DUE_STRIDE = 1
    COUNT = 2
    LANES = 3
    TIMES = 4
    KIND = 5
    SKEWED = 6
    REVERSE = 7
    REGION = 8
    # psum only: element e needs `AFTER_WRITE + e + 1` elements accepted from the output port; -1: none needed.
    AFTER_WRITE = 9
    TILE = 10
    CHUNK = 11
    STRIDE = 12
    OFFSET = 13
    M0 = 14
    K0 = 15
    SETS = 16
    K_STEP = 17
    CHANNEL_BASE = 18
    JOINED = 19
    GROUPS = 20


SEG_COLUMNS = len(Seg)


class Geo(IntEnum):
    """Geometry of the ifmap, for PIXELS and TAPS (``Program.geometry``).

    Ifmap tiles are ``ROWS_PER_TILE`` input rows x ``CHANNELS_PER_TILE`` channels of one image; tile number
    ``(b * ceil(H / rows) + ih // rows) * ceil(C / channels) + c // channels``, counted from the region's ``FIRST_TILE``.
    Word within a tile: PLANAR 0: ``((ih % rows) * W + iw) * channels + c % channels``;
    PLANAR 1: ``((c % channels) * rows + ih % rows) * W + iw``.
    """

    BATCH = 0
    H = 1
    W = 2
    C = 3
    OUT_H = 4
    OUT_W = 5
    KERNEL_H = 6
    KERNEL_W = 7
    STRIDE_H = 8
    STRIDE_W = 9
    PAD_H = 10
    PAD_W = 11
    DILATION_H = 12
    DILATION_W = 13
    GROUP_CHANNELS = 14
    ROWS_PER_TILE = 15
    CHANNELS_PER_TILE = 16
    PLANAR = 17


GEO_COLUMNS = len(Geo)


class Reg(IntEnum):
    """Columns of a region: a tensor's share of one scratchpad, ``SLOTS`` slots of ``SLOT_LINES`` lines from ``BASE_LINE``.

    ``FIRST_TILE`` and ``FIRST_SLOT`` are the global numbers of its first tile and slot; ``TILES`` counts its tiles.
    """

    SCRATCHPAD = 0
    BASE_LINE = 1
    SLOT_LINES = 2
    SLOTS = 3
    WORD_BYTES = 4
    FIRST_TILE = 5
    TILES = 6
    FIRST_SLOT = 7


REG_COLUMNS = len(Reg)


class OpKind(IntEnum):
    """What a DMA operation does to a tile."""

    LOAD = 0  # main memory -> slot
    ACQUIRE = 1  # give a slot to a tile that the array will write first; moves no data
    STORE = 2  # slot -> main memory


class Op(IntEnum):
    """Columns of a DMA operation.

    LOAD and ACQUIRE take ``slot`` (global number) for ``tile`` (global number) from whatever tile held it. An operation may start
    when ``DEP_PORT`` (a Port, or -1) has consumed at least ``DEP_COUNT`` elements of this layer, when the operation with index
    ``DEP_OP`` (in ``Program.ops``, or -1) is done, and when no write to the slot is still in a write buffer. ``BYTES`` are moved
    from or to main memory at byte address ``ADDRESS``. A tile is resident once its LOAD or ACQUIRE is done, until the next
    LOAD or ACQUIRE of its slot starts. ``NEEDED`` is the array step for which the operation is needed, which orders its bursts
    among those of other queues.
    """

    KIND = 0
    REGION = 1
    TILE = 2
    SLOT = 3
    BYTES = 4
    ADDRESS = 5
    DEP_PORT = 6
    DEP_COUNT = 7
    DEP_OP = 8
    NEEDED = 9


OP_COLUMNS = len(Op)

#: The most bins of a layer's bank timeline.
TIME_BINS = 64

#: The approximate size of a Fold in bytes, its integers included.
FOLD_BYTES = 400

#: The DMA's queues. The DMA serves each in order, and of their next operations the one needed first, the first queue of equals.
QUEUES = ("ifmap", "filter", "psum", "output", "store")


@dataclass(frozen=True)
class Fold:
    """One filling of the array, for the PEs of the reference engine.

    ``stream_start`` is the array step at which the first streamed element enters; ``preload_start`` that of the first preload
    step (-1 where nothing is preloaded). Rows, columns and times that carry data are ``rows``, ``columns``, ``times``; first GEMM
    indices of each dimension are ``m0``, ``n0``, ``k0``; ``group`` is the convolution group. With several arrays these extents
    are those of all arrays that work on one group together, and each of ``groups`` groups from ``group`` on has them.
    """

    preload_start: int
    stream_start: int
    rows: int
    columns: int
    times: int
    m0: int
    n0: int
    k0: int
    group: int = 0
    groups: int = 1


@dataclass(frozen=True)
class PeRoles:
    """What the PEs do in a fold: which tensor they hold, by its port, and which operand enters from the north edge.

    If ``held`` is IFMAP or FILTER, that operand is shifted in from the north before the fold's stream. The other operand then
    streams in from the west, and sums move down the columns. If ``held`` is OUTPUT, each PE keeps its sum, ``north`` streams in
    from the north, and the other operand from the west.

    A held operand is shifted down all columns at once. With ``behind_wave`` each column begins a step after the one before, as
    the stream does, and a PE takes part only from the step in which the first value reaches it, which is never before the wave of
    the fold before has made it swap.
    """

    held: Port
    north: Port
    behind_wave: bool = False


@dataclass(frozen=True)
class Program:
    """One layer, ready for an engine.

    segments: per port 0..3, in order of due step. regions: int64 [n, REG_COLUMNS]. ops: int64 [n, OP_COLUMNS], grouped by queue,
    ``queue_start[q]:queue_start[q + 1]``. ``steps`` is the layer's stall-free cycles. ``dataflow`` is the dataflow's name for the
    tables; what engines need of it are ``roles``, ``split`` and ``folds``: what the PEs do, how several arrays share work, and
    when; None, one array and empty for a layer of the vector unit ("vector").
    """

    name: str
    dataflow: str
    steps: int
    segments: Segments
    geometry: Int64Array
    regions: Int64Array
    ops: Int64Array
    queue_start: Int64Array
    tiles: int
    slots: int
    roles: PeRoles | None = None
    split: Split = ONE_ARRAY
    folds: tuple[Fold, ...] = ()
    #: Facts for the tables that follow from the plan alone (op, macs, mapping_efficiency_percent, tiling, ...).
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, plus the approximate bytes of the folds."""
        parts = (self.segments, self.geometry, self.regions, self.ops, self.queue_start)
        return sum(part.nbytes for part in parts) + FOLD_BYTES * len(self.folds)

    def elements(self, port: int) -> int:
        """Return the number of elements that the port moves in this layer."""
        return int(self.segments.ports[port].column(Seg.COUNT).sum())

    def fold_steps(self) -> Int64Array:
        """Return the steps at which each fold begins: its first streamed element, or its first output if sums stay in place."""
        if self.roles is None:
            return np.zeros(0, dtype=np.int64)
        streamed = {Port.FILTER: Port.IFMAP, Port.IFMAP: Port.FILTER, Port.OUTPUT: Port.OUTPUT}
        port = streamed[self.roles.held]
        return self.segments.ports[port].column(Seg.DUE)

    @cached_property
    def compact_ops(self) -> CompactTable:
        """The operations, column by column."""
        return CompactTable.of_rows(self.ops)

    @cached_property
    def bin_steps(self) -> Int64Array:
        """The first steps of the timeline's bins, at most TIME_BINS: whole folds, or without folds equal shares."""
        starts = self.fold_steps()
        count = self.steps if len(starts) < 2 else len(starts)
        bins = min(TIME_BINS, count)
        chosen = (np.arange(bins, dtype=np.int64) * count) // bins
        if len(starts) >= 2:
            chosen = starts[chosen]
        chosen[0] = 0
        return np.unique(chosen)
