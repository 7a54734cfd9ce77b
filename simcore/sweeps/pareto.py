"""The Pareto front of a sweep: the points that no other point beats in every objective."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError, did_you_mean
from simcore.sweeps.objectives import DEFAULT, Objective
from simcore.sweeps.space import NETWORK, RUN

if TYPE_CHECKING:
    import pandas as pd

#: The run options that make other work of a network. Points of different work are not compared.
WORK = (NETWORK, f"{RUN}batch", f"{RUN}training", f"{RUN}layers")


def on_front(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which rows are on the Pareto front, smaller values being better in every column.

    A row is beaten by one that is nowhere larger and somewhere smaller; equal rows do not beat each other. A row with a value
    that is not a number is on no front.
    """
    order = np.lexsort(values.T[::-1])
    front = np.empty((0, values.shape[1]))
    found = np.zeros(len(values), dtype=bool)
    for index in order[~np.isnan(values[order]).any(axis=1)]:
        row = values[index]
        # Rows come in order of the first column, so that only rows of the front so far can beat this one.
        if not ((front <= row).all(axis=1) & (front < row).any(axis=1)).any():
            front = np.vstack([front, row])
            found[index] = True
    return found


def front_of(table: pd.DataFrame, objectives: Sequence[Objective]) -> pd.DataFrame:
    """Return the rows of a sweep's table that are on the front of their own work, in the order of the first objective.

    Work is the network with its batch, layers and optimiser. Raise InputError for an objective that is no number of the table.
    """
    used = usable(table, objectives)
    if table.empty or not used:
        return table.iloc[:0]
    values = np.column_stack([_numbers(table, each) for each in used])
    chosen = np.zeros(len(table), dtype=bool)
    work = [column for column in WORK if column in table.columns]
    for rows in [np.arange(len(table))] if not work else table.groupby(work, sort=False, dropna=False).indices.values():
        chosen[rows] = on_front(values[rows])
    best = table[chosen]
    return best.iloc[np.lexsort([values[chosen, 0]])]


def usable(table: pd.DataFrame, objectives: Sequence[Objective]) -> list[Objective]:
    """Return the objectives that can be compared; without any given, those of the default ones that are known of some point.

    Raise InputError for a given one that is no number of the table.
    """
    metrics = [str(name) for name in table.select_dtypes("number").columns]
    for each in objectives:
        if each.metric not in metrics and len(table):
            raise InputError(f"objective: no metric named '{each.metric}'", hint=did_you_mean(each.metric, metrics))
    given = objectives or DEFAULT
    return [each for each in given if each.metric in metrics and not table[each.metric].isna().all()]


def _numbers(table: pd.DataFrame, each: Objective) -> npt.NDArray[np.float64]:
    values = table[each.metric].to_numpy(dtype=np.float64, na_value=np.nan)
    return values if each.goal == "min" else -values
