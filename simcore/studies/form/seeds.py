"""The spread of training runs over their seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd


def spread_over_seeds(runs: pd.DataFrame, keys: Sequence[str], more: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Return one row for each combination of the keys, with accuracy and loss over the runs that have it.

    ``runs`` has the columns ``seed``, ``accuracy_percent`` and ``loss_points``. ``_std`` is the sample standard deviation (over
    runs - 1; empty for one run). ``more`` gives further columns, each by a column of ``runs`` and what is taken of its values.
    """
    table = runs.groupby(list(keys), sort=False).agg(
        runs=("seed", "count"),
        accuracy_mean_percent=("accuracy_percent", "mean"),
        accuracy_std_points=("accuracy_percent", "std"),
        accuracy_min_percent=("accuracy_percent", "min"),
        accuracy_max_percent=("accuracy_percent", "max"),
        loss_mean_points=("loss_points", "mean"),
        loss_std_points=("loss_points", "std"),
        **more,
    )
    return table.reset_index()


def named_seeds(seeds: Sequence[int]) -> str:
    """Return neighbouring seeds as "0 to 4", or the only one."""
    return f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"{seeds[0]}"
