"""The values of mapped dot products: operands are put into columns, multiplied there, and summed by the adder tree.

A row set is what one subarray multiplies at once. Its operands go to the columns that `place` gives, all others hold zeros. The
micro-program runs on the bit planes of these columns. The rows of the product are read one by one; the tree counts the ones among
the columns of each dot product, and the accumulators add each count with the weight of its bit. Signed numbers are two's
complement in the program's signed form; the highest row of the product then counts negatively.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from simcore.errors import InputError
from simcore.pim.execute import Sense, execute, ideal
from simcore.pim.mapping.layer_map import LayerMap
from simcore.pim.mapping.place import Indices, place
from simcore.pim.meaning import Integers
from simcore.pim.planes import Planes
from simcore.pim.recorder import Recording

#: Columns that are computed at once, so that their bit planes stay in a processor's cache.
_BATCH_COLUMNS = 1 << 20


def dot_products(
    layer_map: LayerMap,
    recording: Recording,
    weights: Integers,
    windows: Integers,
    *,
    signed: bool = False,
    sense: Sense = ideal,
) -> Integers:
    """Return the sums [pixels, filters of all groups] of mapped dot products.

    ``weights`` are [filters of all groups, length], ``windows`` [groups, pixels, length]. ``recording`` multiplies numbers of the
    map's widths, weights first. Amplifiers that fail (``sense``) see one row set at a time, so that they fail in the same columns
    of every subarray and in every round.

    Raise InputError for tensors of other shapes and for numbers that the widths cannot hold.
    """
    dots, options = layer_map.dots, layer_map.options
    _require("weights", weights, (dots.all_filters, dots.length), options.weight_bits, signed)
    _require("windows", windows, (dots.groups, dots.pixels, dots.length), options.activation_bits, signed)
    narrow = _narrow(options.product_bits)
    weights, windows = weights.astype(narrow, copy=False), windows.astype(narrow, copy=False)
    sums = np.zeros((dots.pixels, dots.all_filters), dtype=np.int64)
    at_once = 1 if sense is not ideal else max(1, _BATCH_COLUMNS // layer_map.used_columns)
    for part in range(layer_map.folds):
        ks = slice(part * layer_map.part_length, min((part + 1) * layer_map.part_length, dots.length))
        for output, row, slot in _batches(layer_map, part, at_once):
            pixel, filter_ = np.divmod(output, dots.all_filters)
            shape = int(row.max()) + 1, layer_map.dots_per_row, layer_map.part_length
            first, second = np.zeros(shape, dtype=narrow), np.zeros(shape, dtype=narrow)
            first[row, slot, : ks.stop - ks.start] = weights[filter_, ks]
            second[row, slot, : ks.stop - ks.start] = windows[filter_ // dots.filters, pixel, ks]
            executed = execute(recording, (first.reshape(-1), second.reshape(-1)), sense)
            product = executed.rows[[line.row for line in recording.out]]
            sums[pixel, filter_] += _accumulated(product, shape, signed)[row, slot]
    return sums


def tree_sums(plane: Planes, dot_products: int, length: int) -> Integers:
    """Return the ones among the columns of each dot product: ``dot_products`` of ``length`` neighbouring columns each."""
    bits = np.unpackbits(plane.astype("<u8", copy=False).view(np.uint8), bitorder="little")
    counts: Integers = bits[: dot_products * length].reshape(dot_products, length).sum(axis=1, dtype=np.int32).astype(np.int64)
    return counts


def _accumulated(product: Planes, shape: tuple[int, int, int], signed: bool) -> Integers:
    """Return what the accumulators hold after all rows of the product: [row sets, dot products of a row]."""
    rows, slots, length = shape
    total = np.zeros(rows * slots, dtype=np.int64)
    for bit, plane in enumerate(product):
        ones = tree_sums(plane, rows * slots, length) << bit
        total += -ones if signed and bit == len(product) - 1 else ones
    return total.reshape(rows, slots)


def _batches(layer_map: LayerMap, part: int, at_once: int) -> Iterator[tuple[Indices, Indices, Indices]]:
    """Yield dot products of ``at_once`` row sets at a time: their numbers, and their row set and slot among these."""
    output = np.arange(layer_map.dots.outputs, dtype=np.int64)
    unit, turn, column = place(layer_map, output, part * layer_map.part_length)
    row_set = unit * layer_map.rounds + turn
    order = np.argsort(row_set, kind="stable")
    _, first, row = np.unique(row_set[order], return_index=True, return_inverse=True)
    slot = column[order] // layer_map.part_length
    for start in range(0, len(first), at_once):
        end = first[start + at_once] if start + at_once < len(first) else len(order)
        batch = slice(int(first[start]), int(end))
        yield order[batch], row[batch] - start, slot[batch]


def _require(what: str, values: Integers, shape: tuple[int, ...], bits: int, signed: bool) -> None:
    if values.shape != shape:
        raise InputError(f"{what}: expected the shape {shape}, got {values.shape}")
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if int(values.min()) < low or int(values.max()) > high:
        raise InputError(f"{what}: expected numbers from {low} to {high}, got {int(values.min())} to {int(values.max())}")


def _narrow(product_bits: int) -> np.dtype[Any]:
    """Return a type that surely holds both operands of a product of so many bits."""
    return np.dtype(np.int8 if product_bits <= 8 else np.int16 if product_bits <= 16 else np.int32)
