"""Which configurations reach the claimed speedups, over which yardstick, and which do not."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from simcore.studies.pim_dram.records import Row, greatest, groups, records
from simcore.studies.pim_dram.settings import CLAIMS

#: What a speedup belongs to.
_KEYS = ["network", "level", "bits"]


def best_table(grid: pd.DataFrame, feasibility: pd.DataFrame, yardsticks: pd.DataFrame) -> pd.DataFrame:
    """Return one row per yardstick, network, level and precision: the greatest speedup and the configuration that has it.

    Speedups compare the time between images. The configurations are those of the grid and of the table of feasibility.
    """
    shared = [*_KEYS, "placement", "subarrays", "configuration", "command"]
    over = [name for name in grid.columns if name.startswith("over_")]
    ideal = feasibility.assign(level="feasibility", placement="pipelined")
    whole = records(pd.concat([grid[[*shared, *over]], ideal[[*shared, *over]]], ignore_index=True))
    rows = []
    for (name, kind), _ in groups(records(yardsticks), "yardstick", "over"):
        for _, group in groups(whole, *_KEYS):
            best = greatest(group, f"over_{name}")
            row: Row = {"yardstick": name, "over": kind} | {key: best[key] for key in _KEYS}
            rows.append({**row, "speedup": best[f"over_{name}"], **{key: best[key] for key in shared if key not in _KEYS}})
    return pd.DataFrame(rows)


def claim_table(best: pd.DataFrame) -> pd.DataFrame:
    """Return one row per claim, yardstick of its kind, level and precision: the greatest speedup, and whether it is claimed."""
    rows = []
    for claim in CLAIMS:
        kept = records(best[best["over"] == claim.over])
        for (yardstick, level, bits), group in groups(kept, "yardstick", "level", "bits"):
            top = greatest(group, "speedup")
            row: Row = {"claim": claim.speedup, "source": claim.source, "yardstick": yardstick, "level": level, "bits": bits}
            row |= {"speedup": top["speedup"], "reached": top["speedup"] >= claim.speedup}
            rows.append(row | {name: top[name] for name in ("network", "subarrays", "placement", "configuration", "command")})
    return pd.DataFrame(rows)


def claim_findings(claims: pd.DataFrame) -> list[Row]:
    """Return, per claim, yardstick and level, the best configuration, and the one with most bits that reaches the claim."""
    found = []
    for (claim, source, yardstick), rows in groups(records(claims), "claim", "source", "yardstick"):
        levels = [_of_level(level, of) for (level,), of in groups(rows, "level")]
        found.append({"claim": claim, "source": source, "yardstick": yardstick, "levels": levels})
    return found


def _of_level(level: str, rows: Sequence[Row]) -> Row:
    reached = [row for row in rows if row["reached"]]
    most = _named(greatest(reached, "bits")) if reached else None
    return {"level": level, "best": _named(greatest(rows, "speedup")), "most_bits": most}


def _named(row: Row) -> Row:
    return {name: row[name] for name in ("bits", "subarrays", "speedup", "network", "configuration")}
