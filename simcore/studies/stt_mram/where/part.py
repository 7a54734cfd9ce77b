"""The part of the study that says where the claimed gain holds: its simulations, tables and findings."""

from __future__ import annotations

from typing import Any

import pandas as pd

from simcore.progress import OnProgress
from simcore.studies.form.part import Part
from simcore.studies.stt_mram.arrays import classes_of
from simcore.studies.stt_mram.gains import SCOPES
from simcore.studies.stt_mram.settings import TRAINED, TRAINING_BATCH, SttMramSettings
from simcore.studies.stt_mram.systems import Job, Point, simulate_jobs
from simcore.studies.stt_mram.where.axes import CAPACITIES_KIB, CENTRE_KIB, NOMINAL, points_of
from simcore.studies.stt_mram.where.configuration import Configuration
from simcore.studies.stt_mram.where.named import (
    EQUALS,
    configuration_in,
    configuration_joules,
    joule_table,
    named_table,
    reach_table,
)
from simcore.studies.stt_mram.where.rerating import CONFIGURATION, gain_map_table, gains_of, map_run_table

#: Classes of the points beside those of the axis of capacity. lstp, which comes nowhere near, varies along capacity alone.
_CLASSES = ("hp", "lop")


def map_jobs(settings: SttMramSettings) -> list[Job]:
    """Return the simulations of the map. Those at a capacity of the tables of systems are jobs of these tables, too."""
    known = classes_of(settings.cell)
    on_capacity = {Point(sram_kib, TRAINING_BATCH) for sram_kib in CAPACITIES_KIB}
    return [
        Job(
            TRAINED[name], True, point, known if point in on_capacity else tuple(c for c in _CLASSES if c in known), settings.cell
        )
        for name in settings.chosen_networks
        for point in points_of(settings, name)
    ]


def study_map(systems: pd.DataFrame) -> Part:
    """Return the map over the simulated training steps, the named configurations and their joules."""
    runs = map_run_table(systems)
    gains = gain_map_table(runs)
    reach = reach_table(gains)
    named = named_table(with_all_networks(reach))
    tables = {"map_runs": runs, "gain_map": gains, "named_configurations": named, "joules": joule_table(runs, named)}
    found = {"where_it_holds": where_findings(with_all_networks(reach), named), "reading": reading_finding(reach, named)}
    return Part(tables, found | {"joint": joint_findings(gains)})


def with_all_networks(reach: pd.DataFrame) -> pd.DataFrame:
    """Return the configurations in which every network of the map was simulated."""
    kept: pd.DataFrame = reach[reach["networks"] == reach.groupby("equal")["networks"].transform("max")]
    return kept


def joint_findings(gains: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per leakage, the greatest gain of the whole system where batch, array and clock vary together, and its place.

    ``alone`` is the greatest gain of the same networks and capacity where at most one of the three departs from the preset.
    There is no finding if no network was simulated at every combination.
    """
    departing = sum((gains[key] != NOMINAL[key]).astype(int) for key in ("batch", "array", "clock_mhz"))
    networks = list(gains[departing > 1]["network"].unique())
    rows = gains[gains["network"].isin(networks) & (gains["sram_kib"] == CENTRE_KIB)]
    found = []
    for leakage in rows["leakage"].unique():
        of_leakage = rows[rows["leakage"] == leakage]
        best = of_leakage.sort_values("system_gain").iloc[-1]
        alone = of_leakage[departing[of_leakage.index] <= 1]["system_gain"].max()
        told: dict[str, Any] = {"leakage": leakage, "networks": networks, "greatest_gain": float(best["system_gain"])}
        told |= {"alone": float(alone), "at": configuration_in(best).text, "equal": str(best["iso"]), "network": best["network"]}
        found.append(told)
    return found


def where_findings(reach: pd.DataFrame, named: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per scope and ``equal``, how many configurations reach the range, with which leakages, and the named one."""
    found = []
    for scope in SCOPES:
        for equal in EQUALS:
            rows = reach[(reach["scope"] == scope) & (reach["equal"] == equal)]
            best = named[(named["scope"] == scope) & (named["equal"] == equal)].to_dict("records")
            told: dict[str, Any] = {"scope": scope, "equal": equal, "configurations": len(rows)}
            told |= {"reached": int(rows["reached"].sum()), "leakages": list(rows[rows["reached"]]["leakage"].unique())}
            found.append({**told, "best": best[0] if best else None})
    return found


def reading_finding(reach: pd.DataFrame, named: pd.DataFrame) -> dict[str, Any]:
    """Return the reading of the claim nearest to the preset: the scope that reaches it at both with the fewest departures.

    ``best`` is None if no scope reaches the range at both. ``greatest_lop_system_gain`` is the greatest gain of the whole system
    with the preset's leakage.
    """
    both = named[named["equal"] == "both"].sort_values(["departures", "steps"], kind="stable")
    best = None if both.empty else both.iloc[0].to_dict()
    system = reach[(reach["scope"] == "system") & (reach["equal"] != "both")]
    nominal = system[system["leakage"] == "lop"]
    greatest = float(nominal["greatest_gain"].max()) if len(nominal) else None
    told: dict[str, Any] = {"best": best, "greatest_lop_system_gain": greatest}
    if best is not None:
        same = (reach[CONFIGURATION] == pd.Series({key: best[key] for key in CONFIGURATION})).all(axis=1)
        wanted = reach[same & (reach["scope"] == best["scope"]) & (reach["equal"] != "both")]
        told["at"] = wanted[["equal", "least_gain", "greatest_gain"]].to_dict("records")
    return told


def study_only(configuration: Configuration, settings: SttMramSettings, on_progress: OnProgress | None) -> Part:
    """Return the gains and joules of one configuration, simulated for it alone."""
    leakage = configuration.leakage_point
    point = Point(configuration.sram_kib, configuration.batch, configuration.array, configuration.clock_mhz)
    jobs = [Job(TRAINED[name], True, point, (leakage.leakage_class,), settings.cell) for name in settings.chosen_networks]
    systems, _ = simulate_jobs(jobs, settings, on_progress)
    runs = map_run_table(systems)
    records = runs.to_dict("records")
    sram = {row["network"]: row for row in records if row["iso"] == "none"}
    memory, residue = configuration.memory_point, configuration.residue_percent
    gains = [
        {"only": configuration.text, "iso": row["iso"], "network": row["network"], "area_used_percent": row["area_used_percent"]}
        | gains_of(sram[row["network"]], row, leakage, memory, residue)
        for row in records
        if row["iso"] != "none"
    ]
    joules = [{"only": configuration.text, **row} for row in configuration_joules(runs, configuration)]
    return Part({"map_runs": runs, "gain_map": pd.DataFrame(gains), "joules": pd.DataFrame(joules)})
