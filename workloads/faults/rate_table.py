"""Error rates of the bits of words as drawing needs them: bits of one rate together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class RateTable:
    """Error rates as drawing needs them.

    ``groups`` are the bits that may fail, ascending, together with all others of the same higher rate, and that rate. ``shares``
    [2 x bit + direction] is a rate over the higher one of its bit.
    """

    groups: tuple[tuple[npt.NDArray[np.uint32], float], ...]
    shares: npt.NDArray[np.float64]


def rate_table(rates: npt.NDArray[np.float64]) -> RateTable:
    """Return the table of some `injection.ErrorRates`. It is made once for equal ones."""
    return _table(rates.tobytes())


@lru_cache(maxsize=256)
def _table(raw: bytes) -> RateTable:
    rates = np.frombuffer(raw).reshape(-1, 2)
    highest = rates.max(axis=1)
    groups = [((highest == rate).nonzero()[0].astype(np.uint32), float(rate)) for rate in np.unique(highest[highest > 0])]
    return RateTable(tuple(groups), (rates / np.where(highest > 0, highest, 1.0)[:, None]).ravel())
