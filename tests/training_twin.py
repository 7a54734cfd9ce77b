"""A slow, obvious twin of training steps: gradients written out by hand, and a whole network's step computed layer by layer."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from workloads.dataflow import Product, work_of
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.values import loop_nest_operands, loop_nest_result
from workloads.layers import Activation, Add, Concat, Conv, GlobalPool, Input, Linear, MatMul, Pool, ShapeOnly, Softmax
from workloads.layers.gradients import (
    ActivationGradient,
    AveragePoolGradient,
    BatchNormGradient,
    ConvInputGradient,
    GradientSum,
    GradientView,
    LinearInputGradient,
    LossGradient,
    MatMulInputGradient,
    ScaledGradient,
    SoftmaxGradient,
    WeightGradient,
    ZeroGradient,
    ZeroInsertion,
)
from workloads.layers.trained import SoftmaxLoss, TrainedBatchNorm, TrainedDropout, TrainedMaxPool
from workloads.layers.updates import Update
from workloads.network import LayerInstance, Network

Array = npt.NDArray[Any]
EPSILON = 1e-5


# Products and their gradients -------------------------------------------------------------------------------------------------


def places(conv: Conv, image: Array) -> list[tuple[int, int, tuple[slice, slice]]]:
    """Return for each tap (row, column) the slices of the padded image that it multiplies, over all output positions."""
    _, rows, columns = conv.infer([image.shape[1:]])
    found = []
    for y, x in product(range(conv.kernel[0]), range(conv.kernel[1])):
        first = y * conv.dilation[0], x * conv.dilation[1]
        ends = first[0] + (rows - 1) * conv.stride[0] + 1, first[1] + (columns - 1) * conv.stride[1] + 1
        found.append((y, x, (slice(first[0], ends[0], conv.stride[0]), slice(first[1], ends[1], conv.stride[1]))))
    return found


def padded(conv: Conv, image: Array) -> Array:
    top, left, bottom, right = conv.padding
    return np.pad(image, ((0, 0), (0, 0), (top, bottom), (left, right)))


def grouped(conv: Conv, image: Array) -> list[tuple[slice, slice]]:
    """Return (input channels, filters) of each group."""
    channels, filters = image.shape[1] // conv.groups, conv.out_channels // conv.groups
    return [(slice(g * channels, (g + 1) * channels), slice(g * filters, (g + 1) * filters)) for g in range(conv.groups)]


def convolve(conv: Conv, image: Array, weights: Array) -> Array:
    whole = padded(conv, image)
    result = np.zeros((len(image), *conv.infer([image.shape[1:]])), dtype=np.result_type(image, weights))
    for (y, x, where), (channels, filters) in product(places(conv, image), grouped(conv, image)):
        result[:, filters] += np.einsum("bcij,fc->bfij", whole[(slice(None), channels, *where)], weights[filters, :, y, x])
    return result


def convolve_back(conv: Conv, image: Array, weights: Array, gradient: Array) -> tuple[Array, Array]:
    """Return (input gradient, weight gradient), by scattering each output position's gradient to the values behind it."""
    whole, of_weights = padded(conv, image), np.zeros_like(weights)
    of_whole = np.zeros_like(whole)
    for (y, x, where), (channels, filters) in product(places(conv, image), grouped(conv, image)):
        part = (slice(None), channels, *where)
        of_whole[part] += np.einsum("bfij,fc->bcij", gradient[:, filters], weights[filters, :, y, x])
        of_weights[filters, :, y, x] += np.einsum("bfij,bcij->fc", gradient[:, filters], whole[part])
    top, left = conv.padding[:2]
    return of_whole[:, :, top : top + image.shape[2], left : left + image.shape[3]], of_weights


def loop_nest(shape: ConvShape, pixels: Array, filters: Array) -> Array:
    """Return the result of a ConvShape, [batch, filters, rows, columns], from its own extents, with zeros beyond the pixels."""
    result = np.zeros((shape.batch, shape.filters, shape.out_height, shape.out_width), dtype=np.result_type(pixels, filters))
    for y, x in product(range(shape.kernel[0]), range(shape.kernel[1])):
        rows = np.arange(shape.out_height) * shape.stride[0] - shape.padding[0] + y * shape.dilation[0]
        columns = np.arange(shape.out_width) * shape.stride[1] - shape.padding[1] + x * shape.dilation[1]
        inside = ((rows >= 0) & (rows < shape.height))[:, None] & ((columns >= 0) & (columns < shape.width))[None, :]
        picked = pixels[:, :, rows.clip(0, shape.height - 1)][..., columns.clip(0, shape.width - 1)] * inside
        for group in range(shape.groups):
            channels = slice(group * shape.group_channels, (group + 1) * shape.group_channels)
            mine = slice(group * shape.group_filters, (group + 1) * shape.group_filters)
            result[:, mine] += np.einsum("bcij,fc->bfij", picked[:, channels], filters[mine, :, y, x])
    return result


def product_gradient(instance: LayerInstance, first: Array, second: Array) -> Array:
    """Return a gradient, computed by the loop nest that the array runs."""
    work = work_of(instance)
    assert isinstance(work, Product)
    shape = work.shape
    pixels, filters = loop_nest_operands(instance, first, second)
    assert pixels.shape == (shape.batch, shape.channels, shape.height, shape.width)
    assert filters.shape == (shape.filters, shape.group_channels, *shape.kernel)
    return loop_nest_result(instance, loop_nest(shape, pixels, filters))


def joined_phases(parts: list[tuple[LayerInstance, Array]], shape: tuple[int, ...]) -> Array:
    """Return the pixels of all phases in one tensor of this shape, [batch, ...], with zeros in positions without a phase."""
    whole = np.zeros(shape)
    for instance, part in parts:
        layer = instance.layer
        assert isinstance(layer, ConvInputGradient)
        whole[:, :, layer.residues[0] :: layer.of.stride[0], layer.residues[1] :: layer.of.stride[1]] = part
    return whole


# A whole step -----------------------------------------------------------------------------------------------------------------


class Step:
    """The tensors of a training step by layer name, [batch, *shape]. Gradients of weights have the weights' shape."""

    def __init__(self, network: Network, weights: dict[str, Array], images: dict[str, Array], labels: Array) -> None:
        self.weights, self.labels = weights, labels
        self.values: dict[str, Array] = dict(images)
        inputs = [name for name in network.order() if isinstance(network.layer(name), Input)]
        self.values |= {name: labels[:, None] for name in inputs if name.endswith(".labels")}
        self.kept: dict[str, Array] = {}
        self.instances = {instance.name: instance for instance in network.instances()}
        self.loss = 0.0
        for instance in network.instances():
            if not isinstance(instance.layer, Update):
                value = self.compute(instance, [self.values[name] for name in instance.producers])
                batched = () if isinstance(instance.layer, WeightGradient) else (instance.batch,)
                assert value.shape == (*batched, *instance.output_shape), instance.name
                self.values[instance.name] = value

    def compute(self, instance: LayerInstance, inputs: list[Array]) -> Array:
        if instance.layer.pass_name == "forward":
            return self.forward(instance, inputs)
        return self.back(instance, inputs)

    def forward(self, instance: LayerInstance, inputs: list[Array]) -> Array:
        layer, first = instance.layer, inputs[0]
        if isinstance(layer, Conv):
            return convolve(layer, first, self.weights[layer.name])
        if isinstance(layer, Linear):
            return first @ self.weights[layer.name].T
        if isinstance(layer, MatMul):
            return first @ inputs[1]
        if isinstance(layer, TrainedMaxPool):
            return self.max_pool(layer, first)
        if isinstance(layer, Pool):
            return self.windows(layer, first).mean(axis=-1)
        if isinstance(layer, GlobalPool):
            return first.mean(axis=(2, 3), keepdims=True)
        if isinstance(layer, TrainedBatchNorm):
            mean, variance = first.mean(axis=(0, 2, 3), keepdims=True), first.var(axis=(0, 2, 3), keepdims=True)
            return (first - mean) / np.sqrt(variance + EPSILON)
        if isinstance(layer, Activation):
            return {"relu": np.maximum(first, 0), "tanh": np.tanh(first), "swish": first / (1 + np.exp(-first))}[layer.function]
        if isinstance(layer, TrainedDropout):
            return first * self.mask(layer.name, first.shape)
        if isinstance(layer, Add):
            return np.asarray(sum(inputs))
        if isinstance(layer, Concat):
            return np.concatenate(inputs, axis=1 + layer.axis)
        if isinstance(layer, SoftmaxLoss):
            powers = np.exp(first - first.max(axis=-1, keepdims=True))
            result = powers / powers.sum(axis=-1, keepdims=True)
            self.loss -= float(np.log(result[np.arange(len(first)), self.labels]).sum())
            return result
        if isinstance(layer, Softmax):
            powers = np.exp(first)
            return powers / powers.sum(axis=layer.axis, keepdims=True)
        assert isinstance(layer, ShapeOnly)
        return first.reshape(len(first), *instance.output_shape)

    def back(self, instance: LayerInstance, inputs: list[Array]) -> Array:
        layer, name = instance.layer, instance.name
        origin = self.instances[name.split(".input_gradient")[0].split(".weight_gradient")[0].removesuffix(".gradient_sum")]
        if isinstance(layer, WeightGradient | MatMulInputGradient):
            return product_gradient(instance, *inputs)
        if isinstance(layer, ConvInputGradient | LinearInputGradient):
            return product_gradient(instance, inputs[0], self.weights[origin.name])
        if isinstance(layer, ActivationGradient):
            gradient, kept = inputs
            sigmoid = 1 / (1 + np.exp(-kept))
            slopes = {"relu": kept > 0, "tanh": 1 - kept**2, "swish": sigmoid * (1 + kept * (1 - sigmoid))}
            return gradient * slopes[origin.layer.function]  # type: ignore[attr-defined]
        if isinstance(layer, ScaledGradient):
            return inputs[0] * self.mask(origin.name, inputs[0].shape)
        if isinstance(layer, BatchNormGradient):
            gradient, kept = inputs
            normal = self.forward(origin, [kept])
            deviation = np.sqrt(kept.var(axis=(0, 2, 3), keepdims=True) + EPSILON)
            sums = [part.mean(axis=(0, 2, 3), keepdims=True) for part in (gradient, gradient * normal)]
            return (gradient - sums[0] - normal * sums[1]) / deviation
        if isinstance(layer, SoftmaxGradient):
            gradient, kept = inputs
            return kept * (gradient - (gradient * kept).sum(axis=layer.axis, keepdims=True))
        if isinstance(layer, LossGradient):
            result, labels = inputs[0].copy(), inputs[1].astype(int)
            result[np.arange(len(result)), labels[:, 0]] -= 1
            return result
        if isinstance(layer, AveragePoolGradient):
            return self.pool_back(origin, inputs[0])
        if isinstance(layer, ZeroGradient):
            return np.zeros((instance.batch, *layer.shape))
        if isinstance(layer, ZeroInsertion):
            assert isinstance(origin.layer, Conv)
            result = np.zeros((instance.batch, *layer.shape))
            result[:, :, :: origin.layer.stride[0], :: origin.layer.stride[1]] = inputs[0]
            return result
        if isinstance(layer, GradientSum):
            return np.asarray(sum(inputs))
        assert isinstance(layer, GradientView)
        return self.view_back(instance, origin, inputs)

    def view_back(self, instance: LayerInstance, origin: LayerInstance, inputs: list[Array]) -> Array:
        if isinstance(origin.layer, Conv):
            parts = [(self.instances[name], value) for name, value in zip(instance.producers, inputs, strict=True)]
            shape = (instance.batch, *instance.output_shape)
            return joined_phases([item for item in parts if isinstance(item[0].layer, ConvInputGradient)], shape)
        if isinstance(origin.layer, Concat):
            number = int(instance.name.rpartition(".")[2])
            ends = np.cumsum([shape[origin.layer.axis] for shape in origin.input_shapes])
            return np.split(inputs[0], ends[:-1], axis=1 + origin.layer.axis)[number]
        return inputs[0].reshape(len(inputs[0]), *instance.output_shape)

    def windows(self, layer: Pool, image: Array) -> Array:
        """Return the values of each window, [batch, channels, rows, columns, places]."""
        top, left, bottom, right = layer.padding
        lowest = -np.inf if layer.kind == "max" else 0.0
        whole = np.pad(image, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=lowest)
        _, rows, columns = layer.infer([image.shape[1:]])
        return np.stack(
            [
                whole[:, :, y : y + (rows - 1) * layer.stride[0] + 1 : layer.stride[0]][
                    :, :, :, x : x + (columns - 1) * layer.stride[1] + 1 : layer.stride[1]
                ]
                for y, x in product(range(layer.kernel[0]), range(layer.kernel[1]))
            ],
            axis=-1,
        )

    def max_pool(self, layer: TrainedMaxPool, image: Array) -> Array:
        taken = self.windows(layer, image)
        self.kept[layer.name] = taken.argmax(axis=-1)
        return taken.max(axis=-1)

    def pool_back(self, origin: LayerInstance, gradient: Array) -> Array:
        layer = origin.layer
        batch, (channels, height, width) = len(gradient), origin.input_shapes[0]
        if isinstance(layer, GlobalPool):
            return np.broadcast_to(gradient / (height * width), (batch, channels, height, width)).copy()
        assert isinstance(layer, Pool)
        top, left, bottom, right = layer.padding
        whole = np.zeros((batch, channels, height + top + bottom, width + left + right))
        for b, c, i, j in np.ndindex(*gradient.shape):
            for number, (y, x) in enumerate(product(range(layer.kernel[0]), range(layer.kernel[1]))):
                share = self.kept[layer.name][b, c, i, j] == number if layer.kind == "max" else 1 / prod(layer.kernel)
                whole[b, c, i * layer.stride[0] + y, j * layer.stride[1] + x] += gradient[b, c, i, j] * share
        return whole[:, :, top : top + height, left : left + width]

    def mask(self, name: str, shape: tuple[int, ...]) -> Array:
        return np.random.default_rng(len(name)).integers(0, 2, shape) * 2.0


def random_weights(network: Network, seed: int) -> dict[str, Array]:
    """Return weights for every convolution and linear layer."""
    random = np.random.default_rng(seed)
    found = {}
    for instance in network.instances():
        layer = instance.layer
        if isinstance(layer, Conv):
            found[layer.name] = random.normal(
                size=(layer.out_channels, instance.input_shapes[0][0] // layer.groups, *layer.kernel)
            )
        elif isinstance(layer, Linear):
            found[layer.name] = random.normal(size=(layer.out_features, instance.input_shapes[0][-1]))
    return {name: value * 0.5 for name, value in found.items()}


def random_images(network: Network, seed: int) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    inputs = [network.layer(name) for name in network.order()]
    return {layer.name: random.normal(size=(network.batch, *layer.shape)) for layer in inputs if isinstance(layer, Input)}
