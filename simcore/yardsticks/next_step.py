"""What to try after a run on a yardstick: twice the bound that takes most of its cycles."""

from __future__ import annotations

from simcore.kinds.advice import NextStep, step_with
from simcore.results import Results
from simcore.spec.allowed import first_allowed
from simcore.yardsticks.losses import losses


def next_step(results: Results) -> NextStep | None:
    """Return the change that raises the largest bound, or None for a run without bounded layers."""
    found = losses(results)
    change = first_allowed(results.system, results.kind.changes(results.system, found[0])) if found else None
    if change is None:
        return None
    limit = "main memory" if found[0].cause == "memory" else "the peak of multiply-accumulates"
    return step_with(change, f"{limit} bounds {100.0 * found[0].cycles / max(results.time_cycles, 1):.1f} % of the time")
