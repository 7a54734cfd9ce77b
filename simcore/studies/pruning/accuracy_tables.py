"""Tables of the training half: one row per run, the spread of each point, and rankings and procedures seed by seed."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any

import pandas as pd

from simcore.studies.form.seeds import spread_over_seeds
from simcore.studies.pruning.accuracy_runs import Trained

#: What identifies a point in the tables.
KEYS = ("experiment", "procedure", "ranking", "fraction", "multiple")
#: The 97.5 % quantile of Student's t for 1, 2, ... degrees of freedom. Beyond the table the last one is taken; it is too large.
_T_QUANTILES = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)


def run_table(runs: Iterable[Trained]) -> pd.DataFrame:
    """Return one row per run. ``loss_points`` is the accuracy of the dense run with the same seed minus that of this run."""
    frame = pd.DataFrame([_row(run) for run in runs])
    dense = frame[frame["experiment"] == "dense"][["seed", "accuracy_percent", "macs_per_image"]]
    merged = frame.merge(dense, on="seed", how="left", suffixes=("", "_dense"), validate="many_to_one")
    merged["loss_points"] = merged["accuracy_percent_dense"] - merged["accuracy_percent"]
    merged["macs_left_percent"] = 100 * merged["macs_per_image"] / merged["macs_per_image_dense"]
    return merged.drop(columns=["accuracy_percent_dense", "macs_per_image_dense"])


def _row(run: Trained) -> dict[str, object]:
    setup = run.point.setup
    is_dense = run.point.experiment == "dense"
    return {
        "experiment": run.point.experiment,
        "procedure": "none" if is_dense else setup.procedure,
        "ranking": "none" if is_dense else setup.ranking,
        "fraction": run.point.fraction,
        "multiple": setup.round_filters or 1,
        "seed": run.seed,
        "accuracy_percent": run.accuracy_percent,
        "pruned_percent": run.pruned_percent,
        "macs_per_image": run.macs_per_image,
        "test_images": run.test_images,
        "diverged": run.diverged,
        "wall_s": run.wall_s,
    }


def spread_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return one row per point, with accuracy and loss over its seeds, what was pruned, and the number of runs that diverged."""
    means = {column: (column, "mean") for column in ("pruned_percent", "macs_left_percent")}
    return spread_over_seeds(runs, KEYS, means | {"diverged": ("diverged", "sum")})


def difference_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return what each choice gains over another, seed by seed, at every fraction.

    The rankings against each other, each procedure against pruning while training, and multiples of filters against any number.
    """
    rows = []
    for fraction, of_fraction in runs[runs["experiment"] == "rankings"].groupby("fraction", sort=True):
        for ranking, other in (("l1", "random"), ("l1", "mean-activation"), ("mean-activation", "random")):
            rows.append(_compared("ranking", ranking, other, fraction, of_fraction))
    for fraction, of_fraction in runs[runs["experiment"] == "procedures"].groupby("fraction", sort=True):
        of_l1 = of_fraction[of_fraction["ranking"] == "l1"]
        for other in ("prune-retrain", "iterative"):
            rows.append(_compared("procedure", "while-training", other, fraction, of_l1))
    for fraction, of_fraction in runs[runs["experiment"] == "multiples"].groupby("fraction", sort=True):
        for multiple in sorted(set(of_fraction["multiple"]) - {1}):
            rows.append(_compared("multiple", multiple, 1, fraction, of_fraction))
    return pd.DataFrame([row for row in rows if row])


def _compared(choice: str, better: Any, other: Any, fraction: Any, runs: pd.DataFrame) -> dict[str, Any]:
    """Return the row of one comparison, which is empty if one of the two was not trained.

    ``decided`` says that 0 lies outside the 95 % interval of the mean difference (Student's t over the seeds).
    """
    by_seed = runs.pivot_table("accuracy_percent", index="seed", columns=choice)
    if better not in by_seed or other not in by_seed:
        return {}
    gained = by_seed[better] - by_seed[other]
    gone = runs.groupby(choice)["pruned_percent"].mean()
    error = float(gained.std()) / sqrt(len(gained))
    half = _T_QUANTILES[min(len(gained) - 1, len(_T_QUANTILES)) - 1] * error
    return {
        "choice": choice,
        "this": str(better),
        "against": str(other),
        "fraction": float(fraction),
        "this_pruned_percent": float(gone[better]),
        "against_pruned_percent": float(gone[other]),
        "seeds": len(gained),
        "gain_mean_points": float(gained.mean()),
        "gain_std_points": float(gained.std()),
        "interval_points": half,
        "seeds_better": int((gained > 0).sum()),
        "seeds_worse": int((gained < 0).sum()),
        "decided": bool(abs(gained.mean()) > half),
    }
