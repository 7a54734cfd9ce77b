"""The SimPy PEs multiply real numbers: what the machine writes to the ofmap equals numpy's convolution or product, exactly."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from machines import instance_of

from simcore.engine.reference.operands import Operands
from simcore.engine.reference.run import ReferenceEngine
from simcore.errors import InputError
from simcore.machine.machine import build_machine
from simcore.program.outcome import Cause, Outcome
from simcore.program.program import Int64Array, Program
from simcore.spec.system import System
from workloads.dataflow import lower
from workloads.dataflow.values import operand_images, result_tensor
from workloads.layers import Conv, Linear, MatMul
from workloads.network import LayerInstance

DATAFLOWS, EDGES, SUMS = ("ws", "os", "is"), ("skew-registers", "skewed-fetch"), ("accumulator", "ofmap")
#: Every kind of array, each with drawn layers, sizes and memories. Behind a wave, operands come through skew registers.
KINDS = [
    kind for kind in product(DATAFLOWS, ("none", "after-wave", "wave"), EDGES, SUMS) if kind[1:3] != ("wave", "skewed-fetch")
]
FEW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])

#: Nothing ever waits at a bank: each port of the array finds a bank port free.
QUICK = {
    "capacity_bytes": 8192, "banks": 8, "line_bytes": 8, "ports_per_bank": 32, "timing": "sram",
    "write_buffer": {"depth": 64},
}  # fmt: skip
#: One slow bank, writes of 9 cycles that reads interrupt, room for two lines on their way there.
SLOW = {
    "capacity_bytes": 448, "banks": 1, "line_bytes": 8,
    "timing": {"model": "stt-mram", "parameters": {"read_cycles": 2, "write_cycles": 9, "read_latency_cycles": 3}},
    "write_buffer": {"depth": 2, "preemption": "resume"},
}  # fmt: skip


def machine(kind: tuple[str, str, str, str], rows: int, columns: int, pad: dict[str, Any], **changes: Any) -> System:
    """A machine of a kind (dataflow, overlap, edge, partial sums) with ``pad`` for every scratchpad; ``changes`` replace keys."""
    dataflow, overlap, edge, sums = kind
    names = ["ifmap", "filter", "ofmap", *(["accumulator"] if sums == "accumulator" else [])]
    values: dict[str, Any] = {
        "name": "values",
        "core_clock_hz": "1 GHz",
        "array": {
            "rows": rows, "columns": columns, "dataflow": dataflow, "fold_overlap": overlap, "edge": edge,
            "partial_sums": sums, "port_window": 1 if pad is SLOW else 8,
        },
        "scratchpads": dict.fromkeys(names, pad),
        "dma": {"burst_bytes": 32, "outstanding_bursts": 1 if pad is SLOW else 16},
        "memory": {"clock_hz": "1 GHz", "latency_cycles": 4, "bytes_per_cycle": 2 if pad is SLOW else 64},
    }  # fmt: skip
    return System.model_validate(values | changes)


@st.composite
def convolutions(draw: st.DrawFn) -> LayerInstance:
    """Small convolutions: grouped, strided, dilated, padded on each side by itself."""
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    pairs = {"kernel": (1, 3), "stride": (1, 3), "dilation": (1, 2)}
    chosen = {name: (draw(st.integers(*bounds)), draw(st.integers(*bounds))) for name, bounds in pairs.items()}
    padding = tuple(draw(st.integers(0, 2)) for _ in range(4))
    layer = Conv("conv", groups * draw(st.integers(1, 4)), padding=padding, groups=groups, **chosen)
    extent = [
        max(1, (k - 1) * d + 1 + draw(st.integers(0, 4)) - before - after)
        for k, d, before, after in zip(layer.kernel, layer.dilation, padding[:2], padding[2:], strict=True)
    ]
    return instance_of(layer, ((groups * draw(st.integers(1, 3)), *extent),), batch=draw(st.integers(1, 2)))


@st.composite
def products(draw: st.DrawFn) -> LayerInstance:
    """Small linear layers and matrix products, of which one broadcasts."""
    batch, m, k, n = (draw(st.integers(1, high)) for high in (3, 6, 9, 6))
    kind = draw(st.sampled_from(["linear", "rows", "matmul", "broadcast"]))
    if kind == "linear":
        return instance_of(Linear("linear", n), ((k,),), batch=batch)
    if kind == "rows":
        return instance_of(Linear("linear", n), ((m, k),), batch=batch)
    if kind == "matmul":
        return instance_of(MatMul("matmul"), ((m, k), (k, n)), batch=batch)
    return instance_of(MatMul("matmul"), ((2, m, k), (k, n)), batch=batch)


def tensors(instance: LayerInstance, seed: int) -> tuple[Int64Array, Int64Array]:
    """Numbers no larger than int8; what they are is of no matter to timing."""
    random, layer = np.random.default_rng(seed), instance.layer
    shape: tuple[int, ...] = (instance.batch, *instance.input_shapes[-1])
    if isinstance(layer, Conv):
        shape = (layer.out_channels, instance.input_shapes[0][0] // layer.groups, *layer.kernel)
    elif isinstance(layer, Linear):
        shape = (layer.out_features, instance.input_shapes[0][-1])
    ifmap = random.integers(-128, 128, (instance.batch, *instance.input_shapes[0]), dtype=np.int64)
    return ifmap, random.integers(-128, 128, shape, dtype=np.int64)


def numpys(instance: LayerInstance, ifmap: Int64Array, filters: Int64Array) -> Int64Array:
    """The layer by numpy: matmul, or a sum over the filter's places of strided slices."""
    layer = instance.layer
    if isinstance(layer, Linear):
        return ifmap @ filters.T
    if isinstance(layer, MatMul):
        return np.stack([ifmap[image] @ filters[image] for image in range(instance.batch)])
    assert isinstance(layer, Conv)
    filters_of, out_height, out_width = instance.output_shape
    top, left, bottom, right = layer.padding_for(instance.input_shapes)
    padded = np.pad(ifmap, ((0, 0), (0, 0), (top, bottom), (left, right)))
    channels, per_group = ifmap.shape[1] // layer.groups, filters_of // layer.groups
    result = np.zeros((instance.batch, filters_of, out_height, out_width), dtype=np.int64)
    for group, y, x in product(range(layer.groups), range(layer.kernel[0]), range(layer.kernel[1])):
        first = y * layer.dilation[0], x * layer.dilation[1]
        part = padded[:, group * channels : (group + 1) * channels]
        part = part[:, :, first[0] :: layer.stride[0], first[1] :: layer.stride[1]][:, :, :out_height, :out_width]
        mine = slice(group * per_group, (group + 1) * per_group)
        result[:, mine] += np.einsum("bcij,fc->bfij", part, filters[mine, :, y, x])
    return result


def run(system: System, program: Program, operands: Operands | None, shuffle_seed: int | None = None) -> Outcome:
    return ReferenceEngine(build_machine(system), shuffle_seed).run(program, operands)


def check_values(instance: LayerInstance, system: System, seed: int = 0) -> Outcome:
    """Assert that the machine's result is numpy's and that numbers do not change its time."""
    program = lower(instance, system, with_folds=True)
    assert program is not None
    ifmap, filters = tensors(instance, seed)
    operands = Operands(operand_images(program, instance, ifmap, filters))
    outcome = run(system, program, operands, shuffle_seed=seed)
    expected = numpys(instance, ifmap, filters)
    found = result_tensor(program, instance, operands.read)
    assert found.shape == expected.shape
    assert np.array_equal(found, expected)
    assert outcome.differences(run(system, program, None)) == []
    return outcome


# Drawn layers on every kind of array ------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind)))
@FEW
@given(
    instance=st.one_of(convolutions(), products()),
    rows=st.integers(1, 4),
    columns=st.integers(1, 4),
    pad=st.sampled_from([QUICK, SLOW]),
    tiling=st.sampled_from(["least-traffic", "whole"]),
    seed=st.integers(0, 1000),
)
def test_what_the_array_writes_is_numpys_product(
    kind: tuple[str, str, str, str],
    instance: LayerInstance,
    rows: int,
    columns: int,
    pad: dict[str, Any],
    tiling: str,
    seed: int,
) -> None:
    check_values(instance, machine(kind, rows, columns, pad, tiling=tiling), seed)


# The corners, always ----------------------------------------------------------------------------------------------------------

#: Groups, padding, stride, dilation and a batch at once; 18 taps, 4 filters and 16 pixels leave ragged folds on a 5x3 array.
CORNERS = instance_of(
    Conv("conv", 8, (3, 3), stride=(2, 1), padding=(1, 1, 2, 0), dilation=(1, 2), groups=2), ((4, 3, 7),), batch=2
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind)))
def test_without_bank_stalls_a_ragged_grouped_padded_convolution_is_numpys(kind: tuple[str, str, str, str]) -> None:
    outcome = check_values(CORNERS, machine(kind, 5, 3, QUICK))
    waited = (Cause.READ_CONFLICT, Cause.WRITE_CONFLICT, Cause.DMA_COLLISION, Cause.WRITE_BACKPRESSURE)
    assert outcome.stall_cycles[list(waited)].sum() == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind)))
def test_with_stalls_in_most_cycles_the_same_convolution_is_numpys(kind: tuple[str, str, str, str]) -> None:
    outcome = check_values(CORNERS, machine(kind, 5, 3, SLOW))
    assert outcome.stall_cycles.sum() > outcome.compute_cycles
    assert outcome.bank_stall_cycles.sum() > 0


@pytest.mark.slow
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_unified_scratchpad_keeps_the_tensors_apart(dataflow: str) -> None:
    pad = SLOW | {"capacity_bytes": 2048}
    outcome = check_values(
        CORNERS, machine((dataflow, "wave", "skew-registers", "ofmap"), 5, 3, pad, scratchpads={"unified": pad})
    )
    assert outcome.stall_cycles.sum() > 0


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_scale_sims_shape_rule_computes_the_windows_that_reach_over_the_edge(dataflow: str) -> None:
    """7 columns, filter 3, stride 3: ceil((7 - 3 + 3) / 3) = 3 windows, the last over two columns of zeros."""
    conv = Conv("conv", 3, (3, 3), stride=(3, 3), padding=(1, 0, 0, 0), ceil_mode_scale_sim=True)
    instance = instance_of(conv, ((2, 6, 7),))
    assert instance.output_shape == (3, 3, 3)
    check_values(instance, machine((dataflow, "none", "skew-registers", "ofmap"), 4, 2, QUICK, shapes="scale-sim"))


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize(("m", "rows", "columns"), [(1, 4, 3), (2, 5, 2), (3, 3, 4), (4, 3, 2), (1, 1, 1)])
def test_folds_behind_a_wave_follow_each_other_every_rows_or_times_steps_and_are_numpys(
    dataflow: str, m: int, rows: int, columns: int
) -> None:
    """As many rows, columns and taps as leave ragged folds, with fewer, as many and more streamed elements than rows."""
    instance = instance_of(MatMul("matmul"), ((m, 11), (11, 7)) if dataflow != "is" else ((7, 11), (11, m)))
    system = machine((dataflow, "wave", "skew-registers", "accumulator"), rows, columns, QUICK, tiling="whole")
    check_values(instance, system)
    program = lower(instance, system, with_folds=True)
    assert program is not None
    streamed = 11 if dataflow == "os" else m
    assert {b.stream_start - a.stream_start for a, b in pairwise(program.folds)} == {max(streamed, rows)}


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 5), (5, 1), (7, 7)])
def test_arrays_of_one_row_one_column_or_larger_than_the_layer_compute_it(dataflow: str, rows: int, columns: int) -> None:
    instance = instance_of(Linear("linear", 6), ((5,),), batch=3)
    check_values(instance, machine((dataflow, "wave", "skew-registers", "accumulator"), rows, columns, QUICK))


def test_images_of_tensors_of_the_wrong_shape_are_refused() -> None:
    system = machine(KINDS[0], 2, 2, QUICK)
    program = lower(CORNERS, system, with_folds=True)
    assert program is not None
    ifmap, filters = tensors(CORNERS, 0)
    with pytest.raises(InputError, match="expected a tensor of shape"):
        operand_images(program, CORNERS, ifmap[:, :3], filters)
    bare = lower(CORNERS, system)
    assert bare is not None
    with pytest.raises(InputError, match="with_folds"):
        operand_images(bare, CORNERS, ifmap, filters)
