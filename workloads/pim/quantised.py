"""A trained network in integers, and what its answers become when activations of several rows fail.

Weights and images become two's complement numbers, each tensor with a scale of its own. The sums of a layer are shifted until the
next layer's activations hold them, as in `check_values`; values that a failure has made too large are cut off there. The sums of
the last layer are not shifted. Networks without branches can be quantised; a normalisation must be part of its weights first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError
from simcore.pim.execute import Sense, ideal
from simcore.pim.meaning import Integers
from simcore.pim.recorder import Recording
from workloads.dataflow.values import numpy_product
from workloads.layers import BatchNorm, Conv
from workloads.pim.check_values import ends_of_chains, without_integers
from workloads.pim.integer_layers import integer_form, quantised, shift_for
from workloads.pim.network_map import NetworkMap, PlacedLayer
from workloads.pim.values import mapped_product

Floats = npt.NDArray[Any]
#: What gives the sums of a product from its input.
Product = Callable[[PlacedLayer, Integers], Integers]
#: A layer's trained weights and its bias, or None without one.
Parameters = tuple[Floats, Floats | None]


@dataclass(frozen=True, eq=False)
class QuantisedNetwork:
    """A network in integers: the scale of its images, and by layer its weights, its bias and how far its results are shifted."""

    placed: NetworkMap
    image_scale: float
    weights: Mapping[str, Integers]
    biases: Mapping[str, Integers]
    shifts: Mapping[str, int]

    def outputs(self, images: Floats, recording: Recording | None = None, sense: Sense = ideal) -> Integers:
        """Return the sums of the last layer for as many images as the map has.

        With a recording (a signed product) mapped columns compute them, with amplifiers that may fail; without one, numpy does.
        """

        def product(layer: PlacedLayer, value: Integers) -> Integers:
            """Return the layer's sums, computed by numpy or by ``recording`` in the layer's subarrays."""
            tensors = value, self.weights[layer.name]
            if recording is None:
                return numpy_product(layer.instance, *tensors) + self.biases[layer.name]
            assert layer.layer_map is not None
            found = mapped_product(layer.instance, layer.layer_map, recording, tensors, signed=True, sense=sense)
            return found + self.biases[layer.name]

        def shifted(name: str, value: Integers) -> Integers:
            return _saturated(quantised(value, self.shifts[name]), self.placed.options.activation_bits)

        start = _integers(images, self.image_scale, self.placed.options.activation_bits)
        return _flow(self.placed, start, product, shifted)

    def accuracy_percent(
        self, images: Floats, labels: Integers, recording: Recording | None = None, sense: Sense = ideal
    ) -> float:
        """Return the share of images whose largest output is that of their class, in percent; `outputs` explains the rest."""
        found = self.outputs(images, recording, sense).argmax(axis=1)
        return 100 * float((found == labels).mean())


def quantise(placed: NetworkMap, parameters: Mapping[str, Parameters], images: Floats) -> QuantisedNetwork:
    """Return a trained network in integers of the map's widths. Scales and shifts are found with these images.

    ``images`` are as many as the map has. Raise InputError for a network with branches, a layer without an integer form or with
    a normalisation of its own, widths below 2 bits, and a product without parameters.
    """
    _require_chain(placed, parameters)
    options = placed.options
    image_scale = scale = _scale(images, options.activation_bits)
    weights: dict[str, Integers] = {}
    biases: dict[str, Integers] = {}
    shifts: dict[str, int] = {}

    def product(layer: PlacedLayer, value: Integers) -> Integers:
        """Quantise the layer's weights and bias, note them, and return the layer's product of integers."""
        nonlocal scale
        given, bias = parameters[layer.name]
        weight_scale = _scale(given, options.weight_bits)
        weights[layer.name] = _integers(given, weight_scale, options.weight_bits)
        scale *= weight_scale
        shape = (-1, 1, 1) if isinstance(layer.instance.layer, Conv) else (-1,)
        biases[layer.name] = np.rint(np.zeros(1) if bias is None else bias / scale).astype(np.int64).reshape(shape)
        return numpy_product(layer.instance, value, weights[layer.name]) + biases[layer.name]

    def shifted(name: str, value: Integers) -> Integers:
        nonlocal scale
        shifts[name] = shift_for(value, options.activation_bits, signed=True)
        scale *= 1 << shifts[name]
        return quantised(value, shifts[name])

    _flow(placed, _integers(images, image_scale, options.activation_bits), product, shifted)
    return QuantisedNetwork(placed, image_scale, weights, biases, shifts)


def _flow(placed: NetworkMap, value: Integers, product: Product, shifted: Callable[[str, Integers], Integers]) -> Integers:
    """Return the last layer's result. What leaves the last layer of the network is not shifted."""
    ends = ends_of_chains(placed)
    for at, layer in enumerate(placed.layers):
        form = integer_form(layer.instance.layer)
        if layer.layer_map is not None:
            value = product(layer, value)
        elif form is not None:
            value = form.by_periphery(layer.instance, [value])
        if layer.name in ends and at + 1 < len(placed.layers):
            value = shifted(layer.name, value)
    return value


def _require_chain(placed: NetworkMap, parameters: Mapping[str, Parameters]) -> None:
    options = placed.options
    if min(options.weight_bits, options.activation_bits) < 2:
        raise InputError("expected weights and activations of at least 2 bits, one of which is the sign")
    obstacle = without_integers(placed)
    if obstacle is not None:
        raise InputError("expected a layer with an integer form", where=f"layer '{obstacle}'")
    before = None
    for layer in placed.layers:
        where = f"layer '{layer.name}'"
        if isinstance(layer.instance.layer, BatchNorm):
            raise InputError("expected a normalisation as part of the weights before it", where=where)
        if len(layer.instance.producers) != 1 or (before is not None and layer.instance.producers[0] != before):
            raise InputError("expected a network without branches", where=where)
        if layer.layer_map is not None and layer.name not in parameters:
            raise InputError("expected trained weights, got none", where=where)
        before = layer.name


def _scale(values: Floats, bits: int) -> float:
    """Return what one step of the integers is worth, so that the largest value is the largest integer."""
    return float(np.abs(values).max()) / ((1 << bits - 1) - 1) or 1.0


def _integers(values: Floats, scale: float, bits: int) -> Integers:
    return _saturated(np.rint(values / scale).astype(np.int64), bits)


def _saturated(values: Integers, bits: int) -> Integers:
    return np.clip(values, -(1 << bits - 1), (1 << bits - 1) - 1)
