"""Lowering: a layer with its shapes becomes the Program of a machine; a network becomes one Program per layer that takes time.

Concat, Flatten, Reshape, Transpose, Identity and Dropout take no cycles: they are views, other names for words where they lie.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from math import prod

from simcore.errors import InputError
from simcore.program.program import Program
from simcore.spec.system import System
from workloads.dataflow.array import lower_shape
from workloads.dataflow.between_layers import Lowered, handed_on
from workloads.dataflow.gradients import PRODUCT_GRADIENTS, gradient_shape, gradient_words, lower_vector_gradient
from workloads.dataflow.shape import ConvShape, array_shape
from workloads.dataflow.vector import lower_elementwise, lower_rows, lower_windows
from workloads.layers import LRN, Activation, Add, BatchNorm, Concat, Conv, GlobalPool, Linear, MatMul, Pool, ShapeOnly, Softmax
from workloads.layers.gradients import ScaledGradient
from workloads.layers.trained import SoftmaxLoss, TrainedBatchNorm, TrainedDropout, TrainedMaxPool
from workloads.network import LayerInstance, Network

#: Times the vector unit goes through a row for a softmax: maximum, sum of exponentials, quotient.
SOFTMAX_PASSES = 3

#: Layers that an element-wise layer right behind them can join, and those that can join: what they need is the value alone.
FUSING = (Conv, Linear, MatMul, Add, TrainedBatchNorm, *PRODUCT_GRADIENTS)
JOINING = (Activation, BatchNorm, TrainedDropout, ScaledGradient)


def lower(instance: LayerInstance, system: System, *, with_folds: bool = False) -> Program | None:
    """The Program of one layer, or None for a view, which takes no cycles.

    ``with_folds`` adds the Fold records that the reference engine's PEs need. Raises InputError where a scratchpad cannot hold
    what one element of a stream needs, where this machine's memory cannot hold the plan, and for a layer that no dataflow is
    known for.
    """
    try:
        return _lower(instance, with_training_words(instance, system), with_folds)
    except MemoryError as error:
        hint = "a smaller batch or layer, a larger array or larger scratchpads take less"
        raise InputError(f"its plan is too large: {error}", where=f"layer '{instance.name}'", hint=hint) from error


def _lower(instance: LayerInstance, system: System, with_folds: bool) -> Program | None:
    shape = gradient_shape(instance) or array_shape(instance, system.shapes)
    if shape is not None:
        return lower_shape(instance.name, instance.layer.op, shape, system, with_folds=with_folds)
    layer, name, op = instance.layer, instance.name, instance.layer.op
    words = instance.batch * prod(instance.output_shape)
    if isinstance(layer, (ShapeOnly, Concat)):
        return None
    if isinstance(layer, (Pool, GlobalPool)):
        return lower_windows(name, op, windows_shape(instance), system, results=results_of_windows(instance))
    if isinstance(layer, Add):
        return lower_elementwise(name, op, system, words=words, operands=len(instance.input_shapes))
    if isinstance(layer, Softmax | SoftmaxLoss):
        length = instance.output_shape[layer.axis]
        return lower_rows(name, op, system, rows=words // length, length=length, passes=SOFTMAX_PASSES)
    if isinstance(layer, (Activation, BatchNorm, LRN)):
        return lower_rows(name, op, system, rows=1, length=words)
    return lower_vector_gradient(instance, system)


def with_training_words(instance: LayerInstance, system: System) -> System:
    """The system with the words of the layer's pass. Raises InputError where SCALE-Sim's shapes meet a training step."""
    if instance.layer.pass_name == "forward":
        return system
    if system.shapes != "standard":
        expected = "expected shapes: standard for a training step, whose gradients have the shapes that everybody uses"
        raise InputError(f"{expected}, got {system.shapes}", where="shapes", hint="--set shapes=standard")
    return gradient_words(instance.layer, system)


def results_of_windows(instance: LayerInstance) -> int:
    """Words that a pool writes for each window: its value, and in training the place of its maximum."""
    return 2 if isinstance(instance.layer, TrainedMaxPool) else 1


def windows_shape(instance: LayerInstance) -> ConvShape:
    """A pooling layer's loop nest; channels stay channels."""
    layer = instance.layer
    channels, height, width = instance.input_shapes[0]
    _, out_height, out_width = instance.output_shape
    whole = ConvShape(
        batch=instance.batch,
        height=height,
        width=width,
        channels=channels,
        out_height=out_height,
        out_width=out_width,
        filters=channels,
        kernel=(height, width),
    )
    if not isinstance(layer, Pool):
        return whole
    top, left, _, _ = layer.padding
    return replace(whole, kernel=layer.kernel, stride=layer.stride, padding=(top, left), dilation=layer.dilation)


def fusions(network: Network) -> dict[str, str]:
    """The element-wise layers that cost nothing with fusing, and the layer each joins.

    An activation or normalisation joins the product or sum right before it (or before a chain of such layers) when it is the only
    reader of that result. In training a normalisation needs its batch's statistics first and joins nothing.
    """
    joined: dict[str, str] = {}
    for instance in network.instances():
        if not isinstance(instance.layer, JOINING) or len(instance.producers) != 1:
            continue
        producer = instance.producers[0]
        root = joined.get(producer, producer)
        if network.graph.out_degree(producer) == 1 and isinstance(network.layer(root), FUSING):
            joined[instance.name] = root
    return joined


def lower_network(
    network: Network, system: System, *, only: Container[str] | None = None, with_folds: bool = False
) -> list[Lowered]:
    """The layers named by ``only``, or all, in execution order, each with its Program. Raises InputError as :func:`lower`."""
    return list(lower_each(network, system, only=only, with_folds=with_folds))


def lower_each(
    network: Network, system: System, *, only: Container[str] | None = None, with_folds: bool = False
) -> Iterator[Lowered]:
    """As :func:`lower_network`, one after another, so that not all Programs need be held at once."""
    joined = fusions(network) if system.vector_unit.fuse else {}
    lowered = _each(network, system, joined, only, with_folds)
    return handed_on(lowered, network, joined) if system.layer_results == "scratchpads" else lowered


def _each(
    network: Network, system: System, joined: Mapping[str, str], only: Container[str] | None, with_folds: bool
) -> Iterator[Lowered]:
    """The layers, each by itself."""
    for instance in network.instances():
        if only is not None and instance.name not in only:
            continue
        fused_into = joined.get(instance.name)
        program = None if fused_into else lower(instance, system, with_folds=with_folds)
        yield instance, program, fused_into
