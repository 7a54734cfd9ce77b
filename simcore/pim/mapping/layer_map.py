"""The mapping of one layer's dot products: what lies in a row, which unit multiplies it in which round, and what that costs.

A *row set* is the operands of one multiplication: the pairs of ``row_filters`` x ``row_pixels`` dot products side by side, each
in ``part_length`` columns, the two words of a pair one above the other, a bit in a row. A *weight set* is the weights of a row
set; it stays in its rows while the rounds go on over the pixels. A *block* of filters is the ``row_filters`` filters that lie in
one row; a long dot product is cut into ``folds`` parts, each in a row set of its own, whose sums meet in the accumulators of the
bank. An *item* is a block of filters with a block of pixels: ``folds`` row sets. Items are numbered with the pixels fastest, a
block of filters beginning at a multiple of ``block_items``; unit u takes the items from u x ``unit_items`` on.
"""

from __future__ import annotations

from dataclasses import dataclass

from simcore.pim.mapping.array import Array, MapOptions
from simcore.pim.mapping.dots import Dots


@dataclass(frozen=True)
class Piece:
    """A part of a layer in one unit: so many weight sets are written, then so many rounds follow. It comes ``times`` times."""

    weight_sets: int
    rounds: int
    times: int = 1


@dataclass(frozen=True, kw_only=True)
class LayerMap:
    """A mapping, as `map_layer` finds it. Rounds and pieces are those of the unit that has most.

    ``weight_sets_per_unit`` is the largest number of any unit, ``weight_sets_loaded`` the sum over all units: a weight set that
    several units need is written to each. ``input_words_per_bank`` is the largest number of different input words that a bank
    needs (an upper bound), ``input_words_sent`` the sum over all banks. ``weight_sets_per_bank`` is the largest number of
    different weight sets that the units of a bank need. ``notes`` tell what did not fit, and what was done.
    """

    dots: Dots
    array: Array
    options: MapOptions
    folds: int
    row_filters: int
    row_pixels: int
    block_items: int
    unit_items: int
    parts_outermost: bool
    pieces: tuple[Piece, ...]
    units: int
    weight_sets_per_unit: int
    weight_sets_loaded: int
    weight_sets_per_bank: int
    input_words_per_bank: int
    input_words_sent: int
    notes: tuple[str, ...]

    # What lies in a row -------------------------------------------------------------------------------------------------------

    @property
    def part_length(self) -> int:
        """Return the columns of a dot product in one row."""
        return -(-self.dots.length // self.folds)

    @property
    def dots_per_row(self) -> int:
        """Return the dot products (or parts of them) that lie side by side."""
        return self.row_filters * self.row_pixels

    @property
    def used_columns(self) -> int:
        """Return the columns of a full row set."""
        return self.dots_per_row * self.part_length

    @property
    def input_words_per_round(self) -> int:
        """Return the different input words in a row set. Each lies in several columns, one for each filter that reads it."""
        return self.row_pixels * self.dots.groups_of(self.row_filters) * self.part_length

    # How much there is --------------------------------------------------------------------------------------------------------

    @property
    def filter_blocks(self) -> int:
        """Return the blocks of filters."""
        return -(-self.dots.all_filters // self.row_filters)

    @property
    def pixel_blocks(self) -> int:
        """Return the blocks of pixels."""
        return -(-self.dots.pixels // self.row_pixels)

    @property
    def weight_sets(self) -> int:
        """Return the different weight sets."""
        return self.filter_blocks * self.folds

    @property
    def row_sets(self) -> int:
        """Return the row sets, which are the multiplications of all units together."""
        return self.weight_sets * self.pixel_blocks

    @property
    def rounds(self) -> int:
        """Return the rounds of the unit that has most: every unit multiplies once in a round."""
        return self.unit_items * self.folds

    @property
    def units_per_bank(self) -> int:
        """Return the units of a bank that has most."""
        return min(self.units, self.array.subarrays)

    @property
    def banks(self) -> int:
        """Return the banks that have work."""
        return -(-self.units // self.array.subarrays)

    @property
    def result_words(self) -> int:
        """Return the words of the results."""
        return self.dots.outputs

    # Rows ---------------------------------------------------------------------------------------------------------------------

    @property
    def weight_rows(self) -> int:
        """Return the rows of weights that a unit holds if all its weight sets stay."""
        return self.weight_sets_per_unit * self.options.weight_bits

    @property
    def rows_needed(self) -> int:
        """Return the rows of a subarray that the largest piece occupies."""
        sets = -(-max(piece.weight_sets for piece in self.pieces) // self.array.depth)
        return self.options.fixed_rows + sets * self.options.weight_bits

    @property
    def fits(self) -> bool:
        """Return whether all weight sets of every unit fit its rows at once."""
        return len(self.pieces) == 1 and self.pieces[0].times == 1

    @property
    def stays(self) -> bool:
        """Return whether the weights can stay from image to image if no other layer needs the rows."""
        return self.fits and self.options.weights == "resident" and not self.dots.weights_change

    @property
    def weight_rows_written(self) -> int:
        """Return the rows of weights that all units together write when they load them once."""
        return self.weight_sets_loaded * self.options.weight_bits

    @property
    def activation_rows_written(self) -> int:
        """Return the rows of activations that all units together write: a row for each bit of each row set."""
        return self.row_sets * self.options.activation_bits

    @property
    def activation_bytes_written(self) -> int:
        """Return the bytes of these rows. Rows are written whole."""
        return self.activation_rows_written * self.array.columns // 8

    @property
    def input_copies(self) -> float:
        """Return how often an input word is written on average (im2col: once for each window and filter that reads it)."""
        return self.dots.macs / self.dots.input_words

    # Utilisation --------------------------------------------------------------------------------------------------------------

    @property
    def column_utilisation(self) -> float:
        """Return the share of columns with an operand pair, over all row sets."""
        return self.dots.macs / (self.row_sets * self.array.columns)

    @property
    def unit_utilisation(self) -> float:
        """Return the share of multiplications that are needed, of all that the array's units could do in these rounds."""
        return self.row_sets / (self.rounds * self.array.units)

    @property
    def whole_images_in_bank(self) -> bool:
        """Return whether every bank has all pixels of its filters, so that a pool after the layer finds its windows there."""
        return self.banks == 1 or self.unit_items * self.array.subarrays % self.block_items == 0
