"""Matrix products on the preset of a TPU v3 core: no faster than the arrays or main memory allow, and not much slower."""

from __future__ import annotations

from pathlib import Path

import pytest

from simcore import simulate
from simcore.spec import SimpleMemorySpec, System, load_system


def core(operand_bytes: int) -> System:
    """The preset with operands and results of this size in main memory and in the scratchpads."""
    return load_system("tpu-v3-core", [f"words.{name}_bytes={operand_bytes}" for name in ("ifmap", "filter", "ofmap")])


def test_a_chip_of_two_cores_has_123_tflops_and_900_gb_per_s() -> None:
    system = core(2)
    macs = system.array.count * system.array.rows * system.array.columns
    assert 2 * 2 * macs * system.core_clock_hz == pytest.approx(123e12, rel=0.002)
    assert isinstance(system.memory, SimpleMemorySpec)
    assert 2 * float(system.memory.bytes_per_cycle) * system.memory.clock_hz == pytest.approx(900e9, rel=0.0001)
    assert sum(pad.capacity_bytes for pad in system.scratchpads.values()) == 16 * 2**20


@pytest.mark.parametrize("operand_bytes", [2, 4])
@pytest.mark.parametrize("side", [256, 512, 1024, 2048])
def test_a_product_takes_no_less_than_its_steps_and_bytes_and_a_fifth_more_at_most(
    tmp_path: Path, side: int, operand_bytes: int
) -> None:
    """side / 128 row folds by side / 256 column folds, ``side`` steps each, between a preload of 128 and a drain of 254 steps.

    The latency is waited for before the first step and after the last. Main memory may be busy from the first cycle until the
    last burst is on its way.
    """
    system = core(operand_bytes)
    (tmp_path / "product.csv").write_text(f"Layer, M, N, K\nproduct, {side}, {side}, {side},\n")
    results = simulate(str(tmp_path / "product.csv"), system)
    assert isinstance(system.memory, SimpleMemorySpec)
    steps = (side // 128) * (side // 256) * side + 128 + 254
    transfer = 3 * side**2 * operand_bytes / system.memory.bytes_per_cycle
    assert results.layers["compute_cycles"][0] == steps
    latency = system.memory.latency_cycles
    assert max(steps + 2 * latency, transfer + latency) <= results.cycles <= 1.2 * (max(steps, transfer) + 2 * latency)
    assert results.tables()["arrays"]["macs"].tolist() == [side**3 // 2] * 2
