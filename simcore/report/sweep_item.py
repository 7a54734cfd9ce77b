"""A sweep in the form of a study, for a report: its points, its Pareto front, and the figure of the front."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simcore.errors import InputError
from simcore.report.columns import cell
from simcore.report.study_item import SavedStudy
from simcore.results.figures.style import figure_style
from simcore.sweeps.folder import FIGURES
from simcore.sweeps.sweep import Sweep, load_sweep

#: The longest figure that is read.
_LONGEST_FIGURE = 4 << 20


def sweep_as_study(directory: Path) -> SavedStudy:
    """Return the sweep in a directory. Raise InputError if it is damaged, or if no session of it has come to its end."""
    sweep = load_sweep(directory)
    tables = {"points": sweep.table}
    if sweep.compared:
        tables["pareto front"] = sweep.pareto
    found = {
        "tables": {name: [_plain(row) for row in table.to_dict("records")] for name, table in tables.items()},
        "conclusions": _says(sweep),
        "findings": dict(sweep.counts),
        "settings": {"axes": ", ".join(map(str, sweep.axes))},
    }
    figures = _figures(directory) or _drawn(sweep)
    captions = dict.fromkeys(figures, "points of the sweep, and the front of its objectives")
    name = directory.absolute().name
    return SavedStudy(name, f"Sweep {name}", found, figures, captions)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): cell(value) for key, value in row.items()}


def _says(sweep: Sweep) -> list[str]:
    counts = sweep.counts
    lines = [f"{counts.get('points', 0):,} points, of which {counts.get('failed', 0):,} failed."]
    if sweep.compared:
        names = ", ".join(map(str, sweep.compared))
        lines.append(f"{len(sweep.pareto):,} points are on the Pareto front of {names}.")
    return lines


def _drawn(sweep: Sweep) -> dict[str, str]:
    """Return the figure of the front, and none without matplotlib or a second objective."""
    drawn = io.BytesIO()
    try:
        figure = sweep.figure()
    except InputError:
        return {}
    with figure_style():
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return {"pareto": drawn.getvalue().decode("utf-8")}


def _figures(directory: Path) -> dict[str, str]:
    """Return the SVG figures of the sweep that can be read."""
    found = {}
    for name in FIGURES:
        path = directory / name
        if not name.endswith(".svg") or path.is_symlink() or not path.is_file():
            continue
        try:
            if os.path.getsize(path) <= _LONGEST_FIGURE:
                found[path.stem] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"'{name}' cannot be read: {error}", str(directory)) from None
    return found
