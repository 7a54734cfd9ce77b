"""index.md: what lies in the directory of a study, a line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from simcore.studies.stt_mram.catalogue import FIGURES, TABLES


def index_text(tables: Mapping[str, pd.DataFrame], figures: Iterable[str], sections: Mapping[str, Iterable[str]]) -> str:
    """The text of index.md; ``sections`` (title -> lines) follow the tables and figures, empty ones left out."""
    return "\n".join(_lines(tables, figures, sections)) + "\n"


def _lines(tables: Mapping[str, pd.DataFrame], figures: Iterable[str], sections: Mapping[str, Iterable[str]]) -> Iterator[str]:
    yield "# STT-MRAM in place of SRAM: tables and figures"
    yield ""
    yield "Written by `simcore study stt-mram`. `results.json` holds all tables, the findings from them, and what follows."
    yield from _section(
        "Tables", (f"[{name}.csv]({name}.csv), {len(table)} rows: a row is {TABLES[name]}" for name, table in tables.items())
    )
    yield from _section("Figures", (f"[{name}.svg](figures/{name}.svg): {FIGURES[name]}" for name in figures))
    for title, lines in sections.items():
        yield from _section(title, lines)


def _section(title: str, items: Iterable[str]) -> Iterator[str]:
    """A heading and a list, or nothing for an empty list."""
    kept = list(items)
    if kept:
        yield from ("", f"## {title}", "", *(f"- {item}" for item in kept))
