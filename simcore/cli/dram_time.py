"""A limit on long traces, by an estimate made before the run. A mistyped cycle would otherwise run for days."""

from __future__ import annotations

from math import prod

from simcore.dram.controller import ControllerSpec
from simcore.dram.tables import ResolvedDram
from simcore.dram.trace import DramTrace
from simcore.errors import InputError
from simcore.run_time import in_words

#: A trace with a longer estimate is an error, unless ``--no-limit`` is given.
LIMIT_S = 600.0

#: Refreshes and requests per second of each engine, rounded down from measurements with ddr4_2400r. Idle cycles cost nothing.
REFRESHES_PER_S = {"compiled": 5e6, "simpy": 1.5e3}
REQUESTS_PER_S = {"compiled": 3e5, "simpy": 3e3}


def refuse_long_trace(
    trace: DramTrace, dram: ResolvedDram, controller: ControllerSpec, engine: str, limit_s: float | None = LIMIT_S
) -> None:
    """Raise InputError, with the estimate, for a trace that takes longer than ``limit_s``; None takes any."""
    cycles = int(trace.earliest.max(initial=0)) + len(trace)
    refreshes = cycles * refreshes_per_cycle(dram, controller)
    spent = refreshes / REFRESHES_PER_S[engine] + len(trace) / REQUESTS_PER_S[engine]
    if limit_s is not None and spent > limit_s:
        raise InputError(
            f"simulating {len(trace):,} requests and about {refreshes:,.0f} refreshes up to cycle {cycles:,} (engine '{engine}') "
            f"takes about {in_words(spent)}, the limit is {in_words(limit_s)}",
            hint="check the cycles of the trace, choose --no-refresh, or lift the limit with --no-limit",
        )


def refreshes_per_cycle(dram: ResolvedDram, controller: ControllerSpec) -> float:
    """Return the average number of refreshes of all channels per cycle."""
    if controller.refresh == "per-bank":
        return dram.counts[0] / dram.refresh_bank_interval if dram.refresh_bank_interval else 0.0
    every = dram.refresh_interval if controller.refresh == "all-bank" else 0
    return prod(dram.counts[: dram.rank_level + 1]) / every if every else 0.0
