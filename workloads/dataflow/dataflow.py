"""A dataflow: which part of a layer's loop nest lies along the array's rows, its columns and time, and what follows from it.

A layer on the array is a matrix product: output pixels (M) by filters (N), summed over taps (K). The ifmap has pixels and taps,
the filters have filters and taps, the results have pixels and filters. The tensor without the side that runs in time is held: it
stays in the PEs during a fold. An operand that is held is shifted in from the north edge before the fold's stream, and partial
sums move down the columns; where the sums are held, both operands stream, one from the west and one from the north.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from simcore.errors import InputError
from simcore.program.program import PeRoles, Port
from simcore.spec.system import ArraySpec
from workloads.dataflow.estimates import Choice
from workloads.dataflow.shape import ConvShape


class Side(Enum):
    """A side of the loop nest."""

    PIXELS = "pixels"
    FILTERS = "filters"
    TAPS = "taps"

    def extent(self, shape: ConvShape) -> int:
        """Its extent in a group of a layer: M, N or K of the matrix product."""
        return {Side.PIXELS: shape.pixels, Side.FILTERS: shape.group_filters, Side.TAPS: shape.taps}[self]


#: The two sides of each tensor, by the port that moves it.
TENSOR_SIDES = {
    Port.IFMAP: frozenset((Side.PIXELS, Side.TAPS)),
    Port.FILTER: frozenset((Side.FILTERS, Side.TAPS)),
    Port.OUTPUT: frozenset((Side.PIXELS, Side.FILTERS)),
}


def _storage_order(shape: ConvShape, array: ArraySpec) -> tuple[str, ...]:
    return ("storage",)


def _array_rows(array: ArraySpec) -> int:
    return array.rows


@dataclass(frozen=True)
class Dataflow:
    """How layers run on the array: one value per file of ``flows/``, or an installed package's (group ``simcore.dataflow``).

    ``name`` is what ``array.dataflow`` of a System says. ``rows``, ``columns``, ``time``: the side along each; partial sums move
    down the columns, so that taps lie along the rows or in time. ``least_gap(array)``: with ``array.fold_overlap`` the steps from
    the first streamed element of a fold to that of the next are at least so many. ``traffic(choice)``: main-memory bytes of the
    ifmap and of the filters, of one group, under a choice of loops; of all choices the one with the least traffic is taken.
    ``tap_orders(shape, array)``: orders of the row folds worth trying. ``filter_chunk(array)``: rows that a tile of the filters
    should have.

    Raises InputError for sides that are not three, and for taps along the columns.
    """

    name: str
    description: str
    rows: Side
    columns: Side
    time: Side
    least_gap: Callable[[ArraySpec], int]
    traffic: Callable[[Choice], tuple[float, float]]
    tap_orders: Callable[[ConvShape, ArraySpec], tuple[str, ...]] = _storage_order
    filter_chunk: Callable[[ArraySpec], int] = _array_rows

    def __post_init__(self) -> None:
        sides = (self.rows, self.columns, self.time)
        if set(sides) != set(Side) or self.columns is Side.TAPS:
            got = ", ".join(side.value for side in sides)
            expected = "expected pixels, filters and taps along rows, columns and time, taps not along the columns"
            raise InputError(f"{expected}, got {got}", where=f"dataflow '{self.name}'")

    # What is held, what streams ---------------------------------------------------------------------------------------------

    @property
    def held(self) -> Port:
        """The port of the tensor that stays in the PEs during a fold; OUTPUT where they keep their sums."""
        return next(port for port, sides in TENSOR_SIDES.items() if self.time not in sides)

    @property
    def sums_leave(self) -> bool:
        """Whether partial sums leave the array, to be added to by the next row fold."""
        return self.held is not Port.OUTPUT

    @property
    def roles(self) -> PeRoles:
        """What the PEs do."""
        enters = (Port.IFMAP, Port.FILTER)
        north = self.held if self.sums_leave else next(port for port in enters if self.columns in TENSOR_SIDES[port])
        return PeRoles(self.held, north)

    def stream(self, port: Port) -> tuple[Side, Side]:
        """(time, lane): the side that a port's elements follow each other along, and that of the words of one element."""
        if port is self.held:
            return self.rows, self.columns
        if port is Port.OUTPUT:
            return self.time, self.columns
        lane = next(side for side in TENSOR_SIDES[port] if side is not self.time)
        return self.time, lane

    @property
    def planar(self) -> bool:
        """Whether a vector of the ifmap is neighbouring pixels of a channel, so that its tiles are stored channel by channel."""
        return self.stream(Port.IFMAP)[1] is Side.PIXELS

    # Extents ----------------------------------------------------------------------------------------------------------------

    def extents(self, shape: ConvShape) -> tuple[int, int, int]:
        """Extents of a group of a layer along the array's rows, its columns, and time."""
        return self.rows.extent(shape), self.columns.extent(shape), self.time.extent(shape)

    @property
    def cuts_time(self) -> bool:
        """Whether the streamed dimension may be cut in blocks: not where the PEs sum along it."""
        return self.sums_leave

    def block_unit(self, shape: ConvShape) -> int:
        """What a block of the streamed dimension is a multiple of: whole output rows where pixels stream."""
        return shape.out_width if self.time is Side.PIXELS else 1

    # Steps ------------------------------------------------------------------------------------------------------------------

    def preload_steps(self, array: ArraySpec) -> int:
        """Steps in which a fold's held operand is shifted in, before its stream."""
        return array.rows if self.sums_leave else 0

    def gap(self, times: int, array: ArraySpec) -> int:
        """Steps from the start of a fold's stream of ``times`` elements to that of the next, with overlap."""
        return max(times + edge_skew(array), self.least_gap(array))


def edge_skew(array: ArraySpec) -> int:
    """Steps that a skewed fetch holds the array's edge longer, until its last lane is done."""
    return max(array.rows, array.columns) - 1 if array.edge == "skewed-fetch" else 0


def drain_steps(array: ArraySpec) -> int:
    """Steps from the last streamed element of a fold to its last result."""
    return array.rows + array.columns - 2
