"""Numbers for the PEs: the contents of each tile, read at the addresses of the streams."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simcore.engine.reference.requests import Element
from simcore.errors import WrongValuesError
from simcore.program.program import Int64Array


@dataclass(eq=False)
class Operands:
    """Tile contents per region: ``images[region]`` is [tiles, words of a slot]. The output port writes results into them.

    The caller fills a layer's ifmap and filter regions. Partial sums and the ofmap appear as the machine produces them.
    """

    images: dict[int, Int64Array]
    _written: dict[tuple[int, int, int], int] = field(default_factory=dict)

    def values(self, element: Element) -> list[int]:
        """Return the value of each lane, 0 for a lane that carries nothing (padding)."""
        return [0 if word is None else self.read(element.region, *word) for word in element.words]

    def read(self, region: int, tile: int, word: int) -> int:
        """Return one word. Raise WrongValuesError for a result that was never written."""
        if region in self.images:
            return int(self.images[region][tile, word])
        if (region, tile, word) not in self._written:
            raise WrongValuesError(f"word {word} of tile {tile} of region {region} was never written")
        return self._written[region, tile, word]

    def write(self, region: int, tile: int, word: int, value: int) -> None:
        """Write one word of a result."""
        self._written[region, tile, word] = value

    def result(self, region: int, tiles: int, words: int) -> Int64Array:
        """Return, as [tiles, words], the values written to a region. Words that were never written are 0."""
        image = np.zeros((tiles, words), dtype=np.int64)
        for (where, tile, word), value in self._written.items():
            if where == region:
                image[tile, word] = value
        return image
