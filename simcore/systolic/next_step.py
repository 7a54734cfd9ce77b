"""What to try after a run on a systolic machine: one step, chosen by what takes most of its stalled cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simcore.kinds.advice import Loss, NextStep, step_with
from simcore.results import Results
from simcore.results.tables import stall_column
from simcore.spec import SimpleMemorySpec, System
from simcore.spec.allowed import first_allowed
from simcore.systolic.changes import changes
from simcore.systolic.of_results import system_of
from simcore.systolic.remedies import COMPUTE

#: Causes that ask for the same step.
MAIN_MEMORY = ("first_fill", "dram_wait")
CONFLICTS = ("read_conflict", "write_conflict", "dma_collision")
_GROUPS = (MAIN_MEMORY, CONFLICTS, ("read_latency",), ("write_backpressure",), ("drain",))
#: The share of stalled cycles in percent below which the array itself is the limit.
FEW_STALLS_PERCENT = 20.0


def next_step(results: Results) -> NextStep | None:
    """Return what to try: against the group of stall causes that takes most, or against the array's own time."""
    rows, system = results.layer_rows, system_of(results)
    cycles = max(results.cycles, 1)
    lost = {cause: sum(int(row[stall_column(cause)]) for row in rows) for group in _GROUPS for cause in group}
    if 100.0 * sum(lost.values()) < FEW_STALLS_PERCENT * cycles:
        return _of_computing(system, 100.0 - 100.0 * sum(lost.values()) / cycles)
    group = max(_GROUPS, key=lambda causes: sum(lost[cause] for cause in causes))
    share = 100.0 * sum(lost[cause] for cause in group) / cycles
    worst = max(rows, key=lambda row: sum(int(row[stall_column(cause)]) for cause in group))["layer"]
    if group is CONFLICTS:
        return NextStep(f"banks collide in {share:.1f} % of the cycles", "banks", layer=worst)
    if group is MAIN_MEMORY:
        return _of_main_memory(system, rows, sum(lost[cause] for cause in group), share)
    loss = Loss(group[0], "", lost[group[0]], ())
    change = first_allowed(system, changes(system, loss)) if group == ("read_latency",) else None
    reason = f"{group[0]} takes {share:.1f} % of the cycles"
    return NextStep(reason, "why", layer=worst) if change is None else step_with(change, reason)


def _of_computing(system: System, share: float) -> NextStep | None:
    """Return how folds may overlap further, or None if they overlap as far as they can."""
    change = first_allowed(system, changes(system, Loss(COMPUTE, "", 0, ())))
    return None if change is None else step_with(change, f"the array takes a step in {share:.1f} % of the cycles")


def _of_main_memory(system: System, rows: Sequence[Mapping[str, Any]], lost_cycles: int, share: float) -> NextStep:
    """Return a change of the key that limits main memory, as `limiting_key` names it."""
    reason = f"waits for main memory take {share:.1f} % of the cycles"
    moved = sum(int(row["dram_read_bytes"]) + int(row["dram_write_bytes"]) for row in rows)
    key = limiting_key(system, moved, lost_cycles)
    proposed = [change for change in changes(system, Loss("dram_wait", "", 0, ())) if change.key == key]
    change = first_allowed(system, proposed)
    return NextStep(reason, "why") if change is None else step_with(change, reason)


def limiting_key(system: System, moved_bytes: int, lost_cycles: int) -> str:
    """Return the key behind most of the cycles that were lost while so many bytes were moved: latency, bursts or bandwidth.

    The bandwidth is not to blame for more cycles than it takes to move the bytes; the rest is latency. Fewer bytes in flight over
    the latency than the bandwidth allows are a lack of bursts. Of a DRAM the key is its channels.
    """
    memory = system.memory
    if not isinstance(memory, SimpleMemorySpec):
        return "memory.overrides.channel"
    scale = memory.clock_hz / system.core_clock_hz
    peak = float(memory.bytes_per_cycle) * scale
    wait = memory.latency_cycles / scale + system.dma.burst_bytes / peak
    in_flight = system.dma.outstanding_bursts * system.dma.burst_bytes / wait
    if moved_bytes / min(peak, in_flight) < lost_cycles / 2:
        return "memory.latency_cycles"
    return "dma.outstanding_bursts" if in_flight < peak else "memory.bytes_per_cycle"
