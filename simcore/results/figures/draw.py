"""All figures of a run: those that every kind of machine has, or those of its own kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simcore.results.figures.style import figure_style, require_matplotlib, save_figure
from simcore.results.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def drawn_figures(results: Results) -> dict[str, Figure]:
    """Return the figures by name, without those about something that the machine or the run does not have.

    Raise InputError if matplotlib is missing.
    """
    require_matplotlib()
    from simcore.results.figures.banks import bank_figures
    from simcore.results.figures.layers import layer_figures

    with figure_style():
        own = results.kind.figures(results)
        found = own if own else {**layer_figures(results), **bank_figures(results)}
    return {name: figure for name, figure in found.items() if figure is not None}


def write_figures(results: Results, folder: Path) -> None:
    """Write every figure as NAME.svg into a new folder. Raise InputError if matplotlib is missing."""
    figures = drawn_figures(results)
    folder.mkdir()
    for name, figure in figures.items():
        save_figure(figure, folder / f"{name}.svg")
