"""Terminal output: tables at most 100 columns wide on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

MAX_WIDTH = 100

#: Called after each layer with (layers done, layers in all, name of the layer done).
OnProgress = Callable[[int, int, str], None]


def console() -> Console:
    """A console on stdout, as wide as the terminal but at most 100 columns; 100 where stdout is no terminal."""
    made = Console(highlight=False, soft_wrap=False)
    made.width = min(made.width, MAX_WIDTH) if made.is_terminal else MAX_WIDTH
    return made


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, text_columns: int = 1) -> Table:
    """A table whose first ``text_columns`` columns are text and the rest numbers, right-aligned."""
    made = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, collapse_padding=True, padding=(0, 1)
    )
    for index, column in enumerate(columns):
        is_text = index < text_columns
        made.add_column(column, justify="left" if is_text else "right", no_wrap=not is_text, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else Text(number(cell)) for cell in row))
    return made


def number(value: object) -> str:
    """A number for reading: thousands separated, floats with two decimals; "-" for what is not there."""
    if isinstance(value, float):
        return "-" if value != value else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else "-" if value is None else str(value)


def print_json(value: Any) -> None:
    """One JSON object on stdout and nothing else."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


@contextmanager
def progress(wanted: bool) -> Iterator[OnProgress | None]:
    """A bar on stderr while layers run; None where it is not wanted or stderr is no terminal."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("simulating")

        def show(done: int, total: int, layer: str) -> None:
            bar.update(task, completed=done, total=total, description=layer)

        yield show
