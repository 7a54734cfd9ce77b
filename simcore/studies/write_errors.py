"""The study of write errors: what they cost in training accuracy by tensor and bit, and what tolerating them saves in energy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from simcore.errors import InputError
from simcore.progress import OnProgress
from simcore.studies import write_error_findings as findings
from simcore.studies.accuracy_tables import ERROR_FREE, FRESH_ERROR_FREE, run_table, spread_table
from simcore.studies.candidate_placements import Candidates
from simcore.studies.placement_runs import Tolerance, candidates, placement_points, placement_table, resolve_all
from simcore.studies.training_runs import DataSource, Point, Runner, running
from simcore.studies.write_error_plan import (
    Plan,
    bit_points,
    error_free_points,
    error_rate_points,
    full_plan,
    low_rate_points,
    quick_plan,
    reuse_points,
)
from workloads.faults.device import MacroDevice, WriteDevice
from workloads.faults.placement import Placement
from workloads.faults.word_memory import TENSORS
from workloads.faults.words import word_format
from workloads.learning.setup import Trained, TrainingSetup

#: Below this mean loss, in percentage points, a placement is taken as good.
TOLERATED_LOSS_POINTS = 1.0
#: A bit position whose errors alone cost less than this may err together with the bits below it.
TOLERATED_BIT_LOSS_POINTS = 0.25
#: The best placement is looked for without SRAM, and in an MRAM with some: at most this share of the written bits.
SRAM_LIMITS_PERCENT = (0.0, 25.0)
LOW_RATE = 1e-6
#: Epochs of a quick study, where none are asked for.
QUICK_EPOCHS = 8

Runs = list[tuple[Point, int, Trained]]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to study: ``seeds`` runs of each point (at least 3 for a spread), ``jobs`` processes, placements beside our own.

    Raises InputError for fewer than 2 seeds and for a word format that does not exist.
    """

    quick: bool = False
    seeds: int | None = None
    setup: TrainingSetup = field(default_factory=TrainingSetup)
    data: DataSource = field(default_factory=DataSource)
    placements: tuple[Placement, ...] = ()
    device: WriteDevice = field(default_factory=MacroDevice)
    jobs: int = 1

    def __post_init__(self) -> None:
        if self.seeds is not None and self.seeds < 2:
            raise InputError(f"expected at least 2 seeds, for a spread, got {self.seeds}", where="seeds")
        if self.setup.word is None:
            raise InputError("expected a word format: float32 lies in no scratchpad of this study", where="word")
        word_format(self.setup.word)

    @property
    def number_of_seeds(self) -> int:
        """Runs of each point: as asked, else 3 for a quick study and 5 for a full one."""
        return self.seeds if self.seeds is not None else 3 if self.quick else 5


@dataclass(frozen=True)
class WriteErrorStudy:
    """Tables by name (``runs``, ``error_free``, ``low_rates``, ``error_rates``, ``bits``, ``reuse``, ``placements``,
    ``confirmation``), what they show, the placements tried and the assumptions behind it all."""

    tables: Mapping[str, pd.DataFrame]
    findings: Mapping[str, Any]
    placements: tuple[Placement, ...]
    assumptions: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; a table is a list of rows, not-a-number null; ``placements`` are the definitions of those tried."""
        tables = {name: json.loads(table.to_json(orient="records", double_precision=12)) for name, table in self.tables.items()}
        placements = [placement.to_dict() for placement in self.placements]
        return {
            "findings": _without_nan(self.findings),
            "assumptions": list(self.assumptions),
            "placements": placements,
            "tables": tables,
        }

    def write_into(self, directory: Path) -> None:
        """results.json and a CSV file per table, into a directory that exists."""
        (directory / "results.json").write_text(json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        for name, table in self.tables.items():
            table.to_csv(directory / f"{name}.csv", index=False)


def _without_nan(value: Any) -> Any:
    """The value with null for not-a-number, which JSON does not have."""
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and value != value else value


def study_write_errors(settings: Settings, on_progress: OnProgress | None = None) -> WriteErrorStudy:
    """Train every point of the plan and gather what it shows.

    Equal settings give equal tables, the columns ``wall_s`` apart, however many processes share the work. Raises InputError
    for bad settings or data, and where the extra ``train`` is missing.
    """
    plan = quick_plan(settings.setup) if settings.quick else full_plan(settings.setup)
    device = settings.device
    made = Candidates(device, word_format(settings.setup.word or "").word_bits)
    seeds = range(settings.number_of_seeds)
    _check_placements(settings, plan, made)
    with running(settings.data, settings.jobs, on_progress) as runner:
        runs = _sensitivity(plan, runner, seeds)
        tolerance = _tolerance(run_table(runs))
        placements = (*candidates(plan, made, tolerance), *settings.placements)
        resolved = resolve_all(placements, settings.setup, device)
        runs += runner.train(placement_points(resolved, settings.setup), seeds)
        tried = placement_table(run_table(runs), resolved, made.safe.name)
        best = [findings.best_placement(tried, TOLERATED_LOSS_POINTS, percent) for percent in SRAM_LIMITS_PERCENT]
        names = dict.fromkeys((made.safe.name, *(found["placement"] for found in best if found is not None)))
        chosen = {name: resolved[name] for name in names}
        runs += _confirmation(runner, placement_points(chosen, settings.setup, "confirmation"), settings)
    frame = run_table(runs)
    confirmed = placement_table(frame, chosen, made.safe.name, "confirmation")
    tables = {**_tables(frame), "placements": tried, "confirmation": confirmed}
    return WriteErrorStudy(tables, _findings(frame, tolerance, best, confirmed), placements, assumptions(settings, made))


def _tolerance(frame: pd.DataFrame) -> Tolerance:
    rates = findings.tolerated_rates(frame, TOLERATED_LOSS_POINTS)
    return Tolerance(rates, findings.tolerant_low_bits(frame, TOLERATED_BIT_LOSS_POINTS))


def _check_placements(settings: Settings, plan: Plan, made: Candidates) -> None:
    """Find what is wrong with the user's placements before anything is trained."""
    resolve_all(settings.placements, settings.setup, settings.device)
    any_tolerance = Tolerance(dict.fromkeys(TENSORS, 1e-3), dict.fromkeys(TENSORS, 1))
    names = [placement.name for placement in (*candidates(plan, made, any_tolerance), *settings.placements)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"expected placements of different names, found twice: {', '.join(twice)}", where="placements")


def _sensitivity(plan: Plan, runner: Runner, seeds: Sequence[int]) -> Runs:
    runs = runner.train(error_free_points(plan), seeds)
    runs += runner.train([*low_rate_points(plan), *error_rate_points(plan), *reuse_points(plan)], seeds)
    for sweep in plan.sweeps:
        runs += runner.train(bit_points(sweep), seeds[: sweep.bit_seeds])
    return runs


def _confirmation(runner: Runner, points: list[Point], settings: Settings) -> Runs:
    """The chosen placement from seeds that had no part in choosing it, with their own error-free runs."""
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


def assumptions(settings: Settings, made: Candidates) -> tuple[str, ...]:
    """What the figures rest on, to be printed beside them."""
    setup, device = settings.setup, settings.device
    addresses = {
        "own": "every layer's tensor has addresses of its own: a word overwrites the last minibatch's word of the same index",
        "shared": "the layers share one region per kind of tensor: a word overwrites what the layer before left there",
    }
    return (
        f"training: {setup.net} on {settings.data.name}, {setup.epochs} epochs of minibatches of {setup.batch}, momentum "
        f"{setup.momentum}, learning rate {setup.learning_rate} falling to 0; seeds 0 to {settings.number_of_seeds - 1}",
        f"words: {setup.word}; a fixed-point tensor without stated fraction bits has one power-of-two scale, taken anew at each "
        "write and free of errors",
        "a failed write keeps the old bit, and only a bit that flips can fail; the scratchpad starts as zeros",
        f"addresses ({setup.reuse}): {addresses[setup.reuse]}",
        "activations are written once and read by forward pass and weight gradient, weights once a minibatch, errors once",
        "master weights, biases, normalisation, weight gradients and sums are float32 and free of errors",
        "test accuracy is that of the final master weights in words of the same format, read without errors",
        f"safe MRAM: write error rate {device.safe.error_rate:g} at {device.safe.pulse_ns:g} ns, "
        f"{made.safe.safe.voltage_v} V; relaxed MRAM: the same pulse at a lower voltage, or a shorter one at the same voltage",
        *device.assumptions,
    )
