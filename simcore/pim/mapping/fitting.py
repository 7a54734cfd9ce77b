"""The choice of a mapping: what lies side by side in a row, and which unit takes what, so that the layer ends soonest.

A round is worth the operations of its micro-program and its rows written and read; a weight set that must be loaded for every
image is worth its rows written. Among mappings of equal worth the one with the fewest folds, then the fewest blocks, is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simcore.pim.mapping.array import Array, MapOptions
from simcore.pim.mapping.dots import Dots
from simcore.pim.mapping.layer_map import LayerMap, Piece
from simcore.pim.mapping.notes import notes_of
from simcore.pim.mapping.place import Indices

#: So many more folds than a row's columns ask for are tried, if the fewest would leave more than a tenth of the row empty.
_MORE_FOLDS = 8
_FULL_SHARE = 0.9
#: The worth of a mapping that does not fit.
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class _Choice:
    """One mapping: folds, filters in a row, pixels in a row, the numbering of items, and whether units begin with a block."""

    folds: int
    row_filters: int
    row_pixels: int
    block_items: int
    unit_items: int
    aligned: bool


def map_layer(dots: Dots, array: Array, options: MapOptions) -> LayerMap:
    """Return the mapping of a layer's dot products. Raise InputError if a subarray has too few rows for a single operand pair."""
    room = options.weight_sets_of(array)
    choice = _best(dots, array, options, room)
    first, last = _items(dots, choice, choice.unit_items)
    blocks = last // choice.block_items - first // choice.block_items + 1
    bank_first, bank_last = _items(dots, choice, choice.unit_items * array.subarrays)
    bank_blocks = bank_last // choice.block_items - bank_first // choice.block_items + 1
    sets = int(blocks.max()) * choice.folds
    pieces, parts_outermost = _pieces(choice, sets, room)
    banks = zip(bank_first.tolist(), bank_last.tolist(), strict=True)
    per_bank = [_bank_words(dots, choice, first_item, last_item) for first_item, last_item in banks]
    found = LayerMap(
        dots=dots,
        array=array,
        options=options,
        folds=choice.folds,
        row_filters=choice.row_filters,
        row_pixels=choice.row_pixels,
        block_items=choice.block_items,
        unit_items=choice.unit_items,
        parts_outermost=parts_outermost,
        pieces=pieces,
        units=len(first),
        weight_sets_per_unit=sets,
        weight_sets_loaded=int(blocks.sum()) * choice.folds,
        weight_sets_per_bank=int(bank_blocks.max()) * choice.folds,
        input_words_per_bank=max(per_bank),
        input_words_sent=sum(per_bank),
        notes=(),
    )
    return notes_of(found, room, _units_unshared(found))


def _units_unshared(found: LayerMap) -> int:
    """Return how many units would have work if no operand pairs shared a column; those that have it, if that is all of them."""
    if found.options.pairs_per_column == 1 or found.units == found.array.units:
        return found.units
    alone = replace(found.options, pairs_per_column=1)
    choice = _best(found.dots, found.array, alone, alone.weight_sets_of(found.array))
    return len(_items(found.dots, choice, choice.unit_items)[0])


# The choice -------------------------------------------------------------------------------------------------------------------


def _best(dots: Dots, array: Array, options: MapOptions, room: int) -> _Choice:
    least = -(-dots.length // array.columns)
    part = -(-dots.length // least)
    full = array.columns // part * part >= _FULL_SHARE * array.columns
    most = least if full else min(dots.length, least + _MORE_FOLDS)
    found = [_best_with(dots, array, options, room, folds) for folds in range(least, most + 1)]
    return min(found, key=lambda each: each[:3])[3]


def _best_with(dots: Dots, array: Array, options: MapOptions, room: int, folds: int) -> tuple[int, int, int, _Choice]:
    """Return the least worth with so many folds, the folds, the weight sets and the choice."""
    most = array.columns // -(-dots.length // folds)
    row_filters = np.arange(1, min(most, dots.all_filters) + 1, dtype=np.int64)
    row_pixels = np.minimum(most // row_filters, dots.pixels)
    blocks, pixels = -(-dots.all_filters // row_filters), -(-dots.pixels // row_pixels)
    units = -(-np.minimum(array.units, blocks * pixels) // options.pairs_per_column)
    # Freely: every unit takes an equal share of all items. Aligned: units take whole blocks, or shares of one block.
    free_items = -(-blocks * pixels // units)
    free_sets = _blocks_touched(free_items, pixels) * folds
    copies, whole = np.maximum(1, units // blocks), -(-blocks // units)
    share = -(-pixels // copies)
    aligned_items = np.where(blocks >= units, whole * pixels, share)
    aligned_block = np.where(blocks >= units, pixels, -(-pixels // share) * share)
    round_rows = options.program_operations + options.activation_bits + options.product_bits
    load = options.weights == "reloaded" or dots.weights_change

    def worth(items: Indices, sets: Indices) -> Indices:
        return items * folds * round_rows + np.where((sets > room) | load, sets * options.weight_bits, 0)

    free = np.where(free_sets <= room, worth(free_items, free_sets), _NEVER)
    aligned = worth(aligned_items, whole * folds)
    at_free, at_aligned = (_fewest_blocks(values, blocks) for values in (free, aligned))
    if free[at_free] <= aligned[at_aligned]:
        at, items, block, is_aligned = at_free, free_items, pixels, False
    else:
        at, items, block, is_aligned = at_aligned, aligned_items, aligned_block, True
    chosen = _Choice(folds, int(row_filters[at]), int(row_pixels[at]), int(block[at]), int(items[at]), is_aligned)
    return int(min(free[at_free], aligned[at_aligned])), folds, int(blocks[at]), chosen


def _fewest_blocks(worth: Indices, blocks: Indices) -> int:
    """Return the place of the least worth, and there of the fewest blocks."""
    return int(np.lexsort((blocks, worth))[0])


def _blocks_touched(items: Indices, block: Indices) -> Indices:
    """Return how many blocks of ``block`` items so many neighbouring items touch at most, from a multiple of their number on."""
    aligned = np.maximum(1, items // block)
    found: Indices = np.where((items % block == 0) | (block % items == 0), aligned, (items + block - 2) // block + 1)
    return found


# What follows from it ---------------------------------------------------------------------------------------------------------


def _items(dots: Dots, choice: _Choice, size: int) -> tuple[Indices, Indices]:
    """Return the first and the last item of each run of ``size`` items, up to the last item."""
    pixels, blocks = -(-dots.pixels // choice.row_pixels), -(-dots.all_filters // choice.row_filters)
    last = (blocks - 1) * choice.block_items + pixels - 1
    first = np.arange(0, last + 1, size, dtype=np.int64)
    return first, np.minimum(first + size - 1, last)


def _pieces(choice: _Choice, sets: int, room: int) -> tuple[tuple[Piece, ...], bool]:
    """Return the pieces into which the rows cut a unit's work, and whether parts of a block follow each other."""
    folds, items = choice.folds, choice.unit_items
    if sets <= room:
        return (Piece(sets, items * folds),), False
    assert choice.aligned
    blocks, size = sets // folds, min(choice.block_items, items)
    if folds <= room:
        return _cut(blocks, room // folds, 1, folds, size), False
    return _cut(folds, room, blocks, 1, size), True


def _cut(count: int, at_once: int, times: int, sets: int, rounds: int) -> tuple[Piece, ...]:
    """Return pieces of ``at_once`` things, and the rest; each thing is so many weight sets, and so many rounds for each set."""
    full, rest = divmod(count, at_once)
    pieces = [Piece(at_once * sets, at_once * sets * rounds, full * times)] if full else []
    return (*pieces, *([Piece(rest * sets, rest * sets * rounds, times)] if rest else []))


def _bank_words(dots: Dots, choice: _Choice, first: int, last: int) -> int:
    """Return the different input words, at most, of a run of items."""
    size, most = choice.block_items, -(-dots.pixels // choice.row_pixels) - 1
    (block, at), (last_block, last_at) = divmod(first, size), divmod(last, size)
    blocks: tuple[tuple[int, int], ...]
    if last_block == block:
        blocks = ((at, min(last_at, most)),)
    elif last_block == block + 1 and at <= most:
        blocks = ((at, most), (0, min(last_at, most)))
    else:
        blocks = ((0, most),)
    pixels = tuple((low * choice.row_pixels, min((high + 1) * choice.row_pixels, dots.pixels) - 1) for low, high in blocks)
    last_filter = min((last_block + 1) * choice.row_filters, dots.all_filters) - 1
    groups = last_filter // dots.filters - block * choice.row_filters // dots.filters + 1
    return dots.input_words_of(pixels, groups)
