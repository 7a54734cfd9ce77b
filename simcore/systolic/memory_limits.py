"""Where main memory's latency is not hidden: the layers that wait for it, for how many cycles, and the keys that would help."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from simcore.program.outcome import Cause, Outcome
from simcore.program.program import Port
from simcore.results import Results
from simcore.spec.system import System
from simcore.systolic.of_results import system_of

#: A limit of main memory, and what it means in a printed line.
REASONS = {
    "bursts_in_flight": "Too few bursts are in flight to cover main memory's latency",
    "latency": "A scratchpad does not hold two tiles of a tensor, so that main memory's latency is waited for",
}
#: A layer that waits for a smaller part of its cycles is not told.
_LEAST_SHARE = 0.01
#: A printed line names so many layers.
_NAMED = 3


@dataclass(frozen=True)
class MemoryLimit:
    """A limit of main memory, the layers that it slows down, the ``cycles`` for which they wait, and the keys that would help."""

    limit: str
    layers: tuple[str, ...]
    cycles: int
    keys: tuple[str, ...]


def memory_limits(results: Results) -> list[MemoryLimit]:
    """Return the limits other than bandwidth that layers on the array wait for. No layer counts twice."""
    found = []
    for limit in REASONS:
        slowed = [(run, _waits(run.outcome)) for run in results.runs if run.facts.get("memory_bound_by") == limit]
        slowed = [(run, cycles) for run, cycles in slowed if cycles]
        if slowed:
            tensors = {name for run, _ in slowed for name in run.facts["single_buffered"].split(", ") if name}
            keys = tuple(_keys(limit, tensors, system_of(results)))
            found.append(MemoryLimit(limit, tuple(run.name for run, _ in slowed), sum(cycles for _, cycles in slowed), keys))
    return found


def _waits(outcome: Outcome | None) -> int:
    """Return the waiting cycles of a layer, or 0 if they are not worth telling."""
    cycles = 0 if outcome is None else waiting_cycles(outcome)
    return cycles if outcome is not None and cycles > _LEAST_SHARE * outcome.cycles else 0


def waiting_cycles(outcome: Outcome) -> int:
    """Return the cycles of a layer in which the array waits for main memory: for data, or for its last results to be stored."""
    stalls = outcome.stall_cycles
    return int(stalls[[Cause.FIRST_FILL, Cause.DRAM_WAIT]].sum() + stalls[Cause.DRAIN, Port.DMA])


def _keys(limit: str, tensors: set[str], system: System) -> list[str]:
    """Return the keys whose rise would help."""
    if limit == "bursts_in_flight":
        return ["dma.outstanding_bursts", "dma.burst_bytes"]
    from workloads.dataflow.regions import tenants_of

    return [f"scratchpads.{name}.capacity_bytes" for name in tenants_of(system, sorted(tensors))]


def limit_objects(results: Results) -> list[dict[str, Any]]:
    """Return the limits as plain JSON values."""
    return [asdict(each) | {"layers": list(each.layers), "keys": list(each.keys)} for each in memory_limits(results)]


def limit_lines(results: Results) -> list[str]:
    """Return a sentence for each limit."""
    return [_line(each) for each in memory_limits(results)]


def _line(found: MemoryLimit) -> str:
    shown, more = list(found.layers[:_NAMED]), len(found.layers) - _NAMED
    names = ", ".join([*shown, *([f"{more} more"] if more > 0 else [])])
    waits = "layer waits" if len(found.layers) == 1 else "layers wait"
    return (
        f"{REASONS[found.limit]}: {len(found.layers)} {waits} {found.cycles:,} cycles for it ({names}). "
        f"More of {' or '.join(found.keys)} would help."
    )
