"""The parts of a run's energy in the groups that the study compares: scratchpads, arithmetic, rest of the chip, main memory.

Groups are for bars beside each other; the finer parts are for joules.
"""

from __future__ import annotations

import pandas as pd

#: The groups, from what is nearest to the cells to what is farthest. ``kept`` is what keeps stored bits: codes and scrubs.
GROUPS = ("leakage", "read", "write", "kept", "mac", "other", "dram")

#: The finer parts. ``moving`` is what carries words: registers and wires of the array, DMA, wires to the scratchpads.
PARTS = ("leakage", "read", "write", "kept", "dram_traffic", "dram_background", "dram_refresh", "mac", "vector", "moving")
_DRAM = {"dram": "dram_traffic", "dram_background": "dram_background", "dram_refresh": "dram_refresh"}


def group_of(part: str) -> str:
    """Return the group of a part of ``results.energy``. Leakage, reads, writes, codes and scrubs are those of the scratchpads.

    ``other`` is the rest of the chip: registers and wires of the array, vector unit, DMA, wires to the scratchpads.
    """
    if part.startswith("dram"):
        return "dram"
    if part in ("leakage", "mac"):
        return part
    if part in ("code", "scrub"):
        return "kept"
    action = part.rpartition("_")[2]
    return action if action in ("read", "write") else "other"


def energy_by_group_uj(energy: pd.DataFrame) -> dict[str, float]:
    """Return the energy of each group in microjoules. ``energy`` has the columns part and energy_pj."""
    spent = dict.fromkeys(GROUPS, 0.0)
    for part, energy_pj in zip(energy["part"], energy["energy_pj"], strict=True):
        spent[group_of(str(part))] += 1e-6 * float(energy_pj)
    return spent


def energy_by_part_uj(energy: pd.DataFrame) -> dict[str, float]:
    """Return the energy of each finer part in microjoules. What a DRAM spends beyond background and refresh is its traffic."""
    spent = dict.fromkeys(PARTS, 0.0)
    for part, energy_pj in zip(energy["part"], energy["energy_pj"], strict=True):
        spent[_part_of(str(part))] += 1e-6 * float(energy_pj)
    return spent


def _part_of(part: str) -> str:
    group = group_of(part)
    if group == "dram":
        return _DRAM.get(part, "dram_traffic")
    return group if group in PARTS else "vector" if part == "vector" else "moving"
