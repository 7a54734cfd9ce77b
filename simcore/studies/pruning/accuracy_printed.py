"""The tables of the training half for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from simcore.results.printed import PrintedTable
from simcore.studies.form.printed import mean_and_deviation, number


def accuracy_printed(tables: Mapping[str, pd.DataFrame]) -> Iterator[PrintedTable]:
    """Yield the accuracy of each point and the comparisons, if there was training."""
    if "accuracy" not in tables:
        return
    columns = ("procedure", "ranking", "asked %", "multiple of", "pruned %", "MACs left %", "accuracy %", "lost points")
    rows = [
        (
            *(row["procedure"], row["ranking"], f"{100 * row['fraction']:.0f}", row["multiple"]),
            *(f"{row['pruned_percent']:.1f}", f"{row['macs_left_percent']:.1f}"),
            *(mean_and_deviation(row, "accuracy", "percent"), f"{row['loss_mean_points']:.2f}"),
        )
        for row in tables["accuracy"].drop_duplicates(["procedure", "ranking", "fraction", "multiple"]).to_dict("records")
    ]
    yield PrintedTable("Accuracy of real training", columns, rows, text_columns=2)
    yield _differences(tables["accuracy_differences"])


def _differences(table: pd.DataFrame) -> PrintedTable:
    columns = ("this", "against", "asked %", "seeds", "gain, points", "95 % ±", "better", "worse", "decided")
    rows = [
        (
            *(_named(row["choice"], row["this"]), _named(row["choice"], row["against"]), f"{100 * row['fraction']:.0f}"),
            *(row["seeds"], f"{row['gain_mean_points']:+.2f}", number(row["interval_points"], ".2f")),
            *(row["seeds_better"], row["seeds_worse"], "yes" if row["decided"] else "no"),
        )
        for row in table.to_dict("records")
    ]
    return PrintedTable("Differences, seed by seed", columns, rows, text_columns=2)


def _named(choice: str, value: str) -> str:
    return f"multiples of {value}" if choice == "multiple" else str(value)
