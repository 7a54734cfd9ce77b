"""One call for micro-programs on a DRAM, in both engines."""

from __future__ import annotations

from simcore.engine.cold_start import log_cold_start
from simcore.engine.dram_traces import check_engine
from simcore.pim.outcome import PimOutcome
from simcore.pim.work import PimWork


def run_work(work: PimWork, engine: str = "compiled", record_commands: bool = False) -> PimOutcome:
    """Run sequences of commands on the subarrays of a DRAM. Both engines give the same outcome.

    Raise InputError for an unknown engine.
    """
    check_engine(engine)
    if engine == "compiled":
        log_cold_start()
        from simcore.engine.compiled.pim.run import run_work as run_compiled

        return run_compiled(work, record_commands)
    from simcore.engine.reference.pim.run import run_work as run_reference

    return run_reference(work, record_commands)
