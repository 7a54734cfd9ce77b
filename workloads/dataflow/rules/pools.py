"""Pooling and its gradients."""

from __future__ import annotations

from dataclasses import fields, replace
from math import prod

from workloads.dataflow.row_work import Spread
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.rule import LayerRule
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.windows import Windows
from workloads.layers import GlobalPool, Layer, Pool
from workloads.layers.gradients import AveragePoolGradient, MaxPoolGradient
from workloads.layers.held import GRADIENTS, VALUES
from workloads.layers.trained import TrainedMaxPool
from workloads.network import LayerInstance


def _whole(pool: GlobalPool, instance: LayerInstance) -> Windows:
    """Return a window as large as the image, for each channel separately."""
    return Windows(_shape(instance, kernel=instance.input_shapes[0][1:]))


def _windows(pool: Pool, instance: LayerInstance) -> Windows:
    top, left, _, _ = pool.padding
    shape = _shape(instance, pool.kernel)
    return Windows(replace(shape, stride=pool.stride, padding=(top, left), dilation=pool.dilation))


def _shape(instance: LayerInstance, kernel: tuple[int, ...]) -> ConvShape:
    """Return windows of the extents ``kernel`` (rows, columns) over each channel separately."""
    channels, height, width = instance.input_shapes[0]
    _, out_height, out_width = instance.output_shape
    rows, columns = kernel
    return ConvShape(instance.batch, height, width, channels, out_height, out_width, filters=channels, kernel=(rows, columns))


def _trained_windows(pool: TrainedMaxPool, instance: LayerInstance) -> Windows:
    return replace(_windows(pool, instance), results=2)


def _global_gradient(pool: GlobalPool, back: Backward) -> Gradients:
    return _pool_gradient(pool.kind, prod(back.shape[1:]), back)


def _gradient(pool: Pool, back: Backward) -> Gradients:
    return _pool_gradient(pool.kind, prod(pool.kernel), back)


def _pool_gradient(kind: str, taps: int, back: Backward) -> Gradients:
    if kind == "max":
        made = back.builder.add(MaxPoolGradient(back.name, back.shape, taps), [back.gradient, back.instance.name])
    else:
        made = back.builder.add(AveragePoolGradient(back.name, back.shape, taps), [back.gradient])
    return Gradients({0: made})


def _trained(pool: Pool, needs_gradient: bool) -> Layer:
    if pool.kind != "max" or not needs_gradient:
        return pool
    return TrainedMaxPool(**{field.name: getattr(pool, field.name) for field in fields(pool)})


def _global_obstacle(pool: GlobalPool, instance: LayerInstance, input_needs_gradient: bool) -> str | None:
    return "global-pool of maxima" if pool.kind == "max" else None


POOL = LayerRule(_windows, gradient=_gradient, trained=_trained, holds=VALUES)
GLOBAL_POOL = LayerRule(_whole, gradient=_global_gradient, obstacle=_global_obstacle, holds=VALUES)
TRAINED_MAX_POOL = LayerRule(_trained_windows, holds={"ifmap": "activations", "ofmap": None})


def _spread(layer: AveragePoolGradient, instance: LayerInstance) -> Spread:
    """Return work on blocks of channels: a step per place of each window, or per vector of results if there are more of these."""
    read, written = (instance.batch * prod(shape) for shape in (instance.input_shapes[0], layer.shape))
    return Spread(read, written, rows=layer.shape[0], taps=layer.taps)


def _spread_maxima(layer: MaxPoolGradient, instance: LayerInstance) -> Spread:
    return replace(_spread(layer, instance), operands=("ifmap", "filter"))


AVERAGE_POOL_GRADIENT = LayerRule(_spread, holds=GRADIENTS)
MAX_POOL_GRADIENT = LayerRule(_spread_maxima, holds={"ifmap": "errors", "filter": None, "ofmap": "errors"})
