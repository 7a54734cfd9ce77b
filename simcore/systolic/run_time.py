"""An estimate of the time of a run on a systolic machine, before it is planned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from simcore.kinds.runs import Estimate
from simcore.systolic.planned import KEPT_BYTES

if TYPE_CHECKING:
    from simcore.spec import System
    from workloads.dataflow.size import Size

#: Simulated cycles per second of each engine, rounded from docs/performance.md. A DRAM as main memory costs a tenth.
CYCLES_PER_S = {"compiled": 5e6, "simpy": 7e3}
#: Steps per second of a PE that multiplies: 1.2 microseconds each (docs/performance.md, "Checked values").
PE_STEPS_PER_S = 8e5

#: Bytes of a plan for each cycle, from the memory of runs of alexnet and vgg16 on edge-sram and cloud-128x128-ws.
PLAN_BYTES_PER_CYCLE = 4.5


def run_estimate(sizes: Iterable[Size], system: System, engine: str, *, check_values: bool = False) -> Estimate:
    """Return the cycles and seconds of layers of these sizes. Stalls other than for main memory's bandwidth are not included."""
    listed = list(sizes)
    cycles = sum(size.cycles(system) for size in listed)
    seconds = cycles / CYCLES_PER_S[engine]
    if check_values:
        seconds += sum(size.steps for size in listed) * system.array.rows * system.array.all_columns / PE_STEPS_PER_S
    return Estimate(cycles, seconds, min(PLAN_BYTES_PER_CYCLE * cycles, KEPT_BYTES), len(listed))
