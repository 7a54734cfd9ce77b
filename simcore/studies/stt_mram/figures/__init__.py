"""The figures of the study. Each module draws a group of figures with matplotlib."""

from __future__ import annotations

from simcore.studies.form.catalogue import Drawing
from simcore.studies.stt_mram.figures.arrays import draw_arrays, draw_cheapest_writes, draw_writes
from simcore.studies.stt_mram.figures.chips import draw_chips, draw_contributions
from simcore.studies.stt_mram.figures.joules import draw_joules
from simcore.studies.stt_mram.figures.kept import draw_thermal_stability
from simcore.studies.stt_mram.figures.ratios import draw_energy_ratios
from simcore.studies.stt_mram.figures.systems import draw_gains, draw_pulses, draw_systems
from simcore.studies.stt_mram.figures.where import draw_axes, draw_map_area, draw_map_capacity

#: Figure -> the tables that it needs, and the function that draws it.
DRAWINGS: dict[str, Drawing] = {
    "arrays": (("comparisons",), draw_arrays),
    "writes": (("writes",), draw_writes),
    "cheapest_writes": (("cheapest_writes",), draw_cheapest_writes),
    "energy_ratios": (("energy_ratios",), draw_energy_ratios),
    "systems": (("systems",), draw_systems),
    "gains": (("systems",), draw_gains),
    "map_capacity": (("gain_map",), draw_map_capacity),
    "map_area": (("gain_map",), draw_map_area),
    "axes": (("gain_map",), draw_axes),
    "joules": (("named_configurations", "joules"), draw_joules),
    "pulses": (("pulses",), draw_pulses),
    "thermal_stability": (("thermal_stability",), draw_thermal_stability),
    "contributions": (("accuracy_contributions",), draw_contributions),
    "chips": (("accuracy_chips",), draw_chips),
}
