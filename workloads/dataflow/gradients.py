"""Lowering of a training step's own layers: gradients of products as loop nests of the array, the rest on the vector unit."""

from __future__ import annotations

from math import prod

from simcore.errors import InputError
from simcore.program.program import Program
from simcore.spec.load import override_system
from simcore.spec.system import System
from workloads.dataflow.flows import Flow, Flows, lower_flows
from workloads.dataflow.shape import ConvShape, matrix_product
from workloads.layers import Layer
from workloads.layers.gradients import (
    ActivationGradient,
    AveragePoolGradient,
    BatchNormGradient,
    ConvInputGradient,
    ConvWeightGradient,
    LinearInputGradient,
    LinearWeightGradient,
    LossGradient,
    MatMulInputGradient,
    MaxPoolGradient,
    ScaledGradient,
    SoftmaxGradient,
    WeightGradient,
    ZeroGradient,
    ZeroInsertion,
)
from workloads.layers.trained import TrainedBatchNorm, TrainedDropout
from workloads.layers.updates import Update
from workloads.network import LayerInstance

#: Times the vector unit goes through a channel of a batch normalisation: its statistics (or its gradient's sums), its values.
NORM_PASSES = 2
#: Times it goes through a row for the gradient of a softmax: the sum, the values.
SOFTMAX_GRADIENT_PASSES = 2

PRODUCT_GRADIENTS = (ConvInputGradient, LinearInputGradient, MatMulInputGradient, WeightGradient)


def gradient_shape(instance: LayerInstance) -> ConvShape | None:
    """The loop nest of a product's gradient, or None for any other layer.

    The gradient of a filter is a convolution whose images are the input channels: the output's gradient is the filter, as large
    as the output, and the images of the batch are its channels. Its pixels are the taps, its taps the batch's output pixels.
    """
    layer, batch, inputs = instance.layer, instance.batch, instance.input_shapes
    if isinstance(layer, ConvInputGradient):
        return _conv_input_shape(layer, batch, inputs[0], instance.output_shape)
    if isinstance(layer, ConvWeightGradient):
        return _conv_weight_shape(layer, batch, inputs[0], inputs[1])
    if isinstance(layer, LinearInputGradient):
        return matrix_product(batch * prod(layer.shape[:-1]), layer.of.out_features, layer.shape[-1])
    if isinstance(layer, LinearWeightGradient):
        return matrix_product(inputs[0][-1], batch * prod(inputs[0][:-1]), layer.of.out_features)
    if isinstance(layer, MatMulInputGradient):
        left = inputs[0]
        rows, taps = (left[-2], left[-1]) if layer.operand == 0 else (left[-1], left[-2])
        return matrix_product(rows, taps, layer.shape[-1], batch * prod(left[:-2]))
    return None


def _conv_input_shape(layer: ConvInputGradient, batch: int, gradient: tuple[int, ...], out: tuple[int, ...]) -> ConvShape:
    rows, columns = layer.axes()
    return ConvShape(
        batch=batch,
        height=gradient[1],
        width=gradient[2],
        channels=gradient[0],
        out_height=out[1],
        out_width=out[2],
        filters=out[0],
        kernel=(len(rows.taps), len(columns.taps)),
        padding=(rows.padding, columns.padding),
        dilation=(rows.dilation, columns.dilation),
        groups=layer.of.groups,
    )


def _conv_weight_shape(layer: ConvWeightGradient, batch: int, image: tuple[int, ...], gradient: tuple[int, ...]) -> ConvShape:
    conv = layer.of
    return ConvShape(
        batch=image[0] // conv.groups,
        height=image[1],
        width=image[2],
        channels=batch * conv.groups,
        out_height=conv.kernel[0],
        out_width=conv.kernel[1],
        filters=conv.out_channels,
        kernel=(gradient[1], gradient[2]),
        stride=conv.dilation,
        padding=(conv.padding[0], conv.padding[1]),
        dilation=conv.stride,
        groups=conv.groups,
    )


def gradient_words(layer: Layer, system: System) -> System:
    """The system with the word sizes that the layer's tensors have on its ports.

    Activations and errors are read in the ifmap's words and written in the ofmap's; weights, moments and the gradients of weights
    have the filters'. Raises InputError where a scratchpad's lines do not hold whole words.
    """
    words = system.words
    wanted = {}
    if isinstance(layer, WeightGradient):
        wanted = {"filter_bytes": words.ifmap_bytes, "ofmap_bytes": words.filter_bytes}
    elif isinstance(layer, Update):
        wanted = {"ifmap_bytes": words.filter_bytes, "ofmap_bytes": words.filter_bytes}
    changes = [f"words.{field}={size}" for field, size in wanted.items() if getattr(words, field) != size]
    return override_system(system, changes) if changes else system


def lower_vector_gradient(instance: LayerInstance, system: System) -> Program:
    """The Program of a layer of a training step on the vector unit. Raises InputError for a layer that is none of these."""
    return lower_flows(instance.name, instance.layer.op, system, vector_gradient(instance, system.vector_unit.lanes))


def vector_gradient(instance: LayerInstance, lanes: int) -> Flows:
    """What such a layer moves, and when. Raises InputError for a layer that is none of these."""
    layer = instance.layer
    words = instance.batch * prod(instance.output_shape)
    if isinstance(layer, TrainedDropout | ScaledGradient | LossGradient):
        return _operands(("ifmap",), rows=1, words=words, lanes=lanes)
    if isinstance(layer, TrainedBatchNorm):
        rows = _channel_rows(instance.output_shape[0], lanes)
        return _operands(("ifmap",), rows=rows, words=words, lanes=lanes, passes=NORM_PASSES)
    if isinstance(layer, BatchNormGradient):
        rows = _channel_rows(layer.shape[0], lanes)
        return _operands(("ifmap", "filter"), rows=rows, words=words, lanes=lanes, passes=NORM_PASSES)
    if isinstance(layer, SoftmaxGradient):
        rows = words // layer.shape[layer.axis]
        return _operands(("ifmap", "filter"), rows=rows, words=words, lanes=lanes, passes=SOFTMAX_GRADIENT_PASSES)
    if isinstance(layer, ActivationGradient):
        return _operands(("ifmap", "filter"), rows=1, words=words, lanes=lanes)
    if isinstance(layer, AveragePoolGradient):
        return _pool_gradient(instance, layer, lanes)
    if isinstance(layer, ZeroGradient):
        return _operands((), rows=1, words=words, lanes=lanes)
    if isinstance(layer, ZeroInsertion):
        return _zero_insertion(instance, lanes)
    if isinstance(layer, Update):
        return _update(layer, prod(instance.output_shape), lanes)
    raise InputError(f"expected a layer with a dataflow, got op '{layer.op}'", where=f"layer '{instance.name}'")


def _channel_rows(channels: int, lanes: int) -> int:
    """Rows of channels that are normalised together: as many as fill the lanes and divide the channels."""
    return channels // next(size for size in range(min(channels, lanes), 0, -1) if channels % size == 0)


def _operands(operands: tuple[str, ...], *, rows: int, words: int, lanes: int, passes: int = 1) -> Flows:
    """Operands of ``words`` words go past together, row by row, ``passes`` times each; the last pass gives the results."""
    vectors = -(-(words // rows) // lanes)
    flows = {operand: Flow(words // rows, passes=passes) for operand in operands}
    flows["ofmap"] = Flow(words // rows, offset=(passes - 1) * vectors)
    return Flows(rows, passes * vectors, flows)


def _pool_gradient(instance: LayerInstance, layer: AveragePoolGradient, lanes: int) -> Flows:
    """A block of channels at a time: a step per place of each window, or per vector of results where these are more.

    Sums of overlapping windows stay in the unit until the last window that reaches them, as a few rows of one block.
    """
    gradient = instance.input_shapes[0]
    rows = _channel_rows(layer.shape[0], lanes)
    read, written = (instance.batch * prod(shape) // rows for shape in (gradient, layer.shape))
    reads, writes = -(-read // lanes), -(-written // lanes)
    steps = max(layer.taps * reads, writes)
    stride = steps // writes
    flows = {"ifmap": Flow(read, stride=steps // reads)}
    if isinstance(layer, MaxPoolGradient):
        flows["filter"] = flows["ifmap"]
    flows["ofmap"] = Flow(written, stride=stride, offset=steps - 1 - (writes - 1) * stride)
    return Flows(rows, steps, flows)


def _zero_insertion(instance: LayerInstance, lanes: int) -> Flows:
    read, written = (instance.batch * prod(shape) for shape in (instance.input_shapes[0], instance.output_shape))
    reads, writes = -(-read // lanes), -(-written // lanes)
    flows = {"ifmap": Flow(read, stride=writes // reads), "ofmap": Flow(written)}
    return Flows(1, writes, flows)


def _update(layer: Update, words: int, lanes: int) -> Flows:
    """Weights and moments lie side by side, vector by vector, and go through the unit with the gradient of their vector."""
    tensors = layer.tensors
    state = Flow(tensors * words)
    flows = {"ifmap": state, "filter": Flow(words, stride=tensors), "ofmap": state}
    return Flows(1, -(-tensors * words // lanes), flows)
