"""Memory latency is hidden wherever two tiles fit: large layers take the time of their products or of their bytes.

The bound is 1.05 times the larger of the steps and the time of the bytes, and one fill. tests/test_latency_crowds.py has layers
drawn at random; the loads of some of them cannot come in time.
"""

from __future__ import annotations

import pytest

from simcore.engine import run_programs
from simcore.spec.load import load_system
from simcore.spec.system import System
from workloads.dataflow.array import lower_shape
from workloads.dataflow.shape import ConvShape, matrix_product

#: A 32x32 array with 64 KiB scratchpads, whose operands below are larger than that.
KEYS = (
    *(f"scratchpads.{pad}.capacity_bytes=64 KiB" for pad in ("ifmap", "filter", "ofmap", "accumulator")),
    "scratchpads.accumulator.ports_per_bank=2",
    "array.fold_overlap=after-wave",
    "dma.burst_bytes=64",
)
LAYERS = {
    "tall product": matrix_product(1024, 512, 256),
    "deep product": matrix_product(256, 2048, 256),
    "wide product": matrix_product(256, 512, 1024),
    "convolution": ConvShape(1, 28, 28, 128, 28, 28, 128, kernel=(3, 3), padding=(1, 1)),
    "strided convolution": ConvShape(1, 56, 56, 64, 28, 28, 128, kernel=(3, 3), stride=(2, 2), padding=(1, 1)),
}


def machine(dataflow: str, latency: int, bursts: int) -> System:
    sets = [*KEYS, f"array.dataflow={dataflow}", f"memory.latency_cycles={latency}", f"dma.outstanding_bursts={bursts}"]
    return load_system("edge-sram", sets)


def bound(system: System, steps: float, moved: int, first_fold: int, more_in_flight: float = 0.0) -> float:
    """The most cycles that the layer may take. ``first_fold`` are the bytes that the first fold needs.

    A burst is in flight for main memory's latency and ``more_in_flight`` cycles.
    """
    memory, dma = system.memory, system.dma
    in_flight = memory.latency_cycles + more_in_flight
    rate = min(float(memory.bytes_per_cycle), dma.outstanding_bursts * dma.burst_bytes / in_flight)
    fill = memory.latency_cycles + first_fold / rate
    return 1.05 * max(steps, moved / rate) + fill


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
@pytest.mark.parametrize(("latency", "bursts"), [(1, 16), (60, 32), (240, 128), (500, 256), (500, 32)])
def test_a_large_layer_takes_its_steps_or_its_bytes_and_one_fill(layer: str, dataflow: str, latency: int, bursts: int) -> None:
    system, shape = machine(dataflow, latency, bursts), LAYERS[layer]
    program = lower_shape(layer, "conv", shape, system)
    (outcome,) = run_programs(system, [program])
    moved = program.facts["dram_read_bytes"] + program.facts["dram_write_bytes"]
    held, streamed = 32 * 32, 32 * max(shape.pixels, shape.filters, shape.taps)
    assert outcome.cycles <= bound(system, program.steps, moved, held + streamed)
