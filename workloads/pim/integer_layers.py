"""What the periphery makes of integers, layer kind by layer kind: as it computes word by word, and by numpy as the reference.

Means divide by all taps of a window and round down. A normalisation has drawn integers as scales and shifts, because networks
carry no weights. Layers that are not listed have no integer form here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from simcore.pim.meaning import Integers
from workloads.dataflow.lowering import work_of
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.windows import Windows
from workloads.layers import Activation, Add, BatchNorm, Concat, GlobalPool, Layer, Pool, ShapeOnly, Transpose
from workloads.network import LayerInstance
from workloads.pim.values import windows_of

Tensors = Sequence[Integers]
#: A tensor below every value of a pool, for the padding of a maximum.
_LEAST = np.iinfo(np.int64).min


@dataclass(frozen=True)
class IntegerForm:
    """How a layer computes with integers: by the periphery, and by numpy in another way. Both take a layer's input tensors."""

    by_periphery: Callable[[LayerInstance, Tensors], Integers]
    by_numpy: Callable[[LayerInstance, Tensors], Integers]


def integer_form(layer: Layer) -> IntegerForm | None:
    """Return the integer form of a layer that is no product, or None."""
    if isinstance(layer, Activation):
        return _RELU if layer.function == "relu" else None
    for kind, form in _FORMS.items():
        if isinstance(layer, kind):
            return form
    return None


def quantised(values: Integers, shift: int) -> Integers:
    """Return values without their lowest bits, rounded down: what the quantiser drops on the way to the rows."""
    return values >> shift


def shift_for(values: Integers, bits: int, *, signed: bool) -> int:
    """Return the least shift after which all values have so many bits."""
    least, most = int(values.min()), int(values.max())
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return next(shift for shift in range(64) if low <= least >> shift and most >> shift <= high)


# Values one by one ------------------------------------------------------------------------------------------------------------


def _relu(instance: LayerInstance, tensors: Tensors) -> Integers:
    """Clear what has its sign bit set."""
    return tensors[0] & ~(tensors[0] >> 63)


_RELU = IntegerForm(_relu, lambda instance, tensors: np.maximum(tensors[0], 0))


def _constants(instance: LayerInstance) -> tuple[Integers, Integers]:
    """Return a normalisation's scales and shifts, shaped for its channels."""
    random = np.random.default_rng([*instance.name.encode()])
    shape = (instance.output_shape[0], *(1,) * (len(instance.output_shape) - 1))
    return random.integers(1, 4, shape, dtype=np.int64), random.integers(0, 9, shape, dtype=np.int64)


def _normalised(instance: LayerInstance, tensors: Tensors) -> Integers:
    scale, shift = _constants(instance)
    found = tensors[0].copy()
    for channel in range(len(scale)):
        found[:, channel] = found[:, channel] * int(scale[channel].item(0)) + int(shift[channel].item(0))
    return found


def _normalised_by_numpy(instance: LayerInstance, tensors: Tensors) -> Integers:
    scale, shift = _constants(instance)
    return tensors[0] * scale + shift


# Several tensors --------------------------------------------------------------------------------------------------------------


def _sum(instance: LayerInstance, tensors: Tensors) -> Integers:
    total = tensors[0]
    for tensor in tensors[1:]:
        total = total + tensor
    return total


def _sum_by_numpy(instance: LayerInstance, tensors: Tensors) -> Integers:
    found: Integers = np.sum(np.broadcast_arrays(*tensors), axis=0, dtype=np.int64)
    return found


def _joined(instance: LayerInstance, tensors: Tensors) -> Integers:
    assert isinstance(instance.layer, Concat)
    axis = instance.layer.axis % len(instance.output_shape) + 1
    return np.concatenate(list(tensors), axis=axis)


# Windows ----------------------------------------------------------------------------------------------------------------------


def _pool(instance: LayerInstance, tensors: Tensors) -> Integers:
    """Take the taps of all windows one after the other, and keep the maximum or the sum so far."""
    assert isinstance(instance.layer, Pool | GlobalPool)
    shape, image = _window_shape(instance), tensors[0]
    maximum = instance.layer.kind == "max"
    start = _LEAST if maximum else 0
    found = np.full((shape.batch, shape.channels, shape.out_height, shape.out_width), start, dtype=np.int64)
    for row, column in np.ndindex(found.shape[2:]):
        for tap in np.ndindex(*shape.kernel):
            at = tuple(
                place * step + one * dilation - padding
                for place, step, one, dilation, padding in zip(
                    (row, column), shape.stride, tap, shape.dilation, shape.padding, strict=True
                )
            )
            if 0 <= at[0] < shape.height and 0 <= at[1] < shape.width:
                word, so_far = image[:, :, at[0], at[1]], found[:, :, row, column]
                found[:, :, row, column] = np.maximum(so_far, word) if maximum else so_far + word
    return found if maximum else found // prod(shape.kernel)


def _pool_by_numpy(instance: LayerInstance, tensors: Tensors) -> Integers:
    """Lay out all windows, and reduce them at once."""
    assert isinstance(instance.layer, Pool | GlobalPool)
    shape, image = _window_shape(instance), tensors[0]
    by_channel = ConvShape(**{**vars(shape), "groups": shape.channels})
    # Zeros stand for the padding, so maxima are taken of values that are all positive.
    least = int(image.min())
    lifted = windows_of(by_channel, image - least + 1 if instance.layer.kind == "max" else image)
    found: Integers = lifted.max(axis=2) + least - 1 if instance.layer.kind == "max" else lifted.sum(axis=2) // prod(shape.kernel)
    return found.reshape(shape.channels, shape.batch, shape.out_height, shape.out_width).transpose(1, 0, 2, 3)


def _window_shape(instance: LayerInstance) -> ConvShape:
    work = work_of(instance)
    assert isinstance(work, Windows)
    return work.shape


# Views ------------------------------------------------------------------------------------------------------------------------


def _view(instance: LayerInstance, tensors: Tensors) -> Integers:
    if isinstance(instance.layer, Transpose):
        return tensors[0].transpose(0, *(axis + 1 for axis in instance.layer.order))
    return tensors[0].reshape(instance.batch, *instance.output_shape)


_FORMS: dict[type[Layer], IntegerForm] = {
    BatchNorm: IntegerForm(_normalised, _normalised_by_numpy),
    Pool: IntegerForm(_pool, _pool_by_numpy),
    GlobalPool: IntegerForm(_pool, _pool_by_numpy),
    Add: IntegerForm(_sum, _sum_by_numpy),
    Concat: IntegerForm(_joined, _joined),
    ShapeOnly: IntegerForm(_view, _view),
}
