"""docs/metrics.md, which ``python -m simcore.results.metrics_page`` prints."""

from __future__ import annotations

from simcore.results.glossary import all_terms, headings


def markdown() -> str:
    """Return all definitions as the text of docs/metrics.md."""
    written = "Written by `python -m simcore.results.metrics_page`."
    intro = f"Every column, stall cause and metric, as `simcore explain` shows it. {written}"
    parts = ["# Metrics\n", f"{intro}\n"]
    known = [term for terms in all_terms().values() for term in terms]
    for group in headings(known):
        parts.append(f"## {group}\n")
        rows = [f"| `{term.name}` | {term.unit or '-'} | {term.text} |" for term in known if term.group == group]
        parts.append("\n".join(["| name | unit | meaning |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(markdown(), end="")
