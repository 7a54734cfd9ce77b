"""``simcore check``: the check of a user's bank timing, alone and then in a scratchpad of both engines."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simcore.engine import run_traffic
from simcore.engine.cold_start import log_cold_start
from simcore.extensions.model_file import error_line
from simcore.machine.machine import Machine, build_machine
from simcore.machine.traffic import Traffic, bursts
from simcore.spec import System, load_system
from simcore.timing.bank_timing import resolve_timing
from simcore.timing.model_check import Problem, Report, Subject, check_timing, serve_location, told
from simcore.timing.time_limit import TimeUpError, time_limit

#: Number of scratchpads among which the requests are divided.
SCRATCHPADS = 8

#: The cycle in which the engines stop, because the readable one counts every cycle. A request not granted by then must be so in
#: both.
CYCLES = 8_000

_STEP = "both engines"


def check_file(target: str, parameters: Mapping[str, int] | None = None, *, requests: int = 2000, seed: int = 0) -> Report:
    """Check ``FILE.py:Class``, or an installed model, in plain Python, then compiled, then in both engines on random traffic.

    ``parameters`` replace the model's defaults. Stop after the first step that finds a problem. Raise InputError if there is no
    such file, class or parameter, or if the class breaks the rules of BankTiming.
    """
    return check_timing(resolve_timing(target, parameters), requests, seed, further_steps=[(_STEP, check_in_engines)])


@dataclass(frozen=True)
class _Trial:
    """A machine whose scratchpad ``ifmap`` is tried, a description of that scratchpad, and the traffic that it gets."""

    words: str
    machine: Machine
    traffic: Traffic


def check_in_engines(subject: Subject) -> list[Problem]:
    """Check that both engines grant and finish every request in the same cycles. Return the first request that differs."""
    log_cold_start()
    draw = random.Random(subject.seed)
    for _ in range(SCRATCHPADS):
        problem = _try(subject, _draw_trial(subject, draw))
        if problem is not None:
            return [problem]
    return []


def _draw_trial(subject: Subject, draw: random.Random) -> _Trial:
    """Draw a scratchpad with few lines, so that requests collide, and random arbiter and write-buffer options."""
    settings = {
        "capacity_bytes": 8192,
        "banks": draw.choice((1, 2, 4)),
        "ports_per_bank": draw.choice((1, 1, 2)),
        "arbiter": draw.choice(("fcfs", "port-priority", "round-robin")),
        "write_buffer.high_watermark": draw.choice(("null", 2, 8)),
        "write_buffer.preemption": draw.choice(("none", "resume", "restart")),
    }
    system = load_system("edge-sram", [f"scratchpads.ifmap.{key}={value}" for key, value in settings.items()], of=System)
    machine = build_machine(system)
    machine = replace(machine, timings=(subject.timing,) * len(machine.timings))
    pad = machine.scratchpads[machine.scratchpad_index("ifmap")]
    pauses = draw.choice(((0, 1, 2), (0, 0, 3, 20), (0, 60)))
    traffic = bursts(
        max(1, subject.requests // SCRATCHPADS), seed=draw.randrange(2**32), banks=pad.banks, rows=pad.rows, pauses=pauses
    )
    return _Trial(", ".join(f"{key}: {value}" for key, value in settings.items()), machine, traffic)


def _try(subject: Subject, trial: _Trial) -> Problem | None:
    where, on_what = serve_location(subject.timing), f"on a scratchpad of {trial.words}"
    try:
        # Run plain Python first, because compiled code might write outside its memory where Python raises an error.
        with time_limit(), np.errstate(over="raise", divide="raise", invalid="raise"):
            readable = run_traffic(trial.machine, "ifmap", trial.traffic, engine="simpy", until=CYCLES)
    except (Exception, TimeUpError) as error:
        # SimPy raises a copy of the exception that a process raised.
        return Problem(_STEP, told(error), error_line(error.__cause__ or error, where.rpartition(":")[0]), on_what)
    compiled = run_traffic(trial.machine, "ifmap", trial.traffic, engine="compiled", until=CYCLES)
    first = readable.first_difference(compiled)
    if first is None:
        differences = readable.differences(compiled)
        return Problem(_STEP, f"the engines' counts differ: {'; '.join(differences)}", where, on_what) if differences else None
    message = (
        f"plain Python has a request granted in cycle {readable.granted[first]} and done in {readable.done[first]}, "
        f"compiled code in {compiled.granted[first]} and {compiled.done[first]} (-1: not by cycle {CYCLES})"
    )
    return Problem(_STEP, message, where, f"{trial.traffic.describe(first)}, {on_what}")
