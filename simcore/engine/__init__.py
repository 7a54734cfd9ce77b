"""One call for both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from simcore.engine.cold_start import log_cold_start
from simcore.engine.memory_check import check_memory
from simcore.engine.names import ENGINES, check_engine
from simcore.engine.plan_check import check_plan
from simcore.engine.records import Records
from simcore.engine.shortcuts import Shortcuts
from simcore.errors import InputError, did_you_mean
from simcore.machine.machine import DramMemory, Machine, build_machine
from simcore.machine.traffic import Traffic, TrafficOutcome
from simcore.program.outcome import Outcome
from simcore.program.program import Op, Program
from simcore.spec.system import System

if TYPE_CHECKING:
    from simcore.engine.reference.operands import Operands

__all__ = ["ENGINES", "load_engine", "run_programs", "run_traffic"]

#: The array steps of the reference engine between two calls of ``on_step``. The compiled engine calls ten times a second.
PROGRESS_STEPS = 64


def load_engine(engine: str, has_dram: bool = False) -> None:
    """Import an engine, and compile it if it is not in the cache, so that a later run can be timed.

    ``has_dram`` says that the machine's main memory is a DRAM.
    """
    if engine == "compiled":
        from simcore.engine.compiled.kernels import COUNT_LAYER, RUN_LAYER, RUN_MEMORY

        log_cold_start()
        for kernel in (RUN_LAYER, COUNT_LAYER, *([RUN_MEMORY] if has_dram else [])):
            kernel.load()
    else:
        from simcore.engine.reference import run as _reference  # noqa: F401


def run_programs(
    system: System,
    programs: Iterable[Program],
    engine: str = "compiled",
    shortcuts: Shortcuts | None = None,
    on_layer: Callable[[int, Outcome], None] | None = None,
    on_step: Callable[[int, int], None] | None = None,
    operands: Callable[[int, Program], Operands | None] | None = None,
    records: Records | None = None,
) -> list[Outcome]:
    """Run layers one after another on one machine and one clock. Return one Outcome per layer.

    ``on_layer(index, outcome)`` is called after each layer, and ``on_step(index, array steps made)`` now and then during it. Only
    the reference engine asks ``operands(index, program)`` before each layer for the operands of its PEs (None: no values).
    ``records`` says what else to write down.

    Raise InputError for an unknown engine, an unusable bank timing, operands for the compiled engine, tensors that a DRAM cannot
    hold, and refreshes that come faster than the DRAM can do them. Raise RuntimeError for a Program that does not fit the
    machine.
    """
    machine = build_machine(system)
    check = _address_check(machine)
    run = _runner(machine, engine, shortcuts, on_step, operands, records or Records())
    outcomes = []
    for index, program in enumerate(programs):
        check_plan(program, machine)
        check_memory(program, machine)
        check(program)
        outcomes.append(run(index, program))
        if on_layer is not None:
            on_layer(index, outcomes[-1])
    return outcomes


def _runner(
    machine: Machine,
    engine: str,
    shortcuts: Shortcuts | None,
    on_step: Callable[[int, int], None] | None,
    operands: Callable[[int, Program], Operands | None] | None,
    records: Records,
) -> Callable[[int, Program], Outcome]:
    """Return the function that runs the layer of an index on the engine of that name."""
    check_engine(engine)
    if engine == "compiled":
        from simcore.engine.compiled.run import CompiledEngine

        if operands is not None:
            raise InputError("the compiled engine has no PEs, so it cannot check values", hint="choose engine 'simpy'")
        if records.traced is not None and records.traced.array is not None:
            raise InputError("the compiled engine keeps no cycle by cycle record of the array", hint="choose engine 'simpy'")
        compiled = CompiledEngine(machine, shortcuts, records.line_writes, records.kept, records.traced)
        return lambda index, program: compiled.run(program, None if on_step is None else partial(on_step, index))
    from simcore.engine.reference.run import ReferenceEngine

    reference = ReferenceEngine(machine, line_writes=records.line_writes, traced=records.traced)

    def run(index: int, program: Program) -> Outcome:
        given = None if operands is None else operands(index, program)
        return reference.run(program, given, None if on_step is None else partial(_at_times, on_step, index))

    return run


def _at_times(on_step: Callable[[int, int], None], index: int, step: int) -> None:
    if step % PROGRESS_STEPS == 0:
        on_step(index, step)


def _address_check(machine: Machine) -> Callable[[Program], None]:
    """Return a function that raises InputError for a layer whose tensors reach beyond a DRAM."""
    if not isinstance(machine.memory, DramMemory):
        return lambda _: None
    from simcore.dram.mapping import address_mapping

    dram = machine.memory.dram
    size = 1 << address_mapping(dram, machine.memory.controller.mapping).address_bits

    def check(program: Program) -> None:
        end = int((program.ops[:, Op.ADDRESS] + program.ops[:, Op.BYTES]).max(initial=0))
        if end > size:
            message = f"layer {program.name}: its tensors take {end} bytes, but {dram.name} holds only {size}"
            raise InputError(message, hint="a larger organisation, more ranks or more channels?")

    return check


def run_traffic(
    machine: System | Machine, scratchpad: str, traffic: Traffic, engine: str = "compiled", until: int | None = None
) -> TrafficOutcome:
    """Run open-loop traffic on the named scratchpad alone, until all requests are granted or just before cycle ``until``.

    Raise InputError for an unknown engine or scratchpad, an unusable bank timing, and a request to a line that does not exist.
    """
    check_engine(engine)
    alone = _alone(build_machine(machine) if isinstance(machine, System) else machine, scratchpad)
    traffic.check_against(alone.scratchpads[0])
    if engine == "compiled":
        from simcore.engine.compiled.traffic import run_traffic as run_compiled

        return run_compiled(alone, traffic, until)
    from simcore.engine.reference.traffic import run_traffic as run_reference

    return run_reference(alone, traffic, until)


def _alone(machine: Machine, scratchpad: str) -> Machine:
    """Return the machine without its other scratchpads and their timings."""
    names = [pad.name for pad in machine.scratchpads]
    if scratchpad not in names:
        raise InputError(f"no scratchpad named {scratchpad!r}", hint=did_you_mean(scratchpad, names))
    pad = machine.scratchpads[names.index(scratchpad)]
    used = sorted(set(pad.groups))
    pad = replace(pad, first_bank=0, groups=tuple(used.index(group) for group in pad.groups))
    return replace(machine, scratchpads=(pad,), timings=tuple(machine.timings[group] for group in used))
