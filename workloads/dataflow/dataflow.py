"""A dataflow: which side of a layer's loop nest lies along the array's rows, along its columns and in time.

A layer on the array is a matrix product: output pixels (M) by filters (N), summed over taps (K). The ifmap has the sides pixels
and taps, the filters have filters and taps, and the results have pixels and filters. The tensor that lacks the side which runs in
time is held: it stays in the PEs during a fold. A held operand is shifted in from the north edge before the fold's stream, and
partial sums move down the columns. If the sums are held, both operands stream, one from the west and one from the north.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from simcore.errors import InputError
from simcore.program.program import PeRoles, Port
from simcore.spec.array import ArraySpec
from workloads.dataflow.shape import ConvShape


class Side(Enum):
    """A side of the loop nest."""

    PIXELS = "pixels"
    FILTERS = "filters"
    TAPS = "taps"

    def extent(self, shape: ConvShape) -> int:
        """Return the extent of this side in a group of a layer: M, N or K of the matrix product."""
        if self is Side.PIXELS:
            return shape.pixels
        return shape.group_filters if self is Side.FILTERS else shape.taps


#: The two sides of each tensor, by the port that moves it.
TENSOR_SIDES = {
    Port.IFMAP: frozenset((Side.PIXELS, Side.TAPS)),
    Port.FILTER: frozenset((Side.FILTERS, Side.TAPS)),
    Port.OUTPUT: frozenset((Side.PIXELS, Side.FILTERS)),
}


def _array_rows(array: ArraySpec) -> int:
    return array.rows


@dataclass(frozen=True)
class Dataflow:
    """How layers run on the array: one value per file of ``flows/`` or from an installed package (group ``simcore.dataflow``).

    ``name`` is the value of ``array.dataflow`` in a System. ``rows``, ``columns`` and ``time`` give the side along each; partial
    sums move down the columns, so taps must lie along the rows or in time. ``least_gap(array)`` is the least number of steps,
    with an ``array.fold_overlap``, from the first streamed element of a fold to that of the next. ``filter_chunk(array)`` is the
    preferred number of rows in a tile of the filters. Loops, tiles and traffic follow from the sides.

    Raise InputError unless the sides are three different ones, and if taps lie along the columns.
    """

    name: str
    description: str
    rows: Side
    columns: Side
    time: Side
    least_gap: Callable[[ArraySpec], int]
    filter_chunk: Callable[[ArraySpec], int] = _array_rows

    def __post_init__(self) -> None:
        sides = (self.rows, self.columns, self.time)
        if set(sides) != set(Side) or self.columns is Side.TAPS:
            got = ", ".join(side.value for side in sides)
            expected = "expected pixels, filters and taps along rows, columns and time, taps not along the columns"
            raise InputError(f"{expected}, got {got}", where=f"dataflow '{self.name}'")

    # What is held, what streams ---------------------------------------------------------------------------------------------

    @cached_property
    def held(self) -> Port:
        """Return the port of the tensor that stays in the PEs during a fold. It is OUTPUT if the PEs keep their sums."""
        return next(port for port, sides in TENSOR_SIDES.items() if self.time not in sides)

    @property
    def sums_leave(self) -> bool:
        """Return whether partial sums leave the array, so that the next row fold adds to them."""
        return self.held is not Port.OUTPUT

    @property
    def roles(self) -> PeRoles:
        """Return the roles of the PEs: which tensor they hold, and which enters from the north."""
        enters = (Port.IFMAP, Port.FILTER)
        north = self.held if self.sums_leave else next(port for port in enters if self.columns in TENSOR_SIDES[port])
        return PeRoles(self.held, north)

    def stream(self, port: Port) -> tuple[Side, Side]:
        """Return (time, lane) of a port: the side along which its elements follow each other, and the side of their words."""
        if port is self.held:
            return self.rows, self.columns
        if port is Port.OUTPUT:
            return self.time, self.columns
        lane = next(side for side in TENSOR_SIDES[port] if side is not self.time)
        return self.time, lane

    @property
    def planar(self) -> bool:
        """Return whether an ifmap vector is neighbouring pixels of one channel, so that tiles are stored channel by channel."""
        return self.stream(Port.IFMAP)[1] is Side.PIXELS

    # Extents ----------------------------------------------------------------------------------------------------------------

    def extents(self, shape: ConvShape) -> tuple[int, int, int]:
        """Return the extents of a group of a layer along the array's rows, along its columns and in time."""
        return self.rows.extent(shape), self.columns.extent(shape), self.time.extent(shape)

    @property
    def cuts_time(self) -> bool:
        """Return whether the streamed dimension may be cut into blocks. It may not if the PEs sum along it."""
        return self.sums_leave

    def block_unit(self, shape: ConvShape) -> int:
        """Return the unit of a block of the streamed dimension. If pixels stream, it is a whole output row."""
        return shape.out_width if self.time is Side.PIXELS else 1

    # Steps ------------------------------------------------------------------------------------------------------------------

    def preload_steps(self, array: ArraySpec) -> int:
        """Return the steps in which a fold's held operand is shifted in before its stream."""
        return array.rows if self.sums_leave else 0

    def gap(self, times: int, array: ArraySpec) -> int:
        """Return the steps, with overlap, from the start of a fold's stream of ``times`` elements to the start of the next."""
        return max(times + edge_skew(array), self.least_gap(array))


def swap_gap(array: ArraySpec) -> int:
    """Return the least steps from the first streamed element of a fold to that of the next, if an operand is held.

    The held operand enters in ``rows`` steps. Behind the wave of the last swap it may enter at once, else only when that wave has
    passed the last PE.
    """
    return array.rows if array.fold_overlap == "wave" else 2 * array.rows + array.columns - 2


def edge_skew(array: ArraySpec) -> int:
    """Return the extra steps for which a skewed fetch occupies the array's edge, until its last lane is done."""
    return max(array.rows, array.columns) - 1 if array.edge == "skewed-fetch" else 0


def drain_steps(array: ArraySpec) -> int:
    """Return the steps from the last streamed element of a fold to its last result."""
    return array.rows + array.columns - 2
