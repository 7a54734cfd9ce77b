"""How rows become pandas tables. pandas is imported when the first table is wanted: the import outlasts a small run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from simcore.program.program import Int64Array

if TYPE_CHECKING:
    import pandas as pd


def frame(data: Any, columns: list[str] | None = None, index: Any = None) -> pd.DataFrame:
    """Return a table of rows or columns."""
    import pandas as pd

    return pd.DataFrame(data, columns=columns, index=index)


def chosen(values: Sequence[str], numbers: Int64Array) -> Any:
    """Return a column of texts, of which few are different: ``values[number]`` for each number."""
    import pandas as pd

    return pd.Series(list(values)).array.take(numbers)


def whole_numbers(values: Iterable[int | None]) -> Any:
    """Return a column of integers some of which may be missing."""
    import pandas as pd

    return pd.array(list(values), dtype="Int64")
