"""``--check-values`` with ``--training``: gradients that the array computes equal numpy's, and wrong ones stop the run."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_pe_values import convolutions
from training_networks import CORNER, CORNER_IMAGE, after_weights, many_layers, product_network, trained
from training_twin import convolve, convolve_back, joined_phases
from typer.testing import CliRunner

from simcore import InputError, simulate
from simcore.cli import app
from simcore.errors import WrongValuesError
from workloads.dataflow import Product, work_of
from workloads.dataflow.values import draw_tensors, numpy_product
from workloads.layers import Conv
from workloads.layers.gradients import ConvInputGradient
from workloads.network import LayerInstance, Network
from workloads.training import training_step

SMALL = ("array.rows=4", "array.columns=3")
NETWORKS = [many_layers(1), product_network(), after_weights(CORNER, CORNER_IMAGE, batch=2)]


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS, ids=["many-layers", "product", "corner"])
@pytest.mark.parametrize(
    ("dataflow", "strided"),
    [("ws", "phases"), ("os", "phases"), ("is", "phases"), pytest.param("ws", "zeros", marks=pytest.mark.slow)],
)
def test_every_gradient_of_the_array_is_checked(network: Network, dataflow: str, strided: str) -> None:
    step = training_step(network, strided=strided)
    found = simulate(step, engine="simpy", check_values=True, overrides=SMALL, dataflow=dataflow)
    products = {item.name for item in step.instances() if isinstance(work_of(item), Product)}
    assert {name for name, said in found.values.items() if said == "equal"} == products
    assert any(name.endswith("weight_gradient") for name in products) or network.name == "product"
    updates = [name for name in found.values if name.endswith(".update")]
    assert updates
    assert {found.values[name] for name in updates} == {"none: vector unit"}


@pytest.mark.slow
def test_the_command_line_says_so() -> None:
    asked = ["run", "lenet5", "--training", "--layers", "output*", "--engine", "simpy", "--check-values", "--json"]
    found = CliRunner().invoke(app, asked)
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["values"] == {
        "output.loss": "none: vector unit",
        "output.loss.input_gradient": "none: vector unit",
        "output": "equal",
        "output.input_gradient": "equal",
        "output.weight_gradient": "equal",
        "output.update": "none: vector unit",
    }


@pytest.mark.parametrize("layer", ["conv.weight_gradient", "conv.input_gradient.phase_0_0"])
def test_an_array_that_computes_another_gradient_is_caught(layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The filters the wrong way round: what a forgotten rotation would do."""
    from workloads.dataflow import values

    right = values.loop_nest_operands

    def turned(*arguments: object) -> tuple[np.ndarray, np.ndarray]:
        pixels, filters = right(*arguments)
        return pixels, filters[:, :, ::-1, ::-1]

    monkeypatch.setattr(values, "loop_nest_operands", turned)
    step = training_step(after_weights(Conv("conv", 3, 5, 2, padding=2), (2, 7, 7)))
    with pytest.raises(WrongValuesError, match=f"layer '{layer}': .* values differ from numpy's"):
        simulate(step, engine="simpy", check_values=True, overrides=SMALL, layers=layer)


@settings(max_examples=100, deadline=None)
@given(drawn=convolutions(), seed=st.integers(0, 1000))
def test_numpys_gradients_of_a_convolution_are_those_scattered_by_hand(drawn: LayerInstance, seed: int) -> None:
    conv, random = drawn.layer, np.random.default_rng(seed)
    assert isinstance(conv, Conv)
    found = trained(after_weights(conv, drawn.input_shapes[0], drawn.batch))
    image, gradient = draw_tensors(found["conv.weight_gradient"], random)
    parts = [item for name, item in found.items() if name.startswith("conv.") and isinstance(item.layer, ConvInputGradient)]
    weights = draw_tensors(parts[0], random)[1] if parts else np.zeros_like(image)
    if parts:
        assert gradient.shape == convolve(conv, image, weights).shape
        of_image, of_weights = convolve_back(conv, image, weights, gradient)
        assert np.array_equal(numpy_product(found["conv.weight_gradient"], image, gradient), of_weights)
        computed = [(item, numpy_product(item, gradient, weights)) for item in parts]
        assert np.array_equal(joined_phases(computed, image.shape), of_image)


def test_a_layer_that_is_no_product_is_refused() -> None:
    instance = next(item for name, item in trained(many_layers(1)).items() if name.endswith(".update"))
    with pytest.raises(InputError, match="expected a matrix product, got op 'update'"):
        numpy_product(instance, np.zeros((1, 1)), np.zeros((1, 1)))
