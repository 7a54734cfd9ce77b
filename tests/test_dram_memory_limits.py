"""A DRAM as main memory at its limits: plans that wait for themselves, accumulating refreshes, addresses beyond its capacity."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_array_cycles import machine, product

from simcore.engine import run_programs
from simcore.engine.reference import array
from simcore.engine.shortcuts import Shortcuts
from simcore.errors import InputError
from simcore.program.outcome import Cause, Outcome
from simcore.program.program import Op, Program
from simcore.spec.system import System
from workloads.dataflow import lower

ENGINES = pytest.mark.parametrize("engine", ["compiled", "simpy"])


def system(standard: str = "ddr4_2400r", core_clock_hz: str = "1 GHz", **memory: object) -> System:
    return machine("os", 2, core_clock_hz=core_clock_hz, memory={"model": "dram", "standard": standard, **memory})


def lowered(on: System, m: int = 8, k: int = 64, n: int = 8) -> Program:
    program = lower(product(m, k, n), on)
    assert program is not None
    return program


def stuck(on: System) -> Program:
    """A Program whose first load of filters waits for itself."""
    program = lowered(on)
    ops = program.ops.copy()
    first = int((ops[:, Op.REGION] == 1).argmax())
    ops[first, Op.DEP_OP] = first
    return replace(program, ops=ops)


@pytest.mark.parametrize("shortcuts", [Shortcuts(), Shortcuts(idle_skipping=False)], ids=["skipping", "stepping"])
def test_refreshes_alone_do_not_make_a_stuck_machine_look_alive(shortcuts: Shortcuts) -> None:
    on = system()
    with pytest.raises(RuntimeError, match="nothing can happen any more at step 0"):
        run_programs(on, [stuck(on)], "compiled", shortcuts)


def test_the_reference_engine_gives_a_stuck_machine_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array, "STUCK_CYCLES", 2000)
    on = system(overrides={"nREFI": 700})
    with pytest.raises(RuntimeError, match="its plan waits for itself"):
        run_programs(on, [stuck(on)], "simpy")


@ENGINES
def test_refreshes_that_pile_up_are_reported(engine: str) -> None:
    # Two ranks ask for one each in every cycle, and a cycle has one command.
    on = system(overrides={"nREFI": 1, "nRFC": 1, "rank": 2})
    with pytest.raises(InputError, match="ddr4_2400r: refreshes become due faster than the DRAM can do them"):
        run_programs(on, [lowered(on)], engine)


@pytest.mark.slow
@pytest.mark.parametrize("shortcuts", [Shortcuts(), Shortcuts(idle_skipping=False)], ids=["skipping", "stepping"])
def test_a_dram_that_does_nothing_but_refresh_is_given_up(shortcuts: Shortcuts) -> None:
    # A refresh of some bank in every cycle, which comes before every request.
    on = system("hbm2_2000", overrides={"nREFIpb": 1, "nRFCpb": 1, "nRREFD": 1}, controller={"refresh": "per-bank"})
    with pytest.raises(RuntimeError, match="nothing can happen any more at step 0"):
        run_programs(on, [lowered(on)], "compiled", shortcuts)


@ENGINES
def test_tensors_beyond_the_dram_are_refused_before_the_run(engine: str) -> None:
    on = system(overrides={"row": 1, "bankgroup": 1, "bank": 1})
    program = lowered(on, 64, 64, 2)
    with pytest.raises(InputError) as caught:
        run_programs(on, [program], engine)
    end = int((program.ops[:, Op.ADDRESS] + program.ops[:, Op.BYTES]).max())
    message = f"layer product: its tensors take {end} bytes, but ddr4_2400r holds only 8192"
    assert str(caught.value) == f"{message}; a larger organisation, more ranks or more channels?"


def cycles(on: System, k: int = 256) -> Outcome:
    (outcome,) = run_programs(on, [lowered(on, 32, k, 32)])
    return outcome


def test_a_faster_standard_a_second_channel_and_a_deeper_queue_cost_nothing() -> None:
    # At 16 GHz even this small array waits for its main memory all the time.
    slow = cycles(system("ddr3_1600k", "16 GHz"))
    fast = cycles(system("ddr4_3200aa", "16 GHz"))
    assert fast.cycles < slow.cycles
    assert fast.stall_cycles[Cause.DRAM_WAIT].sum() < slow.stall_cycles[Cause.DRAM_WAIT].sum()
    one, two = (cycles(system(core_clock_hz="16 GHz", overrides={"channel": count})) for count in (1, 2))
    assert two.cycles <= one.cycles
    shallow, deep = (cycles(system(core_clock_hz="16 GHz", controller={"read_queue": entries})) for entries in (1, 32))
    assert deep.cycles <= shallow.cycles


def test_no_refresh_is_never_slower() -> None:
    with_refresh, without = (cycles(system(controller={"refresh": name})) for name in ("all-bank", "none"))
    assert without.cycles <= with_refresh.cycles
    assert with_refresh.dram is not None
    assert without.dram is not None
