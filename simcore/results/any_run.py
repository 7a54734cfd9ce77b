"""What reports, comparisons and figures need of a run, whether it was just simulated or read from a directory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd


class AnyRun(Protocol):
    """A run as tables, facts and manifest: `Results` or `LoadedResults`."""

    @property
    def facts(self) -> Mapping[str, Any]: ...
    @property
    def manifest(self) -> Mapping[str, Any]: ...
    @property
    def network(self) -> str: ...
    @property
    def time_cycles(self) -> int: ...
    def tables(self) -> Mapping[str, pd.DataFrame]: ...
    def table(self, name: str) -> pd.DataFrame: ...
