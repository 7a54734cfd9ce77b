"""The figures of the study. Each module draws a group of figures with matplotlib."""

from __future__ import annotations

from simcore.studies.form.catalogue import Drawing
from simcore.studies.pim_dram.figures.machines import draw_banks, draw_energy, draw_layers, draw_sensitivity, draw_tree
from simcore.studies.pim_dram.figures.speedups import draw_effects, draw_grid, draw_ladder, draw_speedups

#: Figure -> the tables that it needs, and the function that draws it.
DRAWINGS: dict[str, Drawing] = {
    "speedups": (("best",), draw_speedups),
    "effects": (("effects",), draw_effects),
    "ladder": (("ladder", "yardsticks"), draw_ladder),
    "grid": (("grid",), draw_grid),
    "adder_tree": (("adder_tree",), draw_tree),
    "layers": (("layer_utilisation",), draw_layers),
    "banks": (("bank_utilisation",), draw_banks),
    "energy": (("energy",), draw_energy),
    "sensitivity": (("sensitivity",), draw_sensitivity),
}
