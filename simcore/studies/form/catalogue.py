"""Names and descriptions of a study's tables and figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Tables = Mapping[str, pd.DataFrame]
#: The tables that a figure needs, and the function that draws it.
Drawing = tuple[tuple[str, ...], "Callable[[Tables], Figure]"]


@dataclass(frozen=True)
class Catalogue:
    """The tables and figures of a study, and the title of its index.

    ``tables``: name (a CSV file and a key of results.json) -> meaning of a row. ``figures``: name (a file in figures/) -> what it
    shows. ``drawings`` returns the function that draws each figure; only this call imports matplotlib.
    """

    study: str
    title: str
    tables: Mapping[str, str]
    figures: Mapping[str, str] = field(default_factory=dict)
    drawings: Callable[[], Mapping[str, Drawing]] = dict
