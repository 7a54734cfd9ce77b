"""Tables of training runs: one row per run, and for each point the mean, sample standard deviation, minimum and maximum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from simcore.studies.form.seeds import spread_over_seeds
from simcore.studies.write_errors.training_runs import Point
from workloads.learning.setup import Trained

#: The columns that distinguish points, with the default for a missing label.
LABELS = {"tensor": "none", "bits": "none", "error_rate": 0.0, "placement": ""}
#: Runs without errors: those with the study's seeds, and those with the fresh seeds that confirm a choice.
ERROR_FREE, FRESH_ERROR_FREE = "error-free", "error-free, fresh seeds"

KEYS = ("experiment", "net", "word", "reuse", *LABELS)


def run_table(runs: Iterable[tuple[Point, int, Trained]]) -> pd.DataFrame:
    """Return one row per run.

    ``loss_points`` is the accuracy of the error-free run with the same net, word and seed, minus that of this run, in percentage
    points. It is NaN if there is no such run.
    """
    frame = pd.DataFrame([_row(point, seed, trained) for point, seed, trained in runs])
    free = frame[frame["experiment"].isin((ERROR_FREE, FRESH_ERROR_FREE))][["net", "word", "seed", "accuracy_percent"]]
    merged = frame.merge(free, on=["net", "word", "seed"], how="left", suffixes=("", "_error_free"), validate="many_to_one")
    merged["loss_points"] = merged["accuracy_percent_error_free"] - merged["accuracy_percent"]
    return merged.drop(columns="accuracy_percent_error_free")


def _row(point: Point, seed: int, trained: Trained) -> dict[str, object]:
    setup = point.setup
    row: dict[str, object] = {"experiment": point.experiment, "net": setup.net}
    row |= {"word": setup.word or "float32", "reuse": setup.reuse, **LABELS, **point.labels, "seed": seed}
    row |= {"accuracy_percent": trained.accuracy_percent, "train_loss": trained.train_loss, "diverged": trained.diverged}
    row |= {"minibatches": trained.minibatches, "test_images": trained.test_images}
    row |= {f"{tensor}_words": counts.words for tensor, counts in trained.writes.items()}
    row["flipped_bits"] = sum(counts.flipped_bits for counts in trained.writes.values())
    row["failed_bits"] = sum(counts.failed_bits for counts in trained.writes.values())
    return row | {"wall_s": trained.wall_s}


def spread_table(runs: pd.DataFrame, experiment: str, keys: Sequence[str] = KEYS[1:]) -> pd.DataFrame:
    """Return one row per point of an experiment, with accuracy and loss over its seeds.

    ``diverged`` is a number of runs, and ``failed_bits`` is the mean per run.
    """
    more = {"loss_max_points": ("loss_points", "max"), "diverged": ("diverged", "sum"), "failed_bits": ("failed_bits", "mean")}
    return spread_over_seeds(runs[runs["experiment"] == experiment], keys, more)
