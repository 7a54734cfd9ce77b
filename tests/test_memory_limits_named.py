"""Results say where main memory's latency is not hidden: too few bursts in flight, or a tensor whose tiles cannot be doubled."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from simcore import Results, simulate
from simcore.cli import app
from simcore.spec.load import load_system
from simcore.systolic.memory_limits import limit_lines, memory_limits
from workloads.dataflow.array import lower_shape
from workloads.dataflow.shape import matrix_product


@pytest.mark.parametrize(("bursts", "limit"), [(14, "bursts_in_flight"), (15, "bandwidth")])
def test_bursts_limit_a_memory_whose_latency_they_do_not_cover(bursts: int, limit: str) -> None:
    # 60 cycles of latency at 16 bytes per cycle are 960 bytes: 15 bursts of 64 bytes.
    found = simulate("lenet5", "edge-sram", layers="c1", overrides=[f"dma.outstanding_bursts={bursts}"]).layers
    assert found["memory_bound_by"].tolist() == [limit]


@pytest.mark.parametrize(("bursts", "limit"), [(4, "bursts_in_flight"), (5, "bandwidth")])
def test_bursts_limit_a_dram_if_they_do_not_cover_a_read_of_an_open_row(bursts: int, limit: str) -> None:
    # DDR4-2400R reads an open row in nCL 16 + nBL 4 cycles, in which its bus could carry five bursts of 64 bytes.
    found = simulate("lenet5", "edge-sram-ddr4", layers="c1", overrides=[f"dma.outstanding_bursts={bursts}"]).layers
    assert found["memory_bound_by"].tolist() == [limit]


@pytest.mark.parametrize(("lines", "named"), [(1, "filter"), (2, "")])
def test_a_tensor_of_which_one_tile_fits_is_named(lines: int, named: str) -> None:
    sets = [f"scratchpads.filter.capacity_bytes={32 * lines}", "scratchpads.filter.banks=1"]
    program = lower_shape("product", "linear", matrix_product(64, 64, 64), load_system("edge-sram", sets))
    assert program.facts["single_buffered"] == named
    assert program.facts["memory_bound_by"] == ("latency" if named else "bandwidth")


def waiting(results: Results, *layers: str) -> int:
    """The cycles that layers wait for main memory, from the table of stalls."""
    stalls = results.stalls[results.stalls["layer"].isin(layers)]
    stored = (stalls["cause"] == "drain") & (stalls["port"] == "dma")
    return int(stalls[stalls["cause"].isin(["first_fill", "dram_wait"]) | stored]["cycles"].sum())


def test_layers_that_wait_because_of_few_bursts_are_told_with_their_cycles_and_the_keys() -> None:
    few = simulate("lenet5", "edge-sram", overrides=["dma.outstanding_bursts=4"])
    layers = ("c1", "c3", "f5", "f6", "output")
    (found,) = memory_limits(few)
    assert (found.limit, found.layers, found.cycles) == ("bursts_in_flight", layers, waiting(few, *layers))
    assert limit_lines(few) == [
        f"Too few bursts are in flight to cover main memory's latency: 5 layers wait {found.cycles:,} cycles for it "
        "(c1, c3, f5, 2 more). More of dma.outstanding_bursts or dma.burst_bytes would help."
    ]
    assert few.to_json()["memory_limits"] == [
        {
            "limit": "bursts_in_flight",
            "layers": list(layers),
            "cycles": found.cycles,
            "keys": ["dma.outstanding_bursts", "dma.burst_bytes"],
        }
    ]
    for key, value in zip(found.keys, (32, 512), strict=True):
        enough = simulate("lenet5", "edge-sram", overrides=["dma.outstanding_bursts=4", f"{key}={value}"])
        assert not memory_limits(enough)
        assert enough.cycles < few.cycles - found.cycles / 2


def test_a_layer_that_waits_because_a_tile_cannot_be_doubled_is_told_with_the_scratchpad() -> None:
    one_tile = ["scratchpads.filter.capacity_bytes=32", "scratchpads.filter.banks=1"]
    results = simulate("lenet5", "edge-sram", layers="f6", overrides=one_tile)
    cycles = waiting(results, "f6")
    assert limit_lines(results) == [
        "A scratchpad does not hold two tiles of a tensor, so that main memory's latency is waited for: 1 layer waits "
        f"{cycles:,} cycles for it (f6). More of scratchpads.filter.capacity_bytes would help."
    ]
    more = simulate("lenet5", "edge-sram", layers="f6", overrides=["scratchpads.filter.banks=1"])
    assert not memory_limits(more)
    assert more.cycles < results.cycles - cycles / 2


def test_run_prints_the_line_below_its_tables_and_nothing_where_latency_is_hidden() -> None:
    def printed(*options: str) -> str:
        return " ".join(CliRunner().invoke(app, ["run", "lenet5", "--system", "edge-sram", *options]).stdout.split())

    assert "More of dma.outstanding_bursts or dma.burst_bytes would help." in printed("--set", "dma.outstanding_bursts=4")
    assert "would help" not in printed()
