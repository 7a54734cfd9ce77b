"""The loop nest of attention over tiles of queries and keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class AttentionShape:
    """``groups`` times ``queries`` rows of ``width`` words meet ``keys`` keys, whose values have ``value_width`` words.

    A group is a head of keys in one image. ``causal_tokens`` is that of `workloads.layers.Attention`.
    """

    groups: int
    queries: int
    keys: int
    width: int
    value_width: int
    causal_tokens: int = 0

    @property
    def query_words(self) -> int:
        """Return the words of all queries."""
        return self.groups * self.queries * self.width

    @property
    def key_words(self) -> int:
        """Return the words of all keys and values."""
        return self.groups * self.keys * (self.width + self.value_width)

    @property
    def result_words(self) -> int:
        """Return the words of the results."""
        return self.groups * self.queries * self.value_width

    def seen_keys(self, first: int, end: int) -> int:
        """Return how many keys the rows ``first`` up to ``end`` of a group see: those of the row that sees most."""
        tokens = self.causal_tokens
        if tokens == 0:
            return self.keys
        whole = first // tokens != (end - 1) // tokens
        last = tokens - 1 if whole else (end - 1) % tokens
        return self.keys - tokens + last + 1


@dataclass(frozen=True)
class Tiling:
    """Tiles of ``queries`` rows by ``keys`` keys, of ``groups`` groups at once. The last of each may be smaller or fewer.

    Each group that is worked on at once has an array of its own.
    """

    queries: int
    keys: int
    groups: int = 1

    def turns(self, shape: AttentionShape) -> list[int]:
        """Return the groups of each turn."""
        whole, rest = divmod(shape.groups, self.groups)
        return [self.groups] * whole + [rest] * (rest > 0)

    def query_tiles(self, shape: AttentionShape) -> Iterator[tuple[int, int, int]]:
        """Yield (rows, tiles of keys, keys in them) of each tile of queries of a group; keys that no row sees are left out."""
        for first in range(0, shape.queries, self.queries):
            end = min(first + self.queries, shape.queries)
            tiles = -(-shape.seen_keys(first, end) // self.keys)
            yield end - first, tiles, min(tiles * self.keys, shape.keys)

    def key_extent(self, shape: AttentionShape, number: int) -> int:
        """Return the keys of a tile."""
        return min(self.keys, shape.keys - number * self.keys)

    def whole_key_tiles(self, shape: AttentionShape) -> int:
        """Return the tiles of all keys of a group."""
        return -(-shape.keys // self.keys)

    def key_tiles(self, shape: AttentionShape) -> int:
        """Return the tiles of keys that some query of a group sees."""
        return max(tiles for _, tiles, _ in self.query_tiles(shape))

    def scores(self, shape: AttentionShape) -> int:
        """Return the scores that are computed, of all groups."""
        return shape.groups * sum(rows * keys for rows, _, keys in self.query_tiles(shape))

    def key_words(self, shape: AttentionShape, *, stay: bool) -> int:
        """Return the words of keys and values that are loaded: for every tile of queries, or once a group if they ``stay``."""
        seen = [keys for _, _, keys in self.query_tiles(shape)]
        return shape.groups * (max(seen) if stay else sum(seen)) * (shape.width + shape.value_width)
