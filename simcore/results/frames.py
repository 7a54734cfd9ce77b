"""How rows become pandas tables. pandas is imported when the first table is wanted: the import outlasts a small run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def frame(data: Any, columns: list[str] | None = None, index: Any = None) -> pd.DataFrame:
    """Return a table of rows or columns."""
    import pandas as pd

    return pd.DataFrame(data, columns=columns, index=index)


def stacked(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all tables below one another, numbered from 0."""
    import pandas as pd

    return pd.concat(tables, ignore_index=True)


def whole_numbers(values: Iterable[int | None]) -> Any:
    """Return a column of integers some of which may be missing."""
    import pandas as pd

    return pd.array(list(values), dtype="Int64")
