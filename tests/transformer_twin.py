"""The slow, obvious twin of training steps of transformers: functions and gradients of their layers, written out by hand."""

from __future__ import annotations

from math import prod

import numpy as np
from training_twin import EPSILON, Array, Step

from workloads.layers import (
    Activation,
    BatchNorm,
    Combine,
    Constant,
    Copy,
    Embedding,
    LayerNorm,
    Mul,
    Part,
    Reduce,
    Repeat,
    Resample,
    Transpose,
)
from workloads.layers.gradients import ActivationGradient, GradientView, ScaledGradient, ZeroGradient
from workloads.layers.operand_gradients import FactorGradient, NormGradient, PartGradient, SpreadGradient, SummedGradient
from workloads.layers.table_gradients import TableGradient
from workloads.network import LayerInstance


def gelu(x: Array) -> Array:
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def slope_of_gelu(x: Array) -> Array:
    inside = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    return (1 + inside) / 2 + x / 2 * (1 - inside**2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)


def summed(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Return sums of a gradient [batch, ...] that give [batch, *shape], which was repeated to the gradient's shape."""
    aligned = (1,) * (gradient.ndim - 1 - len(shape)) + shape
    axes = tuple(axis + 1 for axis, (one, many) in enumerate(zip(aligned, gradient.shape[1:], strict=True)) if one < many)
    return gradient.sum(axis=axes, keepdims=True).reshape(len(gradient), *shape)


def piece(instance: LayerInstance, whole: tuple[int, ...]) -> tuple[slice, ...]:
    """Return where a part lies: part "name.2" is the third block of its extent along the axis that is shorter."""
    number, shape = int(instance.name.rpartition(".")[2]), instance.layer.shape  # type: ignore[attr-defined]
    return (
        slice(None),
        *(slice(number * new, (number + 1) * new) if new < old else slice(None) for old, new in zip(whole, shape, strict=True)),
    )


class TransformerStep(Step):
    """A training step in which normalisations have a scale of one and no shift, and a rotation is a product by its factors."""

    def forward(self, instance: LayerInstance, inputs: list[Array]) -> Array:
        layer, batch = instance.layer, instance.batch
        if isinstance(layer, Constant):
            return np.broadcast_to(self.weights[layer.name], (batch, *layer.shape))
        first = inputs[0]
        if isinstance(layer, Embedding):
            return self.weights[layer.name][first.astype(int)]
        if isinstance(layer, LayerNorm):
            return self.normal(layer, first)[0]
        if isinstance(layer, BatchNorm):
            return first * self.constants(layer, first) if layer.scale else first + self.constants(layer, first)
        if isinstance(layer, Activation) and layer.function == "gelu":
            return gelu(first)
        if isinstance(layer, (Mul, Combine)):
            return np.asarray(np.prod(np.broadcast_arrays(*inputs), axis=0))
        if isinstance(layer, Transpose):
            return first.transpose(0, *(axis + 1 for axis in layer.order))
        if isinstance(layer, Copy):
            return first.swapaxes(-1, -2)
        if isinstance(layer, Part):
            return first[piece(instance, first.shape[1:])]
        if isinstance(layer, Resample):
            return first.repeat(2, axis=2).repeat(2, axis=3)
        if isinstance(layer, Repeat):
            return np.broadcast_to(first, (batch, *layer.shape))
        if isinstance(layer, Reduce):
            return first.mean(axis=1, keepdims=True)
        return super().forward(instance, inputs)

    def constants(self, layer: BatchNorm, values: Array) -> Array:
        """Return the constants in the shape of a tensor's last axes."""
        found = self.weights[layer.name]
        return found.reshape(values.shape[1:]) if layer.size == prod(values.shape[1:]) else found

    def normal(self, layer: LayerNorm, values: Array) -> tuple[Array, Array]:
        """Return the normalised values and the deviations."""
        centred = values - values.mean(axis=-1, keepdims=True) if layer.centred else values
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
        return centred / deviation, deviation

    def back(self, instance: LayerInstance, inputs: list[Array]) -> Array:
        layer, name = instance.layer, instance.name
        plain = name.split(".input_gradient")[0].split(".weight_gradient")[0].split(".gradient_of_parts")[0]
        origin = self.instances.get(plain.removesuffix(".gradient_sum"))
        if isinstance(layer, ZeroGradient):
            return np.zeros((instance.batch, *layer.shape))
        assert origin is not None
        made, shape = origin.layer, instance.output_shape
        if isinstance(layer, TableGradient):
            return self.of_table(origin, layer, inputs)
        if isinstance(layer, NormGradient):
            assert isinstance(made, LayerNorm)
            values, deviation = self.normal(made, inputs[1])
            means = [part.mean(axis=-1, keepdims=True) for part in (inputs[0], inputs[0] * values)]
            return (inputs[0] - (means[0] if made.centred else 0) - values * means[1]) / deviation
        if isinstance(layer, ActivationGradient) and isinstance(made, Activation) and made.function == "gelu":
            return inputs[0] * slope_of_gelu(inputs[1])
        if isinstance(layer, ScaledGradient) and isinstance(made, BatchNorm):
            return inputs[0] * self.constants(made, inputs[0])
        if isinstance(layer, FactorGradient):
            return summed(inputs[0] * inputs[1], shape)
        if isinstance(layer, SummedGradient) and isinstance(made, Resample):
            channels, height, width = shape
            return inputs[0].reshape(-1, channels, height, 2, width, 2).sum(axis=(3, 5))
        if isinstance(layer, SummedGradient):
            return summed(inputs[0], shape)
        if isinstance(layer, SpreadGradient):
            if isinstance(made, Copy):
                return inputs[0].swapaxes(-1, -2)
            return np.broadcast_to(inputs[0] / shape[0], (instance.batch, *shape))
        if isinstance(layer, PartGradient):
            return inputs[0]
        if isinstance(layer, GradientView) and ".gradient_of_parts" in name:
            return self.of_parts(instance, inputs)
        if isinstance(layer, GradientView) and isinstance(made, Transpose):
            return inputs[0].transpose(0, *(axis + 1 for axis in np.argsort(made.order)))
        return super().back(instance, inputs)

    def of_parts(self, instance: LayerInstance, inputs: list[Array]) -> Array:
        result = np.zeros((instance.batch, *instance.output_shape))
        for producer, gradient in zip(instance.producers, inputs, strict=True):
            part = self.instances.get(producer.split(".input_gradient")[0])
            if part is not None and ".input_gradient" in producer:
                result[piece(part, instance.output_shape)] = gradient
        return result

    def of_table(self, origin: LayerInstance, layer: TableGradient, inputs: list[Array]) -> Array:
        """Return sums over the batch, and over the places that read each row of an embedding."""
        result = np.zeros(layer.shape)
        if isinstance(origin.layer, Embedding):
            np.add.at(result, self.values[origin.producers[0]].astype(int), inputs[0])
        elif layer.scaled:
            result += (inputs[0] * inputs[1]).reshape(-1, prod(layer.shape)).sum(axis=0)
        else:
            result += inputs[0].reshape(-1, prod(layer.shape)).sum(axis=0).reshape(layer.shape)
        return result
