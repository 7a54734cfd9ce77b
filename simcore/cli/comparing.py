"""``simcore compare``: what differs in lines of words, then the keys, metrics and layers as tables, or one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from simcore.cli.console import console, number, print_json, table
from simcore.compare import Comparison, compare
from simcore.compare.conditions import condition_of, failures
from simcore.compare.rows import Row
from simcore.compare.sides import name_of, run_named
from simcore.compare.words import explained
from simcore.run_time import LIMIT_S

#: The most rows of a printed table; the JSON holds all.
MOST_ROWS = 12
_FAILED = 1


def compare_command(runs: Sequence[str], fail_if: Sequence[str], no_limit: bool, as_json: bool) -> None:
    """Compare the runs and print what differs. Exit with 1 if a condition of ``fail_if`` is met."""
    conditions = [condition_of(text) for text in fail_if]
    limit_s = None if no_limit else LIMIT_S
    found = compare([run_named(text, limit_s=limit_s) for text in runs], [name_of(text) for text in runs])
    failed = failures(found, conditions)
    if as_json:
        print_json(comparison_json(found) | {"failed": failed})
    else:
        _print(found)
    for line in failed:
        typer.echo(f"simcore: {line}", err=True)
    if failed:
        raise typer.Exit(_FAILED)


def comparison_json(found: Comparison) -> dict[str, Any]:
    """Return the whole comparison as plain JSON values. Values stand in the order of the runs, null where one has none."""
    return {
        "runs": [
            {"name": name, "network": run.network, "system": run.facts["system"], "kind": run.facts["kind"]}
            for name, run in zip(found.names, found.runs, strict=True)
        ],
        "says": {name: explained(found, at) for at, name in enumerate(found.names) if at},
        "keys": [{"key": one.key, "values": list(one.values), "places": list(one.places)} for one in found.keys],
        "equal_keys": found.equal_keys,
        "metrics": [{"metric": row.name[0], "unit": row.unit, **_numbers(row)} for row in found.metrics],
        "layers": [{"layer": row.name[0], **_numbers(row)} for row in found.layers],
        "places": [{"cause": row.name[0], "place": row.name[1] or None, **_numbers(row)} for row in found.places],
        "energy_pj": [{"part": row.name[0], **_numbers(row)} for row in found.energies],
    }


def _numbers(row: Row) -> dict[str, Any]:
    others = range(1, len(row.values))
    return {
        "values": list(row.values),
        "change": [row.change(at) for at in others],
        "change_percent": [row.percent(at) for at in others],
    }


def _print(found: Comparison) -> None:
    out = console()
    for at in range(1, len(found.runs)):
        for line in explained(found, at):
            out.print(line, markup=False)
        out.print()
    if found.keys:
        rows = [(one.key, *one.says) for one in found.keys[: 2 * MOST_ROWS]]
        out.print(table("Keys that differ", ("key", *found.names), rows, text_columns=1 + len(found.names)))
        _print_more(len(found.keys) - 2 * MOST_ROWS)
    differing = [row for row in found.metrics if row.most]
    _print_rows("Metrics that differ", "metric", found, differing, len(differing))
    _print_rows("Layers that differ most", "layer", found, [row for row in found.layers if row.most], MOST_ROWS)


def _print_rows(title: str, head: str, found: Comparison, rows: Sequence[Row], most: int) -> None:
    if not rows:
        return
    others = range(1, len(found.runs))
    columns = (head, *found.names, *(f"{found.names[at]}, %" for at in others)) if len(others) > 1 else (head, *found.names, "%")
    cells = [(row.name[0], *map(_cell, row.values), *(_percent(row.percent(at)) for at in others)) for row in rows[:most]]
    console().print(table(title, columns, cells))
    _print_more(len(rows) - most)


def _print_more(left: int) -> None:
    if left > 0:
        console().print(f"And {left:,} more; --json shows all.", markup=False)


def _cell(value: float | None) -> str:
    return "-" if value is None else number(int(value)) if value == int(value) else number(value)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:+,.2f}"
