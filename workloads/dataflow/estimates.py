"""Estimates of main-memory traffic: closed forms for the bytes that a choice of loops moves, used before anything is planned."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.spec.system import System
from workloads.dataflow.loops import Loops
from workloads.dataflow.shape import ConvShape

#: Fraction of a share that keeps data from pass to pass. Double buffering and whole tiles take the rest.
USEFUL_SHARE = 0.9


@dataclass(frozen=True)
class Choice:
    """A choice of loops for a layer, as the argument of a dataflow's ``traffic``. All bytes are those of one group.

    ``room`` gives the bytes of the scratchpad share of each tensor ("ifmap", "filter", "ofmap", "psum"). ``row_folds``,
    ``column_folds`` and ``blocks`` count how often the array is filled along its rows, its columns and the streamed dimension.
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
        """Return the bytes of the ifmap rows in use."""
        return self.shape.ifmap_words() * self.system.words.ifmap_bytes / self.shape.groups

    @property
    def filter_bytes(self) -> float:
        """Return the bytes of the filters."""
        return float(self.shape.taps * self.shape.group_filters * self.system.words.filter_bytes)

    def window_bytes(self, pixels: int) -> float:
        """Return the bytes of the ifmap rows that ``pixels`` neighbouring output pixels read."""
        shape = self.shape
        out_rows = min(shape.out_rows, -(-pixels // shape.out_width) + 1)
        images, rest = divmod(out_rows, shape.out_height)
        kernel_rows = shape.kernel[0]
        rows = images * shape.span_rows(shape.out_height, kernel_rows) + (shape.span_rows(rest, kernel_rows) if rest else 0)
        return rows * shape.row_words() * self.system.words.ifmap_bytes / shape.groups

    def fold_bytes(self, pixels: int) -> float:
        """Return the bytes of the ifmap rows that a fold of taps reads for ``pixels`` output pixels, in whole images."""
        shape = self.shape
        images = -(-pixels // (shape.out_height * shape.out_width))
        rows = images * shape.fold_rows(self.system.array.rows)
        return rows * shape.row_words() * self.system.words.ifmap_bytes / shape.groups

    def stays(self, needed: float, tensor: str) -> bool:
        """Return whether ``needed`` bytes of a tensor stay in its share from pass to pass."""
        return needed <= USEFUL_SHARE * self.room[tensor]

    def passes(self, unique: float, tensor: str, passes: float) -> float:
        """Return the bytes loaded in ``passes`` passes over ``unique`` bytes. Each pass reloads the part that does not fit."""
        return unique + max(0.0, passes - 1) * max(0.0, unique - USEFUL_SHARE * self.room[tensor])
