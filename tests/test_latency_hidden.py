"""Memory latency is hidden wherever two tiles fit: large layers take the time of their products or of their bytes.

The bound is 1.05 times the larger of the steps and the time of the bytes, and one fill. Layers that miss it are listed.
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


def bound(system: System, steps: int, moved: int, first_fold: int) -> float:
    """The most cycles that the layer may take. ``first_fold`` are the bytes that the first fold needs."""
    memory, dma = system.memory, system.dma
    rate = min(float(memory.bytes_per_cycle), dma.outstanding_bursts * dma.burst_bytes / memory.latency_cycles)
    fill = memory.latency_cycles + first_fold / rate
    return 1.05 * max(steps, moved / rate) + fill


#: Layers whose loads come in crowds for which the scratchpad is too small, with so few bursts in flight that memory moves 4 bytes
#: per cycle, and how much longer than the bound they take.
CROWDED = {("ws", "convolution"): 1.06, ("os", "convolution"): 1.11, ("is", "strided convolution"): 1.11}
#: Layers whose first tiles come late at a latency of 500 cycles, because tiles of the other operand take half of the rate.
BEHIND_OTHERS = {("os", "tall product"): 1.001, ("os", "wide product"): 1.001}


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
    known = {(500, 32): CROWDED, (500, 256): BEHIND_OTHERS}.get((latency, bursts), {})
    longer = known.get((dataflow, layer), 1.0)
    assert outcome.cycles <= longer * bound(system, program.steps, moved, held + streamed)
