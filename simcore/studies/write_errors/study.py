"""The study of write errors: their cost in training accuracy by tensor and bit, and the energy saved by tolerating them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from simcore.errors import InputError
from simcore.progress import OnProgress
from simcore.studies.form.part import Part
from simcore.studies.form.result import StudyResult
from simcore.studies.write_errors import findings
from simcore.studies.write_errors.accuracy_tables import ERROR_FREE, FRESH_ERROR_FREE, run_table, spread_table
from simcore.studies.write_errors.assumptions import assumptions
from simcore.studies.write_errors.candidate_placements import Candidates
from simcore.studies.write_errors.catalogue import CATALOGUE
from simcore.studies.write_errors.conclusions import conclusions
from simcore.studies.write_errors.placement_runs import (
    Resolved,
    Tolerance,
    candidates,
    placement_points,
    placement_table,
    resolve_all,
)
from simcore.studies.write_errors.plan import (
    Plan,
    bit_points,
    error_free_points,
    error_rate_points,
    full_plan,
    low_rate_points,
    quick_plan,
    reuse_points,
)
from simcore.studies.write_errors.settings import WriteErrorSettings
from simcore.studies.write_errors.training_runs import Point, Runner, running
from workloads.faults.placement import Placement
from workloads.faults.word_memory import TENSORS
from workloads.faults.words import word_format
from workloads.learning.setup import Trained

#: A placement with a mean loss below this number of percentage points counts as good.
TOLERATED_LOSS_POINTS = 1.0
#: A bit position whose errors alone cost less than this may err together with the bits below it.
TOLERATED_BIT_LOSS_POINTS = 0.25
#: The study looks for the best placement without SRAM and with some. Each limit is a share of the written bits.
SRAM_LIMITS_PERCENT = (0.0, 25.0)
LOW_RATE = 1e-6

Runs = list[tuple[Point, int, Trained]]


def study_write_errors(settings: WriteErrorSettings, on_progress: OnProgress | None = None) -> StudyResult:
    """Train every point of the plan and return the findings. ``further`` has the definitions of the placements.

    Equal settings give equal tables, except for the columns ``wall_s``, with any number of processes. Raise InputError for bad
    settings or data, and if the extra ``train`` is missing.
    """
    part, placements = train_with_errors(settings, on_progress)
    return StudyResult(
        catalogue=CATALOGUE,
        settings=settings.to_dict(),
        tables=part.tables,
        findings=part.findings,
        conclusions=tuple(conclusions(part.findings)),
        assumptions=part.assumptions,
        further={"placements": [placement.to_dict() for placement in placements]},
    )


def train_with_errors(settings: WriteErrorSettings, on_progress: OnProgress | None = None) -> tuple[Part, tuple[Placement, ...]]:
    """Return the study as a part, and the placements that it tried. Raise InputError as ``study_write_errors`` does."""
    plan = quick_plan(settings.setup) if settings.quick else full_plan(settings.setup)
    made = Candidates(settings.device, word_format(settings.setup.word or "").word_bits)
    seeds = range(settings.number_of_seeds)
    _check_placements(settings, plan, made)
    with running(settings.data, settings.jobs, on_progress) as runner:
        runs = _sensitivity(plan, runner, seeds)
        tolerance = _tolerance(run_table(runs))
        placements = (*candidates(plan, made, tolerance), *settings.placements)
        resolved = resolve_all(placements, settings.setup, settings.device)
        runs += runner.train(placement_points(resolved, settings.setup), seeds)
        tried = placement_table(run_table(runs), resolved, made.safe.name)
        best = [findings.best_placement(tried, TOLERATED_LOSS_POINTS, percent) for percent in SRAM_LIMITS_PERCENT]
        chosen = _chosen(resolved, made.safe.name, best)
        runs += _confirmation(runner, placement_points(chosen, settings.setup, "confirmation"), settings)
    frame = run_table(runs)
    confirmed = placement_table(frame, chosen, made.safe.name, "confirmation")
    tables = {**_tables(frame), "placements": tried, "confirmation": confirmed}
    return Part(tables, _findings(frame, tolerance, best, confirmed), assumptions(settings, made)), placements


def _chosen(resolved: Resolved, safe: str, best: Sequence[dict[str, Any] | None]) -> Resolved:
    """Return the safe placement and the best ones, each once."""
    names = dict.fromkeys((safe, *(found["placement"] for found in best if found is not None)))
    return {name: resolved[name] for name in names}


def _tolerance(frame: pd.DataFrame) -> Tolerance:
    rates = findings.tolerated_rates(frame, TOLERATED_LOSS_POINTS)
    return Tolerance(rates, findings.tolerant_low_bits(frame, TOLERATED_BIT_LOSS_POINTS))


def _check_placements(settings: WriteErrorSettings, plan: Plan, made: Candidates) -> None:
    """Find mistakes in the user's placements before anything is trained."""
    resolve_all(settings.placements, settings.setup, settings.device)
    any_tolerance = Tolerance(dict.fromkeys(TENSORS, 1e-3), dict.fromkeys(TENSORS, 1))
    names = [placement.name for placement in (*candidates(plan, made, any_tolerance), *settings.placements)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"expected placements with different names, got twice: {', '.join(twice)}", where="placements")


def _sensitivity(plan: Plan, runner: Runner, seeds: Sequence[int]) -> Runs:
    runs = runner.train(error_free_points(plan), seeds)
    runs += runner.train([*low_rate_points(plan), *error_rate_points(plan), *reuse_points(plan)], seeds)
    for sweep in plan.sweeps:
        runs += runner.train(bit_points(sweep), seeds[: sweep.bit_seeds])
    return runs


def _confirmation(runner: Runner, points: list[Point], settings: WriteErrorSettings) -> Runs:
    """Train the chosen placements from fresh seeds, which had no part in choosing them, with their own error-free runs."""
    fresh = range(settings.number_of_seeds, 2 * settings.number_of_seeds)
    free = Point(FRESH_ERROR_FREE, points[0].setup, _free_rates(points[0]))
    return runner.train([free], fresh) + runner.train(points, fresh)


def _free_rates(point: Point) -> dict[Any, Any]:
    return {tensor: 0 * rates for tensor, rates in point.rates.items()}


def _tables(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    experiments = {
        "error_free": ERROR_FREE,
        "low_rates": "low-rate",
        "error_rates": "error-rate",
        "bits": "bit",
        "reuse": "reuse",
    }
    return {"runs": frame, **{table: spread_table(frame, experiment) for table, experiment in experiments.items()}}


def _findings(
    frame: pd.DataFrame, tolerance: Tolerance, best: Sequence[dict[str, Any] | None], confirmed: pd.DataFrame
) -> dict[str, Any]:
    return {
        "low_rates": findings.low_rate_loss(frame, LOW_RATE),
        "sensitivity_order": findings.sensitivity_order(frame),
        "tolerated_loss_points": TOLERATED_LOSS_POINTS,
        "tolerated_error_rates": dict(tolerance.rates),
        "tolerant_low_bits": dict(tolerance.low_bits),
        "best_placements": [
            {
                "most_sram_percent": percent,
                "found": None if one is None else findings.with_fresh_seeds(one, confirmed, TOLERATED_LOSS_POINTS),
            }
            for percent, one in zip(SRAM_LIMITS_PERCENT, best, strict=True)
        ],
    }
