"""Lowering of layers and networks: what is planned, fused, skipped and rejected."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from dataflow_walk import check_plan

from simcore.errors import InputError
from simcore.program.program import QUEUES, Op, OpKind, Port, Program, Reg, Seg
from simcore.spec.load import load_system
from simcore.spec.system import System
from workloads.dataflow import fusions, lower, lower_network
from workloads.dataflow.array import lower_shape
from workloads.dataflow.shape import ConvShape, matrix_product
from workloads.dataflow.windows import lower_windows
from workloads.layers import Activation, Add, BatchNorm, Concat, Conv, Flatten, GlobalPool, Input, Linear, MatMul, Pool, Softmax
from workloads.network import Network, NetworkBuilder
from workloads.networks import resnet18, vgg16

ALEXNET_LIKE = ConvShape(1, 14, 14, 40, 14, 14, 70, (3, 3), padding=(1, 1))


def edge(*sets: str) -> System:
    return load_system("edge-sram", list(sets))


def small_network() -> Network:
    """One layer of every kind that is lowered in a way of its own, with a branch that two layers read."""
    net = NetworkBuilder("small")
    net.add(Input("image", (3, 8, 8)))
    first = net.add(Conv("conv1", 8, 3, padding=1))
    net.add(BatchNorm("norm1"))
    branch = net.add(Activation("relu1"))
    net.add(Conv("conv2", 8, 3, padding=1))
    total = net.add(Add("sum"), ["conv2", branch])
    net.add(Activation("relu2"))
    net.add(Concat("both"), ["relu2", first])
    net.add(Pool("pool", "max", 2, 2))
    net.add(GlobalPool("mean"))
    net.add(Flatten("flat"))
    net.add(Linear("fc", 10))
    net.add(Softmax("softmax"))
    assert total == "sum"
    return net.build(batch=2)


@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
@pytest.mark.parametrize(("rows", "columns"), [(8, 8), (8, 16), (16, 4)])
@pytest.mark.parametrize("sides", [(1, 1, 1), (8, 8, 8), (9, 17, 33), (40, 3, 20)])
def test_steps_without_overlap_are_folds_times_scale_sims_cycles_per_fold(
    dataflow: str, rows: int, columns: int, sides: tuple[int, int, int]
) -> None:
    m, n, k = sides
    system = edge(f"array.dataflow={dataflow}", f"array.rows={rows}", f"array.columns={columns}", "tiling=whole")
    program = lower_shape("gemm", "linear", matrix_product(m, k, n), system)
    along_rows, along_columns, times = {"ws": (k, n, m), "os": (m, n, k), "is": (k, m, n)}[dataflow]
    per_fold = times + rows + columns - 2 + (0 if dataflow == "os" else rows)
    assert program.steps == -(-along_rows // rows) * -(-along_columns // columns) * per_fold


@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
@pytest.mark.parametrize(
    ("edge_option", "overlap"), [("skew-registers", "after-wave"), ("skew-registers", "wave"), ("skewed-fetch", "after-wave")]
)
def test_fold_overlap_saves_steps_and_never_overlaps_two_streams(dataflow: str, edge_option: str, overlap: str) -> None:
    sets = [f"array.dataflow={dataflow}", "array.rows=4", "array.columns=6", f"array.edge={edge_option}"]
    shape = matrix_product(23, 17, 11)
    alone = lower_shape("gemm", "linear", shape, edge(*sets))
    over = lower_shape("gemm", "linear", shape, edge(*sets, f"array.fold_overlap={overlap}"))
    assert over.steps < alone.steps
    check_plan(over, edge(*sets))


@pytest.mark.parametrize(
    ("overlap", "gaps"), [("after-wave", {5: 12, 12: 12, 13: 13, 40: 40}), ("wave", {1: 4, 3: 4, 4: 4, 5: 5, 40: 40})]
)
def test_overlapped_weight_stationary_folds_start_a_stream_or_a_swap_apart(overlap: str, gaps: dict[int, int]) -> None:
    """After the wave the next weights enter 2R + C - 2 = 12 steps after the fold's stream began, behind the wave in R = 4."""
    sets = ("array.rows=4", "array.columns=6", f"array.fold_overlap={overlap}", "tiling=whole")
    for rows, gap in gaps.items():
        program = lower_shape("gemm", "linear", matrix_product(rows, 9, 6), edge(*sets))
        assert program.segments[Port.IFMAP][:, Seg.DUE].tolist() == [4, 4 + gap, 4 + 2 * gap]
        assert program.steps == 4 + 2 * gap + rows + 4 + 6 - 2


def test_144_folds_of_49_pixels_on_128x128_follow_each_other_every_128_steps() -> None:
    """ResNet18's last convolutions: 36 x 4 folds. Preload 128, 143 gaps, the last stream 49, drain 254 = 128 + 128 - 2.

    Behind the wave a gap is R = 128: 18,735 steps. After the wave it is 2R + C - 2 = 382: 55,057.
    """
    shape = matrix_product(49, 4608, 512)
    for overlap, steps in (("wave", 128 + 143 * 128 + 49 + 254), ("after-wave", 128 + 143 * 382 + 49 + 254)):
        program = lower_shape("conv", "conv", shape, load_system("cloud-128x128-ws", [f"array.fold_overlap={overlap}"]))
        assert program.facts["folds"] == 144
        assert program.steps == steps


def test_what_fits_is_loaded_once_from_aligned_addresses() -> None:
    program = lower_shape("conv", "conv", ALEXNET_LIKE, edge())
    loads = program.ops[program.ops[:, Op.KIND] == OpKind.LOAD]
    assert len(np.unique(loads[:, Op.TILE])) == len(loads)
    assert program.facts["dram_read_bytes"] == 14 * 14 * 40 + 40 * 9 * 70
    assert program.facts["dram_write_bytes"] == 14 * 14 * 70
    for region in range(len(program.regions)):
        addresses = program.ops[(program.ops[:, Op.REGION] == region) & (program.ops[:, Op.BYTES] > 0), Op.ADDRESS]
        assert len(addresses) == 0 or addresses.min() % 4096 == 0


def test_rows_that_no_tap_uses_are_not_loaded() -> None:
    strided = ConvShape(1, 9, 6, 4, 5, 3, 8, (1, 1), stride=(2, 2))
    program = lower_shape("conv", "conv", strided, edge())
    assert program.facts["dram_read_bytes"] == 5 * 6 * 4 + 4 * 8


def test_the_search_never_moves_more_than_scale_sims_fold_order() -> None:
    for accumulator in ("16 KiB", "64 KiB"):
        sets = (f"scratchpads.accumulator.capacity_bytes={accumulator}", "scratchpads.ifmap.capacity_bytes=8 KiB")
        moved = [
            program.facts["dram_read_bytes"] + program.facts["dram_write_bytes"]
            for tiling in ("least-traffic", "whole")
            for program in [
                lower_shape(
                    "conv", "conv", ConvShape(1, 30, 30, 32, 30, 30, 64, (3, 3), padding=(1, 1)), edge(*sets, f"tiling={tiling}")
                )
            ]
        ]
        assert moved[0] < moved[1]


def spilling() -> tuple[System, Program]:
    pad = "scratchpads.accumulator."
    sets = ["tiling=whole", "array.rows=4", "array.columns=4", f"{pad}line_bytes=16", f"{pad}banks=1", f"{pad}capacity_bytes=128"]
    system = edge(*sets)
    return system, lower_shape("gemm", "linear", matrix_product(50, 8, 4), system)


def test_partial_sums_that_come_back_wait_for_their_own_store() -> None:
    system, program = spilling()
    queue = QUEUES.index("psum")
    mine = program.ops[program.queue_start[queue] : program.queue_start[queue + 1]]
    back = mine[mine[:, Op.KIND] == OpKind.LOAD]
    own = [op for op in back if program.ops[op[Op.DEP_OP], Op.TILE] == op[Op.TILE]]
    assert len(back) >= len(own) > 0
    assert all(program.ops[op[Op.DEP_OP], Op.KIND] == OpKind.STORE for op in back)
    check_plan(program, system)
    program.ops[(program.ops[:, Op.REGION] == 2) & (program.ops[:, Op.KIND] == OpKind.LOAD), Op.DEP_OP] = -1
    with pytest.raises(AssertionError, match=r"never written|pass its own store"):
        check_plan(program, system)


def test_spilled_partial_sums_are_counted_in_both_directions() -> None:
    _, program = spilling()
    spilled = program.facts["dram_write_bytes"] - 50 * 4
    assert spilled > 0
    assert program.facts["dram_read_bytes"] == 50 * 8 + 8 * 4 + spilled


@pytest.mark.parametrize(
    ("pad", "tensor"), [("ifmap", "ifmap"), ("filter", "filter"), ("ofmap", "ofmap"), ("accumulator", "psum")]
)
def test_a_capacity_below_one_tile_names_scratchpad_need_and_size(pad: str, tensor: str) -> None:
    sets = [f"scratchpads.{pad}.capacity_bytes=8", f"scratchpads.{pad}.banks=1", f"scratchpads.{pad}.line_bytes=8"]
    with pytest.raises(InputError) as caught:
        lower_shape("conv9", "conv", ALEXNET_LIKE, edge(*sets))
    message = str(caught.value)
    assert message.startswith(f"scratchpads.{pad}.capacity_bytes: capacity below one tile: layer 'conv9' needs ")
    assert message.endswith(f"bytes at once for its {tensor}, got 8")


def test_elementwise_layers_join_the_product_or_sum_whose_only_reader_they_are() -> None:
    lowered = {instance.name: (program, into) for instance, program, into in lower_network(small_network(), edge())}
    assert fusions(small_network()) == {"relu2": "sum"}, "conv1 has two readers, so its normalisation stays"
    assert lowered["relu2"] == (None, "sum")
    for view in ("both", "flat"):
        assert lowered[view] == (None, None)
    for name in ("conv1", "norm1", "relu1", "conv2", "sum", "pool", "mean", "fc", "softmax"):
        assert lowered[name][0] is not None, name
        assert lowered[name][1] is None


def test_a_chain_of_elementwise_layers_joins_one_product() -> None:
    joined = fusions(resnet18())
    assert "conv1" in joined.values()
    assert all(not name.endswith("conv1") for name in joined)


def test_without_fusing_every_elementwise_layer_takes_cycles() -> None:
    lowered = lower_network(small_network(), edge("vector_unit.fuse=false"))
    assert [instance.name for instance, program, _ in lowered if program is None] == ["both", "flat"]
    assert all(into is None for _, _, into in lowered)


def test_every_layer_of_a_network_has_a_plan_that_runs() -> None:
    system = edge("vector_unit.fuse=false")
    for _, program, _ in lower_network(small_network(), system):
        if program is not None:
            check_plan(program, system)


def test_a_product_of_activations_runs_one_group_per_image_and_head() -> None:
    net = NetworkBuilder("attention")
    net.add(Input("queries", (3, 5, 4)))
    net.add(Input("keys", (3, 4, 7)))
    net.add(MatMul("scores"), ["queries", "keys"])
    (instance,) = net.build(batch=2).instances()
    program = lower(instance, edge(), with_folds=True)
    assert program is not None
    assert program.facts["macs"] == instance.macs == 2 * 3 * 5 * 4 * 7
    assert {fold.group for fold in program.folds} == set(range(6))


def test_depthwise_convolutions_run_each_channel_as_a_group() -> None:
    depthwise = ConvShape(1, 10, 10, 12, 10, 10, 12, (3, 3), padding=(1, 1), groups=12)
    program = lower_shape("dw", "conv", depthwise, edge())
    assert program.steps == 12 * (2 * 32 + 32 + 100 - 2)
    assert program.facts["dram_read_bytes"] == 10 * 10 * 12 + 9 * 12
    assert program.facts["mapping_efficiency_percent"] == 9 / (32 * 32) * 100


def test_fold_records_are_built_on_request_only() -> None:
    shape = matrix_product(9, 40, 40)
    assert lower_shape("gemm", "linear", shape, edge()).folds == ()
    folds = lower_shape("gemm", "linear", shape, edge(), with_folds=True).folds
    assert [(fold.k0, fold.n0, fold.rows, fold.columns, fold.times) for fold in folds] == [
        (0, 0, 32, 32, 9),
        (32, 0, 8, 32, 9),
        (0, 32, 32, 8, 9),
        (32, 32, 8, 8, 9),
    ]
    assert [fold.preload_start for fold in folds] == [fold.stream_start - 32 for fold in folds]


def test_scale_sims_shape_rule_rounds_up_and_reads_only_what_exists() -> None:
    net = NetworkBuilder("odd")
    net.add(Input("image", (2, 8, 8)))
    net.add(Conv("conv", 4, 3, 2))
    (instance,) = net.build().instances()
    program = lower(instance, load_system("scale-sim-32x32-ws"))
    assert program is not None
    assert program.facts["macs"] == 4 * 4 * 18 * 4
    assert program.facts["dram_read_bytes"] == 8 * 8 * 2 + 18 * 4


def test_regions_stay_inside_their_scratchpad_and_apart() -> None:
    for system in (edge(), load_system("edge-unified"), edge("array.partial_sums=ofmap", "scratchpads.accumulator=null")):
        program = lower_shape("conv", "conv", ALEXNET_LIKE, system)
        pads = list(system.scratchpads.values())
        taken: dict[int, list[tuple[int, int]]] = {}
        for row in program.regions:
            end = row[Reg.BASE_LINE] + row[Reg.SLOTS] * row[Reg.SLOT_LINES]
            assert end <= pads[row[Reg.SCRATCHPAD]].capacity_bytes // pads[row[Reg.SCRATCHPAD]].line_bytes
            taken.setdefault(int(row[Reg.SCRATCHPAD]), []).append((int(row[Reg.BASE_LINE]), int(end)))
        for spans in taken.values():
            spans.sort()
            assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans))


@pytest.mark.slow
@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
def test_a_hundred_thousand_folds_are_lowered(dataflow: str) -> None:
    lowered = lower_network(vgg16(), edge(f"array.dataflow={dataflow}"))
    programs = [program for _, program, _ in lowered if program is not None]
    assert sum(program.facts["macs"] for program in programs) == vgg16().macs()


def test_a_tile_that_is_used_once_but_long_keeps_its_slot() -> None:
    """Rows 2 apart: the middle row stays in use while its neighbours come and go, so slots cannot be taken in turn."""
    pads = [f"scratchpads.ifmap.{name}={value}" for name, value in (("line_bytes", 8), ("banks", 1), ("capacity_bytes", 24))]
    dilated = ConvShape(1, 5, 2, 4, 3, 1, 4, (2, 2), dilation=(2, 1))
    system = edge(*pads, "vector_unit.lanes=4")
    check_plan(lower_windows("pool", "pool", dilated, system), system)
