"""One call for the DRAM controllers of both engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from simcore.dram import trace as of_lines
from simcore.dram.controller import ControllerSpec
from simcore.dram.controller_check import check_controller
from simcore.dram.mapping import address_mapping
from simcore.dram.outcome import DramOutcome
from simcore.dram.tables import ResolvedDram
from simcore.dram.trace import DramTrace, make_trace
from simcore.engine.cold_start import log_cold_start
from simcore.engine.names import check_engine
from simcore.errors import InputError
from simcore.timing.machine_code import jit_is_off


def read_trace(path: str | Path, engine: str = "compiled") -> DramTrace:
    """Return the trace in a file. Raise InputError with FILE:LINE for a line that is no request, and for an unknown engine.

    The compiled engine reads plain lines with a kernel. The SimPy engine, and the compiled one if anything in the file is out of
    the ordinary, read line by line; that reader alone decides what is wrong, and where.
    """
    check_engine(engine)
    if engine == "compiled" and not jit_is_off():
        from simcore.engine.compiled.dram.trace_text import read_plain_trace

        found = read_plain_trace(path)
        if found is not None:
            return found
    return of_lines.read_trace(path)


def run_trace(
    dram: ResolvedDram,
    trace: DramTrace,
    controller: ControllerSpec | None = None,
    engine: str = "compiled",
    record_commands: bool = False,
) -> DramOutcome:
    """Serve a trace. Requests are offered in order, at most one per cycle, each as soon as its channel's queue has room.

    Raise InputError for an unknown engine or mapping, an address beyond the DRAM, a controller that the standard does not allow,
    and refreshes that come faster than the DRAM can do them.
    """
    spec = controller or ControllerSpec()
    check_controller(dram, spec)
    trace = make_trace(trace.earliest, trace.op, trace.address)
    bits = address_mapping(dram, spec.mapping).address_bits
    beyond = np.flatnonzero(trace.address >> bits)
    if len(beyond):
        got = f"{trace.address[beyond[0]]:#x} in request {beyond[0]}"
        message = f"{dram.name}: expected addresses below {1 << bits:#x}, got {got}"
        raise InputError(message, hint="a larger organisation, more ranks or more channels?")
    return load_engine(engine)(dram, trace.earliest, trace.op, trace.address, spec, record_commands)


def load_engine(engine: str) -> Callable[..., DramOutcome]:
    """Return the engine's own `run_trace`, imported and, if it is not in the cache, compiled, so that a later run can be timed.

    Raise InputError for an unknown engine.
    """
    check_engine(engine)
    if engine == "compiled":
        log_cold_start()
        from simcore.engine.compiled.dram.trace import run_trace as run_compiled

        return run_compiled
    from simcore.engine.reference.dram.trace import run_trace as run_reference

    return run_reference
