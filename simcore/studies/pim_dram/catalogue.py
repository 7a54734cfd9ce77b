"""The study's tables and figures, with one line each for the index and the documentation."""

from __future__ import annotations

from collections.abc import Mapping

from simcore.studies.form.catalogue import Catalogue, Drawing

#: Table (a CSV file and a key of results.json) -> meaning of a row.
TABLES = {
    "yardsticks": "a GPU, an ideal machine or a systolic array running a network: milliseconds per image",
    "grid": "a network on a configuration of DRAM: latency, time between images, shares of the cycles, energy, speedups",
    "feasibility": "multiplications alone, one layer per bank, pipelined: time between images and speedups",
    "best": "a yardstick, network, level and precision: the configuration with the greatest speedup",
    "claims": "a claimed speedup, yardstick, level and precision: the greatest speedup found, and whether it reaches the claim",
    "effects": "an effect switched on alone: time per image, slowdown, stalls by cause",
    "ladder": "the same effects one after the other, each upon those before",
    "layer_utilisation": "a layer on the DDR4 preset: its mapping, its cycles by phase, what its rounds wait for",
    "bank_utilisation": "a bank of the DDR4 preset: how much of the time between images its subarrays compute and wait",
    "adder_tree": "a width of the adder tree, precision and subarrays: the share of the rounds that the tree takes",
    "energy": "a network on a configuration with everything counted: energy of an image by part",
    "sensitivity": "a changed tRAS, number of banks or columns: time per image relative to the preset",
}

#: Figure (a file in figures/) -> what it shows.
FIGURES = {
    "speedups": "speedup over the measured GPU against the precision, by level, with the claimed factors",
    "effects": "slowdown of each effect alone",
    "ladder": "time per image as one effect after the other is switched on, with the yardsticks",
    "grid": "time between images against subarrays at work, by precision, with and without limits",
    "adder_tree": "share of the rounds that the adder tree takes, by precision and width",
    "layers": "cycles of each layer by phase",
    "banks": "how much of the run each bank computes",
    "energy": "energy of an image by part and precision",
    "sensitivity": "time per image against tRAS, banks and columns",
}


def _drawings() -> Mapping[str, Drawing]:
    from simcore.studies.pim_dram.figures import DRAWINGS

    return DRAWINGS


CATALOGUE = Catalogue("pim-dram", "DRAM that multiplies", TABLES, FIGURES, _drawings)
