"""Values and shapes of every gradient: by hand in numpy, by the processing elements, and by PyTorch's autograd."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_pe_values import KINDS, QUICK, SLOW, convolutions, machine
from test_pe_values import run as run_reference
from training_networks import CORNER, CORNER_IMAGE, after_weights, lowered, many_layers, product_network, trained
from training_twin import Step, convolve, convolve_back, joined_phases, product_gradient, random_images, random_weights

from simcore.engine.reference.operands import Operands
from simcore.spec import System
from workloads.dataflow import Product, work_of
from workloads.dataflow.values import operand_images, result_tensor
from workloads.layers import (
    Conv,
    Linear,
)
from workloads.layers.gradients import ConvInputGradient
from workloads.network import LayerInstance
from workloads.training import training_step

#: Whole networks or machines, a tenth of a second and more each.
pytestmark = pytest.mark.slow

# Values -----------------------------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(drawn=convolutions(), strided=st.sampled_from(["phases", "zeros"]), seed=st.integers(0, 1000))
def test_the_loop_nests_of_a_convolutions_gradients_give_the_gradients(drawn: LayerInstance, strided: str, seed: int) -> None:
    conv, random = drawn.layer, np.random.default_rng(seed)
    assert isinstance(conv, Conv)
    image_shape = drawn.input_shapes[0]
    found = trained(after_weights(conv, image_shape, drawn.batch), strided=strided)
    image = random.integers(-9, 9, (drawn.batch, *image_shape))
    weights = random.integers(-9, 9, (conv.out_channels, image_shape[0] // conv.groups, *conv.kernel))
    gradient = random.integers(-9, 9, convolve(conv, image, weights).shape)
    of_image, of_weights = convolve_back(conv, image, weights, gradient)
    assert np.array_equal(product_gradient(found["conv.weight_gradient"], image, gradient), of_weights)
    parts = [item for name, item in found.items() if name.startswith("conv.") and isinstance(item.layer, ConvInputGradient)]
    read = gradient
    if "conv.input_gradient.zero_insertion" in found:
        read = np.zeros((drawn.batch, *found["conv.input_gradient.zero_insertion"].output_shape), dtype=np.int64)
        read[:, :, :: conv.stride[0], :: conv.stride[1]] = gradient
    computed = [(item, product_gradient(item, read, weights)) for item in parts]
    assert np.array_equal(joined_phases(computed, image.shape), of_image)


@pytest.mark.parametrize("strided", ["phases", "zeros"])
def test_the_weight_gradients_of_a_whole_step_are_the_slopes_of_the_loss(strided: str) -> None:
    network = many_layers()
    step = training_step(network, strided=strided)
    weights, images, labels = random_weights(network, 1), random_images(network, 2), np.array([0, 2, 4])
    found = Step(step, weights, images, labels).values
    random = np.random.default_rng(3)
    for name, _ in product(weights, range(3)):
        at = tuple(random.integers(0, extent) for extent in weights[name].shape)
        losses = []
        for move in (1e-5, -1e-5):
            moved = weights | {name: weights[name].copy()}
            moved[name][at] += move
            losses.append(Step(step, moved, images, labels).loss)
        assert found[f"{name}.weight_gradient"][at] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-7), (name, at)


def test_the_gradients_of_a_products_operands_are_the_slopes_of_the_loss() -> None:
    network = product_network()
    step = training_step(network)
    weights, images = random_weights(network, 1), random_images(network, 2)
    random = np.random.default_rng(4)
    gradient = random.normal(size=(2, 2, 3, 5))
    left, right = images["queries"] @ weights["left"].T, images["keys"] @ weights["right"].T
    found = {instance.name: instance for instance in step.instances()}
    of_left = product_gradient(found["scores.input_gradient.0"], gradient, right)
    of_right = product_gradient(found["scores.input_gradient.1"], left, gradient)
    assert np.allclose(of_left, gradient @ right.swapaxes(-1, -2))
    assert np.allclose(of_right, left.swapaxes(-1, -2) @ gradient)


def computed_by_the_array(instance: LayerInstance, system: System, first: Any, second: Any) -> Any:
    """The gradient from what the reference engine's PEs wrote to the ofmap."""
    program = lowered(instance, system)
    operands = Operands(operand_images(program, instance, first, second))
    run_reference(system, program, operands)
    return result_tensor(program, instance, operands.read)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind[3] == "accumulator"], ids=lambda kind: "-".join(map(str, kind)))
@pytest.mark.parametrize("pad", [QUICK, pytest.param(SLOW, marks=pytest.mark.slow)], ids=["quick", "slow"])
def test_processing_elements_compute_the_gradients_of_a_ragged_grouped_strided_convolution(
    kind: tuple[str, bool, str, str], pad: dict[str, Any]
) -> None:
    system, random = machine(kind, 5, 3, pad), np.random.default_rng(5)
    found = trained(after_weights(CORNER, CORNER_IMAGE, batch=2))
    image = random.integers(-128, 128, (2, *CORNER_IMAGE))
    weights = random.integers(-128, 128, (8, 2, 3, 3))
    gradient = random.integers(-128, 128, convolve(CORNER, image, weights).shape)
    of_image, of_weights = convolve_back(CORNER, image, weights, gradient)
    assert np.array_equal(computed_by_the_array(found["conv.weight_gradient"], system, image, gradient), of_weights)
    phases = [item for name, item in found.items() if name.startswith("conv.input_gradient.phase")]
    assert len(phases) == 2
    parts = [(item, computed_by_the_array(item, system, gradient, weights)) for item in phases]
    assert np.array_equal(joined_phases(parts, image.shape), of_image)


@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
def test_processing_elements_compute_the_gradients_of_linear_layers_and_products(dataflow: str) -> None:
    system, random = machine((dataflow, "none", "skew-registers", "accumulator"), 4, 3, QUICK), np.random.default_rng(6)
    found = trained(after_weights(Linear("fc", 7), (3, 5), batch=2))
    rows, weights, gradient = (random.integers(-99, 99, shape) for shape in ((2, 3, 5), (7, 5), (2, 3, 7)))
    assert np.array_equal(computed_by_the_array(found["fc.input_gradient"], system, gradient, weights), gradient @ weights)
    of_weights = np.einsum("brn,brk->nk", gradient, rows)
    assert np.array_equal(computed_by_the_array(found["fc.weight_gradient"], system, rows, gradient), of_weights)
    found = trained(product_network())
    left, right, of_product = (random.integers(-99, 99, shape) for shape in ((2, 2, 3, 4), (2, 2, 4, 5), (2, 2, 3, 5)))
    of_left = computed_by_the_array(found["scores.input_gradient.0"], system, of_product, right)
    of_right = computed_by_the_array(found["scores.input_gradient.1"], system, left, of_product)
    assert np.array_equal(of_left, of_product @ right.swapaxes(-1, -2))
    assert np.array_equal(of_right, left.swapaxes(-1, -2) @ of_product)


# PyTorch ----------------------------------------------------------------------------------------------------------------------


def matrix_products(instance: LayerInstance) -> tuple[int, int, int]:
    """(M, N, K) of a gradient's matrix product."""
    work = work_of(instance)
    assert isinstance(work, Product)
    return work.shape.pixels, work.shape.group_filters, work.shape.taps


def test_linear_gradients_are_the_matrix_products_of_autograd() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (extra train)")
    from torch.utils._python_dispatch import TorchDispatchMode

    class Products(TorchDispatchMode):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[tuple[int, int, int]] = []

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if function is torch.ops.aten.mm.default:
                (m, k), n = args[0].shape, args[1].shape[1]
                self.seen.append((m, n, k))
            return function(*args, **(kwargs or {}))

    rows = torch.randn(5, 8, requires_grad=True)
    linear = torch.nn.Linear(8, 6, bias=False)
    out = linear(rows)
    with Products() as products:
        out.sum().backward()
    found = trained(after_weights(Linear("fc", 6), (8,), batch=5))
    # autograd multiplies the transposed gradient by the input; the array has the transposed product: the same but for M and N.
    m, n, k = matrix_products(found["fc.weight_gradient"])
    assert sorted(products.seen) == sorted([matrix_products(found["fc.input_gradient"]), (n, m, k)])


def test_convolution_gradients_have_the_products_that_pytorch_counts() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (extra train)")
    from torch.utils.flop_counter import FlopCounterMode

    # One group: of a grouped weight gradient PyTorch counts the products between groups too.
    for stride in (1, 2):
        image = torch.randn(2, 4, 8, 8, requires_grad=True)
        out = torch.nn.Conv2d(4, 6, 3, stride, 1, bias=False)(image)
        with FlopCounterMode(display=False) as counter:
            out.sum().backward()
        found = trained(after_weights(Conv("conv", 6, 3, stride, padding=1), (4, 8, 8), batch=2))
        mine = sum(item.macs for name, item in found.items() if name.startswith("conv.") and "update" not in name)
        assert 2 * mine == counter.get_total_flops(), stride


@settings(max_examples=40, deadline=None)
@given(drawn=convolutions(), seed=st.integers(0, 1000))
def test_shapes_and_values_of_convolution_gradients_are_autograds(drawn: LayerInstance, seed: int) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (extra train)")
    conv, random = drawn.layer, np.random.default_rng(seed)
    assert isinstance(conv, Conv)
    channels, height, width = drawn.input_shapes[0]
    image = torch.tensor(random.integers(-9, 9, (drawn.batch, channels, height, width)), dtype=torch.float64, requires_grad=True)
    shape = (conv.out_channels, channels // conv.groups, *conv.kernel)
    weights = torch.tensor(random.integers(-9, 9, shape), dtype=torch.float64, requires_grad=True)
    top, left, bottom, right = conv.padding
    whole = torch.nn.functional.pad(image, (left, right, top, bottom))
    out = torch.nn.functional.conv2d(whole, weights, None, conv.stride, 0, conv.dilation, conv.groups)
    gradient = random.integers(-9, 9, tuple(out.shape))
    out.backward(torch.tensor(gradient, dtype=torch.float64))
    found = trained(after_weights(conv, (channels, height, width), drawn.batch))
    of_weights = product_gradient(found["conv.weight_gradient"], image.detach().numpy(), gradient)
    assert of_weights.shape == found["conv.weight_gradient"].output_shape == tuple(weights.grad.shape)
    assert np.array_equal(of_weights, weights.grad.numpy())
    parts = [item for name, item in found.items() if name.startswith("conv.") and isinstance(item.layer, ConvInputGradient)]
    of_image = joined_phases([(item, product_gradient(item, gradient, weights.detach().numpy())) for item in parts], image.shape)
    assert np.array_equal(of_image, image.grad.numpy())


def test_products_of_activations_have_autograds_shapes() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (extra train)")
    left, right = torch.randn(2, 2, 3, 4, requires_grad=True), torch.randn(2, 2, 4, 5, requires_grad=True)
    (left @ right).sum().backward()
    found = trained(product_network())
    for operand, tensor in enumerate((left, right)):
        instance = found[f"scores.input_gradient.{operand}"]
        assert (instance.batch, *instance.output_shape) == tuple(tensor.grad.shape)
