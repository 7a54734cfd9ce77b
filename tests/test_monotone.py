"""More or faster hardware never costs cycles, on a grid of machines. The exceptions are known, small and explained.

Each parameter of a machine is improved step by step. If a step costs cycles, the mechanism was read from the outcomes and is
written with the exception in ``EXCEPTIONS``. A test asserts that each exception still exists and stays within its bound, so that
a change of the machine that removes or worsens one is noticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any, NamedTuple

import pytest
from machines import instance_of

from simcore.engine import run_programs
from simcore.program.outcome import CAUSE_NAMES, Cause, Outcome
from simcore.spec.system import System
from workloads.dataflow import regions, tensors, tiles
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
        ("dram_wait", "first_fill"),
        0.112,
        """
        ws 4 sram conv 4>16
        ws 4 sram linear 4>16
        ws 4 sram linear 16>64
        ws 4 stt-mram linear 4>16
        ws 8 sram linear 4>16
        ws 8 sram linear 16>64
        ws 8 stt-mram conv 4>16
        os 4 sram conv 4>16
        os 8 sram conv 4>16
        os 8 sram linear 4>16
        os 8 stt-mram linear 4>16
        is 4 sram conv 4>16
        is 4 stt-mram conv 4>16
        is 8 sram conv 4>16
        is 8 stt-mram linear 4>16
        """,
    ),
    Exceptions(
        "capacity_kib",
        "As above, and the ifmap in one tile of 48 channels: its pixels are 12 lines apart, so that all a fold reads lie in the "
        "same of four banks, two cycles each. In two tiles, the larger of 40 channels, they are 10 lines apart, in two banks.",
        ("read_latency",),
        0.092,
        """
        ws 4 stt-mram linear 16>64
        ws 8 stt-mram linear 16>64
        """,
    ),
    Exceptions(
        "outstanding_bursts",
        "With more bursts on their way the DMA's slow line writes reach the banks together; the arbiter serves the oldest first, "
        "and the array's reads wait behind them. The bursts of the tile that is needed first all go to one scratchpad.",
        ("dma_collision",),
        0.089,
        """
        ws 4 stt-mram linear 4>16
        ws 8 stt-mram linear 4>16
        os 4 stt-mram linear 4>16
        is 4 stt-mram linear 4>16
        is 8 stt-mram linear 4>16
        """,
    ),
    Exceptions(
        "latency_cycles",
        "A faster main memory starts the array earlier, while the DMA's slow line writes are still at their densest: reads fall "
        "behind by more than was gained.",
        ("dma_collision",),
        0.053,
        """
        ws 8 stt-mram linear 20>5
        os 4 stt-mram linear 50>20
        is 4 stt-mram linear 50>20
        is 4 stt-mram linear 20>5
        is 8 stt-mram linear 100>50
        is 8 stt-mram linear 20>5
        """,
    ),
    Exceptions(
        "bytes_per_cycle",
        "As for the latency: bursts arrive closer together than banks can take them, in the way of the array's reads. At 64 "
        "bytes per cycle this is so for SRAM too, whose four banks take 16 bytes per cycle.",
        ("dma_collision", "read_latency"),
        0.039,
        """
        ws 8 stt-mram linear 2>4
        ws 8 stt-mram linear 16>64
        os 4 sram linear 16>64
        os 4 stt-mram linear 2>4
        os 8 stt-mram linear 4>16
        is 4 sram conv 16>64
        is 4 stt-mram linear 2>4
        is 8 sram conv 16>64
        is 8 stt-mram linear 2>4
        is 8 stt-mram linear 4>16
        is 8 stt-mram linear 16>64
        """,
    ),
    Exceptions(
        "banks",
        "Partial sums are read a window of four pixels, eight lines, ahead of the writes: the same bank of four as of eight, and "
        "the write waits. At four banks slots of 26 lines are padded to 28, which parts the two at the end of a tile.",
        ("write_backpressure",),
        0.029,
        """
        ws 8 sram conv 4>8
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


def run(point: Point, system: System) -> Outcome:
    """The point's layer on a machine."""
    program = lower(LAYERS[point.layer], system)
    assert program is not None
    return run_programs(system, [program])[0]


def outcome_of(point: Point, knob: str, value: Any, arbiter: str = "fcfs") -> Outcome:
    """The point's layer on its machine with one knob turned."""
    return run(point, machine(point, arbiter, **{knob: value}))


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


@pytest.mark.slow
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


#: What is left of the DMA's exceptions where the array's ports go first: up to 0.11 % of the cycles. A line write that has begun
#: is not interrupted, so that of bursts that arrive closer together more writes are under way when a read comes.
BEGUN_ALREADY = {
    "bytes_per_cycle": {"ws 4 stt-mram linear 16>64"},
    "outstanding_bursts": {"ws 4 stt-mram linear 4>16"},
}


@pytest.mark.slow
@pytest.mark.parametrize("knob", ["latency_cycles", "bytes_per_cycle", "outstanding_bursts"])
def test_a_faster_dma_hardly_ever_costs_cycles_where_the_arrays_ports_go_first(knob):
    """The mechanism of the DMA's exceptions: they are gone when no read waits behind older line writes of the DMA."""
    lost = {turn: share for point in GRID for turn, (share, _) in costs(point, knob, arbiter="port-priority").items()}
    assert set(lost) == BEGUN_ALREADY.get(knob, set())
    assert all(share <= 0.0011 for share in lost.values())


@pytest.mark.slow
def test_more_banks_cost_the_same_where_the_arrays_ports_go_first():
    """The exception of the banks is none of the DMA's: it is the only one, and costs the same, whichever arbiter serves."""
    oldest_first, ports_first = (
        {turn: found for point in GRID for turn, found in costs(point, "banks", arbiter).items()}
        for arbiter in ("fcfs", "port-priority")
    )
    assert ports_first == oldest_first


def test_every_knob_matters_somewhere_on_the_grid():
    for knob, values in KNOBS.items():
        assert any(outcome_of(point, knob, values[0]).cycles > outcome_of(point, knob, values[-1]).cycles for point in GRID), knob


def test_partial_sums_spread_over_all_banks_in_an_accumulator_of_any_size():
    """Their tiles have two lines here: slots padded to whole rows of four banks would leave two banks to take all the writes."""
    point = Point("is", 4, "stt-mram", "conv")
    for value in KNOBS["capacity_kib"]:
        assert outcome_of(point, "capacity_kib", value).writes[-4:].tolist() == [1275] * 4


def write_backpressure(**changes: Any) -> int:
    """Cycles that the machine of the banks' exception stalls for want of room in the write buffer."""
    point = Point("ws", 8, "sram", "conv")
    return int(run(point, machine(point, **changes)).stall_cycles[Cause.WRITE_BACKPRESSURE].sum())


def test_partial_sums_wait_where_the_window_is_a_whole_number_of_rows_of_banks():
    """The mechanism of the banks' exception: at two lines a pixel, windows of 4, 8 and 12 pixels meet at eight banks."""
    assert [window for window in range(1, 13) if write_backpressure(banks=8, port_window=window)] == [4, 8, 12]


def test_without_padding_eight_banks_are_as_good_as_four(monkeypatch):
    """The other half of it: only because its slots are padded do four banks stall less."""
    eight = write_backpressure(banks=8)
    assert write_backpressure(banks=4) < eight
    monkeypatch.setattr(regions, "_LONG", 7)
    assert write_backpressure(banks=4) == write_backpressure(banks=8) == eight


@pytest.mark.slow
def test_a_larger_scratchpad_costs_nothing_with_the_tiles_of_the_smaller(monkeypatch):
    """The mechanism of the capacity's exceptions: all are gone, to the cycle, where only the capacity grows and no tile does."""
    turns = {turn for group in EXCEPTIONS if group.knob == "capacity_kib" for turn in group.listed()}
    assert len(turns) == 17
    for turn in turns:
        dataflow, side, memory, layer, sizes = turn.split()
        point, (small, large) = Point(dataflow, int(side), memory, layer), map(int, sizes.split(">"))
        cycles = outcome_of(point, "capacity_kib", small).cycles
        assert outcome_of(point, "capacity_kib", large).cycles > cycles
        with monkeypatch.context() as patched:
            take_tiles_of_a_part(patched, large // small)
            assert outcome_of(point, "capacity_kib", large).cycles == cycles, turn


def take_tiles_of_a_part(patched: pytest.MonkeyPatch, part: int) -> None:
    """Let tiles be as large as in a scratchpad of a part of the capacity."""
    for module in (tensors, tiles):
        patched.setattr(module, "tile_target_bytes", lambda share: tiles.target_bytes(share.capacity_bytes // part))
    patched.setattr(tensors, "MOST_OF_A_SHARE", tensors.MOST_OF_A_SHARE * part)


@pytest.mark.parametrize("side", [4, 8])
def test_pixels_in_one_bank_are_read_as_fast_where_the_banks_are_hashed(side: int) -> None:
    """The mechanism of the exception that reads wait longer: xor interleaving of the ifmap takes the pixels to other banks."""
    point = Point("ws", side, "stt-mram", "linear")
    small, large = (machine(point, capacity_kib=value) for value in (16, 64))
    hashed = large.scratchpads | {"ifmap": large.scratchpads["ifmap"].model_copy(update={"interleaving": "xor"})}
    found = [run(point, system) for system in (small, large, large.model_copy(update={"scratchpads": hashed}))]
    in_small, in_large, in_hashed = (int(outcome.stall_cycles[Cause.READ_LATENCY].sum()) for outcome in found)
    assert in_hashed <= in_small < in_large / 10
    # What is left with hashed banks are waits for main memory, as in the exceptions above.
    waits = [int(outcome.stall_cycles[Cause.DRAM_WAIT].sum()) for outcome in found]
    cycles = [outcome.cycles for outcome in found]
    assert cycles[2] - cycles[0] <= waits[2] - waits[0] < cycles[1] - cycles[0]
