"""Facts of a run that no table holds: times, peaks and losses. facts.json keeps them, so that a saved run needs no engine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from simcore.errors import InputError

if TYPE_CHECKING:
    from simcore.results.results import Results


def facts_of(results: Results) -> dict[str, Any]:
    """Return plain JSON values. An unlimited or unknown peak is None. ``banks`` stand in the order of the table of banks.

    ``losses`` are where the cycles went, the most first, as ``simcore why`` says it; none if the kind of machine cannot say.
    """
    kind, system = results.kind, results.system
    return {
        "network": results.network,
        "system": system.name,
        "kind": kind.name,
        "engine": results.engine,
        "layers": len(results.runs),
        "causes": list(kind.causes),
        "cycles": results.cycles,
        "time_cycles": results.time_cycles,
        "computing_cycles": kind.computing_cycles(results),
        "said_time": kind.said_time(results),
        "core_clock_hz": system.core_clock_hz,
        "peak_macs_per_cycle": _finite(kind.macs_per_cycle(system)),
        "peak_memory_bytes_per_cycle": _finite(kind.memory_bytes_per_cycle(system)),
        "banks": [{"scratchpad": bank.scratchpad, "bank": bank.bank, "ports": bank.ports} for bank in kind.banks(system)],
        "says": list(kind.why_lines(results)),
        "losses": _losses(results),
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _losses(results: Results) -> list[dict[str, Any]]:
    try:
        losses = results.kind.losses(results)
    except InputError:
        return []
    return [
        {"cause": loss.cause, "place": loss.place, "cycles": loss.cycles, "says": list(loss.says), "is_work": loss.is_work}
        for loss in losses
    ]
