"""How often the activation of three rows fails under process variation.

Source: the SPICE Monte Carlo runs of Seshadri et al., Ambit, MICRO 2017. That 26 % fail at a variation of 25 % is also quoted
elsewhere (ieeexplore 8702458); the other points are recalled and were not read again. Between the points the share is
interpolated. That activations of five rows fail as often is assumed.
"""

from __future__ import annotations

import numpy as np

from simcore.errors import InputError

SOURCE = "Ambit (MICRO 2017), Monte Carlo of triple activation, points recalled; five rows assumed alike"

#: Variation of all components in percent, and the share of failing columns.
_POINTS = ((0, 0.0), (5, 0.0), (10, 0.0029), (15, 0.0601), (20, 0.1636), (25, 0.2619))


def failing_share(variation_percent: float) -> float:
    """Return the share of columns that fail at a variation. Raise InputError beyond the table."""
    last = _POINTS[-1][0]
    if not 0 <= variation_percent <= last:
        raise InputError(f"expected a variation of 0 to {last} percent, which the source covers, got {variation_percent:g}")
    at, shares = zip(*_POINTS, strict=True)
    return float(np.interp(variation_percent, at, shares))
