"""What to try after a run on DRAM that multiplies: without the limit that takes most of the time, or else why."""

from __future__ import annotations

from simcore.kinds.advice import NextStep, step_with
from simcore.pim_dram.losses import losses
from simcore.results import Results
from simcore.spec.allowed import first_allowed


def next_step(results: Results) -> NextStep | None:
    """Return the change that lifts the limit, or the question why if work takes most; None for a run that takes no time."""
    found = losses(results)
    if not found:
        return None
    worst = max(found, key=lambda loss: loss.cycles)
    reason = f"{worst.cause} takes {100.0 * worst.cycles / max(results.time_cycles, 1):.1f} % of the time"
    change = None if worst.is_work else first_allowed(results.system, results.kind.changes(results.system, worst))
    return NextStep(reason, "why") if change is None else step_with(change, reason)
