"""Gradients of transposed convolutions: autograd's values, on the array as in numpy, and a whole U-Net's step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper
from test_onnx_operators import network
from test_pe_values_batched import transposed
from training_networks import lowered
from training_twin import product_gradient

from simcore import InputError, simulate
from simcore.engine.reference.operands import Operands
from simcore.engine.reference.run import ReferenceEngine
from simcore.machine.machine import build_machine
from simcore.spec import load_system
from workloads.dataflow.values import operand_images, result_tensor
from workloads.layers.transposed import ConvTransposeInputGradient, ConvTransposeWeightGradient
from workloads.network import LayerInstance, Network
from workloads.networks.unet import unet
from workloads.training import training_step

SMALL = ["array.rows=4", "array.columns=3", "vector_unit.lanes=4"]


def step_of(folder: Any, given_: dict[str, Any], batch: int) -> Network:
    """The training step of a convolution of single pixels, then a transposed convolution."""
    attributes = {name: value for name, value in given_.items() if name not in ("image", "channels")}
    channels, filters = given_["channels"]
    nodes = [
        helper.make_node("Conv", ["x", "v"], ["a"], name="before"),
        helper.make_node("ConvTranspose", ["a", "w"], ["y"], name="n", **attributes),
    ]
    weights = {"v": (channels, channels, 1, 1), "w": (channels, filters, *given_["kernel_shape"])}
    return training_step(network(folder, nodes, {"x": [batch, channels, *given_["image"]]}, weights))


def gradients_of(step: Network) -> tuple[LayerInstance, LayerInstance]:
    """The gradients of the input and of the weights: one layer each, whatever the stride is."""
    kinds = (ConvTransposeInputGradient, ConvTransposeWeightGradient)
    (of_input,), (of_weights,) = ([each for each in step.instances() if isinstance(each.layer, kind)] for kind in kinds)
    return of_input, of_weights


def by_autograd(given_: dict[str, Any], batch: int, seed: int) -> tuple[np.ndarray, ...]:
    """Input, weights and output's gradient as integers, and both gradients as PyTorch computes them."""
    torch = pytest.importorskip("torch", reason="torch is not installed (extra train)")
    random, (channels, filters) = np.random.default_rng(seed), given_["channels"]
    image = random.integers(-9, 9, (batch, channels, *given_["image"]))
    weights = random.integers(-9, 9, (channels, filters, *given_["kernel_shape"]))
    tensors = [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in (image, weights)]
    whole = torch.nn.functional.conv_transpose2d(
        *tensors, None, given_["strides"], 0, given_["output_padding"], given_["group"], given_["dilations"]
    )
    top, left, bottom, right = given_["pads"]
    result = whole[:, :, top : whole.shape[2] - bottom, left : whole.shape[3] - right]
    gradient = random.integers(-9, 9, tuple(result.shape))
    result.backward(torch.tensor(gradient, dtype=torch.float64))
    return image, weights, gradient, *(tensor.grad.numpy() for tensor in tensors)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given_=transposed(), batch=st.integers(1, 2), seed=st.integers(0, 1000))
def test_both_gradients_are_autograds(
    tmp_path_factory: pytest.TempPathFactory, given_: dict[str, Any], batch: int, seed: int
) -> None:
    image, weights, gradient, of_image, of_weights = by_autograd(given_, batch, seed)
    input_gradient, weight_gradient = gradients_of(step_of(tmp_path_factory.mktemp("step"), given_, batch))
    assert np.array_equal(product_gradient(input_gradient, gradient, weights), of_image)
    assert np.array_equal(product_gradient(weight_gradient, gradient, image), of_weights)


#: Stride, cut sides, groups and a further row at once.
CORNER = {
    "kernel_shape": [3, 2], "strides": [2, 2], "dilations": [1, 1], "image": [3, 2], "output_padding": [1, 0],
    "pads": [1, 0, 0, 1], "group": 2, "channels": [4, 2],
}  # fmt: skip


@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
def test_the_elements_of_the_array_compute_both(tmp_path: Any, dataflow: str) -> None:
    image, weights, gradient, of_image, of_weights = by_autograd(CORNER, 2, 7)
    system = load_system("edge-sram", [*SMALL, f"array.dataflow={dataflow}"])
    input_gradient, weight_gradient = gradients_of(step_of(tmp_path, CORNER, 2))
    for instance, tensors, expected in (
        (input_gradient, (gradient, weights), of_image),
        (weight_gradient, (gradient, image), of_weights),
    ):
        program = lowered(instance, system)
        operands = Operands(operand_images(program, instance, *tensors))
        ReferenceEngine(build_machine(system)).run(program, operands)
        assert np.array_equal(result_tensor(program, instance, operands.read), expected)


def test_macs_and_updates_of_a_step_by_hand(tmp_path: Any) -> None:
    """Stride 2 without overlap: each of 4 x 4 filters of 2 x 2 meets each of 3 x 3 values once, on each of three ways."""
    whole = {
        **CORNER,
        "kernel_shape": [2, 2],
        "image": [3, 3],
        "output_padding": [0, 0],
        "pads": [0] * 4,
        "group": 1,
        "channels": [4, 4],
    }
    step = step_of(tmp_path, whole, 1)
    once = 4 * 4 * 2 * 2 * 3 * 3
    forward = [each for each in step.instances() if each.name.startswith("n.phase") and each.layer.pass_name == "forward"]
    assert sum(each.macs for each in forward) == once
    assert [each.macs for each in gradients_of(step)] == [once, once]
    updates = {each.name: each.output_shape for each in step.instances() if each.layer.pass_name == "update"}
    assert updates == {"n.phase_0_0.update": (4, 4, 2, 2), "before.update": (4, 4, 1, 1)}


@pytest.mark.slow
def test_a_unet_trains_and_both_engines_agree_on_its_new_layers() -> None:
    step, new = training_step(unet(side=4, channels=2, stages=1)), "up0.phase_0_0.*_gradient"
    found = [simulate(step, "edge-sram", overrides=SMALL, engine=engine, layers=new) for engine in ("compiled", "simpy")]
    assert (found[0].layers["cycles"] > 0).tolist() == [True, True]
    for name, table in found[0].tables().items():
        assert table.equals(found[1].tables()[name]), name
    assert simulate(step, "ideal-titan-xp").layers["macs"].sum() == step.macs()


def test_many_layers_that_cannot_be_trained_are_counted(tmp_path: Any) -> None:
    weights = {"w": (1, 24, 4), "r": (1, 24, 6)}
    nodes = [helper.make_node("LSTM", ["x", "w", "r"], ["y"], name="n", hidden_size=6)]
    with pytest.raises(InputError) as caught:
        training_step(network(tmp_path, nodes, {"x": [9, 1, 4]}, weights))
    cells = ", ".join(f"'n.step_{step}.cell'" for step in range(3))
    expected = f"expected layers that can be trained, got {cells} and 6 more (cell: its rule has no 'gradient')"
    assert str(caught.value).endswith(expected)
