"""The bytes of the ifmap that neighbouring output pixels read through some of a filter's taps, in closed form."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simcore.program.program import Int64Array
from simcore.spec.system import System
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.tap_order import reuse_parts, row_classes

Floats = npt.NDArray[np.float64]


class Windows:
    """The windows of a layer's output pixels, for one group. ``total`` counts the bytes of the ifmap that are in use."""

    def __init__(self, shape: ConvShape, system: System, *, taps_in_folds: bool, rows_apart: bool) -> None:
        """Take the layer. With ``taps_in_folds`` amounts of taps are counted in row folds, and otherwise in taps.

        With ``rows_apart`` each row of the ifmap is in tiles of its own.
        """
        self._shape, self._in_folds, self._rows_apart = shape, taps_in_folds, rows_apart
        self._row_bytes = shape.row_words() * system.words.ifmap_bytes / shape.groups
        self.total = float(shape.ifmap_words() * system.words.ifmap_bytes / shape.groups)
        self._folds = -(-shape.taps // system.array.rows) if taps_in_folds else shape.taps
        self._parts = reuse_parts(shape, system.array.rows) if taps_in_folds else 1

    def step(self, starts: Floats) -> Int64Array:
        """Return the least distance between the columns in which pixels begin that begin at multiples of ``starts``."""
        return np.asarray(np.gcd(np.maximum(1, starts).astype(np.int64), self._shape.out_width))

    def bytes_of(self, pixels: Floats, taps: Floats, reuse: npt.NDArray[np.bool_], step: Int64Array, *, largest: bool) -> Floats:
        """Return the bytes that neighbouring ``pixels`` read through neighbouring ``taps``, in the order of reuse or of storage.

        ``step`` says where the pixels begin. With ``largest`` return the most that they read, and otherwise the mean.
        """
        depth, kernel_rows = self._in_storage_order(taps * (self._shape.taps / self._folds))
        if self._parts > 1:
            channels, rows = self._in_reuse_order(taps)
            depth, kernel_rows = np.where(reuse, channels, depth), np.where(reuse, rows, kernel_rows)
        shape = self._shape
        across = (pixels - step) / shape.out_width
        out_rows = np.clip((np.ceil(across) if largest else across) + 1, 1.0, shape.out_rows)
        images = np.floor(out_rows / shape.out_height)
        rest = out_rows - images * shape.out_height
        rows = images * self._span(float(shape.out_height), kernel_rows, reuse)
        rows = rows + np.where(rest > 0, self._span(rest, kernel_rows, reuse), 0.0)
        return np.asarray(np.minimum(rows * depth * self._row_bytes, self.total))

    def in_a_filter_row(self, taps: Floats) -> Floats:
        """Return the part of neighbouring taps that lies in one filter row, in the order of storage."""
        return np.minimum(taps, self._folds / self._shape.kernel[0])

    def _in_storage_order(self, taps: Floats) -> tuple[Floats, Floats]:
        """Return the share of the channels, and the filter rows, of neighbouring taps."""
        shape = self._shape
        row_taps = shape.kernel[1] * shape.group_channels
        crosses = np.where(row_taps % taps == 0, 0.0, taps - 1) if self._in_folds else taps - 1
        return np.minimum(1.0, taps / shape.group_channels), np.minimum(float(shape.kernel[0]), crosses / row_taps + 1)

    def _in_reuse_order(self, folds: Floats) -> tuple[Floats, Floats]:
        """Return the share of the channels, and the filter rows of a set of rows, of neighbouring row folds."""
        classes, kernel_rows = row_classes(self._shape), float(self._shape.kernel[0])
        parts = folds / (self._folds / self._parts)
        depth = np.minimum(1.0, np.maximum(1.0, parts) / self._parts * classes)
        return depth, np.clip(parts * kernel_rows / classes, 1.0, kernel_rows)

    def _span(self, out_rows: Floats | float, kernel_rows: Floats, reuse: npt.NDArray[np.bool_]) -> Floats:
        """Return the ifmap rows of an image that ``out_rows`` neighbouring output rows read through ``kernel_rows`` filter rows.

        Rows between them, which a stride passes over, count if they are in the same tiles. In the order of reuse they are not.
        """
        shape = self._shape
        span = np.minimum((out_rows - 1) * shape.stride[0] + (kernel_rows - 1) * shape.dilation[0] + 1, shape.height)
        return np.where(reuse | self._rows_apart, np.minimum(span, out_rows * kernel_rows), span)
