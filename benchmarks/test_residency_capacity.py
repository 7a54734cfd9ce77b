"""Training steps of batch 32 whose tensors stay in scratchpads: CPU seconds of their plans, and traffic against capacity.

Traffic must never grow with capacity, and fall to images, labels and weights in and weights out, each once.
"""

from __future__ import annotations

from time import process_time

import pytest

from benchmarks.conftest import add_row
from simcore.spec import load_system
from workloads.dataflow import lower_each
from workloads.load import load_network
from workloads.training import training_step

MIB = 1 << 20
#: Words of 32 images of 224 x 224 pixels and their labels.
GIVEN = 32 * (3 * 224 * 224 + 1)
#: By network: words of images and labels, weights without biases and normalisations, capacities in MiB, CPU seconds of a plan.
CASES = {
    "lenet5": (32 * 1025, 61_470, [2**power / 64 * step / 4 for power in range(6) for step in (4, 5, 6, 7)] + [1], 3),
    "alexnet": (GIVEN, 61_090_496, [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128], 20),
    "resnet18": (GIVEN, 11_678_912, [4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192], 30),
    "vgg16": (GIVEN, 138_344_128, [16, 64, 256, 1024, 2048], 20),
}


@pytest.mark.parametrize("network", CASES)
def test_traffic_falls_with_capacity_to_the_least(network: str) -> None:
    given_words, weights, capacities_mib, most_cpu_s = CASES[network]
    step = training_step(load_network(network, 32))
    found = []
    for mib in capacities_mib:
        pads = ("ifmap", "filter", "ofmap", "accumulator")
        sizes = [f"scratchpads.{pad}.capacity_bytes={int(mib * MIB)}" for pad in pads]
        system = load_system("train-sram", [*sizes, "layer_results=scratchpads"])
        began, moved = process_time(), 0
        for _, program, _ in lower_each(step, system):
            if program is not None:
                moved += program.facts["dram_read_bytes"] + program.facts["dram_write_bytes"]
        cpu_s = process_time() - began
        add_row(
            "Plans of training steps, batch 32",
            network=network,
            MiB_each=f"{mib:g}",
            MB_moved=f"{moved / 1e6:,.1f}",
            CPU_s=f"{cpu_s:.1f}",
        )
        assert cpu_s < most_cpu_s
        found.append(moved)
    assert found == sorted(found, reverse=True)
    assert found[-1] == 2 * (given_words + 2 * weights)
