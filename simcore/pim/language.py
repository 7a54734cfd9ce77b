"""The language of micro-programs: operations on named rows of one subarray, which act on all its columns at once.

Two operations are all that a DRAM needs. AP activates rows and precharges. AAP activates rows, then activates further rows while
the sense amplifiers still drive the bit lines, and precharges. The amplifiers settle on the majority of the rows of the first
activation (an odd number of rows), and every activated row takes that value. A row of dual-contact cells has a second word line
that connects its cells to the complemented bit lines: through it a row is read and written inverted.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Line(NamedTuple):
    """A word line: the number of its row in `Recording.rows`, and whether it is the inverting one of dual-contact cells."""

    row: int
    inverted: bool = False

    def __invert__(self) -> Line:
        return Line(self.row, not self.inverted)


class Kind(Enum):
    """What an operation does after its first activation."""

    AAP = "AAP"  # it activates further rows, which take the value
    AP = "AP"  # nothing
    SHIFT = "SHIFT"  # as AAP, but the columns are moved before the further rows take them
    READ = "READ"  # the periphery of the bank takes the value


class Operation(NamedTuple):
    """One operation. ``columns`` is how far a SHIFT moves the values towards higher columns; zeros come in at the edge.

    An ``uncounted`` operation must be done for the result to be right, but the published count of the family leaves it out.
    """

    kind: Kind
    first: tuple[Line, ...]
    second: tuple[Line, ...] = ()
    columns: int = 0
    uncounted: bool = False

    @property
    def activations(self) -> int:
        """Return the number of ACT commands: two for an operation with a second activation."""
        return 1 + bool(self.second)

    @property
    def rows_raised(self) -> int:
        """Return the number of word lines that the operation raises."""
        return len(self.first) + len(self.second)
