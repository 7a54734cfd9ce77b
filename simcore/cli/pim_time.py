"""A limit on long command programs, by an estimate made before the run."""

from __future__ import annotations

from simcore.errors import InputError
from simcore.pim.work import PimWork
from simcore.run_time import in_words

#: A program with a longer estimate is an error, unless ``--no-limit`` is given.
LIMIT_S = 600.0

#: Commands per second of each engine for up to so many subarrays, rounded down from measurements; more subarrays take longer.
_COMMANDS_PER_S = {"compiled": 1e5, "simpy": 400.0}
_SUBARRAYS = {"compiled": 1024, "simpy": 16}


def refuse_long_work(work: PimWork, engine: str, limit_s: float | None = LIMIT_S) -> None:
    """Raise InputError, with the estimate, for work that takes longer than ``limit_s``; None takes any."""
    units = len(work.sequences) * work.subarrays
    commands = sum(sequence.commands for sequence in work.sequences) * work.subarrays
    spent = commands / _COMMANDS_PER_S[engine] * max(1.0, units / _SUBARRAYS[engine])
    if limit_s is not None and spent > limit_s:
        raise InputError(
            f"issuing about {commands:,} commands to {units:,} subarrays (engine '{engine}') takes about {in_words(spent)}, "
            f"the limit is {in_words(limit_s)}",
            hint="fewer banks, subarrays or bits, or lift the limit with --no-limit",
        )
