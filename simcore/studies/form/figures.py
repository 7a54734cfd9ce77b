"""Drawing of a study's figures with matplotlib (extra ``plot``), without a display."""

from __future__ import annotations

from pathlib import Path

from simcore.results.figures.style import figure_style, save_figure
from simcore.studies.form.catalogue import Catalogue, Tables


def draw_figures(catalogue: Catalogue, tables: Tables, folder: Path) -> tuple[str, ...]:
    """Draw the figures whose tables have rows, as SVG and PNG files in a new folder. Return the names of these figures."""
    folder.mkdir()
    drawn = []
    for name, (needed, draw) in catalogue.drawings().items():
        if all(len(tables.get(table, ())) for table in needed):
            with figure_style():
                figure = draw(tables)
                for form in ("svg", "png"):
                    save_figure(figure, folder / f"{name}.{form}")
            drawn.append(name)
    return tuple(drawn)
