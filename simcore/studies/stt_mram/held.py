"""What it takes to hold the systems' STT-MRAM at the study's error budget: higher voltage, codes and scrubs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from models.arrays.cells import memory_cell
from simcore.studies.stt_mram.variants import MOST_READS, Variant, error_budget


def held_findings(systems: pd.DataFrame, cell: str) -> list[dict[str, Any]]:
    """Return one finding: the budget, the voltages, how many systems need what, and its share of the scratchpads' energy.

    The share is that of codes and scrubs without the leakage of check bits, over all systems of STT-MRAM.
    """
    rows = systems[systems["iso"] != "none"]
    share = 100 * rows["kept_uj"] / rows["scratchpads_uj"]
    worst = rows.iloc[int(rows["stored_error_rate"].to_numpy().argmax())]
    told: dict[str, Any] = {"cell": cell, "error_rate": error_budget(cell), "systems": len(rows)}
    told |= {"nominal_v": memory_cell(cell).nominal_voltage_v, "written_v": Variant("lop", 0, cell).written_v}
    told |= {name: int((rows["protection"] == name).sum()) for name in ("none", "code", "scrub")}
    told |= {
        "most_reads_of_a_word": float(rows["reads_of_a_word"].max()),
        "scrub_port_percent": float(rows["scrub_port_percent"].max()),
    }
    told |= {"stored_error_rate": float(worst["stored_error_rate"]), "worst_of": f"{worst['network']} {worst['pass']}"}
    return [told | {"least_percent": float(share.min()), "greatest_percent": float(share.max())}]


def held_told(row: Mapping[str, Any]) -> str:
    """Return the sentence about what holds the systems at the error budget."""
    needed = ", ".join(f"{row[name]} {how}" for name, how in _HOW.items() if row[name])
    return (
        f"all systems of {row['cell']} hold writes and stored bits at {row['error_rate']:.1e}: cells that vary are written at "
        f"{row['written_v']:.3f} V in place of {row['nominal_v']:.3f} V, and of {row['systems']} systems {needed}; codes and "
        f"scrubs take {row['least_percent']:.2g} to {row['greatest_percent']:.2g} % of the scratchpads' energy, and at most "
        f"{row['stored_error_rate']:.1e} of the bits stay wrong ({row['worst_of']}; words are read up to "
        f"{row['most_reads_of_a_word']:.3g} times)"
    )


_HOW = {"none": "need no code", "code": "need a code", "scrub": "need a code and scrubs"}


def held_assumptions(cell: str) -> tuple[str, ...]:
    """Return the assumptions behind the budget, one sentence each."""
    return (
        f"error budget of {error_budget(cell):.1e}: that of the cell's own write, or what a code leaves of the flips of "
        f"{MOST_READS} reads; the mean over cells whose overdrive varies as the cell's description says; check bits take area "
        "and leak; the logic of codes is not counted; a read that finds a wrong bit writes the word back in idle time",
    )
