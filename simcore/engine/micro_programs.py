"""One call for micro-programs on a DRAM, in both engines."""

from __future__ import annotations

from simcore.engine.cold_start import log_cold_start
from simcore.engine.names import check_engine
from simcore.engine.shortcuts import Shortcuts
from simcore.pim.outcome import PimOutcome
from simcore.pim.work import PimWork
from simcore.program.traces import Traced


def load_micro_programs(engine: str) -> None:
    """Import an engine, and compile it if it is not in the cache, so that a later run can be timed."""
    check_engine(engine)
    if engine == "compiled":
        log_cold_start()
        from simcore.engine.compiled.kernels import RUN_MICRO_PROGRAMS, WALK_MICRO_PROGRAMS

        RUN_MICRO_PROGRAMS.load()
        WALK_MICRO_PROGRAMS.load()
    else:
        from simcore.engine.reference.pim import run as _reference  # noqa: F401


def run_work(
    work: PimWork, engine: str = "compiled", record_commands: bool = False, shortcuts: Shortcuts | None = None
) -> PimOutcome:
    """Run sequences of commands on the subarrays of a DRAM. Both engines give the same outcome, with any shortcuts.

    Raise InputError for an unknown engine.
    """
    check_engine(engine)
    if engine == "compiled":
        log_cold_start()
        from simcore.engine.compiled.pim.run import run_work as run_compiled

        return run_compiled(work, record_commands, shortcuts or Shortcuts())
    from simcore.engine.reference.pim.run import run_work as run_reference

    return run_reference(work, record_commands)


def trace_work(work: PimWork, traced: Traced) -> None:
    """Run sequences as `run_work` does, on the reference engine, which hands over what the subarrays do and the commands.

    It ends when all sequences have, when nothing more is traced, or when ``traced.is_full``.
    """
    from simcore.engine.reference.pim.run import trace_work as trace_on_reference

    trace_on_reference(work, traced)
