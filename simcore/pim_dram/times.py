"""The time that a run takes, and where it goes: of a pipeline the time between two images, in which all stages work at once."""

from __future__ import annotations

from typing import Any

from simcore.pim_dram.json_form import pipeline_of
from simcore.pim_dram.tables import phase_rows
from simcore.results import Results


def time_cycles(results: Results) -> int:
    """Return the cycles of the run; of a pipeline those between two images."""
    pipeline = pipeline_of(results)
    return results.cycles if pipeline is None else int(pipeline["interval_cycles"])


def said_time(results: Results) -> str:
    """Return how long a run takes."""
    pipeline = pipeline_of(results)
    if pipeline is None:
        return f"{results.cycles:,} cycles"
    return f"{pipeline['interval_cycles']:,} cycles from image to image, {pipeline['latency_cycles']:,} for each"


def time_rows(results: Results) -> list[dict[str, Any]]:
    """Return the phases whose cycles make the time: of a pipeline, in each step, those of the stage that finishes last."""
    rows = [row for row in phase_rows(results) if row["image"] == "every"]
    if results.details["pipeline"] is None:
        return rows
    steps = results.details["pipeline"].steps
    return [row for step in steps for row in rows if row["phase"] == step.kind and row["layer"] in step.layers]


def computing_cycles(results: Results) -> int:
    """Return how many of ``time_cycles`` are no waits."""
    return sum(int(row["compute_cycles"]) for row in time_rows(results))
