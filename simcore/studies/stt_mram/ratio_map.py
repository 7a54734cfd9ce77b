"""Part 3: the energy ratio in closed form over capacity and access rate, and where it lies in the claimed range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from models.arrays.macro import Macro
from models.arrays.ratio import access_pj, energy_ratio
from simcore.studies.stt_mram.arrays import CAPACITIES_BYTES, classes_of, macro
from simcore.studies.stt_mram.settings import CLAIMED_GAIN, KIB

#: Share of writes in the accesses of the map.
WRITE_SHARE = 0.3
#: Word accesses per nanosecond: 0, and six values per decade from 0.001 to 100.
ACCESSES_PER_NS = (0.0, *(float(f"{rate:.3g}") for rate in np.geomspace(1e-3, 1e2, 31)))


def ratio_table(cell: str) -> pd.DataFrame:
    """Return one row per class, capacity and access rate: R(a), and whether it lies in the claimed range."""
    rows = []
    for leakage_class in classes_of(cell):
        for capacity_bytes in CAPACITIES_BYTES:
            sram, mram = (macro(name, capacity_bytes, leakage_class) for name in ("sram", cell))
            for rate in ACCESSES_PER_NS:
                ratio = energy_ratio(sram, mram, rate, WRITE_SHARE)
                row: dict[str, Any] = {"leakage_class": leakage_class, "cell": cell, "capacity_kib": capacity_bytes // KIB}
                rows.append(row | {"accesses_per_ns": rate, "energy_ratio": ratio, "in_claimed_range": in_claimed_range(ratio)})
    return pd.DataFrame(rows)


def in_claimed_range(ratio: float) -> bool:
    """Return whether a gain lies in the claimed range, including its ends."""
    return CLAIMED_GAIN[0] <= ratio <= CLAIMED_GAIN[1]


def bound_table(cell: str) -> pd.DataFrame:
    """Return one row per class and capacity with the bounds of the ratio.

    They are the ratio of idle memories, the limit of the ratio for ever more accesses, and the access rates between which the
    ratio lies in the claimed range (0: also when idle; not a number: nowhere).
    """
    rows = []
    for leakage_class in classes_of(cell):
        for capacity_bytes in CAPACITIES_BYTES:
            sram, mram = (macro(name, capacity_bytes, leakage_class) for name in ("sram", cell))
            idle = sram.leakage_mw / mram.leakage_mw
            row: dict[str, Any] = {"leakage_class": leakage_class, "cell": cell, "capacity_kib": capacity_bytes // KIB}
            row |= {"idle_ratio": idle, "busy_ratio": access_pj(sram, WRITE_SHARE) / access_pj(mram, WRITE_SHARE)}
            rows.append(row | _claimed_rates(sram, mram, idle))
    return pd.DataFrame(rows)


def _claimed_rates(sram: Macro, mram: Macro, idle: float) -> dict[str, float]:
    low, high = CLAIMED_GAIN
    reached = idle >= low
    return {
        "from_accesses_per_ns": (0.0 if idle <= high else rate_for_ratio(sram, mram, high)) if reached else float("nan"),
        "to_accesses_per_ns": rate_for_ratio(sram, mram, low) if reached else float("nan"),
    }


def rate_for_ratio(sram: Macro, mram: Macro, ratio: float) -> float:
    """Return the accesses per ns at which R(a) falls to ``ratio``: R = (P_S + a e_S) / (P_M + a e_M), solved for a.

    The idle ratio must be above ``ratio``, and the busy ratio, which is that of the energies per access, below it.
    """
    leak = sram.leakage_mw - ratio * mram.leakage_mw
    return leak / (ratio * access_pj(mram, WRITE_SHARE) - access_pj(sram, WRITE_SHARE))


def bound_findings(bounds: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per class, the highest idle ratio and two capacities with their greatest access rate in the claimed range.

    ``reached_from`` is the smallest capacity that reaches the claimed range, and ``reached_up_to`` is the one that reaches it
    with the most accesses per ns. Both are None if no capacity does.
    """
    found = []
    for leakage_class in bounds["leakage_class"].unique():
        rows = bounds[bounds["leakage_class"] == leakage_class]
        reached = rows[rows["to_accesses_per_ns"].notna()]
        told: dict[str, Any] = {"leakage_class": leakage_class, "highest_idle_ratio": float(rows["idle_ratio"].max())}
        rate = "to_accesses_per_ns"
        ends = {} if reached.empty else {"from": reached["capacity_kib"].idxmin(), "up_to": reached[rate].idxmax()}
        for end in ("from", "up_to"):
            told[f"reached_{end}_kib"] = int(reached.loc[ends[end], "capacity_kib"]) if ends else None
            told[f"reached_{end}_accesses_per_ns"] = float(reached.loc[ends[end], rate]) if ends else None
        found.append(told)
    return found
