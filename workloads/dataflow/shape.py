"""The loop nest of a layer on the array: a convolution. A matrix product is a convolution of one column with a 1x1 filter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.program import GEO_COLUMNS, Geo, Int64Array


@dataclass(frozen=True)
class ConvShape:
    """Extents of a convolution over a batch. ``height`` and ``width`` are those that the address formulas use.

    ``stored_rows`` (first, end) and ``stored_width`` say which part of that ifmap exists in main memory. The rest is the
    extension that SCALE-Sim's shape rule requires. ``filters`` counts the filters of all groups.
    """

    batch: int
    height: int
    width: int
    channels: int
    out_height: int
    out_width: int
    filters: int
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    stored_rows: tuple[int, int] | None = None
    stored_width: int | None = None

    @property
    def pixels(self) -> int:
        """Return the output pixels of the batch: M of the matrix product."""
        return self.batch * self.out_height * self.out_width

    @property
    def group_filters(self) -> int:
        """Return the filters of a group: N of the matrix product."""
        return self.filters // self.groups

    @property
    def group_channels(self) -> int:
        """Return the input channels of a group."""
        return self.channels // self.groups

    @property
    def taps(self) -> int:
        """Return the words of a filter: K of the matrix product."""
        return self.kernel[0] * self.kernel[1] * self.group_channels

    @property
    def macs(self) -> int:
        """Return the multiply-accumulates of the batch."""
        return self.pixels * self.filters * self.taps

    @property
    def out_rows(self) -> int:
        """Return the output rows of the batch."""
        return self.batch * self.out_height

    def input_rows(self) -> Int64Array:
        """Return the ifmap row of each (output row of one image, filter row). In the padding it lies outside ``0..height-1``."""
        rows = np.arange(self.out_height, dtype=np.int64)[:, None] * self.stride[0] - self.padding[0]
        return rows + np.arange(self.kernel[0], dtype=np.int64)[None, :] * self.dilation[0]

    def span_rows(self, out_rows: int, kernel_rows: int) -> int:
        """Return the ifmap rows of an image that ``out_rows`` neighbouring output rows read with ``kernel_rows`` filter rows."""
        return min(self.height, (out_rows - 1) * self.stride[0] + (kernel_rows - 1) * self.dilation[0] + 1)

    def fold_rows(self, taps: int) -> int:
        """Return the ifmap rows of one image that all its output pixels read through ``taps`` neighbouring taps."""
        kernel_rows = min(self.kernel[0], -(-(taps - 1) // (self.kernel[1] * self.group_channels)) + 1)
        return self.span_rows(self.out_height, kernel_rows)

    def used_rows(self) -> Int64Array:
        """Return 1 for each ifmap row that a tap uses and main memory holds, and 0 for the other rows."""
        rows = self.input_rows()
        used = np.zeros(self.height, dtype=np.int64)
        used[rows[(rows >= 0) & (rows < self.height)]] = 1
        if self.stored_rows is not None:
            used[: self.stored_rows[0]] = 0
            used[self.stored_rows[1] :] = 0
        return used

    def row_words(self) -> int:
        """Return the words of one stored ifmap row, with all channels."""
        return (self.width if self.stored_width is None else self.stored_width) * self.channels

    def ifmap_words(self) -> int:
        """Return the words of the ifmap rows in use, for the whole batch."""
        return self.batch * int(self.used_rows().sum()) * self.row_words()

    def ifmap_words_at_most(self) -> int:
        """Return an upper bound of :meth:`ifmap_words`, computed without an array."""
        return self.batch * min(self.height, self.out_height * self.kernel[0]) * self.row_words()

    def geometry(self, rows_per_tile: int, channels_per_tile: int, planar: bool) -> Int64Array:
        """Return the ``Program.geometry`` of this shape."""
        values = {
            Geo.BATCH: self.batch, Geo.H: self.height, Geo.W: self.width, Geo.C: self.channels,
            Geo.OUT_H: self.out_height, Geo.OUT_W: self.out_width,
            Geo.KERNEL_H: self.kernel[0], Geo.KERNEL_W: self.kernel[1],
            Geo.STRIDE_H: self.stride[0], Geo.STRIDE_W: self.stride[1],
            Geo.PAD_H: self.padding[0], Geo.PAD_W: self.padding[1],
            Geo.DILATION_H: self.dilation[0], Geo.DILATION_W: self.dilation[1],
            Geo.GROUP_CHANNELS: self.group_channels,
            Geo.ROWS_PER_TILE: rows_per_tile, Geo.CHANNELS_PER_TILE: channels_per_tile, Geo.PLANAR: int(planar),
        }  # fmt: skip
        geometry = np.zeros(GEO_COLUMNS, dtype=np.int64)
        for column, value in values.items():
            geometry[column] = value
        return geometry


def matrix_product(rows: int, taps: int, filters: int, groups: int = 1) -> ConvShape:
    """Return the shape of ``groups`` products side by side, each (rows x taps) by (taps x filters)."""
    channels, outputs = groups * taps, groups * filters
    return ConvShape(
        batch=1, height=rows, width=1, channels=channels, out_height=rows, out_width=1, filters=outputs, groups=groups
    )
