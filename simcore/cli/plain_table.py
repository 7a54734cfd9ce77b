"""A table whose rows take one line each, drawn line by line. It looks as rich's does, which takes a millisecond for each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.segment import Segment


@dataclass(frozen=True)
class PlainTable:
    """Columns of texts, of which the first ``text_columns`` are left-aligned and the others right-aligned, a space between."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    text_columns: int
    widths: Sequence[int]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Yield the lines, the heading first."""
        yield Segment(self._line(self.columns), console.get_style("table.header"))
        yield Segment.line()
        for row in self.rows:
            yield Segment(f"{self._line(row)}\n")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return the width of a line, which is no less and no more."""
        width = line_width(self.widths)
        return Measurement(width, width)

    def _line(self, cells: Sequence[str]) -> str:
        return " ".join(
            f"{cell}{gap}" if index < self.text_columns else f"{gap}{cell}"
            for index, (cell, width) in enumerate(zip(cells, self.widths, strict=True))
            for gap in [" " * (width - cell_len(cell))]
        )


def is_plain(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether no cell has spaces at an end, a line break, a tab or another sign that is not printed as it stands."""
    return all(cell.isprintable() and cell == cell.strip() for row in (columns, *rows) for cell in row)


def column_widths(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the characters that each column takes; of a cell of several lines, those of its longest line."""
    return [
        max(cell_len(line) for cell in (column, *(row[index] for row in rows)) for line in cell.split("\n"))
        for index, column in enumerate(columns)
    ]


def line_width(widths: Sequence[int]) -> int:
    """Return the characters of a line of columns with these widths."""
    return sum(widths) + max(len(widths) - 1, 0)
