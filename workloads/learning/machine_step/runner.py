"""One training step as the machine carries it out: every layer loads its operands, computes and stores its results. Needs torch.

Main memory is free of errors. What a layer reads is what its scratchpads hold after the writes of its own Program, so each layer
sees other errors of the same tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from simcore.errors import InputError
from workloads import layers
from workloads.faults.pad_memory import PadMemory
from workloads.faults.step_writes import LayerWrites, StepWrites
from workloads.faults.sum_words import sum_format
from workloads.faults.words import WordFormat, Words
from workloads.layers import gradients, trained
from workloads.layers.updates import Update
from workloads.learning.machine_step.machine import Master
from workloads.learning.machine_step.parameters import NormMoments, Rule, Weights
from workloads.learning.machine_step.products import multiplied, product_shape
from workloads.learning.machine_step.stored import Stored, stored
from workloads.learning.machine_step.vector import (
    Norm,
    average_gradient,
    max_pool,
    max_pool_gradient,
    require_plain,
    slope,
)
from workloads.learning.module import GraphModule
from workloads.network import LayerInstance, Network

#: Endings of the names of layers that belong to a layer of the forward pass.
_ENDINGS = (".input_gradient", ".weight_gradient", ".update", ".loss", ".gradient_sum")


class StepRunner:
    """The training of ``net`` by the layers of ``step``, whose writes into the scratchpads are ``writes``.

    Weights and moments are words in main memory; with ``master`` "fp32" the update also keeps them in float32, free of errors and
    not counted. Biases and normalisations stay in the vector unit, in float32 and free of errors. Raise InputError for a layer
    that cannot be carried out.
    """

    def __init__(
        self, net: GraphModule, step: Network, writes: StepWrites, word: WordFormat, memory: PadMemory, master: Master = "words"
    ) -> None:
        self.net, self.writes, self.word, self.memory = net, writes, word, memory
        self.form = sum_format(word)
        self.instances = step.instances()
        self.image, *self.label_names = (name for name in step.order() if isinstance(step.layer(name), layers.Input))
        self.fused: dict[str, list[LayerInstance]] = {}
        for instance in self.instances:
            if instance.name in writes.fused_into:
                self.fused.setdefault(writes.fused_into[instance.name], []).append(instance)
            elif instance.name in writes.layers:
                _require_known(instance)
        self.weights: dict[str, Weights] = {}
        self.norms: dict[str, tuple[Norm, NormMoments]] = {}
        for instance in net.network.instances():
            module = inner(net.layer(instance.name))
            if isinstance(module, nn.Conv2d | nn.Linear):
                self.weights[instance.name] = Weights(module, word, master)
            elif isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
                self.norms[instance.name] = (Norm(module), NormMoments(module))

    def step(self, images: Tensor, labels: Tensor, rule: Rule) -> float:
        """Train on a minibatch and return its loss. If the loss is not finite, stop there."""
        self.rule, self.labels, self.loss = rule, labels, float("nan")
        self.values: dict[str, Stored] = {self.image: stored(images, self.word)}
        self.values |= {name: stored(labels.to(torch.float32), self.word) for name in self.label_names}
        self.places: dict[str, Words] = {}
        with torch.no_grad():
            for instance in self.instances:
                if instance.name in self.writes.fused_into:
                    continue
                writes = self.writes.layers.get(instance.name)
                if writes is None:
                    self.values[instance.name] = self._view(instance)
                else:
                    self._layer(instance, writes)
                if isinstance(instance.layer, trained.SoftmaxLoss) and not np.isfinite(self.loss):
                    return self.loss
        return self.loss

    # Loads, results.

    def _layer(self, instance: LayerInstance, writes: LayerWrites) -> None:
        if isinstance(instance.layer, Update):
            return self._update(instance, writes)
        if isinstance(instance.layer, trained.TrainedMaxPool):
            return self._pool(instance, writes)
        found = self._computed(instance, writes)
        name = instance.name
        for fused in self.fused.get(name, ()):
            found, name = self._activated(fused, found), fused.name
        made = stored(found, self.word)
        words = self.memory.store(writes.regions["ofmap"], instance.name, made.words)
        self.values[name] = Stored(words, made.scale)
        return None

    def _load(
        self, writes: LayerWrites, name: str, tensor: str, held: Stored, rows: npt.NDArray[np.intp] | None = None
    ) -> Tensor:
        """Return the values that a layer reads of a tensor. ``rows`` are those of an image that it fetches, or None for all."""
        region = writes.regions[tensor]
        if rows is None:
            words = self.memory.load(region, name, held.words)
        else:
            words = held.words.copy()
            words[:, :, rows] = self.memory.load(region, name, words[:, :, rows])
        return Stored(words, held.scale).values(self.word)

    def _operand(self, instance: LayerInstance, writes: LayerWrites, tensor: str, position: int) -> Tensor:
        return self._load(writes, instance.name, tensor, self.values[instance.producers[position]])

    def _computed(self, instance: LayerInstance, writes: LayerWrites) -> Tensor:
        if product_shape(instance) is not None:
            return self._product(instance, writes)
        if isinstance(instance.layer, gradients.MaxPoolGradient):
            return self._pool_gradient(instance, writes)
        operands = [tensor for tensor in ("ifmap", "filter") if tensor in writes.regions]
        read = [self._operand(instance, writes, tensor, position) for position, tensor in enumerate(operands)]
        return _COMPUTED[type(instance.layer)](self, instance, read)

    # Layers of the array.

    def _product(self, instance: LayerInstance, writes: LayerWrites) -> Tensor:
        shape, name = product_shape(instance), forward_name(instance.name)
        assert shape is not None
        held = self.values[instance.producers[0]]
        used = np.flatnonzero(shape.used_rows())
        part = held.words.ndim == 4 and shape.height == held.words.shape[2] and len(used) < shape.height
        first = self._load(writes, instance.name, "ifmap", held, used if part else None)
        is_weight = isinstance(instance.layer, gradients.WeightGradient)
        other = self.values[instance.producers[1]] if is_weight else self.weights[name].stored
        second = self._load(writes, instance.name, "filter", other)
        found = multiplied(instance, writes, self.memory, self.form, first, second)
        if is_weight:
            self.weights[name].update_bias(second, self.rule)
            return found
        found = found.reshape(instance.batch, *instance.output_shape)
        bias = self.weights[name].module.bias
        if bias is None or instance.layer.pass_name != "forward":
            return found
        return found + bias.view(-1, *(1,) * (found.dim() - 2))

    # Layers of the vector unit.

    def _pool(self, instance: LayerInstance, writes: LayerWrites) -> None:
        pool = require_plain(self.net.layer(instance.name), instance)
        found, places = max_pool(pool, self._operand(instance, writes, "ifmap", 0))
        made = stored(found, self.word)
        both = np.stack([made.words, _upper(places.numpy(), self._place_shift(instance))])
        both = self.memory.store(writes.regions["ofmap"], instance.name, both)
        self.values[instance.name], self.places[instance.name] = Stored(both[0], made.scale), both[1]

    def _pool_gradient(self, instance: LayerInstance, writes: LayerWrites) -> Tensor:
        """Return the gradient of a pool of maxima, which reads the places that the forward pass stored."""
        name = instance.producers[1]
        pool = require_plain(self.net.layer(name), instance)
        gradient = self._operand(instance, writes, "ifmap", 0)
        words = self.memory.load(writes.regions["filter"], instance.name, self.places[name])
        taps = prod(pool.kernel_size) if isinstance(pool.kernel_size, tuple) else pool.kernel_size**2
        places = torch.from_numpy((words >> np.uint32(self.word.word_bits - _place_bits(taps))).astype(np.int64))
        return max_pool_gradient(pool, gradient, places, instance.output_shape)

    def _place_shift(self, instance: LayerInstance) -> int:
        assert isinstance(instance.layer, trained.TrainedMaxPool)
        return self.word.word_bits - _place_bits(prod(instance.layer.kernel))

    def _activated(self, instance: LayerInstance, values: Tensor) -> Tensor:
        found: Tensor = self.net.layer(instance.name)(values)
        return found

    def _update(self, instance: LayerInstance, writes: LayerWrites) -> None:
        """Update weights and moments, which lie side by side, and write them with errors."""
        weights, name = self.weights[forward_name(instance.name)], instance.name
        gradient = self._load(writes, name, "filter", self.values[instance.producers[0]])
        both = np.stack([weights.stored.words, weights.moment.words])
        read = self.memory.load(writes.regions["ifmap"], name, both)
        new = weights.updated(Stored(read[0], weights.stored.scale), Stored(read[1], weights.moment.scale), gradient, self.rule)
        kept = self.memory.store(writes.regions["ofmap"], name, np.stack([each.words for each in new]))
        weights.keep(*(Stored(words, each.scale) for words, each in zip(kept, new, strict=True)))

    def _view(self, instance: LayerInstance) -> Stored:
        """Return a view: the words of its producer in another shape, or those of the phases of a gradient in their places."""
        shape = (instance.batch, *instance.output_shape)
        if len(instance.producers) == 1:
            return self.values[instance.producers[0]].reshaped(shape)
        whole = torch.zeros(shape)
        by_name = {each.name: each.layer for each in self.instances}
        for producer in instance.producers:
            layer = by_name[producer]
            if isinstance(layer, gradients.ConvInputGradient):
                (row, column), (down, right) = layer.residues, layer.of.stride
                whole[:, :, row::down, column::right] = self.values[producer].values(self.word)
        return stored(whole, self.word)


def inner(module: nn.Module) -> nn.Module:
    """Return the layer itself, without the padding before it."""
    return module[-1] if isinstance(module, nn.Sequential) else module


def forward_name(name: str) -> str:
    """Return the layer of the forward pass to which a layer of a training step belongs."""
    return min((name.partition(ending)[0] for ending in _ENDINGS), key=len)


def _place_bits(taps: int) -> int:
    """Return the bits that hold a place in a window. It lies in the upper bits of its word."""
    return max(1, (taps - 1).bit_length())


def _upper(places: Any, shift: int) -> Words:
    found: Words = places.astype(np.uint32) << np.uint32(shift)
    return found


def _loss(runner: StepRunner, instance: LayerInstance, read: list[Tensor]) -> Tensor:
    runner.loss = functional.cross_entropy(read[0], runner.labels).item()
    return functional.softmax(read[0], dim=1)


def _loss_gradient(runner: StepRunner, instance: LayerInstance, read: list[Tensor]) -> Tensor:
    return (read[0] - functional.one_hot(runner.labels, read[0].shape[1])) / instance.batch


def _norm_gradient(runner: StepRunner, instance: LayerInstance, read: list[Tensor]) -> Tensor:
    norm, moments = runner.norms[forward_name(instance.name)]
    found = norm.backward(read[0], read[1])
    assert norm.gradients is not None
    moments.update(norm.gradients, runner.rule)
    return found


def _activation_gradient(runner: StepRunner, instance: LayerInstance, read: list[Tensor]) -> Tensor:
    activation = runner.net.network.layer(forward_name(instance.name))
    assert isinstance(activation, layers.Activation)
    return slope(activation, read[0], read[1], instance.name)


def _average_gradient(runner: StepRunner, instance: LayerInstance, read: list[Tensor]) -> Tensor:
    return average_gradient(runner.net.layer(forward_name(instance.name)), read[0], instance.output_shape)


def _forward(runner: StepRunner, instance: LayerInstance, read: list[Tensor]) -> Tensor:
    found: Tensor = runner.net.layer(instance.name)(*read)
    return found


def _zeros(runner: StepRunner, instance: LayerInstance, read: list[Tensor]) -> Tensor:
    return torch.zeros(instance.batch, *instance.output_shape)


#: Kind of layer of the vector unit -> what it computes from the operands that it reads.
_COMPUTED: Mapping[type[layers.Layer], Callable[[StepRunner, LayerInstance, list[Tensor]], Tensor]] = {
    layers.Activation: _forward,
    layers.Pool: _forward,
    layers.GlobalPool: _forward,
    layers.Add: lambda runner, instance, read: reduce(torch.add, read),
    gradients.GradientSum: lambda runner, instance, read: reduce(torch.add, read),
    trained.TrainedBatchNorm: lambda runner, instance, read: runner.norms[instance.name][0].forward(read[0]),
    trained.SoftmaxLoss: _loss,
    gradients.LossGradient: _loss_gradient,
    gradients.ActivationGradient: _activation_gradient,
    gradients.AveragePoolGradient: _average_gradient,
    gradients.BatchNormGradient: _norm_gradient,
    gradients.ZeroGradient: _zeros,
}


def _require_known(instance: LayerInstance) -> None:
    """Raise InputError for a layer that cannot be carried out."""
    known = (*_COMPUTED, Update, trained.TrainedMaxPool, gradients.MaxPoolGradient)
    if product_shape(instance) is None and type(instance.layer) not in known:
        raise InputError(
            f"expected a layer whose training step can be carried out, got {instance.layer.op}", f"layer '{instance.name}'"
        )
    if isinstance(instance.layer, layers.Add) and len(instance.producers) > 2:
        raise InputError(f"expected a sum of 2 tensors, got {len(instance.producers)}", f"layer '{instance.name}'")
