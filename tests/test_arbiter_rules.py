"""The arbiter's rules on cases worked out by hand, at the cycle before a rule applies and at the cycle in which it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from simcore.engine import ENGINES, run_traffic
from simcore.engine.compiled.dma import place
from simcore.engine.compiled.state import machine_state
from simcore.machine.machine import Machine, build_machine
from simcore.machine.traffic import Traffic, TrafficOutcome
from simcore.program.program import Port
from simcore.spec import load_system
from simcore.timing.bank_timing import READ, WRITE

READ_CYCLES, WRITE_CYCLES = 2, 10

#: What a request is: the cycle in which it arrives, port, bank, row, op.
Row = tuple[int, Port, int, int, int]


def read(arrive: int, port: Port = Port.IFMAP, bank: int = 0, row: int = 0) -> Row:
    return arrive, port, bank, row, READ


def write(arrive: int, port: Port = Port.OUTPUT, bank: int = 0, row: int = 1) -> Row:
    return arrive, port, bank, row, WRITE


def pad_with(**changes: Any) -> Machine:
    """A machine whose scratchpad ``ifmap`` has one bank of STT-MRAM (read 2, write 10), changed as asked."""
    settings = {
        "capacity_bytes": 1024,
        "banks": 1,
        "timing.model": "stt-mram",
        "timing.parameters.read_cycles": READ_CYCLES,
        "timing.parameters.write_cycles": WRITE_CYCLES,
        **{name.replace("__", "."): str(value).lower() for name, value in changes.items()},
    }
    return build_machine(load_system("edge-sram", [f"scratchpads.ifmap.{key}={value}" for key, value in settings.items()]))


Serve = Callable[..., TrafficOutcome]


@pytest.fixture(params=ENGINES)
def serve(request: pytest.FixtureRequest) -> Serve:
    """Serves requests, in order of arrival, on one bank with the settings given, in each engine."""

    def run(*rows: Row, **changes: Any) -> TrafficOutcome:
        columns = (np.array(column) for column in zip(*rows, strict=True))
        return run_traffic(pad_with(**changes), "ifmap", Traffic(*columns), engine=request.param)

    return run


# Occupancy -----------------------------------------------------------------------------------------------------------------


def test_a_request_is_granted_in_the_cycle_in_which_it_arrives(serve: Serve) -> None:
    outcome = serve(read(0), read(7))
    assert outcome.granted.tolist() == [0, 7]
    assert outcome.done.tolist() == [2, 9]
    assert outcome.wait.tolist() == [0, 0]
    assert outcome.response.tolist() == [2, 2]


@pytest.mark.parametrize(("arrive", "granted"), [(1, 10), (9, 10), (10, 10), (11, 11)])
def test_a_read_waits_until_the_write_before_it_is_over(serve: Serve, arrive: int, granted: int) -> None:
    outcome = serve(write(0), read(arrive))
    assert outcome.granted.tolist() == [0, granted]
    assert outcome.conflict_cycles.tolist() == [granted - arrive]
    assert outcome.busy_cycles.tolist() == [WRITE_CYCLES + READ_CYCLES]


def test_a_write_waits_until_the_read_before_it_is_over(serve: Serve) -> None:
    assert serve(read(0), write(1)).granted.tolist() == [0, 2]


def test_banks_do_not_wait_for_each_other(serve: Serve) -> None:
    outcome = serve(write(0), read(1, bank=1), read(1, bank=0), banks=2)
    assert outcome.granted.tolist() == [0, 1, 10]
    assert outcome.conflict_cycles.tolist() == [9, 0]
    assert (outcome.reads.tolist(), outcome.writes.tolist()) == ([1, 1], [1, 0])


def test_two_ports_per_bank_serve_two_at_once(serve: Serve) -> None:
    three = (write(0), write(0, row=2), read(0))
    assert serve(*three, write_buffer__read_priority=False).granted.tolist() == [2, 12, 0]
    assert serve(*three, write_buffer__read_priority=False, ports_per_bank=2).granted.tolist() == [0, 2, 0]
    assert serve(*three, write_buffer__read_priority=False, ports_per_bank=3).granted.tolist() == [0, 0, 0]


def test_a_pipelined_bank_is_free_before_its_write_is_over(serve: Serve) -> None:
    parameters = {"timing__parameters__pipelined": 1, "timing__parameters__write_latency_cycles": 15}
    outcome = serve(write(0), read(1), **parameters)
    assert outcome.granted.tolist() == [0, 10]
    assert outcome.done.tolist() == [15, 12]


# Order of service ----------------------------------------------------------------------------------------------------------

#: While a write holds the bank: three ports ask, the last port first, and the first port once more.
CONFLICT = (
    write(0, Port.DMA),
    read(1, Port.DMA),
    read(2, Port.FILTER),
    read(3, Port.IFMAP),
    read(4, Port.IFMAP),
)


@pytest.mark.parametrize(
    ("arbiter", "granted"),
    [
        # By arrival.
        ("fcfs", [0, 10, 12, 14, 16]),
        # By port, then by arrival.
        ("port-priority", [0, 16, 14, 10, 12]),
        # In turn from the port after the DMA's: ifmap, filter, DMA, ifmap.
        ("round-robin", [0, 14, 12, 10, 16]),
    ],
)
def test_who_goes_first_in_a_conflict(serve: Serve, arbiter: str, granted: list[int]) -> None:
    assert serve(*CONFLICT, arbiter=arbiter).granted.tolist() == granted


def test_requests_of_one_cycle_go_by_port_then_as_they_stand(serve: Serve) -> None:
    rows = (read(0, Port.DMA), read(0, Port.FILTER, row=3), read(0, Port.FILTER, row=4), read(0, Port.IFMAP))
    assert serve(*rows).granted.tolist() == [6, 2, 4, 0]


#: The bank is held by the port before the write buffer's, and by the port after it.
AFTER_PSUM = (read(0, Port.PSUM), write(1), read(1))
AFTER_DMA = (write(0, Port.DMA), write(1), read(2))


@pytest.mark.parametrize(
    ("arbiter", "after_psum", "after_dma"),
    [("fcfs", [0, 4, 2], [0, 10, 20]), ("port-priority", [0, 4, 2], [0, 12, 10]), ("round-robin", [0, 2, 12], [0, 12, 10])],
)
def test_without_read_priority_buffered_writes_take_their_turn(
    serve: Serve, arbiter: str, after_psum: list[int], after_dma: list[int]
) -> None:
    changes = {"arbiter": arbiter, "write_buffer__read_priority": False}
    assert serve(*AFTER_PSUM, **changes).granted.tolist() == after_psum
    assert serve(*AFTER_DMA, **changes).granted.tolist() == after_dma


def test_with_read_priority_a_later_read_goes_before_an_earlier_write(serve: Serve) -> None:
    rows = (read(0), write(1), read(1, Port.FILTER), read(3), write(11), read(12))
    assert serve(*rows, write_buffer__read_priority=False).granted.tolist() == [0, 4, 2, 14, 16, 26]
    assert serve(*rows).granted.tolist() == [0, 6, 2, 4, 18, 16]


# Watermarks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("writes", "low", "granted"),
    [
        # One below the high watermark: both reads go first.
        (2, 1, [4, 14, 0, 2]),
        # At it: writes go first until so many are left, in the cycle in which the one before is over.
        (3, 2, [0, 14, 24, 10, 12]),
        (3, 1, [0, 10, 24, 20, 22]),
        (3, 0, [0, 10, 20, 30, 32]),
    ],
)
def test_writes_go_first_from_the_high_watermark_to_the_low_one(serve: Serve, writes: int, low: int, granted: list[int]) -> None:
    rows = [write(0, row=row) for row in range(writes)] + [read(0), read(1)]
    outcome = serve(*rows, write_buffer__high_watermark=3, write_buffer__low_watermark=low)
    assert outcome.granted.tolist() == granted


def test_the_buffer_drains_when_a_write_fills_it_to_the_high_watermark(serve: Serve) -> None:
    """The write under way still counts: its line is in the buffer until it is over."""
    rows = [write(0, row=0), write(0, row=1), read(6)]
    changes = {"write_buffer__high_watermark": 3, "write_buffer__low_watermark": 1}
    assert serve(*rows, **changes).granted.tolist() == [0, 12, 10]
    rows.insert(2, write(5, row=2))
    assert serve(*rows, **changes).granted.tolist() == [0, 10, 22, 20]


@pytest.mark.parametrize(("arrive", "granted"), [(30, [30, 40]), (31, [33, 31])])
def test_draining_ends_in_a_cycle_in_which_nothing_else_happens(serve: Serve, arrive: int, granted: list[int]) -> None:
    """The third write is over in cycle 30; only a write that comes in that very cycle keeps the buffer above low_watermark."""
    rows = [write(0, row=row) for row in range(3)] + [write(arrive), read(arrive)]
    assert serve(*rows, write_buffer__high_watermark=3).granted.tolist() == [0, 10, 20, *granted]


# Preemption ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preemption", "arrive", "granted", "done", "busy"),
    [
        ("none", 4, 10, 10, 12),
        ("resume", 1, 1, 12, 12),
        ("resume", 4, 4, 12, 12),
        ("resume", 9, 9, 12, 12),
        ("restart", 1, 1, 13, 13),
        ("restart", 4, 4, 16, 16),
        ("restart", 9, 9, 21, 21),
        # The write is over.
        ("resume", 10, 10, 10, 12),
        ("restart", 10, 10, 10, 12),
    ],
)
def test_a_preempted_write_resumes_what_was_left_or_restarts_all(
    serve: Serve, preemption: str, arrive: int, granted: int, done: int, busy: int
) -> None:
    outcome = serve(write(0), read(arrive), write_buffer__preemption=preemption)
    assert outcome.granted.tolist() == [0, granted]
    assert outcome.done.tolist() == [done, granted + READ_CYCLES]
    assert outcome.preempted_writes.tolist() == [int(granted < 10)]
    assert outcome.busy_cycles.tolist() == [busy]
    assert outcome.writes.tolist() == [1]


@pytest.mark.parametrize(("preemption", "done"), [("resume", 14), ("restart", 20)])
def test_a_write_can_be_preempted_twice(serve: Serve, preemption: str, done: int) -> None:
    outcome = serve(write(0), read(4), read(8), write_buffer__preemption=preemption)
    assert outcome.granted.tolist() == [0, 4, 8]
    assert outcome.done.tolist() == [done, 6, 10]
    assert outcome.preempted_writes.tolist() == [2]


def test_a_preempted_write_goes_before_the_buffered_writes_after_it(serve: Serve) -> None:
    outcome = serve(write(0, row=0), write(0, row=1), read(4), write_buffer__preemption="resume")
    assert outcome.granted.tolist() == [0, 12, 4]
    assert outcome.done.tolist() == [12, 22, 6]


def test_a_direct_write_is_not_preempted(serve: Serve) -> None:
    assert serve(write(0, Port.DMA), read(4), write_buffer__preemption="resume").granted.tolist() == [0, 10]


@pytest.mark.parametrize(("high", "granted", "done"), [(2, 4, 12), (1, 10, 10)])
def test_nothing_is_preempted_while_the_buffer_drains(serve: Serve, high: int, granted: int, done: int) -> None:
    outcome = serve(write(0), read(4), write_buffer__preemption="resume", write_buffer__high_watermark=high)
    assert outcome.granted.tolist() == [0, granted]
    assert outcome.done.tolist() == [done, granted + READ_CYCLES]


@pytest.mark.parametrize(("arrive", "granted", "done"), [(4, 4, 7), (5, 10, 5)])
def test_a_write_that_is_over_is_not_preempted_though_it_holds_the_bank(
    serve: Serve, arrive: int, granted: int, done: int
) -> None:
    changes = {"timing__parameters__write_latency_cycles": 5, "write_buffer__preemption": "resume"}
    outcome = serve(write(0), read(arrive), **changes)
    assert outcome.granted.tolist() == [0, granted]
    assert outcome.done.tolist() == [done, granted + READ_CYCLES]


def test_a_free_port_is_taken_before_a_write_is_preempted(serve: Serve) -> None:
    rows = (write(0), read(4), read(4, Port.FILTER))
    outcome = serve(*rows, ports_per_bank=2, write_buffer__preemption="resume")
    assert outcome.granted.tolist() == [0, 4, 4]
    assert outcome.done.tolist() == [12, 6, 6]
    assert serve(*rows[:2], ports_per_bank=2, write_buffer__preemption="resume").done.tolist() == [10, 6]


# The write buffer answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("psum", "granted", "done"),
    [
        (read(0, Port.PSUM, row=1), 0, 1),
        (read(9, Port.PSUM, row=1), 9, 10),
        # The line has left the buffer.
        (read(10, Port.PSUM, row=1), 10, 12),
        # Another line, another port.
        (read(9, Port.PSUM, row=2), 10, 12),
        (read(9, Port.IFMAP, row=1), 10, 12),
    ],
)
def test_a_psum_read_is_answered_by_the_write_buffer_while_the_line_is_there(
    serve: Serve, psum: Row, granted: int, done: int
) -> None:
    outcome = serve(write(0, row=1), psum, write_buffer__read_priority=False)
    assert outcome.granted.tolist() == [0, granted]
    assert outcome.done.tolist() == [10, done]
    forwarded = int(done == granted + 1)
    assert outcome.forwarded_reads.tolist() == [forwarded]
    assert outcome.reads.tolist() == [1 - forwarded]


def test_a_line_written_by_the_dma_is_not_in_the_write_buffer(serve: Serve) -> None:
    assert serve(write(0, Port.DMA), read(1, Port.PSUM, row=1)).granted.tolist() == [0, 10]


# Banks ---------------------------------------------------------------------------------------------------------------------


def test_bank_groups_have_timings_of_their_own(serve: Serve) -> None:
    groups = "[{banks: 1, timing: sram}, {banks: 2, timing: {model: stt-mram, parameters: {write_cycles: 7}}}]"
    rows = (write(0), write(0, bank=1), write(0, bank=2))
    assert serve(*rows, banks=3, capacity_bytes=3072, timing="null", bank_groups=groups).done.tolist() == [1, 7, 7]


@pytest.mark.parametrize(
    ("interleaving", "places"),
    [
        ("low-order", {0: (0, 0), 3: (3, 0), 4: (0, 1), 5: (1, 1), 22: (2, 5), 31: (3, 7)}),
        ("xor", {0: (0, 0), 3: (3, 0), 4: (1, 1), 5: (0, 1), 22: (3, 5), 31: (0, 7)}),
        ("block", {0: (0, 0), 7: (0, 7), 8: (1, 0), 22: (2, 6), 31: (3, 7)}),
    ],
)
def test_interleaving_places_lines(interleaving: str, places: dict[int, tuple[int, int]]) -> None:
    """Four banks of eight rows; the compiled engine numbers banks through all scratchpads, filter's after ifmap's 16."""
    changes = {"capacity_bytes": 1024, "banks": 4, "interleaving": interleaving}
    machine = build_machine(load_system("edge-sram", [f"scratchpads.filter.{key}={value}" for key, value in changes.items()]))
    number = machine.scratchpad_index("filter")
    pad, tables = machine.scratchpads[number], machine_state(machine).tables
    assert {line: pad.place(line) for line in places} == places
    assert {line: place(tables, number, line) for line in places} == {
        line: (16 + bank, row) for line, (bank, row) in places.items()
    }
    assert {pad.place(line) for line in range(32)} == {(bank, row) for bank in range(4) for row in range(8)}
