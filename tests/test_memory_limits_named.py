"""Results say where main memory's latency is not hidden: too few bursts in flight, or a tensor whose tiles cannot be doubled."""

from __future__ import annotations

import pytest

from simcore import simulate
from simcore.spec.load import load_system
from workloads.dataflow.array import lower_shape
from workloads.dataflow.shape import matrix_product


@pytest.mark.parametrize(("bursts", "limit"), [(14, "bursts_in_flight"), (15, "bandwidth")])
def test_bursts_limit_a_memory_whose_latency_they_do_not_cover(bursts: int, limit: str) -> None:
    # 60 cycles of latency at 16 bytes per cycle are 960 bytes: 15 bursts of 64 bytes.
    found = simulate("lenet5", "edge-sram", layers="c1", overrides=[f"dma.outstanding_bursts={bursts}"]).layers
    assert found["memory_bound_by"].tolist() == [limit]


@pytest.mark.parametrize(("lines", "named"), [(1, "filter"), (2, "")])
def test_a_tensor_of_which_one_tile_fits_is_named(lines: int, named: str) -> None:
    sets = [f"scratchpads.filter.capacity_bytes={32 * lines}", "scratchpads.filter.banks=1"]
    program = lower_shape("product", "linear", matrix_product(64, 64, 64), load_system("edge-sram", sets))
    assert program.facts["single_buffered"] == named
