"""Tensors as the tiles of a Program hold them, so that the reference engine's PEs can multiply real numbers, and back again.

Laid out by what ``simcore.program.program`` says of Geo and Seg, tensor by tensor; nothing here asks
``simcore.program.streams`` for an address,
so that each checks the other.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simcore.errors import InputError
from simcore.program.program import Fold, Geo, Int64Array, Port, Program, Reg, Seg
from workloads.layers import Conv, Linear, MatMul
from workloads.layers.joins import broadcast
from workloads.network import LayerInstance

IFMAP_REGION, FILTER_REGION = 0, 1


def operand_images(program: Program, instance: LayerInstance, ifmap: Int64Array, filters: Int64Array) -> dict[int, Int64Array]:
    """What each tile of the ifmap's and the filters' regions holds: by region, int64 [tiles, words].

    Conv: ifmap [batch, channels, height, width], filters [filters, channels of a group, height, width]. Linear: [batch, ..., K]
    and [N, K]. MatMul: [batch, ..., M, K] and [batch, ..., K, N]. The Program is lowered ``with_folds``; raises InputError for
    one that is not, and for tensors of other shapes than the layer's.
    """
    for name, tensor, shape in zip(("ifmap", "filter"), (ifmap, filters), _tensor_shapes(instance, program), strict=True):
        if tensor.shape != shape:
            raise InputError(f"expected a tensor of shape {shape}, got {tensor.shape}", where=f"layer '{instance.name}', {name}")
    pixels, weights = _as_convolution(instance, ifmap.astype(np.int64), filters.astype(np.int64))
    return convolution_images(program, pixels, weights, _extension(instance, program.geometry))


def convolution_images(
    program: Program, pixels: Int64Array, weights: Int64Array, extension: tuple[int, int] = (0, 0)
) -> dict[int, Int64Array]:
    """:func:`operand_images` of a loop nest: pixels [batch, channels, height, width], weights [filters, channels of a group,
    height, width]. ``extension``: rows above and columns left of the stored ifmap that the streams see. Raises InputError for a
    Program that was not lowered ``with_folds``.
    """
    if not program.folds:
        raise InputError("expected a Program of an array layer, lowered with_folds=True", where=f"layer '{program.name}'")
    return {IFMAP_REGION: _ifmap_image(program, pixels, extension), FILTER_REGION: _filter_image(program, weights)}


def result_tensor(program: Program, instance: LayerInstance, read: Callable[[int, int, int], int]) -> Int64Array:
    """The layer's result, [batch, *output shape], from the ofmap's words; ``read(region, tile, word)`` gives one.

    Every word is read once, so that a ``read`` that raises for a word never written (``Operands.read``) finds what is missing.
    """
    product = _group_products(program, read)
    if not isinstance(instance.layer, Conv):
        return product.reshape(instance.batch, *instance.output_shape)
    return _as_images(program, product)


def convolution_result(program: Program, read: Callable[[int, int, int], int]) -> Int64Array:
    """:func:`result_tensor` of a loop nest: [batch, filters, rows, columns]."""
    return _as_images(program, _group_products(program, read))


def _as_images(program: Program, product: Int64Array) -> Int64Array:
    batch, rows, columns = (int(program.geometry[g]) for g in (Geo.BATCH, Geo.OUT_H, Geo.OUT_W))
    return product.transpose(1, 0, 2).reshape(batch, rows, columns, -1).transpose(0, 3, 1, 2)


def _group_products(program: Program, read: Callable[[int, int, int], int]) -> Int64Array:
    """[group, pixel of the batch, filter of the group]."""
    ofmap = len(program.regions) - 1
    groups = int(program.geometry[Geo.C] // program.geometry[Geo.GROUP_CHANNELS])
    rows = int(np.prod(program.geometry[[Geo.BATCH, Geo.OUT_H, Geo.OUT_W]]))
    filters = max(fold.n0 + (fold.times if program.dataflow == "is" else fold.columns) for fold in program.folds)
    product = np.zeros((groups, rows, filters), dtype=np.int64)
    for fold, segment in zip(program.folds, program.segments[Port.OUTPUT], strict=True):
        if segment[Seg.REGION] == ofmap:
            tiles, words = _places(segment)
            places = zip(tiles.ravel().tolist(), words.ravel().tolist(), strict=True)
            part: Int64Array = np.array([read(ofmap, *place) for place in places], dtype=np.int64).reshape(tiles.shape)
            part = part.T if program.dataflow == "is" else part
            pixels, columns = part.shape
            product[fold.group, fold.m0 : fold.m0 + pixels, fold.n0 : fold.n0 + columns] = part
    return product


def _tensor_shapes(instance: LayerInstance, program: Program) -> tuple[tuple[int, ...], tuple[int, ...]]:
    layer, inputs = instance.layer, instance.input_shapes
    ifmap = (instance.batch, *inputs[0])
    if isinstance(layer, Conv):
        return ifmap, (layer.out_channels, int(program.geometry[Geo.GROUP_CHANNELS]), *layer.kernel)
    if isinstance(layer, Linear):
        return ifmap, (layer.out_features, inputs[0][-1])
    return ifmap, (instance.batch, *inputs[1])


def _as_convolution(instance: LayerInstance, ifmap: Int64Array, filters: Int64Array) -> tuple[Int64Array, Int64Array]:
    """The tensors of a product as a convolution's: rows are pixels of a column, K are channels, leading indices are groups."""
    if isinstance(instance.layer, Linear):
        return ifmap.reshape(-1, ifmap.shape[-1]).T[None, :, :, None], filters[:, :, None, None]
    if not isinstance(instance.layer, MatMul):
        return ifmap, filters
    left, right = instance.input_shapes
    leading = broadcast(instance.layer, [left[:-2], right[:-2]])

    def spread(tensor: Int64Array) -> Int64Array:
        missing = (1,) * (len(leading) + 3 - tensor.ndim)
        aligned = tensor.reshape(instance.batch, *missing, *tensor.shape[1:])
        return np.broadcast_to(aligned, (instance.batch, *leading, *tensor.shape[-2:])).reshape(-1, *tensor.shape[-2:])

    rows, columns = spread(ifmap).transpose(0, 2, 1), spread(filters).transpose(0, 2, 1)
    return rows.reshape(1, -1, rows.shape[2], 1), columns.reshape(-1, columns.shape[2], 1, 1)


def _ifmap_image(program: Program, ifmap: Int64Array, extension: tuple[int, int]) -> Int64Array:
    geometry = program.geometry
    height, width, rows, channels = (int(geometry[g]) for g in (Geo.H, Geo.W, Geo.ROWS_PER_TILE, Geo.CHANNELS_PER_TILE))
    batch, all_channels = ifmap.shape[:2]
    row_tiles, channel_tiles = -(-height // rows), -(-all_channels // channels)
    # Whole tiles; under SCALE-Sim's shape rule the padding is part of the ifmap that the streams see.
    whole = np.zeros((batch, channel_tiles * channels, row_tiles * rows, width), dtype=np.int64)
    top, left = extension
    whole[:, :all_channels, top : top + ifmap.shape[2], left : left + ifmap.shape[3]] = ifmap
    tiles = whole.reshape(batch, channel_tiles, channels, row_tiles, rows, width)
    order = (0, 3, 1, 2, 4, 5) if geometry[Geo.PLANAR] else (0, 3, 1, 4, 5, 2)
    return np.ascontiguousarray(tiles.transpose(order)).reshape(batch * row_tiles * channel_tiles, -1)


def _extension(instance: LayerInstance, geometry: Int64Array) -> tuple[int, int]:
    """Rows above and columns left of the stored ifmap in the one that the streams see."""
    if not isinstance(instance.layer, Conv):
        return 0, 0
    top, left, _, _ = instance.layer.padding
    return top - int(geometry[Geo.PAD_H]), left - int(geometry[Geo.PAD_W])


def _filter_image(program: Program, filters: Int64Array) -> Int64Array:
    geometry, segments = program.geometry, program.segments[Port.FILTER]
    groups = int(geometry[Geo.C] // geometry[Geo.GROUP_CHANNELS])
    # Taps count filter row, filter column, channel of the group.
    taps = filters.transpose(2, 3, 1, 0).reshape(-1, groups, filters.shape[0] // groups).transpose(1, 0, 2)
    words = int((np.minimum(segments[:, Seg.CHUNK], segments[:, Seg.TIMES]) * segments[:, Seg.STRIDE]).max())
    image = np.zeros((int(program.regions[FILTER_REGION, Reg.TILES]), words), dtype=np.int64)
    for fold, segment in zip(program.folds, segments, strict=True):
        image[_places(segment)] = _filter_block(program.dataflow, fold, taps[fold.group])
    return image


def _filter_block(dataflow: str, fold: Fold, taps: Int64Array) -> Int64Array:
    """The part of a group's filters [taps, filters] that a fold reads, [times, lanes]."""
    if dataflow == "is":
        return taps[fold.k0 : fold.k0 + fold.rows, fold.n0 : fold.n0 + fold.times].T
    depth = fold.rows if dataflow == "ws" else fold.times
    return taps[fold.k0 : fold.k0 + depth, fold.n0 : fold.n0 + fold.columns]


def _places(segment: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Tile and word of each (time, lane) of a LINEAR segment, before skew and reversal, which move no word."""
    time = np.arange(segment[Seg.TIMES], dtype=np.int64)[:, None]
    lane = np.arange(segment[Seg.LANES], dtype=np.int64)[None, :]
    tile = segment[Seg.TILE] + time // segment[Seg.CHUNK] + 0 * lane
    return tile, segment[Seg.OFFSET] + time % segment[Seg.CHUNK] * segment[Seg.STRIDE] + lane
