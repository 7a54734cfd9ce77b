"""Products on the array, with the partial sums that each fold of the taps writes. Needs torch."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from simcore.errors import InputError
from workloads.dataflow.array import Product
from workloads.dataflow.rules.rule import ProductValues
from workloads.dataflow.rules.table import rule_of
from workloads.dataflow.shape import ConvShape
from workloads.faults.pad_memory import PadMemory
from workloads.faults.step_writes import LayerWrites
from workloads.faults.sum_words import SumFormat
from workloads.faults.words import Values, Words
from workloads.network import LayerInstance


def product_shape(instance: LayerInstance) -> ConvShape | None:
    """Return the loop nest of a layer that multiplies on the array, or None. Raise InputError for several groups."""
    rule = rule_of(instance.layer)
    if rule.values is None or rule.work is None:
        return None
    shape = cast(Product, rule.work(instance.layer, instance)).shape
    if shape.groups != 1:
        raise InputError(f"expected convolutions of one group, got {shape.groups}", f"layer '{instance.name}'")
    return shape


def multiplied(
    instance: LayerInstance, writes: LayerWrites, memory: PadMemory, form: SumFormat, first: Tensor, second: Tensor
) -> Tensor:
    """Return the product of a layer's operands, in the layer's shape, with the errors of its partial sums."""
    values = cast(ProductValues[Any], rule_of(instance.layer).values)
    shape = product_shape(instance)
    assert shape is not None
    ifmap, filters = values.loop_nest(instance.layer, instance, first.numpy(), second.numpy())
    rows, columns = _rows(ifmap, shape), _columns(filters)
    found = _summed(instance.name, writes, memory, form, rows, columns)
    nested = found.reshape(shape.batch, shape.out_height, shape.out_width, shape.filters).permute(0, 3, 1, 2)
    result = np.ascontiguousarray(values.result(instance.layer, instance, nested.numpy()))
    return torch.from_numpy(result)


def _summed(name: str, writes: LayerWrites, memory: PadMemory, form: SumFormat, rows: Tensor, columns: Tensor) -> Tensor:
    """Return rows x columns. If bits of partial sums may fail, add the products fold by fold, as the machine does."""
    region = writes.regions.get("psum")
    if region is None:
        return rows @ columns
    sums = rows.shape[0] * columns.shape[1]
    sites = memory.sum_sites(region, writes.folds - 1, sums)
    if sites is None:
        memory.leave_sums(region, name, sums, lambda: _left(rows, columns, writes, form))
        return rows @ columns
    found = memory.add_up(region, name, _partials(rows, columns, writes), form, sites)
    return torch.from_numpy(found).view(rows.shape[0], columns.shape[1])


def _left(rows: Tensor, columns: Tensor, writes: LayerWrites, form: SumFormat) -> Words:
    """Return the words of the sums before the last fold."""
    taps = (writes.folds - 1) * writes.fold_taps
    left = (rows[:, :taps] @ columns[:taps]).numpy().ravel()
    return form.encode(left, form.scale(float(np.abs(left).max(initial=0.0))))


def _partials(rows: Tensor, columns: Tensor, writes: LayerWrites) -> Values:
    """Return the products of each fold of the taps, [fold, sum]."""
    folds, taps = writes.folds, writes.fold_taps
    missing = folds * taps - rows.shape[1]
    if missing:
        rows, columns = functional.pad(rows, (0, missing)), functional.pad(columns, (0, 0, 0, missing))
    by_fold = rows.view(-1, folds, taps).transpose(0, 1)
    found: Values = torch.bmm(by_fold, columns.view(folds, taps, -1)).reshape(folds, -1).numpy()
    return found


def _rows(ifmap: npt.NDArray[np.float32], shape: ConvShape) -> Tensor:
    """Return the windows of the pixels [batch, channels, height, width] as [pixel, tap]; taps count rows, columns, channels."""
    top, left = shape.padding
    extents = [(size - 1) * step + 1 for size, step in zip(shape.kernel, shape.dilation, strict=True)]
    bottom = (shape.out_height - 1) * shape.stride[0] + extents[0] - shape.height - top
    right = (shape.out_width - 1) * shape.stride[1] + extents[1] - shape.width - left
    padded = torch.from_numpy(np.ascontiguousarray(ifmap))
    if left or right or top or bottom:
        padded = functional.pad(padded, (left, right, top, bottom)).contiguous()
    image, channel, row, column = padded.stride()
    sizes = (shape.batch, shape.out_height, shape.out_width, *shape.kernel, shape.channels)
    steps = (row * shape.stride[0], column * shape.stride[1], row * shape.dilation[0], column * shape.dilation[1])
    return padded.as_strided(sizes, (image, *steps, channel)).reshape(shape.pixels, shape.taps)


def _columns(filters: npt.NDArray[np.float32]) -> Tensor:
    """Return filters [filter, channel, row, column] as [tap, filter]."""
    return torch.from_numpy(np.ascontiguousarray(filters.transpose(2, 3, 1, 0)).reshape(-1, len(filters)))
