"""index.md: a list of the files in a study's directory, with one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from simcore.studies.form.catalogue import Catalogue, Tables


def index_text(catalogue: Catalogue, tables: Tables, figures: Iterable[str], sections: Mapping[str, Iterable[str]]) -> str:
    """Return the text of index.md. ``sections`` (title -> lines) follow the tables and figures; empty ones are left out."""
    return "\n".join(_lines(catalogue, tables, figures, sections)) + "\n"


def _lines(catalogue: Catalogue, tables: Tables, figures: Iterable[str], sections: Mapping[str, Iterable[str]]) -> Iterator[str]:
    yield f"# {catalogue.title}: tables and figures"
    yield ""
    kept = "`results.json` holds all tables, the findings from them, and what follows."
    yield f"Written by `simcore study {catalogue.study}`. {kept}"
    rows = catalogue.tables
    yield from _section(
        "Tables", (f"[{name}.csv]({name}.csv), {len(table)} rows: a row is {rows[name]}" for name, table in tables.items())
    )
    drawn = [f"[{name}.svg](figures/{name}.svg): {catalogue.figures[name]}" for name in figures]
    yield from _section("Figures", [*drawn, "each of them stands beside it as PNG"] if drawn else ())
    for title, lines in sections.items():
        yield from _section(title, lines)


def _section(title: str, items: Iterable[str]) -> Iterator[str]:
    """Yield a heading and a list, or nothing for an empty list."""
    kept = list(items)
    if kept:
        yield from ("", f"## {title}", "", *(f"- {item}" for item in kept))
