"""Shares drawn as characters: blocks of different height."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BLOCKS = " ▁▂▃▄▅▆▇█"


def blocks(shares: npt.NDArray[np.float64]) -> str:
    """Return one character per share in 0..1. Every share above zero is visible."""
    return "".join(BLOCKS[int(np.ceil(share * (len(BLOCKS) - 1) - 1e-9))] for share in shares)
