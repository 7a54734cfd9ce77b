"""A table that is drawn line by line looks as rich's does, to the last space."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from simcore.cli import console
from simcore.cli.plain_table import PlainTable, column_widths, is_plain, line_width

TEXTS = st.one_of(st.text("ab.-_é層│", min_size=1, max_size=8), st.text("a é層", max_size=8))


def drawn(table: Any, width: int = 100) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(table)
    return out.getvalue()


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]], int]:
    count = draw(st.integers(1, 5))
    row = st.lists(TEXTS, min_size=count, max_size=count)
    return draw(row), draw(st.lists(row, max_size=4)), draw(st.integers(0, count))


@given(tables())
@settings(max_examples=60, deadline=None)
def test_it_looks_as_richs_does(made: tuple[list[str], list[list[str]], int]) -> None:
    columns, rows, text_columns = made
    chosen = console._table(columns, rows, text_columns)
    full = all(any(cells) for cells in zip(columns, *rows, strict=True))
    assert isinstance(chosen, PlainTable) == (full and is_plain(columns, rows))
    assert drawn(chosen) == drawn(console._rich_table(columns, rows, text_columns))
    if isinstance(chosen, PlainTable):
        measured = Console(width=1000).measure(console._rich_table(columns, rows, text_columns)).maximum
        assert line_width(column_widths(columns, rows)) == measured


@pytest.mark.parametrize("cell", ["two\nlines", "a\ttab", "\x1b[31mred", "x" * 200])
def test_what_takes_more_than_a_line_is_left_to_rich(cell: str) -> None:
    assert not isinstance(console._table(["a"], [[cell]], 1), PlainTable)
    assert is_plain(["a"], [[cell]]) == (cell == "x" * 200)


def test_a_row_takes_no_rich_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_rich_table", None)
    rows = [(f"layer{number}", number, 0.5) for number in range(2000)]
    assert drawn(console.table_of_names("title", ("layer", "cycles", "%"), rows)).count("\n") == 2002
