"""Training steps of transformers: slopes of the loss, autograd's shapes, products by closed form, both engines."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from training_twin import random_weights
from transformer_twin import TransformerStep

from simcore import simulate
from workloads.dataflow import work_of
from workloads.layers import (
    Activation,
    Add,
    BatchNorm,
    Combine,
    Concat,
    Constant,
    Conv,
    Copy,
    Embedding,
    Input,
    LayerNorm,
    Linear,
    MatMul,
    Mul,
    Part,
    Reduce,
    Repeat,
    Resample,
    Reshape,
    SharedLinear,
    Softmax,
    Transpose,
)
from workloads.layers.table_gradients import TableGradient
from workloads.network import Network, NetworkBuilder
from workloads.networks import INFERENCE_NETWORKS
from workloads.training import training_step

TOKENS, WIDTH, HEADS = 4, 6, 2


def block(batch: int = 2) -> Network:
    """A decoder's block with everything that a transformer of today has, and a few more moves of words."""
    net = NetworkBuilder("block")
    net.add(Input("tokens", (TOKENS,)))
    net.add(Embedding("words", 9, (WIDTH,)))
    net.add(BatchNorm("places", scale=False, size=TOKENS * WIDTH))
    start = net.add(Concat("with_token", 0), [net.add(Constant("token", (1, WIDTH)), []), "places"])
    net.add(LayerNorm("norm1"), [start])
    net.add(BatchNorm("norm1.scale", shift=False, size=WIDTH))
    net.add(BatchNorm("norm1.shift", scale=False, size=WIDTH))
    net.add(Linear("qkv", 3 * WIDTH))
    heads = {}
    for number, order in enumerate(((1, 0, 2), (1, 2, 0), (1, 0, 2))):
        net.add(Part(f"qkv.{number}", (TOKENS + 1, WIDTH)), ["qkv"])
        net.add(Reshape(f"split{number}", (TOKENS + 1, HEADS, WIDTH // HEADS)))
        heads[number] = net.add(Transpose(f"heads{number}", order))
    factors = net.add(Constant("turns", (HEADS, TOKENS + 1, WIDTH // HEADS), trained=False), [])
    turned = net.add(Combine("turned", "rotary"), [heads[0], factors])
    net.add(MatMul("scores"), [turned, heads[1]])
    net.add(BatchNorm("scores.scale", shift=False, size=1))
    net.add(Softmax("softmax"))
    net.add(MatMul("mixed"), ["softmax", heads[2]])
    net.add(Transpose("rows", (1, 0, 2)))
    net.add(Reshape("joined", (TOKENS + 1, WIDTH)))
    net.add(Linear("output", WIDTH))
    between = net.add(Add("add1"), [start, "output"])
    normal = net.add(LayerNorm("norm2", shift=False, centred=False))
    net.add(Linear("gate", WIDTH), [normal])
    gate = net.add(Activation("gelu", "gelu"))
    up = net.add(Linear("up", WIDTH), [normal])
    net.add(Mul("gated"), [gate, up])
    net.add(Linear("down", WIDTH))
    after = net.add(Add("add2"), [between, "down"])
    net.add(Reduce("mean", (1, WIDTH), "mean"), [after])
    net.add(Add("each_with_mean"), [after, "mean"])
    net.add(Mul("by_mean"), ["each_with_mean", "mean"])
    net.add(Copy("turn", (WIDTH, TOKENS + 1)))
    net.add(Linear("mixer", 3))
    net.add(Part("first.0", (1, 3)))
    net.add(Repeat("again", (2, 3)))
    net.add(Reshape("flat", (6,)))
    net.add(Linear("classes", 5))
    return net.build(batch)


def weights_of(network: Network) -> dict[str, np.ndarray]:
    random, found = np.random.default_rng(7), random_weights(network, 1)
    for instance in network.instances():
        layer = instance.layer
        if isinstance(layer, (Embedding, Constant)):
            shape = (layer.rows, *layer.width) if isinstance(layer, Embedding) else layer.shape
            found[layer.name] = random.normal(size=shape)
        elif isinstance(layer, BatchNorm):
            found[layer.name] = random.normal(size=layer.size)
    return found


def test_the_gradients_of_a_block_are_the_slopes_of_its_loss() -> None:
    network = block()
    step, weights = training_step(network), weights_of(network)
    images = {"tokens": np.array([[1, 3, 3, 8], [0, 3, 5, 1]])}
    labels, random = np.array([0, 4]), np.random.default_rng(3)
    found = TransformerStep(step, weights, images, labels)
    trained = {name.removesuffix(".update") for name in found.instances if name.endswith(".update")}
    assert trained == set(weights) - {"turns", "scores.scale"}
    for name in sorted(trained):
        for _ in range(3):
            at = tuple(random.integers(0, extent) for extent in weights[name].shape)
            losses = []
            for move in (1e-5, -1e-5):
                moved = weights | {name: weights[name].copy()}
                moved[name][at] += move
                losses.append(TransformerStep(step, moved, images, labels).loss)
            slope = (losses[0] - losses[1]) / 2e-5
            assert found.values[f"{name}.weight_gradient"][at] == pytest.approx(slope, abs=2e-7), (name, at)


def test_the_gradient_of_an_image_of_twice_the_size_sums_four_places() -> None:
    net = NetworkBuilder("twice")
    net.add(Input("image", (2, 3, 3)))
    net.add(Conv("conv", 2, 1))
    net.add(Resample("twice", (2, 6, 6)))
    net.add(Reshape("flat", (72,)))
    net.add(Linear("classes", 3))
    network = net.build(batch=2)
    weights, image = random_weights(network, 1), {"image": np.random.default_rng(2).normal(size=(2, 2, 3, 3))}
    step = training_step(network)
    found = TransformerStep(step, weights, image, np.array([0, 2]))
    losses = []
    for move in (1e-5, -1e-5):
        moved_weights = weights | {"conv": weights["conv"].copy()}
        moved_weights["conv"][1, 0] += move
        losses.append(TransformerStep(step, moved_weights, image, np.array([0, 2])).loss)
    assert found.values["conv.weight_gradient"][1, 0] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-7)
    assert moved(step, "twice.input_gradient") == (2 * 72, 2 * 18)


@pytest.mark.slow
def test_gradients_of_tables_have_autograds_shapes() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (extra train)")
    words, token = torch.nn.Embedding(9, WIDTH), torch.nn.Parameter(torch.zeros(1, WIDTH))
    scale = torch.nn.Parameter(torch.ones(WIDTH))
    (torch.cat([token, words(torch.tensor([1, 3, 3, 8]))]) * scale).sum().backward()
    step = {instance.name: instance.layer for instance in training_step(block()).instances()}
    for name, tensor in (("words", words.weight), ("token", token), ("norm1.scale", scale)):
        layer = step[f"{name}.weight_gradient"]
        assert isinstance(layer, TableGradient)
        assert layer.shape == tuple(tensor.grad.shape)


@pytest.mark.parametrize("name", ["bert-base", "gpt2", "llama-like", "vit-b-16"])
def test_a_step_multiplies_three_times_as_much_as_inference(name: str) -> None:
    """Each product has two gradients, except that the image ahead of a vision transformer's first layer needs none."""
    network = INFERENCE_NETWORKS[name]()
    without = sum(i.macs for i in network.instances() if isinstance(i.layer, Conv))
    assert training_step(network).macs() == 3 * network.macs() - without


def test_weights_that_layers_share_are_updated_once() -> None:
    step = {instance.name for instance in training_step(INFERENCE_NETWORKS["gpt2"]()).instances()}
    assert {"words.update", "head.weight_gradient"} <= step
    assert "head.update" not in step


def moved(network: Network, name: str) -> tuple[int, int]:
    """Return the words that a layer reads and writes."""
    (instance,) = (each for each in network.instances() if each.name == name)
    work = work_of(instance)
    assert work is not None
    return work.words.inputs + work.words.weights, work.words.results


def test_the_words_of_each_gradient_by_hand() -> None:
    batch, rows = 2, TOKENS + 1
    step = training_step(block(batch))
    values = batch * rows * WIDTH
    assert moved(step, "norm2.input_gradient") == (2 * values, values)
    assert moved(step, "words.weight_gradient") == (batch * TOKENS * WIDTH, 9 * WIDTH)
    assert moved(step, "norm1.scale.weight_gradient") == (2 * values, WIDTH)
    assert moved(step, "token.weight_gradient") == (batch * WIDTH, WIDTH)
    assert moved(step, "gated.input_gradient.0") == (2 * values, values)
    assert moved(step, "by_mean.input_gradient.1") == (2 * values, batch * WIDTH)
    assert moved(step, "each_with_mean.input_gradient.1") == (values, batch * WIDTH)
    assert moved(step, "mean.input_gradient") == (batch * WIDTH, values)
    assert moved(step, "mixer.gradient_of_parts.zeros") == (0, batch * (WIDTH - 1) * 3)


def test_parts_that_fill_a_tensor_need_neither_zeros_nor_sums() -> None:
    step = {instance.name: instance for instance in training_step(block()).instances()}
    assert sorted(step["qkv.gradient_of_parts"].producers) == [f"qkv.{number}.input_gradient" for number in range(3)]
    assert "qkv.gradient_sum" not in step
    assert "qkv.gradient_of_parts.zeros" not in step


def test_parts_that_overlap_are_filled_with_zeros_one_by_one() -> None:
    net = NetworkBuilder("overlap")
    net.add(Input("x", (4, 3)))
    net.add(Linear("fc", 3))
    for number in range(2):
        net.add(Part(f"part.{number}", (3, 3)), ["fc"])
    net.add(Add("add"), ["part.0", "part.1"])
    step = {instance.name: instance for instance in training_step(net.build()).instances()}
    assert step["fc.gradient_of_parts.1.zeros"].output_shape == (prod((4, 3)) - prod((3, 3)),)
    assert step["fc.gradient_sum"].producers == ("fc.gradient_of_parts.0", "fc.gradient_of_parts.1")


def test_a_shared_layer_alone_has_its_update() -> None:
    net = NetworkBuilder("shared")
    net.add(Input("x", (4,)))
    net.add(SharedLinear("first", 4, counted=True))
    net.add(SharedLinear("second", 4))
    names = {instance.name for instance in training_step(net.build()).instances()}
    assert ("first.update" in names, "second.update" in names) == (True, False)


@pytest.mark.slow
def test_both_engines_agree_on_every_gradient() -> None:
    network = block(batch=1)
    tables = [simulate(network, "train-sram", training="adam", engine=engine).layers for engine in ("compiled", "simpy")]
    assert tables[0].equals(tables[1])
