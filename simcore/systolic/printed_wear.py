"""The printed wear of scratchpads: the busiest line of each, and its lifetime."""

from __future__ import annotations

from math import isfinite

from simcore.results import Results
from simcore.results.printed import PrintedTable
from simcore.results.wear import first_to_fail

_YEAR_S = 365.25 * 86400
_UNITS = ((_YEAR_S, "years"), (86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "s"))


def wear_table(results: Results) -> PrintedTable:
    """Return one row per scratchpad that writes wear out, for the line among all its banks that fails first."""
    rows = [
        (
            row["scratchpad"],
            row["memory"],
            row["bank"],
            row["busiest_line_row"],
            row["busiest_line_writes"],
            f"{row['busiest_line_writes_per_s']:.3g}",
            f"{row['endurance_writes']:.3g}",
            duration(row["lifetime_s"]),
            duration(row["lifetime_levelled_s"]),
        )
        for row in first_to_fail(results.wear)
        if isfinite(row["endurance_writes"])
    ]
    columns = ("", "memory", "bank", "row", "writes", "writes/s", "endurance", "lasts", "levelled")
    return PrintedTable("Busiest lines, if the run repeats for ever", columns, rows, text_columns=2)


def endurance_lines(results: Results) -> list[str]:
    """Return how the endurance of each memory is known, one line each."""
    assert results.line_wear is not None
    known = zip(results.wear["memory"], results.line_wear.endurance, strict=True)
    said = {
        f"Wear: a line of {memory} endures {endurance.writes:.3g} writes ({endurance.kind}; set technology.endurance_writes)."
        for memory, endurance in known
        if isfinite(endurance.writes) and endurance.kind != "given"
    }
    return sorted(said)


def duration(seconds: float) -> str:
    """Return a time in the largest unit of which it has one or more: "2.8 hours". An endless time is "-"."""
    if not isfinite(seconds):
        return "-"
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    amount = seconds / size
    return f"{amount:.3g} {unit}" if amount >= 1e5 else f"{amount:,.0f} {unit}" if amount >= 10 else f"{amount:.1f} {unit}"
