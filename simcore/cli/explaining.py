"""``simcore explain``: the meaning of a key, column, stall cause, heading, scratchpad, port or DRAM timing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

from simcore.cli.console import console, print_json, table
from simcore.meanings.lookup import Meaning, all_meanings, explain


def explain_command(name: str | None, as_json: bool) -> None:
    """Print every meaning of the name, or of all names if none is given."""
    meanings = all_meanings() if name is None else explain(name)
    if as_json:
        print_json([asdict(meaning) for meaning in meanings])
    elif name is None:
        _print_all(meanings)
    else:
        _print_few(meanings)


def _print_few(meanings: Sequence[Meaning]) -> None:
    out = console()
    for index, meaning in enumerate(meanings):
        if index:
            out.print()
        out.print(f"{meaning.name} [{meaning.unit}]" if meaning.unit else meaning.name, markup=False, style="bold")
        for line in (f"({meaning.group})", meaning.text, *meaning.details):
            out.print(line, markup=False)


def _print_all(meanings: Sequence[Meaning]) -> None:
    out = console()
    for group, listed in groupby(meanings, key=lambda meaning: meaning.group):
        rows = [(meaning.name, meaning.unit, meaning.text) for meaning in listed]
        out.print(table(group, ("name", "unit", "meaning"), rows, text_columns=3))
        out.print()
