"""The whole study: all simulations, once each, and the tables that its parts make of them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from simcore.engine.cold_start import log_cold_start
from simcore.progress import OnProgress
from simcore.studies.form.part import Part, part_or_left_out
from simcore.studies.form.result import StudyResult
from simcore.studies.pim_dram.assumptions import assumptions
from simcore.studies.pim_dram.cases import Case, Runs, run_cases
from simcore.studies.pim_dram.catalogue import CATALOGUE
from simcore.studies.pim_dram.claims import best_table, claim_findings, claim_table
from simcore.studies.pim_dram.conclusions import conclusions
from simcore.studies.pim_dram.effects import effect_cases, effect_findings, effect_tables
from simcore.studies.pim_dram.energy import energy_findings, energy_table
from simcore.studies.pim_dram.feasibility import feasibility_cases, feasibility_findings, feasibility_table
from simcore.studies.pim_dram.grid import grid_cases, grid_findings, grid_table
from simcore.studies.pim_dram.sensitivity import sensitivity_cases, sensitivity_findings, sensitivity_table
from simcore.studies.pim_dram.settings import PimDramSettings
from simcore.studies.pim_dram.tree import tree_cases, tree_findings, tree_table
from simcore.studies.pim_dram.utilisation import utilisation_cases, utilisation_findings, utilisation_tables
from simcore.studies.pim_dram.yardsticks import yardstick_table


def study_pim_dram(settings: PimDramSettings, on_progress: OnProgress | None = None) -> StudyResult:
    """Run every simulation and make all tables. Equal settings give equal tables, with any number of processes."""
    figures = part_or_left_out("figures", "plot", Part)
    log_cold_start()  # the study's processes compile the engine, but nobody hears them
    yardsticks = yardstick_table(settings, on_progress)
    runs = run_cases(all_cases(settings), settings.jobs, on_progress)
    tables = all_tables(settings, runs, yardsticks)
    found = findings(tables)
    return StudyResult(
        catalogue=CATALOGUE,
        settings=settings.to_dict(),
        tables=tables,
        findings=found,
        conclusions=conclusions(found),
        assumptions=assumptions(),
        left_out=figures.left_out,
    )


def all_cases(settings: PimDramSettings) -> list[Case]:
    """Return the simulations of all parts. Several parts may ask for the same one."""
    parts = (grid_cases, feasibility_cases, effect_cases, utilisation_cases, tree_cases, sensitivity_cases)
    return [case for part in parts for case in part(settings)]


def all_tables(settings: PimDramSettings, runs: Runs, yardsticks: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables of the catalogue, in its order."""
    grid = grid_table(settings, runs, yardsticks)
    feasibility = feasibility_table(settings, runs, yardsticks)
    best = best_table(grid, feasibility, yardsticks)
    return {
        "yardsticks": yardsticks,
        "grid": grid,
        "feasibility": feasibility,
        "best": best,
        "claims": claim_table(best),
        **effect_tables(settings, runs, yardsticks),
        **utilisation_tables(settings, runs),
        "adder_tree": tree_table(settings, runs),
        "energy": energy_table(settings, runs),
        "sensitivity": sensitivity_table(settings, runs),
    }


def findings(tables: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    """Return what the tables show, by topic."""
    return {
        "feasibility": feasibility_findings(tables["feasibility"]),
        "claims": claim_findings(tables["claims"]),
        "preset": grid_findings(tables["grid"]),
        "effects": effect_findings(tables["effects"], tables["ladder"]),
        "utilisation": utilisation_findings(tables["layer_utilisation"], tables["bank_utilisation"]),
        "adder_tree": tree_findings(tables["adder_tree"]),
        "energy": energy_findings(tables["energy"]),
        "sensitivity": sensitivity_findings(tables["sensitivity"]),
    }
