"""Drawing of a study's figures with matplotlib (extra ``plot``), without a display."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context

from simcore.studies.form.catalogue import Catalogue, Tables

#: Equal tables give equal files: no date, and ids from a fixed salt.
_STYLE = {"svg.hashsalt": "simcore", "font.size": 8, "axes.grid": True, "grid.alpha": 0.3, "figure.constrained_layout.use": True}


def draw_figures(catalogue: Catalogue, tables: Tables, folder: Path) -> tuple[str, ...]:
    """Draw the figures whose tables have rows, as SVG files in a new folder. Return the names of these figures."""
    folder.mkdir()
    drawn = []
    for name, (needed, draw) in catalogue.drawings().items():
        if all(len(tables.get(table, ())) for table in needed):
            with rc_context(_STYLE):
                draw(tables).savefig(folder / f"{name}.svg", metadata={"Date": None})
            drawn.append(name)
    return tuple(drawn)
