"""Both engines behind one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simcore.engine.shortcuts import Shortcuts
from simcore.errors import InputError, did_you_mean
from simcore.machine import build_machine
from simcore.outcome import Outcome
from simcore.program import Program
from simcore.spec.system import System

#: Engines by name: the compiled one for speed, the SimPy one for meaning.
ENGINES = ("compiled", "simpy")


def run_programs(
    system: System,
    programs: Sequence[Program],
    engine: str = "compiled",
    shortcuts: Shortcuts | None = None,
    on_layer: Callable[[int, Outcome], None] | None = None,
) -> list[Outcome]:
    """Run layers one after another on one machine and one clock; one Outcome each.

    ``on_layer(index, outcome)`` is called after each. Raises InputError for an unknown engine or an unusable bank timing.
    """
    machine = build_machine(system)
    if engine == "compiled":
        from simcore.engine.compiled.run import CompiledEngine

        run = CompiledEngine(machine, shortcuts).run
    elif engine == "simpy":
        from simcore.engine.reference.run import ReferenceEngine

        run = ReferenceEngine(machine).run
    else:
        raise InputError(f"no engine named {engine!r}", hint=did_you_mean(engine, ENGINES))
    outcomes = []
    for index, program in enumerate(programs):
        outcomes.append(run(program))
        if on_layer is not None:
            on_layer(index, outcomes[-1])
    return outcomes
