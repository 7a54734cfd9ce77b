"""The figures of the study, drawn by matplotlib (extra ``plot``) without a display; a module per group of figures makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from simcore.studies.stt_mram.figures.accuracy import draw_accuracy, draw_placements
from simcore.studies.stt_mram.figures.arrays import draw_arrays, draw_cheapest_writes, draw_writes
from simcore.studies.stt_mram.figures.ratios import draw_energy_ratios
from simcore.studies.stt_mram.figures.systems import draw_gains, draw_pulses, draw_systems

Tables = Mapping[str, pd.DataFrame]

#: Figure -> the tables without which it cannot be drawn, and what draws it.
_DRAWN: dict[str, tuple[tuple[str, ...], Callable[[Tables], Figure]]] = {
    "arrays": (("comparisons",), draw_arrays),
    "writes": (("writes",), draw_writes),
    "cheapest_writes": (("cheapest_writes",), draw_cheapest_writes),
    "energy_ratios": (("energy_ratios",), draw_energy_ratios),
    "systems": (("systems",), draw_systems),
    "gains": (("systems",), draw_gains),
    "pulses": (("pulses",), draw_pulses),
    "accuracy": (("accuracy_error_rates", "accuracy_bits"), draw_accuracy),
    "placements": (("placements",), draw_placements),
}
#: Equal tables give equal files: no date, and ids from a fixed salt.
_STYLE = {"svg.hashsalt": "simcore", "font.size": 8, "axes.grid": True, "grid.alpha": 0.3, "figure.constrained_layout.use": True}


def draw_figures(tables: Tables, folder: Path) -> tuple[str, ...]:
    """Draw what the tables allow, as SVG files named after the figures, into a folder that is made; returns the names."""
    folder.mkdir()
    drawn = []
    for name, (needed, draw) in _DRAWN.items():
        if all(len(tables.get(table, ())) for table in needed):
            with rc_context(_STYLE):
                draw(tables).savefig(folder / f"{name}.svg", metadata={"Date": None})
            drawn.append(name)
    return tuple(drawn)
