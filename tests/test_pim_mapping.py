"""The mapping of dot products to columns, rows and subarrays: every pair once, no column twice, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore.errors import InputError
from simcore.pim.mapping import Array, Dots, LayerMap, MapOptions, map_layer, place

#: DDR4 x8 with rows of 8 KB rank-wide, and the product of 8 by 8 bits of the MAJ family.
WIDE = Array(columns=65536, rows=512, banks=16)
BYTES = MapOptions(weight_bits=8, activation_bits=8, working_rows=64, program_operations=416)


def matrix(rows: int, length: int, filters: int, groups: int = 1, **more) -> Dots:
    words = rows * length * groups
    return Dots(
        length=length,
        filters=filters,
        pixels=rows,
        groups=groups,
        input_words=words,
        row_pixels=1,
        row_words=length * groups,
        **more,
    )


@st.composite
def mappings(draw) -> LayerMap:
    dots = matrix(
        draw(st.integers(1, 12)), draw(st.integers(1, 40)), draw(st.integers(1, 9)), draw(st.sampled_from([1, 1, 2, 3, 5]))
    )
    options = MapOptions(
        weight_bits=draw(st.integers(1, 4)),
        activation_bits=draw(st.integers(1, 2)),
        working_rows=draw(st.integers(1, 4)),
        program_operations=draw(st.sampled_from([1, 10, 50])),
        pairs_per_column=draw(st.sampled_from([1, 1, 2, 3])),
        weights=draw(st.sampled_from(["resident", "reloaded"])),
    )
    subarrays = draw(st.integers(1, 3))
    array = Array(
        columns=draw(st.integers(1, 64)),
        rows=options.fixed_rows + options.weight_bits * draw(st.sampled_from([1, 1, 2, 3, 20])) + draw(st.sampled_from([0, 1])),
        banks=draw(st.integers(1, 4)),
        subarrays=subarrays,
        stored_subarrays=subarrays * draw(st.sampled_from([0, 1, 2, 3])),
    )
    return map_layer(replace(dots, weights_change=draw(st.booleans())), array, options)


def placed(m: LayerMap) -> tuple[np.ndarray, ...]:
    """Return output, k, unit, round and column of every pair."""
    output, k = (axis.reshape(-1) for axis in np.mgrid[: m.dots.outputs, : m.dots.length])
    return output, k, *place(m, output, k)


def rounds_of_pieces(m: LayerMap) -> list[tuple[int, int, int]]:
    """Return each piece's first round, end and weight sets, in the order in which they come."""
    turns = m.pieces
    if m.parts_outermost:
        blocks = m.weight_sets_per_unit // m.folds
        assert all(piece.times % blocks == 0 for piece in m.pieces)
        turns = tuple(replace(piece, times=piece.times // blocks) for piece in m.pieces) * blocks
    found, at = [], 0
    for piece in turns:
        for _ in range(piece.times):
            found.append((at, at + piece.rounds, piece.weight_sets))
            at += piece.rounds
    return found


@settings(max_examples=120, deadline=None)
@given(mappings())
def test_each_pair_has_one_place_and_no_place_has_two_pairs(m) -> None:
    _, _, unit, turn, column = placed(m)
    assert unit.min() == turn.min() == column.min() == 0
    assert unit.max() == m.units - 1 < m.array.units
    assert len(np.unique(unit)) == m.units
    assert turn.max() == m.rounds - 1
    assert column.max() < m.used_columns <= m.array.columns
    places = (unit * m.rounds + turn) * m.array.columns + column
    assert len(np.unique(places)) == m.dots.macs
    assert len(np.unique(places // m.array.columns)) == m.row_sets


@settings(max_examples=120, deadline=None)
@given(mappings())
def test_a_dot_product_lies_in_one_subarray_its_parts_in_neighbouring_columns(m) -> None:
    _, _, unit, turn, column = placed(m)
    shape = m.dots.outputs, m.dots.length
    unit, turn, column = (each.reshape(shape) for each in (unit, turn, column))
    assert (unit == unit[:, :1]).all()
    for part in range(m.folds):
        ks = slice(part * m.part_length, min((part + 1) * m.part_length, m.dots.length))
        assert (turn[:, ks] == turn[:, ks.start : ks.start + 1]).all()
        assert (np.diff(column[:, ks]) == 1).all()
        if not m.parts_outermost:
            assert (turn[:, ks.start] == turn[:, 0] + part).all()
    assert m.folds >= -(-m.dots.length // m.array.columns)


@settings(max_examples=120, deadline=None)
@given(mappings())
def test_the_weights_of_a_piece_fit_the_rows_and_stay_while_it_lasts(m) -> None:
    output, k, unit, turn, column = placed(m)
    weight = output % m.dots.all_filters * m.dots.length + k
    # A row set's weights are named by its smallest (column, weight): two row sets with the same name have the same weights.
    order = np.lexsort((column, turn, unit))
    row_set, first = np.unique((unit * m.rounds + turn)[order], return_index=True)
    name = (weight * m.array.columns + column)[order][first]
    units, rounds = np.divmod(row_set, m.rounds)
    pieces = rounds_of_pieces(m)
    assert pieces[-1][1] == m.rounds
    each = (m.array.rows - m.options.fixed_rows) // m.options.weight_bits
    room = max(1, m.array.stored_subarrays // m.array.subarrays) * each
    assert m.rows_needed <= m.array.rows
    for start, end, sets in pieces:
        inside = (rounds >= start) & (rounds < end)
        most = max((len(np.unique(name[inside & (units == one)])) for one in range(m.units)), default=0)
        assert most <= sets <= room
    distinct = [len(np.unique(name[units == one])) for one in range(m.units)]
    assert max(distinct) == m.weight_sets_per_unit
    assert sum(distinct) == m.weight_sets_loaded
    assert len(np.unique(name)) == m.weight_sets


@settings(max_examples=120, deadline=None)
@given(mappings())
def test_no_mapping_of_whole_dot_products_has_fewer_rounds_where_rows_do_not_matter(m) -> None:
    roomy = replace(m.array, rows=100_000)
    found = map_layer(replace(m.dots, weights_change=False), roomy, replace(m.options, weights="resident"))
    assert found.fits
    length, filters, pixels = m.dots.length, m.dots.all_filters, m.dots.pixels
    if length > m.array.columns:
        return
    most = m.array.columns // length
    for row_filters in range(1, min(most, filters) + 1):
        items = -(-filters // row_filters) * -(-pixels // min(most // row_filters, pixels))
        units = -(-min(items, roomy.units) // m.options.pairs_per_column)
        assert found.rounds <= -(-items // units)


@settings(max_examples=120, deadline=None)
@given(mappings())
def test_no_mapping_of_whole_blocks_is_worth_more(m) -> None:
    """A round is worth its operations and its rows; weights that are loaded for every image are worth theirs."""
    each_round = m.options.program_operations + 2 * m.options.activation_bits + m.options.weight_bits
    room = m.options.weight_sets_of(m.array)
    loads = m.options.weights == "reloaded" or m.dots.weights_change

    def worth(rounds: int, sets: int) -> int:
        return rounds * each_round + (sets * m.options.weight_bits if loads or sets > room else 0)

    found = worth(m.rounds, m.weight_sets_per_unit)
    length, filters, pixels = m.dots.length, m.dots.all_filters, m.dots.pixels
    folds = -(-length // m.array.columns)
    most = m.array.columns // -(-length // folds)
    for row_filters in range(1, min(most, filters) + 1):
        blocks, at_once = -(-filters // row_filters), -(-pixels // min(most // row_filters, pixels))
        units = -(-min(blocks * at_once, m.array.units) // m.options.pairs_per_column)
        whole = -(-blocks // units)
        items = whole * at_once if blocks >= units else -(-at_once // (units // blocks))
        assert found <= worth(items * folds, whole * folds)


@settings(max_examples=120, deadline=None)
@given(mappings())
def test_the_map_knows_whether_banks_have_all_pixels_of_their_filters(m) -> None:
    output, _, unit, *_ = placed(m)
    pixel, filter_ = np.divmod(output, m.dots.all_filters)
    bank = unit // m.array.subarrays
    pairs = np.unique((bank * m.dots.all_filters + filter_) * m.dots.pixels + pixel)
    _, pixels = np.unique(pairs // m.dots.pixels, return_counts=True)
    assert m.whole_images_in_bank == (pixels == m.dots.pixels).all()


@settings(max_examples=120, deadline=None)
@given(mappings())
def test_banks_need_at_most_all_inputs_and_at_least_what_their_pairs_read(m) -> None:
    """In a matrix product pair k of row p and group g reads a word of its own."""
    output, k, unit, *_ = placed(m)
    pixel, filter_ = np.divmod(output, m.dots.all_filters)
    word = (filter_ // m.dots.filters * m.dots.pixels + pixel) * m.dots.length + k
    read = [len(np.unique(word[unit // m.array.subarrays == bank])) for bank in range(m.banks)]
    assert max(read) <= m.input_words_per_bank <= m.dots.input_words
    assert sum(read) <= m.input_words_sent
    if m.dots.groups == 1:
        assert max(read) == m.input_words_per_bank
        assert sum(read) == m.input_words_sent
    row_set = unit * m.rounds + place(m, output, k)[1]
    in_row = [len(np.unique(word[row_set == one])) for one in np.unique(row_set)[:50]]
    assert max(in_row) <= m.input_words_per_round


# By hand ----------------------------------------------------------------------------------------------------------------------


def test_dot_products_lie_side_by_side_and_weights_stay_over_the_pixels() -> None:
    """113 dot products of 3 x 3 x 64 pairs fill a row. 64 filters would leave 49 places empty, 16 of 7 pixels each leave one."""
    image = 56 * 56 * 64
    dots = Dots(
        length=576, filters=64, pixels=3136, input_words=image, row_pixels=56, row_words=3 * 56 * 64, halo_words=2 * 56 * 64
    )
    m = map_layer(dots, WIDE, BYTES)
    assert (m.folds, m.row_filters, m.row_pixels) == (1, 16, 7)
    assert m.used_columns == 112 * 576
    # 4 blocks of filters x 448 blocks of pixels on 16 subarrays: each has one weight set, for a quarter of the pixels.
    assert (m.row_sets, m.rounds, m.units) == (1792, 112, 16)
    assert (m.weight_sets, m.weight_sets_per_unit, m.weight_sets_loaded, m.weight_rows) == (4, 1, 16, 8)
    assert [(piece.weight_sets, piece.rounds, piece.times) for piece in m.pieces] == [(1, 112, 1)]
    assert m.rows_needed == 64 + 8
    assert m.activation_rows_written == 8 * 1792
    assert m.activation_bytes_written == 8 * 1792 * 8192
    # 784 pixels are 14 rows, which read 16 rows of the image.
    assert (m.input_words_per_bank, m.input_words_sent) == (16 * 56 * 64, 16 * 16 * 56 * 64)
    assert m.input_copies == 576  # 9 windows x 64 filters; at the edges there are fewer windows, whose pairs are counted, too
    assert m.column_utilisation == 64 * 3136 * 576 / (1792 * 65536)
    assert m.unit_utilisation == 1
    assert not m.whole_images_in_bank


def test_a_dot_product_is_cut_where_whole_ones_would_leave_the_row_empty() -> None:
    """Two of 25,088 pairs fill 77 % of a row. Fifths fill 99.5 %: 13 in a row, 2.6 dot products."""
    m = map_layer(matrix(1, 25_088, 4096), WIDE, BYTES)
    assert (m.folds, m.part_length, m.dots_per_row) == (5, 5018, 13)
    assert m.rounds == 5 * 20  # ceil(4096 / 13) = 316 blocks on 16 subarrays, instead of 2048 / 16 = 128 rounds of whole ones
    assert m.notes[0] == "dot products of 25,088 pairs are cut into 5 parts of 5,018, which fill rows better"


def test_a_longer_dot_product_than_a_row_is_folded() -> None:
    m = map_layer(matrix(1, 100_000, 32), WIDE, BYTES)
    assert (m.folds, m.part_length, m.dots_per_row, m.rounds) == (2, 50_000, 1, 4)
    assert m.notes == ("dot products of 100,000 pairs are longer than a row of 65,536 columns: cut into 2 parts of 50,000",)


def test_weights_that_do_not_fit_come_in_pieces() -> None:
    """70 rows less 64 are 6: one weight set of 4 bits. Two filters of each subarray come one after the other."""
    array = Array(columns=576, rows=70, banks=2)
    options = replace(BYTES, weight_bits=4)
    m = map_layer(matrix(10, 576, 4), array, options)
    assert (m.weight_sets_per_unit, m.rounds) == (2, 20)
    assert [(piece.weight_sets, piece.rounds, piece.times) for piece in m.pieces] == [(1, 10, 2)]
    assert not m.fits
    assert not m.stays
    assert m.notes == ("2 weight sets of a subarray do not fit its rows, which hold 1: loaded in 2 pieces for every image",)
    # The other subarrays of a bank hold weights, too.
    assert map_layer(matrix(10, 576, 4), replace(array, stored_subarrays=2), options).stays


def test_units_that_share_a_block_evenly_leave_no_unit_without_work() -> None:
    """Two filters of 7 pixels on 10 subarrays with room for one weight set: shares of two pixels, four for each filter."""
    m = map_layer(matrix(7, 576, 2), Array(columns=576, rows=70, banks=10), replace(BYTES, weight_bits=4))
    assert (m.units, m.rounds, m.weight_sets_per_unit, m.weight_sets_loaded) == (8, 2, 1, 8)


def test_the_last_bank_reads_only_the_pixels_that_there_are() -> None:
    """Two of 11 pixels lie in a row: six rows in two banks, which read six and five pixels."""
    m = map_layer(matrix(11, 10, 1), Array(columns=20, rows=100, banks=2), BYTES)
    assert (m.row_pixels, m.input_words_per_bank, m.input_words_sent) == (2, 60, 110)


def test_parts_of_a_dot_product_in_different_pieces_wait_as_partial_sums() -> None:
    array = Array(columns=10, rows=70)
    m = map_layer(matrix(4, 20, 1), array, replace(BYTES, weight_bits=4))
    assert (m.folds, m.parts_outermost) == (2, True)
    assert [(piece.weight_sets, piece.rounds, piece.times) for piece in m.pieces] == [(1, 4, 2)]
    assert "the partial sums of 4 outputs of a subarray wait" in m.notes[-1]


def test_pairs_that_share_a_column_take_fewer_subarrays_and_longer() -> None:
    alone = map_layer(matrix(64, 65536, 1), WIDE, BYTES)
    shared = map_layer(matrix(64, 65536, 1), WIDE, replace(BYTES, pairs_per_column=4))
    assert (alone.units, alone.rounds) == (16, 4)
    assert (shared.units, shared.rounds) == (4, 16)
    assert shared.rows_needed == alone.rows_needed + 3 * 8
    assert shared.notes == ("4 of 16 subarrays have work (4 pairs share a column)",)


def test_sharing_is_no_reason_where_a_layer_has_work_for_one_subarray() -> None:
    """All 20 pairs of two filters and one pixel lie in one row: one subarray has work, shared columns or not."""
    for pairs in (1, 3):
        m = map_layer(matrix(1, 10, 2), WIDE, replace(BYTES, pairs_per_column=pairs))
        assert m.notes == ("1 of 16 subarrays have work",)


def test_the_second_of_two_activations_never_stays() -> None:
    m = map_layer(matrix(8, 64, 8, groups=4, weights_change=True), WIDE, BYTES)
    assert m.fits
    assert not m.stays


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: matrix(0, 1, 1), "dot products: expected pixels of at least 1, got 0"),
        (lambda: Array(columns=0, rows=1), "array: expected columns of at least 1, got 0"),
        (
            lambda: Array(columns=1, rows=1, subarrays=4, stored_subarrays=2),
            "expected at most all subarrays of a bank to compute",
        ),
        (lambda: replace(BYTES, weight_bits=0), "mapping: expected weight_bits of at least 1, got 0"),
        (lambda: replace(BYTES, weights="residnet"), "mapping: no weights 'residnet'; did you mean 'resident'?"),
        (lambda: map_layer(matrix(1, 1, 1), replace(WIDE, rows=71), BYTES), "expected at least 72 rows in a subarray, got 71"),
    ],
)
def test_what_cannot_be_mapped_is_told(make, told) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert told in str(caught.value)
