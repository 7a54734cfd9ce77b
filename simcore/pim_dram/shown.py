"""The time that a run takes, as titles and shares tell it: of a pipeline the time between two images."""

from __future__ import annotations

from simcore.pim_dram.json_form import pipeline_of
from simcore.results import Results


def shown_cycles(results: Results) -> int:
    """Return the cycles of the run, of which the tables of subarrays give shares; of a pipeline those between two images."""
    pipeline = pipeline_of(results)
    return results.cycles if pipeline is None else int(pipeline["interval_cycles"])


def said_time(results: Results) -> str:
    """Return how long a run takes, in cycles."""
    pipeline = pipeline_of(results)
    if pipeline is None:
        return f"{results.cycles:,} cycles"
    return f"an image every {pipeline['interval_cycles']:,} cycles, each in {pipeline['latency_cycles']:,}"
