"""Pooling whose windows no scratchpad holds: the rows of a window pass through the scratchpad one after another."""

from __future__ import annotations

import random

import pytest
from equality import Case, check_case
from machines import instance_of

from simcore.errors import InputError
from simcore.spec import System, load_system
from simcore.spec.load import preset_names
from workloads.dataflow.lowering import lower, work_of
from workloads.dataflow.windows import Windows
from workloads.layers import GlobalPool, Pool
from workloads.network import LayerInstance

LANES = 4


PADS = ("ifmap", "filter", "ofmap", "accumulator")
#: Machines whose scratchpads this layer may fill.
PRESETS = [name for name in preset_names() if isinstance(load_system(name), System)]


def small(capacity_bytes: int) -> System:
    """A machine with few lanes, whose scratchpads hold so little."""
    sizes = {"capacity_bytes": capacity_bytes, "line_bytes": 8, "banks": 2}
    pads = [f"scratchpads.{pad}.{key}={value}" for pad in PADS for key, value in sizes.items()]
    return load_system("edge-sram", [f"vector_unit.lanes={LANES}", "dma.burst_bytes=16", *pads])


def window_bytes(layer: LayerInstance, system: System) -> int:
    """The bytes of the ifmap rows that a window of as many channels as lanes may touch."""
    work = work_of(layer)
    assert isinstance(work, Windows)
    shape = work.shape
    rows = min(shape.kernel[0], shape.height - shape.padding[0])
    return rows * shape.width * min(system.vector_unit.lanes, shape.channels) * system.words.ifmap_bytes


@pytest.mark.parametrize("preset", PRESETS)
def test_a_plane_that_no_scratchpad_holds_is_read_exactly_once(preset: str) -> None:
    system = load_system(preset)
    assert isinstance(system, System)
    side, channels, lanes = 724, 24, system.vector_unit.lanes
    layer = instance_of(GlobalPool("squeeze"), ((channels, side, side),))
    program = lower(layer, system)
    assert program is not None
    assert program.steps == -(-channels // lanes) * side * side
    assert program.facts["dram_read_bytes"] == channels * side * side * system.words.ifmap_bytes
    assert program.facts["dram_write_bytes"] == channels * system.words.ofmap_bytes


def test_wide_windows_are_read_once_by_blocks_of_fewer_channels() -> None:
    """3 rows of 32 words of 4 channels take 384 bytes; those of 2 channels fit 256, and each row is read once."""
    layer = instance_of(Pool("wide", "max", (3, 3), stride=(1, 1)), ((4, 9, 32),))
    system = small(256)
    assert window_bytes(layer, system) == 384
    program = lower(layer, system)
    assert program is not None
    assert program.facts["dram_read_bytes"] == 4 * 9 * 32
    assert program.steps == 2 * 7 * 30 * 9


def draw(pick: random.Random, side: int) -> LayerInstance:
    """A pool over small planes, whose height and width are at most ``side``."""
    channels, height, width = pick.randint(1, 9), pick.randint(1, side), pick.randint(1, side)
    kind, batch = pick.choice(("avg", "max")), pick.choice((1, 2))
    if pick.random() < 0.4:
        return instance_of(GlobalPool("pool", kind), ((channels, height, width),), batch)
    kernel, stride = (pick.randint(1, height), pick.randint(1, width)), (pick.randint(1, 3), pick.randint(1, 3))
    padding = tuple(pick.randint(0, (kernel[edge % 2] - 1) // 2) for edge in range(4))
    return instance_of(Pool("pool", kind, kernel, stride=stride, padding=padding), ((channels, height, width),), batch)


def check_pools(seed: int, pools: int, side: int) -> None:
    """Assert that both engines run random pools alike, some of whose windows no scratchpad holds."""
    pick, streamed = random.Random(seed), 0
    for _ in range(pools):
        layer, system = draw(pick, side), small(pick.choice((32, 48, 96)))
        streamed += window_bytes(layer, system) > system.scratchpads["ifmap"].capacity_bytes
        check_case(Case(system, (layer,)))
    assert streamed > pools // 10


@pytest.mark.parametrize("seed", range(3))
def test_both_engines_are_equal_on_random_pools_with_tiny_scratchpads(seed: int) -> None:
    check_pools(seed, 6, 7)


@pytest.mark.slow
def test_both_engines_are_equal_on_many_random_pools_with_tiny_scratchpads() -> None:
    check_pools(500, 40, 11)


def test_a_row_of_one_channel_that_no_scratchpad_holds_is_an_error() -> None:
    with pytest.raises(InputError, match=r"capacity below one tile: layer 'squeeze' needs \d+ bytes at once for its ifmap"):
        lower(instance_of(GlobalPool("squeeze"), ((8, 4, 100),)), small(64))
