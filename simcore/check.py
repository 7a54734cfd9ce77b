"""``simcore check``: a user's bank timing alone, then in every scratchpad of small machines, in both engines."""

from __future__ import annotations

import random
from dataclasses import dataclass

from simcore.engine import run_programs
from simcore.model_check import Problem, Report, Subject, check_timing, serve_location
from simcore.program import Program
from simcore.spec import System, load_system
from simcore.timing import resolve_timing

MACHINES = 6


def check_model(target: str, *, requests: int = 2000, seed: int = 0) -> Report:
    """Check ``FILE.py:Class`` (or a registered model): in plain Python, compiled, then in both engines on random machines.

    Stops after the first step that finds a problem. Raises InputError where there is no such file or class, or where it
    breaks the rules of BankTiming.
    """
    step = ("both engines", lambda subject: _check_in_engines(target, subject))
    return check_timing(resolve_timing(target), requests, seed, further_steps=[step])


@dataclass(frozen=True)
class _Trial:
    system: System
    program: Program


def _check_in_engines(target: str, subject: Subject) -> list[Problem]:
    draw = random.Random(subject.seed)
    for _ in range(MACHINES):
        trial = _draw_trial(target, draw)
        readable, compiled = (run_programs(trial.system, [trial.program], engine=engine)[0] for engine in ("simpy", "compiled"))
        differences = readable.differences(compiled)
        if differences:
            message = f"the engines disagree: {'; '.join(differences[:3])} (simpy != compiled)"
            machine = f"{trial.system.array.dataflow}, {next(iter(trial.system.scratchpads.values())).banks} banks a scratchpad"
            return [Problem("both engines", message, serve_location(subject.timing), f"layer {trial.program.name} on {machine}")]
    return []


def _draw_trial(target: str, draw: random.Random) -> _Trial:
    """A small convolution on a small machine with the model in every scratchpad."""
    from workloads.dataflow import lower_network
    from workloads.layers import Conv, Input
    from workloads.network import NetworkBuilder

    pads = ("ifmap", "filter", "ofmap", "accumulator")
    banks, depth = draw.choice((1, 2, 4)), draw.choice((0, 2, 8))
    settings = {
        "array.rows": 4,
        "array.columns": 4,
        "array.dataflow": draw.choice(("ws", "os", "is")),
        **{f"scratchpads.{pad}.timing": target for pad in pads},
        **{f"scratchpads.{pad}.banks": banks for pad in pads},
        **{f"scratchpads.{pad}.write_buffer.depth": depth for pad in pads},
    }
    system = load_system("edge-sram", [f"{key}={value}" for key, value in settings.items()])
    net = NetworkBuilder("trial")
    net.add(Input("image", (draw.randint(1, 6), draw.randint(3, 6), draw.randint(3, 6))))
    net.add(Conv("conv", draw.randint(1, 9), (draw.randint(1, 3), draw.randint(1, 3)), padding=(1, 1)))
    program = next(program for _, program, _ in lower_network(net.build(), system) if program is not None)
    return _Trial(system, program)
