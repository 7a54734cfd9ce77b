"""A trained network on a DRAM that computes: its accuracy in integers, and with activations that fail."""

from __future__ import annotations

import numpy as np
import pytest

from models.pim import maj
from models.pim.variation import failing_share
from simcore.errors import InputError
from simcore.pim.failures import failing
from simcore.pim.mapping import Array, MapOptions
from workloads.layers import Activation, Add, BatchNorm, Conv, Flatten, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder
from workloads.pim.place_network import place_network
from workloads.pim.quantised import quantise

DDR4 = Array(columns=65536, rows=512, banks=16)


def chain(*layers, batch: int = 1) -> Network:
    builder = NetworkBuilder("chain")
    builder.add(Input("image", (1, 6, 6)))
    for layer in layers:
        builder.add(layer)
    return builder.build(batch)


def placed(network: Network, bits: int = 8):
    return place_network(
        network, DDR4, MapOptions(weight_bits=bits, activation_bits=bits, working_rows=60, program_operations=100)
    )


def small(batch: int = 3) -> Network:
    conv = Conv("conv", 4, 3, padding=1, bias=True)
    return chain(conv, Activation("relu"), Pool("pool", "max", 2, 2), Flatten("flat"), Linear("fc", 5), batch=batch)


def parameters(seed: int = 0):
    random = np.random.default_rng(seed)
    return {
        "conv": (random.normal(size=(4, 1, 3, 3)), random.normal(size=4)),
        "fc": (random.normal(size=(5, 36)), random.normal(size=5)),
    }


def by_floats(images: np.ndarray) -> np.ndarray:
    """The same network in floating point, with the convolution as a sum over its taps."""
    (filters, bias), (matrix, offset) = parameters()["conv"], parameters()["fc"]
    wide = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(wide[:, 0], (3, 3), axis=(1, 2))
    found = np.maximum(np.einsum("bhwij,fij->bfhw", windows, filters[:, 0]) + bias[:, None, None], 0)
    pooled = found.reshape(len(images), 4, 3, 2, 3, 2).max(axis=(3, 5))
    return pooled.reshape(len(images), -1) @ matrix.T + offset


def test_integers_of_sixteen_bits_are_the_floats_scaled_and_of_eight_bits_nearly() -> None:
    images = np.random.default_rng(1).normal(size=(3, 1, 6, 6))
    floats = by_floats(images)
    for bits, least in ((14, 0.999999), (8, 0.999), (4, 0.9)):
        found = quantise(placed(small(), bits), parameters(), images).outputs(images)
        assert np.corrcoef(found.ravel(), floats.ravel())[0, 1] > least


def test_mapped_columns_give_numpys_outputs_and_failing_ones_others() -> None:
    images = np.random.default_rng(2).normal(size=(3, 1, 6, 6))
    network = quantise(placed(small(), 5), parameters(), images)
    recording = maj.PROGRAMS["mul"].recorded(5, 5, True)
    right = network.outputs(images)
    assert (network.outputs(images, recording) == right).all()
    assert (network.outputs(images, recording, failing(0.02, 1)) != right).any()


def test_values_beyond_those_with_which_the_scales_were_found_are_cut_off() -> None:
    images = np.random.default_rng(3).normal(size=(3, 1, 6, 6))
    network = quantise(placed(small(), 6), parameters(), images)
    assert (network.outputs(1e6 * images) == network.outputs(np.where(images > 0, 1e3, -1e3))).all()
    assert np.isfinite(network.outputs(1e6 * images)).all()


@pytest.mark.parametrize(
    ("network", "bits", "told"),
    [
        (small(), 1, "expected weights and activations of at least 2 bits, one of which is the sign"),
        (
            chain(Conv("conv", 1, 3), BatchNorm("norm")),
            8,
            "layer 'norm': expected a normalisation as part of the weights before it",
        ),
        (chain(Conv("conv", 1, 3), Activation("tanh", "tanh")), 8, "layer 'tanh': expected a layer with an integer form"),
        (chain(Linear("other", 3)), 8, "layer 'other': expected trained weights, got none"),
    ],
)
def test_networks_that_cannot_be_quantised_are_told(network, bits, told) -> None:
    with pytest.raises(InputError) as caught:
        quantise(placed(network, bits), parameters(), np.ones((1, 1, 6, 6)))
    assert str(caught.value) == told


def test_a_branch_is_told() -> None:
    builder = NetworkBuilder("branch")
    builder.add(Input("image", (1, 6, 6)))
    start = builder.add(Conv("conv", 1, 1))
    builder.add(Activation("relu"))
    builder.add(Add("sum"), ["relu", start])
    with pytest.raises(InputError, match="layer 'sum': expected a network without branches"):
        quantise(placed(builder.build()), {"conv": (np.ones((1, 1, 1, 1)), None)}, np.ones((1, 1, 6, 6)))


@pytest.mark.slow
def test_a_trained_network_keeps_its_accuracy_in_integers_and_loses_it_with_the_variation_of_the_cells() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    from workloads.learning.data import load_dataset
    from workloads.learning.loop import accuracy_percent, deterministic, fit
    from workloads.learning.module import GraphModule
    from workloads.learning.setup import TrainingSetup
    from workloads.networks import NETWORKS

    data = load_dataset("digits")
    with deterministic():
        torch.manual_seed(0)
        net = GraphModule(NETWORKS["small-cnn"]())
        fit(net, data, TrainingSetup(epochs=4), seed=0)
        floats = accuracy_percent(net, data)
    trained = {
        name: tuple(part.detach().numpy() for part in (net.layer(name).weight, net.layer(name).bias))
        for name in ("conv1", "conv2", "fc")
    }
    images, labels = data.test_images[:100], data.test_labels[:100]
    network = quantise(placed(NETWORKS["small-cnn"](batch=100), 6), trained, images)
    recording = maj.PROGRAMS["mul"].recorded(6, 6, True)
    right = network.accuracy_percent(images, labels, recording)
    assert right == network.accuracy_percent(images, labels)
    assert floats > 90
    assert right > floats - 5
    varied = [network.accuracy_percent(images, labels, recording, failing(failing_share(percent), 0)) for percent in (5, 10)]
    assert varied[0] == right  # at 5 % none of the source's activations failed
    assert varied[1] < 50
