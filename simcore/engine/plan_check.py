"""A check of a Program against its machine before the run: an engine must not read or write out of bounds for it.

Compiled code does not check its indices, so a faulty plan would read and write foreign memory. This check covers everything from
which an engine takes an address, whoever made the Program: regions in their scratchpads, tiles and slots in their regions, words
of segments in their tiles, operations of the DMA in their slots.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simcore.machine.machine import Machine
from simcore.program.compact import Column, CompactTable
from simcore.program.program import (
    GEO_COLUMNS,
    OP_COLUMNS,
    QUEUES,
    REG_COLUMNS,
    SEG_COLUMNS,
    Geo,
    Kind,
    Op,
    OpKind,
    Program,
    Reg,
    Seg,
)

#: The largest number allowed in a Program, so that sums of a few numbers stay below 2^63.
LARGEST = 1 << 60

_PORTS = ("ifmap", "filter", "psum", "output")
#: The columns of a segment that count something, and those that say where its words begin.
_COUNTS = (Seg.COUNT, Seg.LANES, Seg.TIMES, Seg.CHUNK, Seg.SETS, Seg.JOINED, Seg.GROUPS)
_PLACES = (Seg.TILE, Seg.STRIDE, Seg.OFFSET, Seg.M0, Seg.K0, Seg.K_STEP, Seg.CHANNEL_BASE)
#: The columns of the geometry by which an engine divides.
_DIVISORS = (Geo.OUT_H, Geo.OUT_W, Geo.KERNEL_W, Geo.GROUP_CHANNELS, Geo.ROWS_PER_TILE, Geo.CHANNELS_PER_TILE)


def check_plan(program: Program, machine: Machine) -> None:
    """Raise RuntimeError, with the layer and the fault, for a Program that would read or write out of bounds."""
    _Plan(program, machine).check()


def _within(table: CompactTable, column: int, least: int, most: int) -> bool:
    """Return whether all numbers of a column lie between two bounds, inclusive."""
    return table.least[column] >= least and table.most[column] <= most


def _all(holds: bool | np.bool_ | npt.NDArray[np.bool_]) -> bool:
    """Return whether something holds for all rows."""
    return bool(holds.all() if isinstance(holds, np.ndarray) else holds)


class _Plan:
    """One Program and its machine during the check."""

    def __init__(self, program: Program, machine: Machine) -> None:
        self.program, self.machine = program, machine

    def check(self) -> None:
        """Raise RuntimeError at the first fault: shapes, then regions, DMA operations and the segments of each port."""
        self._shapes()
        self._regions()
        if len(self.program.ops):
            self._operations(self.program.compact_ops)
        for port, segments in enumerate(self.program.segments.ports):
            if segments.rows:
                self._segments(f"port {_PORTS[port]}", segments)

    def _shapes(self) -> None:
        """Check that tables have the right shape and type, that the queues hold the operations, and that counts are possible."""
        program = self.program
        self._hold(len(program.segments) == len(_PORTS), "there are not four ports")
        for table in program.segments.ports:
            self._hold(len(table.columns) == SEG_COLUMNS, "a table has another shape")
        for rows, columns in ((program.regions, REG_COLUMNS), (program.ops, OP_COLUMNS)):
            self._hold(rows.dtype == np.int64 and rows.ndim == 2 and rows.shape[1] == columns, "a table has another shape")
        geometry, starts = program.geometry, program.queue_start
        self._hold(geometry.shape == (GEO_COLUMNS,) and geometry.dtype == np.int64, "the geometry has another shape")
        self._hold(bool((abs(geometry.astype(np.float64)) <= LARGEST).all()), f"the geometry has a number beyond {LARGEST}")
        self._hold(starts.shape == (len(QUEUES) + 1,), "the queues of the DMA lack a beginning or an end")
        self._hold(starts[0] == 0 and starts[-1] == len(program.ops), "the queues of the DMA do not hold its operations")
        self._hold(bool((starts[1:] >= starts[:-1]).all()), "the queues of the DMA overlap")
        split, arrays = program.split.arrays, self.machine.arrays
        self._hold(split <= arrays, f"{split} arrays are to share a layer on a machine of {arrays}")
        self._hold(min(program.steps, program.tiles, program.slots) >= 0, "a count is negative")

    def _regions(self) -> None:
        """Check that regions lie in their scratchpads, and note the words of a slot of each region."""
        program, pads = self.program, self.machine.scratchpads
        for number, row in enumerate(program.regions.tolist()):
            what = f"region {number}"
            self._hold(0 <= row[Reg.SCRATCHPAD] < len(pads), f"{what} lies in an unknown scratchpad")
            pad = pads[row[Reg.SCRATCHPAD]]
            what = f"{what} in scratchpad {pad.name}"
            word_bytes = row[Reg.WORD_BYTES]
            fits = word_bytes >= 1 and pad.line_bytes % word_bytes == 0
            self._hold(fits, f"{what} has words of {word_bytes} bytes, which lines of {pad.line_bytes} bytes do not hold whole")
            self._hold(min(row) >= 0 and row[Reg.SLOT_LINES] >= 1, f"{what} has a size or a place below 0")
            end, lines = row[Reg.BASE_LINE] + row[Reg.SLOTS] * row[Reg.SLOT_LINES], pad.banks * pad.rows
            self._hold(end <= lines, f"{what} ends at line {end} of {lines}")
            for first, count, held, name in (
                (row[Reg.FIRST_TILE], row[Reg.TILES], program.tiles, "tile"),
                (row[Reg.FIRST_SLOT], row[Reg.SLOTS], program.slots, "slot"),
            ):
                self._hold(first + count <= held, f"{what} ends at {name} {first + count} of {held}")
        line_bytes = np.array([pad.line_bytes for pad in pads], dtype=np.int64)[program.regions[:, Reg.SCRATCHPAD]]
        self._slot_bytes = program.regions[:, Reg.SLOT_LINES] * line_bytes
        self._slot_words = self._slot_bytes // program.regions[:, Reg.WORD_BYTES]

    def _operations(self, ops: CompactTable) -> None:
        """Check that the DMA's operations use tiles and slots of their regions and move no more than a slot."""
        regions = self.program.regions
        self._hold(_within(ops, Op.KIND, 0, len(OpKind) - 1), "an operation has an unknown kind")
        self._hold(_within(ops, Op.REGION, 0, len(regions) - 1), "an operation has an unknown region")
        self._hold(_within(ops, Op.ADDRESS, 0, LARGEST), "an operation has an address below 0")
        self._hold(_within(ops, Op.NEEDED, 0, LARGEST), "an operation is needed for a step below 0")
        self._hold(_within(ops, Op.DEP_PORT, -1, len(_PORTS) - 1), "an operation waits for an unknown port")
        self._hold(_within(ops, Op.DEP_OP, -1, ops.rows - 1), "an operation waits for an unknown operation")
        region = ops.columns[Op.REGION]
        for column, first, count in ((Op.TILE, Reg.FIRST_TILE, Reg.TILES), (Op.SLOT, Reg.FIRST_SLOT, Reg.SLOTS)):
            self._hold(_within(ops, column, 0, LARGEST), f"an operation has a {column.name.lower()} below 0")
            least = regions[:, first]
            number, most = ops.columns[column], least + regions[:, count]
            own = _all((number >= least[region]) & (number < most[region]))
            self._hold(own, f"an operation has a {column.name.lower()} that is not its region's")
        moved = ops.columns[Op.BYTES]
        self._hold(_all(moved <= self._slot_bytes[region]), "an operation moves more than a slot holds")
        self._hold(_all(moved >= (ops.column(Op.KIND) != OpKind.ACQUIRE)), "a load or a store moves nothing")

    def _segments(self, what: str, segments: CompactTable) -> None:
        """Check that everything that the elements of a port's segments touch lies in the slot of a tile of their region."""
        self._hold(_within(segments, Seg.REGION, 0, len(self.program.regions) - 1), f"{what} moves words of an unknown region")
        self._hold(_within(segments, Seg.KIND, 0, len(Kind) - 1), f"{what} has segments of an unknown kind")
        for least, columns_of in ((1, _COUNTS), (0, _PLACES)):
            if below := [column for column in columns_of if not _within(segments, column, least, LARGEST)]:
                self._hold(False, f"{what} has {below[0].name.lower()} below {least}")
        columns = segments.columns
        lasts: Column = columns[Seg.TIMES]
        if segments.most[Seg.JOINED] > 1:
            lasts = -(-lasts // columns[Seg.JOINED])
            alone = (segments.column(Seg.SKEWED) == 0) & (segments.column(Seg.REVERSE) == 0) & (columns[Seg.SETS] == 1)
            alone &= columns[Seg.KIND] != Kind.TAPS
            self._hold(bool((alone | (columns[Seg.JOINED] == 1)).all()), f"{what} joins vectors that it cannot join")
        if segments.most[Seg.SKEWED] or segments.least[Seg.SKEWED]:
            lasts = lasts + np.where(segments.column(Seg.SKEWED) != 0, columns[Seg.LANES] - 1, 0)
        self._hold(_all(columns[Seg.COUNT] == lasts), f"{what} has more or fewer elements than times")
        linear = np.asarray(columns[Seg.KIND] == Kind.LINEAR)
        for check, chosen in ((self._linear, linear), (self._over_ifmap, ~linear)):
            if chosen.any():
                check(what, segments if chosen.all() else segments.only(np.flatnonzero(chosen)))

    def _linear(self, what: str, segments: CompactTable) -> None:
        """Check segments that go through tiles word by word: by their extremes first, and one by one if these do not suffice."""
        least, most = segments.least, segments.most
        region = segments.columns[Seg.REGION]
        tiles, words = self.program.regions[region, Reg.TILES], self._slot_words[region]
        last_tile = most[Seg.TILE] + (most[Seg.TIMES] - 1) // least[Seg.CHUNK]
        if not _all(last_tile < tiles):
            times, chunk = segments.columns[Seg.TIMES], segments.columns[Seg.CHUNK]
            each = segments.columns[Seg.TILE] + (times - 1) // chunk
            self._hold(_all(each < tiles), f"{what} goes beyond its region's last tile")
        if not _all(_words(most) <= words):
            self._hold(_all(_words(segments.columns) <= words), f"{what} goes beyond the end of a slot")

    def _over_ifmap(self, what: str, segments: CompactTable) -> None:
        """Check segments that find the words of the ifmap by output pixel and tap."""
        geometry = [int(value) for value in self.program.geometry]
        for column in _DIVISORS:
            self._hold(geometry[column] >= 1, f"the geometry has {column.name.lower()} below 1")
        rows, channels = geometry[Geo.ROWS_PER_TILE], geometry[Geo.CHANNELS_PER_TILE]
        tiles = geometry[Geo.BATCH] * -(-geometry[Geo.H] // rows) * -(-geometry[Geo.C] // channels)
        regions = range(segments.least[Seg.REGION], segments.most[Seg.REGION] + 1)
        for region in regions:
            self._hold(tiles <= self.program.regions[region, Reg.TILES], f"{what} goes beyond its region's last tile")
            fits = rows * channels * geometry[Geo.W] <= self._slot_words[region]
            self._hold(bool(fits), f"{what} goes beyond the end of a slot")
        columns = segments.columns
        last_channels = columns[Seg.CHANNEL_BASE] + columns[Seg.GROUPS] * float(geometry[Geo.GROUP_CHANNELS])
        self._hold(_all(last_channels <= geometry[Geo.C]), f"{what} goes beyond the last channel")
        shared = columns[Seg.LANES] % columns[Seg.GROUPS] == 0
        self._hold(_all(shared), f"{what} has lanes that are not shared equally among groups")
        lanes = columns[Seg.LANES] // columns[Seg.GROUPS]
        pixels = geometry[Geo.BATCH] * geometry[Geo.OUT_H] * geometry[Geo.OUT_W]
        taps = geometry[Geo.KERNEL_H] * geometry[Geo.KERNEL_W] * geometry[Geo.GROUP_CHANNELS]
        over_pixels = columns[Seg.KIND] == Kind.PIXELS
        along = np.where(over_pixels, (columns[Seg.TIMES] - 1) // columns[Seg.SETS] + 1, lanes)
        self._hold(_all(columns[Seg.M0] + along <= pixels), f"{what} goes beyond the last pixel")
        sets = np.minimum(columns[Seg.SETS], columns[Seg.TIMES]) - 1.0
        along = np.where(over_pixels, sets * columns[Seg.K_STEP] + lanes, columns[Seg.TIMES])
        self._hold(_all(columns[Seg.K0] + along <= taps), f"{what} goes beyond the last tap")

    def _hold(self, holds: bool | np.bool_, otherwise: str) -> None:
        if not holds:
            raise RuntimeError(f"layer {self.program.name}: faulty plan: {otherwise}")


def _words(columns: Sequence[Column]) -> float | npt.NDArray[np.float64]:
    """Return the words of a tile up to the last that a linear segment touches, as floats, because integers could overflow."""
    rows = np.minimum(columns[Seg.CHUNK], columns[Seg.TIMES]) - 1.0
    words: float | npt.NDArray[np.float64] = rows * columns[Seg.STRIDE] + columns[Seg.OFFSET] + columns[Seg.LANES]
    return words
