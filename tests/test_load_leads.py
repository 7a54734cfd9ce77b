"""Loads begin early enough: the latest time at which each must begin, and placements that release slots by then."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_latency_hidden import LAYERS, machine

from simcore.program.program import Op, OpKind, Port
from workloads.dataflow.array import lower_shape
from workloads.dataflow.lead import Loads, elements_before, latest_begins, steps_of
from workloads.dataflow.planner import Lead, place
from workloads.dataflow.segments import Stream
from workloads.dataflow.uses import Uses

TIMES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)), min_size=1, max_size=12)


def loads(*needed_and_takes: tuple[int, int]) -> Loads:
    needed, takes = zip(*sorted(needed_and_takes), strict=True)
    return Loads(np.array(needed, dtype=np.float64), np.array(takes, dtype=np.float64))


def test_before_a_crowd_a_load_must_begin_so_early_that_the_crowds_last_load_is_in_time() -> None:
    """Four loads of 8 cycles, needed 4 cycles apart from cycle 100: the last ends at 112 - 5, so the first begins 32 before."""
    crowd = loads((100, 8), (104, 8), (108, 8), (112, 8))
    assert latest_begins(loads((99, 1), (113, 1)), [crowd], 5).tolist() == [74, 107]


def test_loads_apart_begin_as_late_as_their_own_bytes_and_the_latency_allow() -> None:
    assert latest_begins(loads((100, 8), (200, 8)), [loads((150, 8), (250, 8))], 5).tolist() == [87, 187]


def test_a_load_makes_way_for_those_of_another_tensor_that_are_needed_after_it() -> None:
    mine, others = loads((90, 8)), loads((101, 8), (102, 8))
    assert latest_begins(loads((100, 8)), [mine, others], 0).tolist() == [78]


def in_time_one_after_another(starts_at: int, every: list[tuple[int, int]]) -> bool:
    """Main memory begins at ``starts_at`` and moves loads in the order in which they are needed: whether none is late."""
    now = starts_at
    for needed, takes in sorted(every):
        now += takes
        if now > needed:
            return False
    return True


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(TIMES, TIMES)
def test_the_latest_begin_is_the_latest_from_which_a_slow_twin_is_in_time(drawn: list, more: list) -> None:
    """From its latest begin one more load and all that are needed later are in time, and a cycle later they are not."""
    for one in more:
        begin = int(latest_begins(loads(one), [loads(*drawn)], 0)[0])
        later = [other for other in drawn if other[0] >= one[0]]
        assert in_time_one_after_another(begin, [one, *later])
        assert not in_time_one_after_another(begin + 1, [one, *later])


@given(TIMES, TIMES)
def test_no_load_begins_later_than_one_that_is_needed_after_it(drawn: list, more: list) -> None:
    found = latest_begins(loads(*more), [loads(*drawn)], 3)
    assert (np.diff(found) >= 0).all()


def test_elements_and_steps_of_a_stream_are_inverse() -> None:
    """Folds of 3 and 2 elements that begin in steps 10 and 20."""
    ones = np.ones(2, dtype=np.int64)
    stream = Stream(np.array([10, 20]), np.array([3, 2]), ones, kind=0)  # type: ignore[arg-type]
    assert steps_of(stream, np.arange(5)).tolist() == [10, 11, 12, 20, 21]
    before = elements_before(stream, np.array([-4.0, 10.0, 11.5, 19.0, 20.0, 21.0, 99.0]))
    assert before.tolist() == [0, 0, 1, 3, 3, 4, 5]


def test_a_tile_takes_a_slot_that_was_released_within_the_elements_of_its_lead() -> None:
    """Tiles 0, 1, 2 lie in slots; tile 3 is needed at element 30. Tile 2 is used again last, but its slot is released late."""
    wanted = Uses(np.array([0, 1, 2, 3, 0, 1, 2]), np.array([0, 10, 20, 30, 40, 50, 60]), np.array([9, 19, 29, 39, 49, 59, 69]))

    def taken(begins: int) -> int:
        lead = Lead(1, 3, np.full(len(wanted), begins, dtype=np.int64))
        placement = place(wanted, 3, lead)
        return int(placement.released[placement.use.tolist().index(3)])

    assert [taken(begins) for begins in (30, 20, 10)] == [19, 19, 9]


def test_no_load_of_a_crowd_waits_for_a_slot_that_is_released_just_before() -> None:
    """A product whose rows of 32 pixels stay for four column folds: four tiles of the ifmap within the first of the four.

    Each moves in 256 cycles and serves 128 steps, so slots must be released at least 512 steps before the fourth is needed.
    """
    system = machine("os", 240, 128)
    ops = lower_shape("tall", "conv", LAYERS["tall product"], system).ops
    waiting = ops[(ops[:, Op.REGION] == 0) & (ops[:, Op.KIND] == OpKind.LOAD) & (ops[:, Op.DEP_PORT] == Port.IFMAP)]
    rows = np.arange(len(waiting)) // 4 + 4  # the first four rows find empty slots
    half = waiting[rows < 31]
    needed = rows[rows < 31] * 2048 + np.arange(len(half)) % 4 * 128
    assert ((needed - half[:, Op.DEP_COUNT]) >= 1024 - np.arange(len(half)) % 4 * 128).all()
