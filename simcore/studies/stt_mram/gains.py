"""Energy gains: energy of an SRAM system over that of the STT-MRAM system that replaces it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simcore.studies.stt_mram.ratio_map import in_claimed_range
from simcore.studies.stt_mram.settings import CLAIMED_GAIN

#: The scopes of a gain. The chip is everything but main memory.
SCOPES = ("scratchpads", "chip", "system")
#: These columns identify the SRAM system of a row: the same run and class, with the same gating.
_RUN = ["network", "pass", "batch", "array", "clock_mhz", "leakage_class", "sram_kib", "gated"]
_CONFIGURATION = ["leakage_class", "iso", "sram_kib", "gated"]


def with_gains(systems: pd.DataFrame) -> pd.DataFrame:
    """Return ``systems`` with the gains over the SRAM system of the same run, class and gating (1 for the SRAM system itself).

    ``<scope>_gain`` is the SRAM system's energy over this one's. ``closed_form_gain`` is R(a) for the scratchpads, with this
    system's leakage and mean energies per access, and the SRAM run's accesses per ns. Its difference from ``scratchpads_gain`` is
    the effect of stalls and traffic. It is not a number with gating, which R(a) does not model.

    ``busy_percent_at_15x`` is the share of time for which the system may work so that the whole system's gain is the least of the
    claimed range; for the rest of the time it idles and leaks. It is 100 if the gain is reached without idle time, and not a
    number if idle time does not reach it either. An idle gated STT-MRAM leaks nothing; an idle SRAM keeps its contents; main
    memory takes nothing.

    ``dram_pj_per_byte_at_15x`` is the most energy per byte of main memory with which the gain is reached without idle time. It is
    not a number if no energy is small enough. ``area_used_percent`` is the area of the banks as a share of the SRAM system's.
    """
    records = systems.to_dict("records")
    sram = {tuple(row[key] for key in _RUN): row for row in records if row["iso"] == "none"}
    rows = []
    for row in records:
        base = sram[tuple(row[key] for key in _RUN)]
        gains: dict[str, Any] = {f"{scope}_gain": base[f"{scope}_uj"] / row[f"{scope}_uj"] for scope in SCOPES}
        gains["closed_form_gain"] = float("nan") if row["gated"] else _closed_form(base, row)
        gains["busy_percent_at_15x"] = _busy_percent(base, row)
        gains["dram_pj_per_byte_at_15x"] = _dram_pj_per_byte(base, row)
        gains["area_used_percent"] = 100 * row["area_mm2"] / base["area_mm2"]
        rows.append(gains)
    return systems.join(pd.DataFrame(rows, index=systems.index))


def _closed_form(base: Any, row: Any) -> float:
    """Return (P_S + a e_S) / (P_M + a e_M), with a from the SRAM's run and e from each system's own mean access."""
    rate = base["accesses_per_ns"]
    powers = [each["leakage_mw"] + rate * _access_pj(each) for each in (base, row)]
    return float(powers[0] / powers[1])


def _access_pj(row: Any) -> float:
    return float(1e6 * (row["read_uj"] + row["write_uj"] + row["kept_uj"]) / (row["accesses_per_ns"] * row["time_ns"]))


def _busy_percent(base: Any, row: Any) -> float:
    """Return the share of time that the run may take.

    Over a period P both systems do the run and idle for the rest: E_S + L_S (P - T_S) = 15 (E_M + L_M (P - T_M)), solved for P;
    the share is T_S / P. Idle main memory takes no energy.
    """
    claimed = CLAIMED_GAIN[0]
    if base["system_uj"] >= claimed * row["system_uj"]:
        return 100.0
    idle_mw = [base["leakage_mw"], 0.0 if row["gated"] and row["iso"] != "none" else row["leakage_mw"]]
    if idle_mw[0] <= claimed * idle_mw[1]:
        return float("nan")
    # mW x ns = pJ
    fixed = [1e6 * each["system_uj"] - idle * each["time_ns"] for each, idle in zip((base, row), idle_mw, strict=True)]
    period_ns = (claimed * fixed[1] - fixed[0]) / (idle_mw[0] - claimed * idle_mw[1])
    return float(100 * base["time_ns"] / period_ns)


def _dram_pj_per_byte(base: Any, row: Any) -> float:
    """Return x that solves E_S + x B_S = 15 (E_M + x B_M), where E is the chip's energy and B the bytes moved."""
    claimed = CLAIMED_GAIN[0]
    bytes_of = [each["dram_read_bytes"] + each["dram_write_bytes"] for each in (base, row)]
    left_uj = base["chip_uj"] - claimed * row["chip_uj"]
    return float(1e6 * left_uj / (claimed * bytes_of[1] - bytes_of[0])) if left_uj > 0 else float("nan")


def gain_range_table(systems: pd.DataFrame) -> pd.DataFrame:
    """Return one row per scope and configuration: least and greatest gain, and how many gains lie in the claimed range.

    The gains are those of all networks and passes.
    """
    compared = systems[systems["iso"] != "none"]
    rows = []
    groups = [group for _, group in compared.groupby(_CONFIGURATION, sort=False)]
    for scope in SCOPES:
        for group in groups:
            gains = group[f"{scope}_gain"]
            inside = [in_claimed_range(float(gain)) for gain in gains]
            names = group["network"] + " " + group["pass"] + " (batch " + group["batch"].astype(str) + ")"
            row: dict[str, Any] = {"scope": scope, **{key: group[key].iloc[0] for key in _CONFIGURATION}}
            row["area_used_percent"] = group["area_used_percent"].iloc[0]
            row |= {
                "least_gain": gains.min(),
                "greatest_gain": gains.max(),
                "greatest_of": names.iloc[int(gains.to_numpy().argmax())],
            }
            row |= {
                "runs": len(group),
                "runs_in_claimed_range": sum(inside),
                "in_claimed_range": "; ".join(names[np.array(inside)]),
            }
            rows.append(row)
    return pd.DataFrame(rows)


def gain_findings(ranges: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per scope, the greatest gain with its configuration and run, and the runs that lie in the claimed range."""
    found = []
    for scope in SCOPES:
        rows = ranges[ranges["scope"] == scope]
        best = rows.sort_values("greatest_gain").iloc[-1]
        inside = rows[rows["runs_in_claimed_range"] > 0]
        told: dict[str, Any] = {"scope": scope, "greatest_gain": float(best["greatest_gain"])}
        told |= {"greatest_in": {key: best[key] for key in (*_CONFIGURATION, "greatest_of")}}
        told |= {"runs": int(rows["runs"].sum()), "runs_in_claimed_range": int(rows["runs_in_claimed_range"].sum())}
        told["claimed_range_in"] = inside[[*_CONFIGURATION, "runs_in_claimed_range", "in_claimed_range"]].to_dict("records")
        found.append(told)
    return found


def limit_findings(systems: pd.DataFrame, limit: str) -> list[dict[str, Any]]:
    """Return, per class, the row with the greatest ``busy_percent_at_15x`` or ``dram_pj_per_byte_at_15x``, or None."""
    found = []
    for leakage_class in systems["leakage_class"].unique():
        rows = systems[(systems["leakage_class"] == leakage_class) & (systems["iso"] != "none")]
        reached = rows[rows[limit].notna()].sort_values(limit)
        keys = [*_CONFIGURATION, "network", "pass", "batch", limit]
        best = None if reached.empty else reached[keys].to_dict("records")[-1]
        found.append({"leakage_class": leakage_class, "best": best})
    return found
