"""No plan is circular: the data of an element can always be loaded before it, whatever the sizes."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from unittest import mock

import numpy as np
import pytest
from dataflow_walk import check_plan
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from machines import EDGES_AND_OVERLAPS

from simcore.errors import InputError
from simcore.program.program import Program
from simcore.spec.load import load_system
from simcore.spec.system import System
from workloads.dataflow import plan_kernels
from workloads.dataflow.array import lower_shape
from workloads.dataflow.planner import Lead, TilePlacement, place
from workloads.dataflow.shape import ConvShape, matrix_product
from workloads.dataflow.uses import Uses, in_order

RELAXED = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@st.composite
def uses(draw: st.DrawFn) -> Uses:
    """Any uses that begin in order; they end in any order. A tile's own uses never overlap, as the dataflows make them."""
    drawn = draw(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 30), st.integers(0, 12)), min_size=1, max_size=30))
    once_each = draw(st.booleans())
    taken: dict[int, int] = {}
    kept = []
    for index, (tile, first, length) in enumerate(sorted(drawn, key=lambda use: use[1])):
        if once_each:
            kept.append((index, first, first + length))
        elif taken.get(tile, -1) < first:
            taken[tile] = first + length
            kept.append((tile, first, first + length))
    tile, first, last = (np.array(column, dtype=np.int64) for column in zip(*kept, strict=True))
    return in_order(tile, first, last)


@RELAXED
@given(uses())
@example(Uses(np.arange(5), np.arange(5), np.full(5, 9)))
def test_the_uses_active_at_once_are_the_most_that_any_element_needs(wanted: Uses) -> None:
    active = [int(((wanted.first <= element) & (element <= wanted.last)).sum()) for element in range(int(wanted.last.max()) + 1)]
    assert wanted.at_once == max(active)
    nothing = wanted.first[:0]
    assert Uses(nothing, nothing, nothing).at_once == 0


def test_a_tile_that_two_runs_in_sequence_need_counts_once() -> None:
    """Runs of the tiles {0, 1}, {1, 2, 3} and {3}: the first two need four, the last two need three."""
    wanted = Uses(np.array([0, 1, 1, 2, 3, 3]), np.array([0, 1, 4, 5, 6, 9]), np.array([0, 3, 4, 5, 8, 9]))
    assert wanted.of_two_runs(np.array([0, 4, 9])) == 4


def stuck_at(wanted: Uses, placement: TilePlacement) -> int | None:
    """Carry a placement out, loads in their order and elements one after another; the element that cannot be served, or None.

    A load waits for the last element that needs what its slot held; an element waits for the tiles of all uses under way.
    """
    holds: dict[int, int] = {}
    head = 0
    for element in range(int(wanted.last.max()) + 1):
        while head < len(placement.use) and placement.released[head] < element:
            holds[int(placement.slot[head])] = int(wanted.tile[placement.use[head]])
            head += 1
        under_way = (wanted.first <= element) & (element <= wanted.last)
        if not set(wanted.tile[under_way].tolist()) <= set(holds.values()):
            return element
    return None


@pytest.mark.slow
@RELAXED
@given(uses(), st.integers(0, 6), st.data())
def test_any_uses_are_served_on_the_fewest_slots_that_hold_them_and_on_more(
    wanted: Uses, spare: int, data: st.DataObject
) -> None:
    begins = data.draw(st.lists(st.integers(-5, 45), min_size=len(wanted), max_size=len(wanted)))
    lead = Lead(data.draw(st.integers(1, 3)), data.draw(st.integers(1, 5)), np.sort(np.array(begins, dtype=np.int64)))
    with mock.patch.dict(os.environ, NUMBA_DISABLE_JIT="1"):
        placement = place(wanted, wanted.at_once + spare, lead)
    assert stuck_at(wanted, placement) is None
    with mock.patch.object(plan_kernels, "COMPILED_FROM_USES", 0):
        assert rows_of(place(wanted, wanted.at_once + spare, lead)) == rows_of(placement)


def rows_of(placement: TilePlacement) -> list[tuple[int, int, int, int, int]]:
    """The columns of a placement, row by row."""
    columns = (placement.use, placement.slot, placement.released, placement.victim, placement.victim_returns)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def placed_slot_by_slot(wanted: Uses, slots: int, lead: Lead) -> list[tuple[int, int, int, int, int]]:
    """The placement by its rule, with a look at every slot for every use: (use, slot, released, victim, victim returns)."""
    tiles, uses = wanted.tile.tolist(), len(wanted)
    latest, released, early = [-1] * slots, [-1] * slots, [False] * slots
    brought_in = [0] * max(lead.ahead, lead.most)
    rows = []

    def next_use(use: int) -> int:
        return next((later for later in range(use + 1, uses) if tiles[later] == tiles[use]), uses)

    for use, tile in enumerate(tiles):
        found = [slot for slot in range(slots) if latest[slot] >= 0 and tiles[latest[slot]] == tile]
        if found:
            slot, end = found[0], max(released[found[0]], int(wanted.last[use]))
        else:
            slot, end = len(rows), int(wanted.last[use])
            if slot >= slots:
                begins = 0 if lead.begins is None else int(lead.begins[use])
                by_then = min(brought_in[-lead.ahead], max(brought_in[-max(lead.ahead, lead.most)], begins))
                early = [was or released[each] < by_then for each, was in enumerate(early)]
                slot = min(
                    range(slots),
                    key=lambda each: (not early[each], -next_use(latest[each]) * early[each], released[each], latest[each]),
                )
            gone = latest[slot]
            rows.append((use, slot, released[slot], gone, int(gone >= 0 and next_use(gone) < uses)))
            brought_in.append(int(wanted.first[use]))
        latest[slot], released[slot], early[slot] = use, end, False
    return rows


def drawn_placement(seed: int) -> tuple[Uses, int, Lead]:
    """Uses, fewer slots than they have tiles, and a lead."""
    draw = random.Random(seed)
    tile = np.array([draw.randrange(9) for _ in range(40)])
    first = np.array(sorted(draw.randrange(80) for _ in range(40)))
    wanted = Uses(tile, first, first + np.array([draw.choice((0, 0, 1, 2)) for _ in range(40)]))
    slots = min(len(np.unique(tile)) - 1, wanted.at_once + draw.randrange(4))  # with more slots no tile would leave
    begins = None if seed % 3 == 0 else np.array([draw.randrange(80) for _ in range(40)])
    return wanted, slots, Lead(draw.randint(1, 3), draw.randint(1, 5), begins)


def in_form(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let uses be placed by "compiled" code, or by Python's lists."""
    monkeypatch.setattr(plan_kernels, "COMPILED_FROM_USES", 0)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0" if form == "compiled" else "1")


@pytest.mark.parametrize("form", ["lists", "compiled"])
@pytest.mark.parametrize("seed", range(60))
def test_the_slot_taken_is_that_of_the_tile_used_again_last_among_those_released_early(
    seed: int, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_form(form, monkeypatch)
    wanted, slots, lead = drawn_placement(seed)
    assert rows_of(place(wanted, slots, lead)) == placed_slot_by_slot(wanted, slots, lead)


def test_many_uses_are_placed_by_compiled_code_as_by_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds over tiles, half of each round in another order, on slots that hold nearly all or few of them."""
    draw = np.random.default_rng(1)
    tiles, rounds = 300, 20
    tile = np.concatenate([np.where(np.arange(tiles) % 2, draw.permutation(tiles), np.arange(tiles)) for _ in range(rounds)])
    first = np.cumsum(draw.integers(1, 4, len(tile)))
    wanted = Uses(tile, first, first + draw.integers(0, 3, len(tile)))
    for slots, begins in ((20, None), (120, first - 90), (290, first - 300)):
        lead = Lead(2, 9, begins)
        in_form("lists", monkeypatch)
        by_lists = rows_of(place(wanted, slots, lead))
        in_form("compiled", monkeypatch)
        assert rows_of(place(wanted, slots, lead)) == by_lists
        assert len(by_lists) > tiles


def test_a_tile_needed_long_does_not_hold_up_tiles_needed_briefly_after_it() -> None:
    """Slots in turn would give tile 2 the slot of tile 0, which element 5 still needs while tile 2 is due at element 2."""
    wanted = Uses(tile=np.array([0, 1, 2]), first=np.array([0, 1, 2]), last=np.array([5, 1, 2]))
    placement = place(wanted, 2, Lead())
    assert placement.slot.tolist() == [0, 1, 1]
    assert placement.released.tolist() == [-1, -1, 1]
    assert stuck_at(wanted, placement) is None


def test_slots_in_turn_get_stuck_where_tiles_are_released_out_of_order() -> None:
    """The executor above sees a circular plan: tile 2 waits for element 5, which comes after the element that needs tile 2."""
    wanted = Uses(tile=np.array([0, 1, 2]), first=np.array([0, 1, 2]), last=np.array([5, 1, 2]))
    none = np.full(3, -1, dtype=np.int64)
    in_turn = TilePlacement(np.arange(3), np.array([0, 1, 0]), np.array([-1, -1, 5]), none, none)
    assert stuck_at(wanted, in_turn) == 2


@dataclass(frozen=True)
class Drawn:
    """A layer and a machine for it."""

    shape: ConvShape
    system: System


def planned_or_too_small(shape: ConvShape, system: System) -> Program | None:
    """The Program, or None where a scratchpad is honestly too small."""
    try:
        return lower_shape("drawn", "conv", shape, system)
    except InputError as error:
        message = str(error)
    assert "capacity below one tile" in message or "lines, got" in message
    return None


@st.composite
def tall_arrays(draw: st.DrawFn) -> Drawn:
    """Arrays that hold many output rows at once, filters of up to 5x5, and scratchpads of a few lines."""
    kernel = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    stride, dilation = draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (3, 2)])), draw(st.sampled_from([(1, 1), (1, 1), (2, 1)]))
    out = (draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    pad = (draw(st.integers(0, kernel[0] - 1)), draw(st.integers(0, kernel[1] - 1)))
    extent = [(o - 1) * s + (k - 1) * d + 1 for o, s, k, d in zip(out, stride, kernel, dilation, strict=True)]
    shape = ConvShape(
        batch=draw(st.sampled_from([1, 1, 2])),
        height=max(1, extent[0] - pad[0]),
        width=max(1, extent[1] - pad[1]),
        channels=draw(st.integers(1, 6)),
        out_height=out[0],
        out_width=out[1],
        filters=draw(st.integers(1, 9)),
        kernel=kernel,
        stride=stride,
        padding=pad,
        dilation=dilation,
    )
    if draw(st.integers(0, 4)) == 0:
        shape = matrix_product(*(draw(st.integers(1, 40)) for _ in range(3)))
    one_fold = draw(st.booleans())
    edge, overlap = draw(st.sampled_from(EDGES_AND_OVERLAPS))
    sets = [
        f"array.rows={max(shape.pixels, shape.taps) if one_fold else draw(st.integers(1, 40))}",
        f"array.columns={max(shape.pixels, shape.filters) if one_fold else draw(st.integers(1, 40))}",
        f"array.dataflow={draw(st.sampled_from(['ws', 'os', 'os', 'is']))}",
        f"array={{edge: {edge}, fold_overlap: {overlap}}}",
        f"tiling={draw(st.sampled_from(['whole', 'least-traffic']))}",
    ]
    for pad_name in ("ifmap", "filter", "ofmap"):
        sets += [
            f"scratchpads.{pad_name}.banks=1",
            f"scratchpads.{pad_name}.line_bytes=4",
            f"scratchpads.{pad_name}.capacity_bytes={4 * draw(st.integers(4, 60))}",
        ]
    return Drawn(shape, load_system("scale-sim-32x32-ws", sets))


@pytest.mark.slow
@RELAXED
@given(tall_arrays())
def test_plans_of_tall_arrays_on_a_few_lines_never_wait_for_themselves(drawn: Drawn) -> None:
    program = planned_or_too_small(drawn.shape, drawn.system)
    if program is not None:
        check_plan(program, drawn.system)


@pytest.mark.slow
@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
@pytest.mark.parametrize("tiling", ["whole", "least-traffic"])
def test_a_5x5_convolution_is_planned_at_every_size_from_too_small_to_roomy(dataflow: str, tiling: str) -> None:
    """The layer whose plan was once circular (LeNet's second, 128x128, os), with a third of its channels and smaller shares."""
    shape = ConvShape(batch=1, height=14, width=14, channels=2, out_height=10, out_width=10, filters=4, kernel=(5, 5))
    planned = []
    for capacity_bytes in range(192, 1345, 64):
        sets = [f"array.dataflow={dataflow}", "array.rows=100", "array.columns=128", f"tiling={tiling}"]
        for name in ("ifmap", "filter", "ofmap"):
            sets += [f"scratchpads.{name}.capacity_bytes={capacity_bytes}", f"scratchpads.{name}.banks=1"]
            sets += [f"scratchpads.{name}.line_bytes=16"]
        system = load_system("scale-sim-32x32-ws", sets)
        program = planned_or_too_small(shape, system)
        if program is not None:
            check_plan(program, system)
            planned.append(capacity_bytes)
    assert planned == list(range(planned[0], 1345, 64)), "a larger scratchpad is refused where a smaller one did"
    assert planned[0] <= 512
