"""What a part of the study comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Part:
    """Tables by name, what they show by name, and assumptions of this part's own."""

    tables: dict[str, pd.DataFrame]
    findings: dict[str, Any]
    assumptions: tuple[str, ...] = ()
