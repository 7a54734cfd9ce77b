"""The SimPy PEs compute whole transposed convolutions and products of batches of matrices: exactly what numpy computes."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from machines import instance_of
from onnx import helper
from test_onnx_operators import network
from test_pe_values import KINDS, QUICK, SLOW, check_values, machine, run

from simcore.engine.reference.operands import Operands
from simcore.program.program import Int64Array
from simcore.spec.system import System
from workloads.dataflow import lower
from workloads.dataflow.values import operand_images, result_tensor
from workloads.layers import ConvTransposePhase, MatMul
from workloads.network import LayerInstance, Network

SOME = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])

machines = st.builds(machine, st.sampled_from(KINDS), st.integers(1, 4), st.integers(1, 4), st.sampled_from([QUICK, SLOW]))


@st.composite
def transposed(draw: st.DrawFn) -> dict[str, Any]:
    """A transposed convolution as ONNX has it: grouped, strided, dilated, cut on each side, with further results at the end."""
    sides: dict[str, list[int]] = {
        name: [draw(st.integers(least, most)) for _ in range(2)]
        for name, least, most in (("kernel_shape", 1, 4), ("strides", 1, 3), ("dilations", 1, 2), ("image", 1, 3))
    }
    further = [draw(st.integers(0, stride - 1)) for stride in sides["strides"]]
    whole = [
        (extent - 1) * stride + (taps - 1) * spread + 1 + more
        for extent, stride, taps, spread, more in zip(
            sides["image"], sides["strides"], sides["kernel_shape"], sides["dilations"], further, strict=True
        )
    ]
    begins = [draw(st.integers(0, min(2, extent - 1))) for extent in whole]
    ends = [draw(st.integers(0, min(2, extent - 1 - begin))) for extent, begin in zip(whole, begins, strict=True)]
    for extent, begin, end, *sides_of in zip(whole, begins, ends, *sides.values(), strict=True):
        taps, stride, spread, count = sides_of
        reached = {place * stride + tap * spread for place, tap in product(range(count), range(taps))}
        assume(reached & {*range(begin, extent - end)})  # else no product reaches the result
    groups = draw(st.sampled_from([1, 1, 2]))
    channels = [groups * draw(st.integers(1, 3)), draw(st.integers(1, 3))]
    return {**sides, "output_padding": further, "pads": [*begins, *ends], "group": groups, "channels": channels}


def by_places(ifmap: Int64Array, filters: Int64Array, given: dict[str, Any]) -> Int64Array:
    """Add each value, times each tap, to the place that it reaches: value x stride + tap x dilation, less what is cut off."""
    (rise, run_), (down, right), groups = given["strides"], given["dilations"], given["group"]
    batch, channels, height, width = ifmap.shape
    _, filters_each, *taps = filters.shape
    extents = [
        (extent - 1) * stride + (count - 1) * spread + 1 + more
        for extent, stride, count, spread, more in zip(
            (height, width), given["strides"], taps, given["dilations"], given["output_padding"], strict=True
        )
    ]
    whole = np.zeros((batch, groups * filters_each, *extents), dtype=np.int64)
    each = channels // groups
    for group, y, x, i, j in product(range(groups), range(height), range(width), *map(range, taps)):
        values = ifmap[:, group * each : (group + 1) * each, y, x] @ filters[group * each : (group + 1) * each, :, i, j]
        whole[:, group * filters_each : (group + 1) * filters_each, y * rise + i * down, x * run_ + j * right] += values
    top, left, bottom, end = given["pads"]
    return whole[:, :, top : extents[0] - bottom, left : extents[1] - end]


def by_elements(found: Network, system: System, ifmap: Int64Array, filters: Int64Array) -> Int64Array:
    """What the PEs write, phase by phase, each phase at its rows and columns; places that no tap reaches stay zero."""
    phases = [instance for instance in found.instances() if isinstance(instance.layer, ConvTransposePhase)]
    layer = phases[0].layer
    assert isinstance(layer, ConvTransposePhase)
    whole = np.zeros((found.batch, *layer.image_shape), dtype=np.int64)
    for instance in phases:
        assert isinstance(instance.layer, ConvTransposePhase)
        (row, column), (rise, step) = instance.layer.residues, instance.layer.of.stride
        whole[:, :, row::rise, column::step] = of_layer(instance, system, ifmap, filters)
    return whole


def of_layer(instance: LayerInstance, system: System, ifmap: Int64Array, filters: Int64Array) -> Int64Array:
    program = lower(instance, system, with_folds=True)
    assert program is not None
    operands = Operands(operand_images(program, instance, ifmap, filters))
    run(system, program, operands)
    return result_tensor(program, instance, operands.read)


@pytest.mark.slow
@SOME
@given(given_=transposed(), batch=st.integers(1, 2), system=machines, seed=st.integers(0, 1000))
def test_the_phases_of_a_transposed_convolution_are_its_whole(
    tmp_path_factory: pytest.TempPathFactory, given_: dict[str, Any], batch: int, system: System, seed: int
) -> None:
    random, (channels, filters_each) = np.random.default_rng(seed), given_["channels"]
    ifmap = random.integers(-128, 128, (batch, channels, *given_["image"]), dtype=np.int64)
    filters = random.integers(-128, 128, (channels, filters_each, *given_["kernel_shape"]), dtype=np.int64)
    attributes = {name: value for name, value in given_.items() if name not in ("image", "channels")}
    made = helper.make_node("ConvTranspose", ["x", "w"], ["y"], name="n", **attributes)
    folder: Path = tmp_path_factory.mktemp("transposed")
    found = network(folder, made, {"x": list(ifmap.shape)}, {"w": filters.shape}, batch=batch)
    assert np.array_equal(by_elements(found, system, ifmap, filters), by_places(ifmap, filters, given_))


@st.composite
def batched(draw: st.DrawFn) -> LayerInstance:
    """Products of matrices behind several leading axes, of which either operand may have fewer, or extents of one."""
    m, k, n = (draw(st.integers(1, high)) for high in (5, 7, 5))
    axes = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(0, 3)))]
    left, right = ([1 if draw(st.booleans()) else extent for extent in axes] if draw(st.booleans()) else axes for _ in range(2))
    shorter = draw(st.integers(0, len(axes)))
    return instance_of(MatMul("matmul"), ((*left, m, k), (*right[shorter:], k, n)), batch=draw(st.integers(1, 2)))


@pytest.mark.slow
@SOME
@given(instance=batched(), system=machines, seed=st.integers(0, 1000))
def test_each_matrix_of_a_batch_is_numpys_product(instance: LayerInstance, system: System, seed: int) -> None:
    check_values(instance, system, seed)
