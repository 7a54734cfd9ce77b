"""Both engines behind one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from simcore.engine.shortcuts import Shortcuts
from simcore.errors import InputError, did_you_mean
from simcore.machine import DramMemory, Machine, build_machine
from simcore.outcome import Outcome
from simcore.program import Op, Program
from simcore.spec.system import System
from simcore.traffic import Traffic, TrafficOutcome

#: Engines by name: the compiled one for speed, the SimPy one for meaning.
ENGINES = ("compiled", "simpy")


def load_engine(engine: str, has_dram: bool = False) -> None:
    """Import an engine, so that what follows can be timed: the compiled one is compiled here if it is not in the cache.

    ``has_dram``: for a machine whose main memory is one.
    """
    if engine == "compiled":
        from simcore.engine.compiled import compile as _compiled

        _compiled.load_memory(has_dram)
    else:
        from simcore.engine.reference import run as _reference  # noqa: F401


def run_programs(
    system: System,
    programs: Sequence[Program],
    engine: str = "compiled",
    shortcuts: Shortcuts | None = None,
    on_layer: Callable[[int, Outcome], None] | None = None,
) -> list[Outcome]:
    """Run layers one after another on one machine and one clock; one Outcome each.

    ``on_layer(index, outcome)`` is called after each. Raises InputError for an unknown engine, an unusable bank timing, tensors
    that a DRAM cannot hold, and refreshes that come faster than it can do them.
    """
    machine = build_machine(system)
    _check_addresses(machine, programs)
    if engine == "compiled":
        from simcore.engine.compiled.run import CompiledEngine

        run = CompiledEngine(machine, shortcuts).run
    elif engine == "simpy":
        from simcore.engine.reference.run import ReferenceEngine

        run = ReferenceEngine(machine).run
    else:
        raise _no_engine(engine)
    outcomes = []
    for index, program in enumerate(programs):
        outcomes.append(run(program))
        if on_layer is not None:
            on_layer(index, outcomes[-1])
    return outcomes


def _check_addresses(machine: Machine, programs: Sequence[Program]) -> None:
    """Raise InputError for the first layer whose tensors reach beyond a DRAM."""
    if not isinstance(machine.memory, DramMemory):
        return
    from simcore.dram.mapping import address_mapping

    dram = machine.memory.dram
    size = 1 << address_mapping(dram, machine.memory.controller.mapping).address_bits
    for program in programs:
        end = int((program.ops[:, Op.ADDRESS] + program.ops[:, Op.BYTES]).max(initial=0))
        if end > size:
            message = f"layer {program.name}: its tensors take {end} bytes, and {dram.name} holds {size}"
            raise InputError(message, hint="a larger organisation, more ranks or more channels?")


def run_traffic(
    machine: System | Machine, scratchpad: str, traffic: Traffic, engine: str = "compiled", until: int | None = None
) -> TrafficOutcome:
    """Run open-loop traffic on the named scratchpad alone, up to but without cycle ``until``, or until all is granted.

    Raises InputError for an unknown engine or scratchpad, an unusable bank timing, and a request to no line of the scratchpad.
    """
    alone = _alone(build_machine(machine) if isinstance(machine, System) else machine, scratchpad)
    traffic.check_against(alone.scratchpads[0])
    if engine == "compiled":
        from simcore.engine.compiled.traffic import run_traffic as run_compiled

        return run_compiled(alone, traffic, until)
    if engine == "simpy":
        from simcore.engine.reference.traffic import run_traffic as run_reference

        return run_reference(alone, traffic, until)
    raise _no_engine(engine)


def _alone(machine: Machine, scratchpad: str) -> Machine:
    """The machine without its other scratchpads and their timings."""
    names = [pad.name for pad in machine.scratchpads]
    if scratchpad not in names:
        raise InputError(f"no scratchpad named {scratchpad!r}", hint=did_you_mean(scratchpad, names))
    pad = machine.scratchpads[names.index(scratchpad)]
    used = sorted(set(pad.groups))
    pad = replace(pad, first_bank=0, groups=tuple(used.index(group) for group in pad.groups))
    return replace(machine, scratchpads=(pad,), timings=tuple(machine.timings[group] for group in used))


def _no_engine(engine: str) -> InputError:
    return InputError(f"no engine named {engine!r}", hint=did_you_mean(engine, ENGINES))
