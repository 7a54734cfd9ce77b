"""What the training half shows, computed from its tables, and the sentences that say it whichever way it goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

#: The fractions of which the sentences speak.
TOLD = (0.5, 0.8)


def accuracy_findings(accuracy: pd.DataFrame, differences: pd.DataFrame) -> dict[str, Any]:
    """Return the accuracies of the dense and the pruned trainings, and the differences seed by seed."""
    dense = accuracy[accuracy["experiment"] == "dense"].iloc[0]
    rows = accuracy[accuracy["experiment"] != "dense"]
    kept = ("experiment", "procedure", "ranking", "fraction", "multiple", "pruned_percent", "macs_left_percent")
    measured = ("runs", "diverged", "accuracy_mean_percent", "accuracy_std_points", "loss_mean_points", "loss_std_points")
    return {
        "dense": {name: dense[name] for name in ("runs", "diverged", "accuracy_mean_percent", "accuracy_std_points")},
        "pruned": [{name: row[name] for name in (*kept, *measured)} for row in rows.to_dict("records")],
        "differences": differences.to_dict("records"),
    }


def accuracy_conclusions(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield one sentence for the dense training, then some for each comparison."""
    dense = found["dense"]
    yield f"accuracy: dense {_spread(dense)} over {dense['runs']} seeds"
    for fraction in TOLD:
        by_ranking = {
            row["ranking"]: row for row in found["pruned"] if row["experiment"] == "rankings" and row["fraction"] == fraction
        }
        if by_ranking:
            told = ", ".join(f"{name} {_spread(row)}" for name, row in by_ranking.items())
            yield f"{100 * fraction:.0f} % of the filters pruned while training: {told}"
    for row in found["differences"]:
        if row["fraction"] in TOLD or row["choice"] == "multiple":
            yield f"{_named(row)}: {_verdict(row)}"


def _spread(row: Mapping[str, Any]) -> str:
    spoilt = f" ({row['diverged']} of {row['runs']} runs diverged)" if row["diverged"] else ""
    return f"{row['accuracy_mean_percent']:.2f} ± {row['accuracy_std_points']:.2f} %{spoilt}"


def _named(row: Mapping[str, Any]) -> str:
    at = f"{100 * row['fraction']:.0f} % pruned"
    if row["choice"] == "multiple":
        gone = f"{row['this_pruned_percent']:.1f} against {row['against_pruned_percent']:.1f} % gone in fact"
        return f"{100 * row['fraction']:.0f} % asked, multiples of {row['this']} filters against any number ({gone})"
    return f"{at}, {row['choice']} {row['this']} against {row['against']}"


def _verdict(row: Mapping[str, Any]) -> str:
    """Return the difference, and whether it is more than chance over so many seeds."""
    gain, half = row["gain_mean_points"], row["interval_points"]
    told = f"{gain:+.2f} ± {half:.2f} points (95 %), better in {row['seeds_better']} and worse in {row['seeds_worse']}"
    if not row["decided"]:
        return f"{told} of {row['seeds']} seeds: no difference that these seeds show"
    return f"{told} of {row['seeds']} seeds: {'more' if gain > 0 else 'less'} accurate"
