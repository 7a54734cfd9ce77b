"""Estimates of main-memory traffic: what a choice of loops is expected to move, in closed form, before anything is planned."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.spec.system import System
from workloads.dataflow.loops import Loops
from workloads.dataflow.shape import ConvShape

#: Part of a share that keeps data from pass to pass; the rest is what double buffering and whole tiles take.
USEFUL_SHARE = 0.9


@dataclass(frozen=True)
class Choice:
    """A choice of loops for a layer, as a dataflow's ``traffic`` weighs it; all bytes are those of one group.

    ``room``: bytes of the scratchpad share of each tensor ("ifmap", "filter", "ofmap", "psum"). ``row_folds``, ``column_folds``,
    ``blocks``: how often the array is filled along its rows, its columns, and the streamed dimension.
    """

    shape: ConvShape
    system: System
    loops: Loops
    room: dict[str, float]
    row_folds: int
    column_folds: int
    blocks: int

    @property
    def ifmap_bytes(self) -> float:
        """Bytes of the ifmap rows in use."""
        return self.shape.ifmap_words() * self.system.words.ifmap_bytes / self.shape.groups

    @property
    def filter_bytes(self) -> float:
        """Bytes of the filters."""
        return float(self.shape.taps * self.shape.group_filters * self.system.words.filter_bytes)

    def window_bytes(self, pixels: int) -> float:
        """Bytes of the ifmap rows that some neighbouring output pixels read."""
        shape = self.shape
        out_rows = min(shape.out_rows, -(-pixels // shape.out_width) + 1)
        images, rest = divmod(out_rows, shape.out_height)
        kernel_rows = shape.kernel[0]
        rows = images * shape.span_rows(shape.out_height, kernel_rows) + (shape.span_rows(rest, kernel_rows) if rest else 0)
        return rows * shape.row_words() * self.system.words.ifmap_bytes / shape.groups

    def fold_bytes(self, pixels: int) -> float:
        """Bytes of the ifmap rows that some neighbouring output pixels, whole images of them, read in one fold of taps."""
        shape = self.shape
        images = -(-pixels // (shape.out_height * shape.out_width))
        rows = images * shape.fold_rows(self.system.array.rows)
        return rows * shape.row_words() * self.system.words.ifmap_bytes / shape.groups

    def stays(self, needed: float, tensor: str) -> bool:
        """Whether so many bytes of a tensor stay in its share from pass to pass."""
        return needed <= USEFUL_SHARE * self.room[tensor]

    def passes(self, unique: float, tensor: str, passes: float) -> float:
        """Bytes loaded when data are gone through again and again: what does not fit comes back in every pass."""
        return unique + max(0.0, passes - 1) * max(0.0, unique - USEFUL_SHARE * self.room[tensor])
