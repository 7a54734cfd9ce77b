"""Tables of integers column by column. Most columns hold one number throughout, and such a column is kept as that number."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from functools import cached_property

import numpy as np
import numpy.typing as npt

#: The numbers of a column: one that all rows have, or one for each row.
Column = int | npt.NDArray[np.int64]


class CompactTable:
    """A table of int64 that never changes, column by column: its ``columns``, and the number of its ``rows``.

    ``least`` and ``most`` are the smallest and the largest number of each column, or 0 if there are no rows. A column whose rows
    all have one number is that number.
    """

    def __init__(self, rows: int, columns: Iterable[Column]) -> None:
        """Take the columns, of which arrays have ``rows`` numbers."""
        self.rows = rows
        kept: list[Column] = []
        self.least: list[int] = []
        self.most: list[int] = []
        for column in columns:
            if isinstance(column, int) or rows == 0:
                least = most = column if isinstance(column, int) else 0
            else:
                least, most = int(np.minimum.reduce(column)), int(np.maximum.reduce(column))
            kept.append(least if least == most else np.ascontiguousarray(column))
            self.least.append(least)
            self.most.append(most)
        self.columns = tuple(kept)

    @classmethod
    def of_rows(cls, table: npt.NDArray[np.int64]) -> CompactTable:
        """Return a table that is given row by row."""
        if len(table) == 0:
            return cls(0, [0] * table.shape[1])
        alike = table.min(axis=0) == table.max(axis=0)
        return cls(len(table), [int(table[0, at]) if alike[at] else table[:, at] for at in range(table.shape[1])])

    def column(self, at: int) -> npt.NDArray[np.int64]:
        """Return the numbers of a column, one for each row."""
        column = self.columns[at]
        return np.full(self.rows, column, dtype=np.int64) if isinstance(column, int) else column

    def only(self, chosen: npt.NDArray[np.int64]) -> CompactTable:
        """Return the table of the ``chosen`` rows."""
        return CompactTable(len(chosen), [each if isinstance(each, int) else each[chosen] for each in self.columns])

    def write_to(self, rows: npt.NDArray[np.int64]) -> None:
        """Write the table, row by row, to ``rows`` [rows, columns]."""
        rows[:] = [each if isinstance(each, int) else 0 for each in self.columns]
        for at, column in enumerate(self.columns):
            if not isinstance(column, int):
                rows[:, at] = column

    def digest_without(self, left_out: Collection[int]) -> bytes:
        """Return a digest of all columns but those that are ``left_out``. Equal tables have equal digests, and no others."""
        at = [number for number in range(len(self.columns)) if number not in left_out]
        digest = hashlib.sha256(repr((self.rows, [(self.least[number], self.most[number]) for number in at])).encode())
        for number in at:
            column = self.columns[number]
            if not isinstance(column, int):
                digest.update(column.data)
        return digest.digest()

    @cached_property
    def digest(self) -> bytes:
        """A digest of the table. Equal tables have equal digests, and no others."""
        return self.digest_without(())

    @property
    def nbytes(self) -> int:
        """The bytes of the columns."""
        return sum(each.nbytes for each in self.columns if not isinstance(each, int))
