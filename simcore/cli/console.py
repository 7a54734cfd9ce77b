"""Terminal output: tables as wide as the terminal and at most 100 columns on stdout, progress on stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from simcore.cli.plain_table import PlainTable, column_widths, is_plain, line_width
from simcore.engine.cold_start import LOG
from simcore.progress import OnProgress

if TYPE_CHECKING:
    from simcore.results.printed import PrintedTable

MAX_WIDTH = 100
#: The shortest length to which a name is cut to make its row fit.
MIN_NAME = 12
#: How much of a cut name may be its beginning. The end, which tells most layers apart, is kept longest if it can be.
_KEPT_STARTS = (0.25, 0.5, 0.75)


def console() -> Console:
    """Return a console on stdout, as wide as the terminal (or as COLUMNS says) but at most 100 columns."""
    made = Console(highlight=False, soft_wrap=False)
    made.width = _width(made)
    return made


def width() -> int:
    """Return the number of columns that output may take. Without a terminal and COLUMNS it is 100."""
    return _width(Console())


def _width(made: Console) -> int:
    return min(made.width, MAX_WIDTH) if made.is_terminal or os.environ.get("COLUMNS", "").isdecimal() else MAX_WIDTH


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, text_columns: int = 1) -> Group:
    """Return a table whose first ``text_columns`` columns are text and whose other columns are right-aligned numbers.

    Numbers that do not fit beside the text stand in further tables below, each with the texts again.
    """
    return _in_parts(title, columns, _cells(rows), text_columns)


def table_of_names(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, text_columns: int = 1) -> Group:
    """Return a ``table`` with one line per row. If it is too wide, the names in its first column are cut in the middle.

    No two names become one by it, so a name may stay longer than would fit.
    """
    cells = _cells(rows)
    excess = line_width(column_widths(columns, cells)) - width()
    if excess > 0:
        length = max(MIN_NAME, max(len(row[0]) for row in cells) - excess)
        names = told_apart([row[0] for row in cells], length)
        cells = [[name, *row[1:]] for name, row in zip(names, cells, strict=True)]
    return _in_parts(title, columns, cells, text_columns, folded_from=1)


def _in_parts(title: str, columns: Sequence[str], cells: list[list[str]], text_columns: int, folded_from: int = 0) -> Group:
    """Return the table, or if it is too wide the first of its columns of numbers that fit, and the others below.

    Texts may be folded in the columns from ``folded_from`` on.
    """
    parts: list[Table | PlainTable] = []
    titled = [Text(title, style="bold")] if title else []
    texts = range(text_columns)
    left = [*range(text_columns, len(columns))]
    while True:
        fitting = len(left)
        while fitting > 1 and _narrowest(columns, cells, [*texts, *left[:fitting]], range(folded_from, text_columns)) > width():
            fitting -= 1
        shown = [*texts, *left[:fitting]]
        chosen = [[row[index] for index in shown] for row in cells]
        heads = [columns[index] for index in shown]
        excess = line_width(column_widths(heads, chosen)) - width()
        if excess > 0 and chosen:
            chosen = _folded(chosen, range(folded_from, text_columns), excess)
        parts.append(_table(heads, chosen, text_columns))
        left = left[fitting:]
        if not left:
            return Group(*titled, *parts)


def _folded(cells: list[list[str]], texts: Sequence[int], excess: int) -> list[list[str]]:
    """Return the cells with long names of the widest of the text columns broken, so that it gets narrower by ``excess``."""
    sizes = {index: max(len(row[index]) for row in cells) for index in texts}
    if not sizes:
        return cells
    widest = max(sizes, key=lambda index: sizes[index])
    length = max(MIN_NAME, sizes[widest] - excess)
    return [[broken(cell, length) if index == widest else cell for index, cell in enumerate(row)] for row in cells]


def broken(text: str, length: int) -> str:
    """Return a text with a line break in every word that is longer than ``length``, behind a sign such as ``.`` if it can be."""
    words = []
    for word in text.split(" "):
        lines, rest = [], word
        while len(rest) > length:
            cut = max((rest.rfind(sign, 0, length) + 1 for sign in "._=-"), default=0) or length
            lines.append(rest[:cut])
            rest = rest[cut:]
        words.append("\n".join([*lines, rest]))
    return " ".join(words)


def _narrowest(columns: Sequence[str], cells: list[list[str]], shown: Sequence[int], folded: Container[int]) -> int:
    """Return the least characters in a line of these columns, of which some may be folded."""
    heads = [max(map(len, column.split("\n"))) for column in columns]
    widths = [max(heads[index], *(len(row[index]) for row in cells), 0) for index in shown]
    needed = [min(size, MIN_NAME) if index in folded else size for index, size in zip(shown, widths, strict=True)]
    return sum(needed) + len(needed) - 1


def drawn(shown: PrintedTable) -> Group:
    """Return the table that a study or a kind of machine gives to be printed."""
    draw = table_of_names if shown.cut_names else table
    return draw(shown.title, shown.columns, shown.rows, text_columns=shown.text_columns)


def told_apart(names: Sequence[str], length: int) -> list[str]:
    """Return the names cut to the least length, from ``length`` on, at which no two different names become equal."""
    different = len(set(names))
    for size in range(length, max(map(len, names), default=0)):
        for share in _KEPT_STARTS:
            cut = [shortened(name, size, share) for name in names]
            if len(set(cut)) == different:
                return cut
    return list(names)


def shortened(name: str, length: int, start_share: float = _KEPT_STARTS[0]) -> str:
    """Return a name cut in the middle to this length, of which this share is its beginning and the rest its end."""
    if len(name) <= length:
        return name
    start = int((length - 1) * start_share)
    return f"{name[:start]}…{name[len(name) - (length - 1 - start) :]}"


def _cells(rows: Iterable[Sequence[object]]) -> list[list[str]]:
    return [[cell if isinstance(cell, str) else number(cell) for cell in row] for row in rows]


def _table(columns: Sequence[str], cells: Sequence[Sequence[str]], text_columns: int) -> Table | PlainTable:
    """Return the table, a plain one if every column has text and every row has room on a line."""
    widths = column_widths(columns, cells)
    if all(widths) and line_width(widths) <= width() and is_plain(columns, cells):
        return PlainTable(columns, cells, text_columns, widths)
    return _rich_table(columns, cells, text_columns)


def _rich_table(columns: Sequence[str], cells: Sequence[Sequence[str]], text_columns: int) -> Table:
    """Return the table as rich folds it: texts with spaces first; numbers and names keep their lines as long as they can."""
    made = Table(box=None, pad_edge=False, collapse_padding=True, padding=(0, 1))
    for index, column in enumerate(columns):
        is_text = index < text_columns
        gives_way = is_text and any(" " in row[index] for row in cells)
        made.add_column(column, justify="left" if is_text else "right", no_wrap=not gives_way, overflow="fold")
    for row in cells:
        made.add_row(*(Text(cell) for cell in row))
    return made


def number(value: object) -> str:
    """Return a number as readable text: separated thousands, floats with two decimals, "-" for a missing value."""
    if isinstance(value, float):
        return "-" if value != value else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else "-" if value is None else str(value)


class _OnStderr(logging.Handler):
    """Prints each message as a line on stderr, which is looked up for each line because a progress bar may replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the message."""
        print(record.getMessage(), file=sys.stderr)


@contextmanager
def telling_of_compiling(wanted: bool) -> Iterator[None]:
    """Say on stderr, if wanted, why the first run after an installation takes longer: the engine is compiled."""
    if not wanted:
        yield
        return
    handler, level = _OnStderr(), LOG.level
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        LOG.setLevel(level)


def rate(cycles_per_s: float) -> str:
    """Return the simulator's speed as text in a suitable unit."""
    for size, unit in ((1e6, "M "), (1e3, "k ")):
        if cycles_per_s >= size:
            return f"{cycles_per_s / size:.1f} {unit}simulated cycles/s"
    return f"{cycles_per_s:.0f} simulated cycles/s"


def print_json(value: Any) -> None:
    """Print one JSON object on stdout and nothing else."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


@contextmanager
def working(wanted: bool) -> Iterator[Callable[[str], None]]:
    """Show a spinner on stderr, and yield a function that sets its text. Show none if unwanted or if stderr is no terminal."""
    if not wanted or not sys.stderr.isatty():
        yield lambda text: None
        return
    with Console(stderr=True).status("") as status:
        # Naming a spinner draws the text at once, not at the spinner's next turn, which a compiled run would prevent.
        yield lambda text: status.update(Text(text), spinner="dots")


@contextmanager
def progress(wanted: bool) -> Iterator[OnProgress | None]:
    """Show a bar on stderr, with the time left, while layers run. Yield None if unwanted or if stderr is no terminal."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("planning", total=None)

        def show(done: int, total: int, layer: str) -> None:
            bar.update(task, completed=done, total=total, description=layer)

        yield show
