"""Shares drawn as blocks of different height, a character each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BLOCKS = " ▁▂▃▄▅▆▇█"


def blocks(shares: npt.NDArray[np.float64]) -> str:
    """One character per share in 0..1; anything above zero is visible."""
    return "".join(BLOCKS[int(np.ceil(share * (len(BLOCKS) - 1) - 1e-9))] for share in shares)
