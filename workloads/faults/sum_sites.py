"""Bits of partial sums that may fail, which were drawn for the bits of each rate apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Sites(NamedTuple):
    """Bits of partial sums that may fail, in order of the fold whose write it is: the fold, the sum in that fold, and the bit."""

    fold: npt.NDArray[np.int64]
    word: npt.NDArray[np.int64]
    bit: npt.NDArray[np.uint32]


def joined(parts: Sequence[Sites], sums: int) -> Sites | None:
    """Return the sites of all parts in order of the writes, of which each fold has ``sums``, or None."""
    some = [part for part in parts if len(part.bit)]
    if len(some) < 2:
        return some[0] if some else None
    fold, word, bit = (np.concatenate(column) for column in zip(*some, strict=True))
    order = np.argsort(fold * sums + word, kind="stable")
    return Sites(fold[order], word[order], bit[order])
