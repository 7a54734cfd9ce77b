"""More or faster hardware never costs cycles, on a grid of machines; the exceptions are known, small, and explained.

Each knob of a machine is turned step by step to the better. Where a step costs cycles, the mechanism was read off the outcomes
and stands with the exception in ``EXCEPTIONS``; a test holds that each still exists and stays within its bound, so that a change
of the machine that removes or worsens one is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any, NamedTuple

import pytest
from machines import instance_of

from simcore.engine import run_programs
from simcore.outcome import CAUSE_NAMES, Outcome
from simcore.spec.system import System
from workloads.dataflow.lowering import lower
from workloads.layers import Conv, Linear

LAYERS = {
    "conv": instance_of(Conv("conv", 12, 3, padding=1), ((8, 10, 10),)),
    "linear": instance_of(Linear("linear", 40), ((48,),), batch=24),
}
MEMORIES = {
    "sram": {"model": "sram", "parameters": {"read_cycles": 1, "write_cycles": 1}},
    "stt-mram": {"model": "stt-mram", "parameters": {"read_cycles": 2, "write_cycles": 6}},
}
PADS = {"ifmap": 4, "filter": 4, "ofmap": 4, "accumulator": 16}

#: What is turned, each list from worse to better. A change is applied to every scratchpad.
KNOBS: dict[str, Sequence[Any]] = {
    "banks": (1, 2, 4, 8, 16),
    "ports_per_bank": (1, 2, 4),
    "port_window": (1, 2, 4, 8, 16),
    "latency_cycles": (100, 50, 20, 5),
    "bytes_per_cycle": (1, 2, 4, 16, 64),
    "read_cycles": (6, 4, 2, 1),
    "write_cycles": (12, 6, 3, 1),
    "depth": (0, 1, 2, 4, 8, 16),
    "outstanding_bursts": (1, 4, 16),
    "capacity_kib": (4, 16, 64),
}


class Exceptions(NamedTuple):
    """Turns of one knob that cost cycles by one mechanism: the most they cost, and the cause of stalls that grows most."""

    knob: str
    mechanism: str
    grows: tuple[str, ...]
    most: float
    turns: str

    def listed(self) -> set[str]:
        """The turns, one a line."""
        return {line.strip() for line in self.turns.strip().splitlines()}


EXCEPTIONS = [
    Exceptions(
        "capacity_kib",
        "An element waits for all of its tile. A larger scratchpad gets larger ifmap tiles, so that the array waits longer for "
        "the first one. Traffic is the same: the tiling is chosen for least traffic, not for fewest cycles.",
        ("first_fill", "dram_wait"),
        0.099,
        """
        ws 4 sram conv 4>16
        ws 4 sram linear 4>16
        ws 4 sram linear 16>64
        ws 8 sram conv 4>16
        ws 8 sram linear 4>16
        ws 8 sram linear 16>64
        ws 8 stt-mram conv 4>16
        os 4 sram conv 4>16
        os 4 sram linear 4>16
        os 4 sram linear 16>64
        os 4 stt-mram linear 16>64
        os 8 sram conv 4>16
        os 8 sram linear 4>16
        os 8 sram linear 16>64
        os 8 stt-mram linear 16>64
        is 4 sram conv 4>16
        is 4 sram linear 4>16
        is 4 sram linear 16>64
        is 4 stt-mram linear 16>64
        is 8 sram conv 4>16
        is 8 sram linear 16>64
        is 8 stt-mram linear 16>64
        """,
    ),
    Exceptions(
        "capacity_kib",
        "As above, and the ifmap in one tile: rows of 48 bytes are 12 lines apart, so that neighbouring pixels lie in the same "
        "of four banks, two cycles each. In smaller tiles the same reads hide behind write back-pressure.",
        ("read_latency",),
        0.062,
        """
        ws 4 stt-mram linear 16>64
        ws 8 stt-mram linear 16>64
        """,
    ),
    Exceptions(
        "capacity_kib",
        "Where all tiles of partial sums fit even so, each begins at bank 0: slots are padded to a multiple of the banks. Small "
        "tiles then leave the last banks empty (two of four in the worst case), and slow writes queue at the others.",
        ("write_backpressure",),
        0.451,
        """
        ws 4 stt-mram conv 4>16
        ws 4 stt-mram linear 4>16
        ws 8 stt-mram linear 4>16
        is 4 stt-mram conv 4>16
        is 4 stt-mram linear 4>16
        is 8 stt-mram linear 4>16
        """,
    ),
    Exceptions(
        "port_window",
        "A deeper window offers reads of partial sums earlier: they take the accumulator's banks in other cycles, some of them "
        "ahead of buffered writes. Which of the two waits is a matter of phase: a window of 16 is again as good as one of 4.",
        ("write_backpressure",),
        0.059,
        """
        ws 4 stt-mram linear 8>16
        ws 8 sram linear 4>8
        is 8 sram linear 4>8
        """,
    ),
    Exceptions(
        "outstanding_bursts",
        "With more bursts on their way the DMA's slow line writes reach the banks together; the arbiter serves the oldest first, "
        "and the array's reads wait behind them.",
        ("dma_collision",),
        0.052,
        """
        ws 8 stt-mram linear 4>16
        os 4 stt-mram linear 4>16
        is 4 stt-mram linear 4>16
        is 8 stt-mram conv 4>16
        is 8 stt-mram linear 4>16
        """,
    ),
    Exceptions(
        "latency_cycles",
        "A faster main memory starts the array earlier, while the DMA's slow line writes are still at their densest: reads, and "
        "through them the writes of partial sums, fall behind by more than was gained.",
        ("dma_collision", "write_backpressure"),
        0.017,
        """
        os 4 stt-mram linear 50>20
        is 4 stt-mram linear 50>20
        is 4 stt-mram linear 20>5
        is 8 stt-mram linear 20>5
        """,
    ),
    Exceptions(
        "bytes_per_cycle",
        "As for the latency: bursts arrive closer together than slow banks can take them, in the way of the array's reads.",
        ("dma_collision",),
        0.0085,
        """
        ws 8 stt-mram linear 16>64
        is 8 stt-mram linear 4>16
        """,
    ),
    Exceptions(
        "banks",
        "One cycle of six thousand: slots padded to sixteen banks put lines elsewhere, where the DMA's writes meet other reads.",
        ("read_latency",),
        0.0002,
        """
        is 4 stt-mram linear 8>16
        """,
    ),
]


class Point(NamedTuple):
    """A machine of the grid."""

    dataflow: str
    side: int
    memory: str
    layer: str


GRID = [Point(*values) for values in product(("ws", "os", "is"), (4, 8), MEMORIES, LAYERS)]


def machine(point: Point, arbiter: str = "fcfs", **changes: Any) -> System:
    """The machine of a point of the grid, with some of the knobs turned."""
    knobs = {name: changes.get(name) for name in KNOBS}
    timing = MEMORIES[point.memory]
    parameters = timing["parameters"] | {name: knobs[name] for name in ("read_cycles", "write_cycles") if knobs[name]}
    pad = {
        "capacity_bytes": f"{knobs['capacity_kib'] or 16} KiB",
        "banks": knobs["banks"] or 4,
        "ports_per_bank": knobs["ports_per_bank"] or 1,
        "arbiter": arbiter,
        "timing": timing | {"parameters": parameters},
        "write_buffer": {"depth": 4 if knobs["depth"] is None else knobs["depth"]},
    }
    return System.model_validate(
        {
            "name": "grid",
            "core_clock_hz": "1 GHz",
            "array": {
                "rows": point.side,
                "columns": point.side,
                "dataflow": point.dataflow,
                "edge": "skew-registers",
                "partial_sums": "accumulator",
                "port_window": knobs["port_window"] or 4,
            },
            "scratchpads": {name: pad | {"line_bytes": line_bytes} for name, line_bytes in PADS.items()},
            "dma": {"outstanding_bursts": knobs["outstanding_bursts"] or 8, "burst_bytes": 32},
            "memory": {
                "clock_hz": "1 GHz",
                "latency_cycles": knobs["latency_cycles"] or 20,
                "bytes_per_cycle": knobs["bytes_per_cycle"] or 8,
            },
            "vector_unit": {"lanes": 4, "fuse": False},
        }
    )


def outcome_of(point: Point, knob: str, value: Any, arbiter: str = "fcfs") -> Outcome:
    """The point's layer on its machine with one knob turned."""
    system = machine(point, arbiter, **{knob: value})
    program = lower(LAYERS[point.layer], system)
    assert program is not None
    return run_programs(system, [program])[0]


def costs(point: Point, knob: str, arbiter: str = "fcfs") -> dict[str, tuple[float, str]]:
    """The turns that cost cycles: "point worse>better" -> (share of cycles lost, the cause of stalls that grew most)."""
    found = {value: outcome_of(point, knob, value, arbiter) for value in KNOBS[knob]}
    lost = {}
    for worse, better in pairwise(KNOBS[knob]):
        before, after = found[worse], found[better]
        if after.cycles > before.cycles:
            grown = (after.stall_cycles - before.stall_cycles).sum(axis=1)
            turn = f"{' '.join(map(str, point))} {worse}>{better}"
            lost[turn] = after.cycles / before.cycles - 1, CAUSE_NAMES[int(grown.argmax())]
    return lost


@pytest.mark.parametrize("knob", KNOBS)
def test_more_or_faster_never_costs_cycles_but_for_the_listed_exceptions(knob):
    lost = {turn: found for point in GRID for turn, found in costs(point, knob).items()}
    known = [group for group in EXCEPTIONS if group.knob == knob]
    assert set(lost) == {turn for group in known for turn in group.listed()}
    for group in known:
        for turn in group.listed():
            share, cause = lost[turn]
            assert share <= group.most, (turn, share, group.mechanism)
            assert cause in group.grows, (turn, cause, group.mechanism)


@pytest.mark.parametrize("knob", ["banks", "latency_cycles", "bytes_per_cycle", "outstanding_bursts"])
def test_a_faster_dma_never_costs_cycles_where_the_arrays_ports_go_first(knob):
    """The mechanism of the DMA's exceptions: they are gone when no read waits behind older line writes of the DMA."""
    assert not [turn for point in GRID for turn in costs(point, knob, arbiter="port-priority")]


def test_every_knob_matters_somewhere_on_the_grid():
    for knob, values in KNOBS.items():
        assert any(outcome_of(point, knob, values[0]).cycles > outcome_of(point, knob, values[-1]).cycles for point in GRID), knob


def test_a_larger_scratchpad_can_leave_banks_of_the_accumulator_unused():
    """The mechanism of the costliest exception, seen in the counts of writes per bank."""
    point = Point("is", 4, "stt-mram", "conv")
    small, large = (outcome_of(point, "capacity_kib", value).writes[-4:].tolist() for value in (4, 16))
    assert small == [1275] * 4
    assert large == [2550, 2550, 0, 0]
