"""The check of a network's values: integers flow through all its layers, or each product is checked by itself.

The periphery quantises what leaves the last layer of a chain that is computed together, so that the next one finds as many bits
as its activations have. How many low bits it drops is found from the values, layer by layer. Biases are drawn, as weights are.
"""

from __future__ import annotations

from collections.abc import Container

import numpy as np

from simcore.pim.meaning import Integers
from simcore.pim.recorder import Recording
from workloads.dataflow.values import require_equal
from workloads.layers import Conv, Linear, Mul
from workloads.network import LayerInstance, Network
from workloads.pim.integer_layers import integer_form, quantised, shift_for
from workloads.pim.network_map import NetworkMap, PlacedLayer
from workloads.pim.values import check_layer, draw

#: The finding for a layer whose every value equals numpy's.
EQUAL = "equal"


def check_network(
    network: Network,
    network_map: NetworkMap,
    recording: Recording,
    *,
    signed: bool = False,
    seed: int = 0,
    only: Container[str] | None = None,
) -> dict[str, str]:
    """Return, by layer, "equal" or why it has no values: `check_whole` where integers can flow, otherwise `check_values`.

    ``only`` names layers to check by themselves. Raise WrongValuesError for the first layer whose result is not numpy's.
    """
    if only is not None or without_integers(network_map) is not None:
        return check_values(network_map, recording, signed=signed, seed=seed, only=only)
    check_whole(network, network_map, recording, signed=signed, seed=seed)
    return {layer.name: EQUAL for layer in network_map.layers}


def check_values(
    network_map: NetworkMap, recording: Recording, *, signed: bool = False, seed: int = 0, only: Container[str] | None = None
) -> dict[str, str]:
    """Return, by layer, "equal" or why it has no values. Each product of the map is checked by itself, with drawn operands.

    ``recording`` multiplies numbers of the map's widths, weights first. Raise WrongValuesError for the first layer whose result
    is not numpy's.
    """
    said = {}
    for layer in network_map.layers:
        if only is not None and layer.name not in only:
            continue
        if layer.layer_map is None:
            said[layer.name] = "none: periphery" if layer.vector is not None else "none: moves no data"
            continue
        tensors = draw(layer.instance, layer.layer_map, signed=signed, seed=seed)
        check_layer(layer.instance, layer.layer_map, recording, tensors, signed=signed)
        said[layer.name] = EQUAL
    return said


def without_integers(network_map: NetworkMap) -> str | None:
    """Return the name of the first layer through which integers cannot flow, or None."""
    shapes = {layer.name: layer.instance.output_shape for layer in network_map.layers}
    for layer in network_map.layers:
        given = [
            shapes.get(name, shape) for name, shape in zip(layer.instance.producers, layer.instance.input_shapes, strict=True)
        ]
        if tuple(given) != layer.instance.input_shapes:  # under SCALE-Sim's shape rule each layer stands for itself
            return layer.name
        if layer.layer_map is None and (integer_form(layer.instance.layer) is None or isinstance(layer.instance.layer, Mul)):
            return layer.name
        if layer.layer_map is not None and layer.layer_map.dots.weights_change:
            return layer.name
    return None


def check_whole(
    network: Network, network_map: NetworkMap, recording: Recording, *, signed: bool = False, seed: int = 0
) -> dict[str, Integers]:
    """Return every layer's result for a drawn image. ``network_map`` is the map of ``network``, or of one of its images.

    Raise WrongValuesError for the first layer whose result is not numpy's. `without_integers` tells what cannot be checked so.
    """
    options = network_map.options
    random = np.random.default_rng(seed)
    bits, batch = options.activation_bits, network_map.layers[0].instance.batch
    drawn = {instance.name for instance in network.instances()}
    values: dict[str, Integers] = {}
    for name in network.graph:
        if name not in drawn:
            shape = (batch, *network.layer(name).infer(()))
            values[name] = random.integers(-(1 << bits - 1) if signed else 0, 1 << bits - signed, shape, dtype=np.int64)
    ends = ends_of_chains(network_map)
    for layer in network_map.layers:
        result = _result(layer, [values[producer] for producer in layer.instance.producers], recording, signed, seed)
        values[layer.name] = result
        if layer.name in ends:
            shift = shift_for(result, bits, signed=signed)
            values[layer.name] = quantised(result, shift)
            require_equal(f"{layer.name}, quantised", values[layer.name], np.floor_divide(result, 1 << shift))
    return values


def _result(layer: PlacedLayer, tensors: list[Integers], recording: Recording, signed: bool, seed: int) -> Integers:
    """Return a layer's result before it is quantised, checked against numpy's."""
    instance = layer.instance
    if layer.layer_map is None:
        form = integer_form(instance.layer)
        assert form is not None
        found = form.by_periphery(instance, tensors)
        require_equal(layer.name, found, form.by_numpy(instance, tensors))
        return found
    _, weights = draw(instance, layer.layer_map, signed=signed, seed=seed)
    return check_layer(instance, layer.layer_map, recording, (tensors[0], weights), signed=signed) + _bias(instance, signed)


def _bias(instance: LayerInstance, signed: bool) -> Integers:
    """Return the words with which the accumulators begin, shaped for the layer's result."""
    layer = instance.layer
    if not isinstance(layer, Conv | Linear) or not layer.bias:
        return np.zeros(1, dtype=np.int64)
    filters = layer.out_channels if isinstance(layer, Conv) else layer.out_features
    random = np.random.default_rng([1, *instance.name.encode()])
    drawn = random.integers(-64 if signed else 0, 64, filters, dtype=np.int64)
    return drawn.reshape(-1, 1, 1) if isinstance(layer, Conv) else drawn


def ends_of_chains(network_map: NetworkMap) -> frozenset[str]:
    """Return the layers after which results leave for the rows: the last of each chain of fused layers, and no views."""
    last: dict[str, str] = {}
    for layer in network_map.layers:
        if layer.layer_map is not None or layer.vector is not None:
            last[layer.fused_into or layer.name] = layer.name
    return frozenset(last.values())
