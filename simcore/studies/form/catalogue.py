"""What the tables and figures of a study are called, and what they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Tables = Mapping[str, pd.DataFrame]
#: The tables without which a figure cannot be drawn, and what draws it.
Drawing = tuple[tuple[str, ...], "Callable[[Tables], Figure]"]


@dataclass(frozen=True)
class Catalogue:
    """``tables``: name (a CSV file and a key of results.json) -> what a row is. ``figures``: name (a file in figures/) -> what it
    shows. ``drawings`` gives what draws each figure; it alone imports matplotlib. ``title`` heads the index."""

    study: str
    title: str
    tables: Mapping[str, str]
    figures: Mapping[str, str] = field(default_factory=dict)
    drawings: Callable[[], Mapping[str, Drawing]] = dict
