"""About how long a run takes, known before it begins, and a limit on it, so that a slip of the pen does not run for days."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from simcore.errors import InputError

if TYPE_CHECKING:
    from simcore.spec import System
    from workloads.dataflow.size import Size

#: A run that takes longer by estimate is refused unless asked for.
LIMIT_S = 3600.0

#: Simulated cycles per second of each engine, rounded from docs/performance.md; a DRAM behind it costs a tenth.
CYCLES_PER_S = {"compiled": 5e6, "simpy": 7e3}
#: Steps per second of a PE that multiplies: 1.2 microseconds each (docs/performance.md, "Checked values").
PE_STEPS_PER_S = 8e5

_UNITS = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


def seconds(sizes: Iterable[Size], system: System, engine: str, *, check_values: bool = False) -> float:
    """About how many seconds layers of these sizes take; stalls beyond main memory's bandwidth are not foreseen."""
    listed = list(sizes)
    spent = sum(size.cycles(system) for size in listed) / CYCLES_PER_S[engine]
    if check_values:
        spent += sum(size.steps for size in listed) * system.array.rows * system.array.columns / PE_STEPS_PER_S
    return spent


def refuse_too_long(
    sizes: Iterable[Size], system: System, engine: str, limit_s: float | None, *, check_values: bool = False
) -> None:
    """Raise InputError, with the estimate, for a run that takes longer than ``limit_s``; None takes any."""
    listed = list(sizes)
    spent = seconds(listed, system, engine, check_values=check_values)
    if limit_s is None or spent <= limit_s:
        return
    cycles = sum(size.cycles(system) for size in listed)
    checking = ", values checked" if check_values else ""
    raise InputError(
        f"simulating about {cycles:,.0f} cycles or more (engine '{engine}'{checking}) takes about {in_words(spent)}, "
        f"the limit is {in_words(limit_s)}",
        hint="choose fewer images or layers, or lift the limit with --no-limit (in Python limit_s=None)",
    )


def in_words(spent_s: float) -> str:
    """A time in the largest unit of which it has two or more: "90 seconds", "3 hours"."""
    size, unit = next(((size, unit) for size, unit in _UNITS if spent_s >= 2 * size), _UNITS[-1])
    return f"{spent_s / size:,.0f} {unit}"
