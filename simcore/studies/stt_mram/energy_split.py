"""The parts of a run's energy in the groups that the study compares: scratchpads, arithmetic, rest of the chip, main memory."""

from __future__ import annotations

import pandas as pd

#: The groups, from what is nearest to the cells to what is farthest.
GROUPS = ("leakage", "read", "write", "mac", "other", "dram")


def group_of(part: str) -> str:
    """Return the group of a part of ``results.energy``. Leakage, reads and writes are those of the scratchpads.

    ``other`` is the rest of the chip: registers and wires of the array, vector unit, DMA, wires to the scratchpads.
    """
    if part.startswith("dram"):
        return "dram"
    if part in ("leakage", "mac"):
        return part
    action = part.rpartition("_")[2]
    return action if action in ("read", "write") else "other"


def energy_by_group_uj(energy: pd.DataFrame) -> dict[str, float]:
    """Return the energy of each group in microjoules. ``energy`` has the columns part and energy_pj."""
    spent = dict.fromkeys(GROUPS, 0.0)
    for part, energy_pj in zip(energy["part"], energy["energy_pj"], strict=True):
        spent[group_of(str(part))] += 1e-6 * float(energy_pj)
    return spent
