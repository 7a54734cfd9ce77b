"""``simcore explain``: the meaning of a column, stall cause or metric."""

from __future__ import annotations

from dataclasses import asdict

from simcore.cli.console import console, print_json, table
from simcore.results.glossary import Term, all_terms, explain, headings


def explain_command(metric: str | None, as_json: bool) -> None:
    """Print one definition, or all definitions if no metric is named."""
    terms = list(all_terms().values()) if metric is None else [explain(metric)]
    if as_json:
        print_json([asdict(term) for term in terms] if metric is None else asdict(terms[0]))
    elif metric is None:
        _print_all(terms)
    else:
        _print_one(terms[0])


def _print_one(term: Term) -> None:
    out = console()
    out.print(f"{term.name} [{term.unit}]" if term.unit else term.name, markup=False, style="bold")
    out.print(term.text, markup=False)


def _print_all(terms: list[Term]) -> None:
    out = console()
    for group in headings(terms):
        rows = [(term.name, term.unit, term.text) for term in terms if term.group == group]
        out.print(table(group, ("name", "unit", "meaning"), rows, text_columns=3))
        out.print()
