"""The shares of several arrays in a fold: equal parts of its columns, one after another."""

from __future__ import annotations

from simcore.program.program import Fold


def columns_each(fold: Fold, arrays: int) -> int:
    """Return the columns of a fold that each array takes. The last ones may take fewer or none."""
    return -(-fold.columns // arrays)


def columns_of(fold: Fold, arrays: int, array: int) -> int:
    """Return the columns of a fold that one array takes."""
    each = columns_each(fold, arrays)
    return max(0, min(each, fold.columns - array * each))
