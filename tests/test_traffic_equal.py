"""Both engines give the same grants and counts on random open-loop traffic over random scratchpads, in any order of events."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from machines import ANY, CONTENDED, Pick, draw_scratchpad

from simcore.engine import run_traffic
from simcore.engine.reference.traffic import run_traffic as run_reference
from simcore.errors import InputError
from simcore.machine.machine import Machine, build_machine
from simcore.machine.traffic import NOT_GRANTED, Traffic, bursts
from simcore.program.program import Port
from simcore.spec import System, load_system
from simcore.timing.bank_timing import READ, WRITE

MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

#: What a port asks for, in the order in which hypothesis simplifies.
KINDS = ((Port.IFMAP, READ), (Port.OUTPUT, WRITE), (Port.PSUM, READ), (Port.DMA, READ), (Port.DMA, WRITE), (Port.FILTER, READ))


def machine_with(pad: dict[str, Any]) -> Machine:
    """A machine whose only interesting part is its unified scratchpad."""
    edge = load_system("edge-unified", ["array.partial_sums=ofmap", "scratchpads.accumulator=null"])
    return build_machine(System.model_validate({**edge.model_dump(), "scratchpads": {"unified": pad}}))


def draw_case(pick: Pick) -> tuple[Machine, Traffic]:
    """A scratchpad, and traffic on few lines of it, so that requests meet."""
    machine = machine_with(draw_scratchpad(pick, pick((ANY, CONTENDED, CONTENDED)), 8, 512))
    (pad,) = machine.scratchpads
    pauses = pick(((0,), (0, 1), (0, 1, 2, 3), (0, 3, 12), (0, 0, 0, 40)))
    banks, rows = pick((1, 2, 8)), pick((1, 4))
    drawn = [
        (pick(pauses), *pick(KINDS), pick(range(min(banks, pad.banks))), pick(range(min(rows, pad.rows))))
        for _ in range(pick((1, 3, 10, 30, 60)))
    ]
    pause, port, op, bank, row = map(np.array, zip(*drawn, strict=True))
    return machine, Traffic(np.cumsum(pause), port, bank, row, op)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Machine, Traffic]:
    return draw_case(lambda options: draw(st.sampled_from(options)))


@pytest.mark.slow
@MANY
@given(cases(), st.integers(0, 2**16))
def test_both_engines_grant_alike_whatever_the_order_of_events(case: tuple[Machine, Traffic], shuffle_seed: int) -> None:
    machine, traffic = case
    readable = run_reference(machine, traffic)
    assert not readable.differences(run_reference(machine, traffic, shuffle_seed=shuffle_seed))
    assert not readable.differences(run_traffic(machine, "unified", traffic))


@pytest.mark.slow
@settings(MANY, max_examples=50)
@given(cases(), st.integers(0, 60))
def test_both_engines_stop_alike(case: tuple[Machine, Traffic], until: int) -> None:
    machine, traffic = case
    readable, compiled = (
        run_traffic(machine, "unified", traffic, engine=engine, until=until) for engine in ("simpy", "compiled")
    )
    assert not readable.differences(compiled)
    assert (readable.granted < until).all()
    assert (readable.granted[traffic.arrive >= until] == NOT_GRANTED).all()


@pytest.mark.slow
def test_the_drawn_scratchpads_show_every_way_a_request_can_go() -> None:
    seen = {"reads": 0, "writes": 0, "forwarded_reads": 0, "preempted_writes": 0, "conflict_cycles": 0}
    random = Random(1)
    for _ in range(300):
        machine, traffic = draw_case(random.choice)
        outcome = run_traffic(machine, "unified", traffic)
        for name in seen:
            seen[name] += int(getattr(outcome, name).sum() > 0)
    assert min(seen.values()) >= 5, seen


@pytest.mark.slow
def test_more_waiting_requests_than_the_tables_first_hold() -> None:
    machine = load_system("edge-stt")
    traffic = bursts(3000, seed=3, banks=2, rows=8, pauses=(0,))
    readable, compiled = (run_traffic(machine, "ofmap", traffic, engine=engine) for engine in ("simpy", "compiled"))
    assert not readable.differences(compiled)
    assert len(np.unique(compiled.granted)) > 1000


def test_rows_of_requests_are_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*tables: object) -> None:
        raise AssertionError("more rows asked for")

    monkeypatch.setattr("simcore.engine.compiled.traffic._double", refuse)
    traffic = bursts(20_000, seed=4, banks=16, rows=8, pauses=(0, 1, 2))
    assert (run_traffic(load_system("edge-stt"), "ofmap", traffic).granted >= 0).all()
    with pytest.raises(AssertionError, match="more rows"):
        run_traffic(load_system("edge-stt"), "ofmap", bursts(2000, seed=4, banks=16, rows=8, pauses=(0,)))


def test_long_pauses_cost_the_compiled_engine_nothing() -> None:
    traffic = Traffic(*map(np.array, ([0, 2**50], [Port.OUTPUT, Port.IFMAP], [0, 0], [0, 0], [WRITE, READ])))
    assert run_traffic(load_system("edge-stt"), "ofmap", traffic).granted.tolist() == [0, 2**50]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"arrive": [3, 2]}, r"traffic.arrive\[1\]: expected no earlier than 0 and the request before, got 2"),
        ({"arrive": [-1, 2]}, r"traffic.arrive\[0\]"),
        ({"port": [0, 7]}, r"traffic.port\[1\]: expected a Port, got 7"),
        ({"op": [0, 2]}, r"traffic.op\[1\]: expected READ \(0\) or WRITE \(1\), got 2"),
        ({"op": [1, 0]}, r"traffic.op\[0\]: expected READ from the ports ifmap"),
        ({"port": [0, 3]}, r"traffic.op\[1\]: expected WRITE from the port output"),
        ({"row": [0]}, "traffic.row: expected 2 values, one for each arrival, got 1"),
        ({"row": [0.5, 1.0]}, "traffic.row: expected one integer for each request"),
        ({"bank": [0, 16]}, r"traffic.bank\[1\]: expected a bank of ifmap, 0 to 15, got 16"),
        ({"row": [-1, 0]}, r"traffic.row\[0\]: expected a row of ifmap, 0 to 511, got -1"),
    ],
)
def test_traffic_that_cannot_be_is_refused(changed: dict[str, list[float]], message: str) -> None:
    columns = {"arrive": [0, 1], "port": [0, 0], "bank": [0, 0], "row": [0, 0], "op": [0, 0]}
    with pytest.raises(InputError, match=message):
        run_traffic(load_system("edge-sram"), "ifmap", Traffic(**{k: np.array(v) for k, v in {**columns, **changed}.items()}))


def test_unknown_scratchpads_and_engines_are_reported() -> None:
    traffic = bursts(1, seed=0, banks=1, rows=1)
    with pytest.raises(InputError, match=r"no scratchpad named 'ifmapp'.*ifmap"):
        run_traffic(load_system("edge-sram"), "ifmapp", traffic)
    with pytest.raises(InputError, match="no engine named 'fast'"):
        run_traffic(load_system("edge-sram"), "ifmap", traffic, engine="fast")
