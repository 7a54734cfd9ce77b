"""The segments of a layer. Engines read them row by row; plans, checks and digests have them column by column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np

from simcore.program.compact import CompactTable
from simcore.program.program import SEG_COLUMNS, Int64Array, Seg


class Segments:
    """The segments of all ports, which never change: per port a table whose columns are those of `Seg`, in order of due step.

    ``segments[port]`` are the segments of a port row by row.
    """

    def __init__(self, ports: Sequence[CompactTable]) -> None:
        """Take one table for each port."""
        self.ports = tuple(ports)
        #: The number of segments of all ports before each port, and in all.
        self.first = [sum(table.rows for table in self.ports[:port]) for port in range(len(self.ports) + 1)]

    @classmethod
    def of_rows(cls, ports: Iterable[Int64Array]) -> Segments:
        """Return segments that are given row by row."""
        return cls([CompactTable.of_rows(rows) for rows in ports])

    @cached_property
    def rows(self) -> Int64Array:
        """The segments of all ports, one port after another, row by row: int64 [segments, SEG_COLUMNS]."""
        rows = np.empty((self.first[-1], SEG_COLUMNS), dtype=np.int64)
        for port, table in enumerate(self.ports):
            table.write_to(rows[self.first[port] : self.first[port + 1]])
        return rows

    @cached_property
    def widest(self) -> int:
        """The largest number of lines of one element of any port: one per lane of the vectors that it joins."""
        return max([1, *(int(np.max(table.columns[Seg.LANES] * table.columns[Seg.JOINED])) for table in self.ports)])

    @property
    def nbytes(self) -> int:
        """The bytes of the columns and of the rows, made or not."""
        return sum(table.nbytes for table in self.ports) + self.first[-1] * SEG_COLUMNS * 8

    def __len__(self) -> int:
        return len(self.ports)

    def __getitem__(self, port: int) -> Int64Array:
        return self.rows[self.first[port] : self.first[port + 1]]

    def __iter__(self) -> Iterator[Int64Array]:
        return (self[port] for port in range(len(self)))
