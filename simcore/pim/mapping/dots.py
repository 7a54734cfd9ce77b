"""The work that is mapped: dot products of weights with windows of an input."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Dots:
    """Dot products of ``length`` operand pairs: one for each filter of each group and each pixel.

    ``filters`` counts the filters of a group and ``pixels`` the output pixels of all ``images``, which lie row by row. All groups
    together read ``input_words`` different words. An output row has ``row_pixels`` pixels and reads ``row_words`` words; its
    successor in the same image reads ``halo_words`` of them again. With ``weights_change`` the second operand is computed, too
    (a product of two activations), so its rows are written anew for every image. Raise InputError for a count below 1.
    """

    length: int
    filters: int
    pixels: int
    groups: int = 1
    images: int = 1
    input_words: int
    row_pixels: int
    row_words: int
    halo_words: int = 0
    weights_change: bool = False

    def __post_init__(self) -> None:
        for name in ("length", "filters", "pixels", "groups", "images", "input_words", "row_pixels", "row_words"):
            if getattr(self, name) < 1:
                raise InputError(f"dot products: expected {name} of at least 1, got {getattr(self, name)}")

    @property
    def all_filters(self) -> int:
        """Return the filters of all groups."""
        return self.groups * self.filters

    @property
    def outputs(self) -> int:
        """Return the number of dot products."""
        return self.all_filters * self.pixels

    @property
    def macs(self) -> int:
        """Return the number of operand pairs that are multiplied."""
        return self.outputs * self.length

    @property
    def weight_words(self) -> int:
        """Return the words of the second operand."""
        return self.all_filters * self.length

    def groups_of(self, filters: int) -> int:
        """Return how many groups so many neighbouring filters touch at most, from a multiple of their number on."""
        if filters % self.filters == 0 or self.filters % filters == 0:
            return min(self.groups, max(1, filters // self.filters))
        return min(self.groups, (filters + self.filters - 2) // self.filters + 1)

    def input_words_of(self, ranges: tuple[tuple[int, int], ...], groups: int) -> int:
        """Return the different input words, at most, that these pixels (first and last of each range) read in so many groups."""
        words, image_pixels = 0, self.pixels // self.images
        for first, last in ranges:
            rows = last // self.row_pixels - first // self.row_pixels + 1
            images = last // image_pixels - first // image_pixels + 1
            by_rows = rows * (self.row_words - self.halo_words) + images * self.halo_words
            words += min(by_rows, (last - first + 1) * self.length * self.groups)
        return -(-min(words, self.input_words) * groups // self.groups)
