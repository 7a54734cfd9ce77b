"""The training half of the study of pruning: its points, spreads and comparisons, computed by hand, and a small run."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from simcore.errors import InputError
from simcore.studies.pruning.accuracy import ACCURACY_TABLES, study_accuracy
from simcore.studies.pruning.accuracy_findings import accuracy_conclusions, accuracy_findings
from simcore.studies.pruning.accuracy_points import FRACTIONS, RANKINGS, AccuracySettings, accuracy_points
from simcore.studies.pruning.accuracy_printed import accuracy_printed
from simcore.studies.pruning.accuracy_runs import Point, Trained
from simcore.studies.pruning.accuracy_tables import difference_table, run_table, spread_table

DENSE = AccuracySettings().setup


def runs(accuracies: dict[str, list[float]]) -> pd.DataFrame:
    """Runs of the dense training ("dense") and of rankings at 80 %, one per seed."""
    found = []
    for name, of_seeds in accuracies.items():
        point = Point("dense", 0.0, DENSE)
        if name != "dense":
            point = Point("rankings", 0.8, replace(DENSE, schedule="linear:0.8@0.2-0.8", ranking=name))
        macs = 1000 if name == "dense" else 40
        found += [Trained(point, seed, accuracy, 80.0, macs, 600, False, 1.0) for seed, accuracy in enumerate(of_seeds)]
    return run_table(found)


def test_a_loss_is_against_the_dense_run_of_the_same_seed() -> None:
    table = runs({"dense": [98.0, 96.0, 97.0], "l1": [97.0, 93.0, 95.0], "random": [90.0, 94.0, 92.0]})
    assert table["loss_points"].tolist() == [0, 0, 0, 1, 3, 2, 8, 2, 5]
    spread = spread_table(table).set_index("ranking")
    assert spread.loc["l1", ["accuracy_mean_percent", "accuracy_std_points", "loss_mean_points"]].tolist() == [95.0, 2.0, 2.0]
    assert spread.loc["random", ["accuracy_min_percent", "accuracy_max_percent", "loss_std_points"]].tolist() == [90.0, 94.0, 3.0]
    assert spread.loc["random", "macs_left_percent"] == 4.0


def test_a_difference_is_decided_where_its_interval_leaves_out_zero() -> None:
    # Gains over random: 7, -1, 3. Mean 3, deviation 4, error 4 / sqrt(3) = 2.3094, t(2) = 4.303: 3 ± 9.937.
    table = runs({"dense": [98.0, 96.0, 97.0], "l1": [97.0, 93.0, 95.0], "random": [90.0, 94.0, 92.0]})
    row = difference_table(table).iloc[0]
    assert (row["choice"], row["this"], row["against"], row["seeds"]) == ("ranking", "l1", "random", 3)
    assert (row["gain_mean_points"], row["gain_std_points"]) == (3.0, 4.0)
    assert row["interval_points"] == pytest.approx(4.303 * 4 / 3**0.5)
    assert (row["seeds_better"], row["seeds_worse"], row["decided"]) == (2, 1, False)
    assert (row["this_pruned_percent"], row["against_pruned_percent"]) == (80.0, 80.0)
    # Gains of 2, 3, 4: 3 ± 4.303 / sqrt(3) = 3 ± 2.484.
    table = runs({"dense": [98.0, 96.0, 97.0], "l1": [97.0, 93.0, 95.0], "random": [95.0, 90.0, 91.0]})
    found = accuracy_findings(spread_table(table), difference_table(table))
    said = list(accuracy_conclusions(found))
    assert said[0] == "accuracy: dense 97.00 ± 1.00 % over 3 seeds"
    assert said[1] == "80 % of the filters pruned while training: l1 95.00 ± 2.00 %, random 92.00 ± 2.65 %"
    verdict = "+3.00 ± 2.48 points (95 %), better in 3 and worse in 0 of 3 seeds: more accurate"
    assert said[2] == f"80 % pruned, ranking l1 against random: {verdict}"
    worse = runs({"dense": [98.0, 96.0, 97.0], "l1": [95.0, 90.0, 91.0], "random": [97.0, 93.0, 95.0]})
    told = list(accuracy_conclusions(accuracy_findings(spread_table(worse), difference_table(worse))))
    assert told[2].endswith("better in 0 and worse in 3 of 3 seeds: less accurate")


def test_every_ranking_is_compared_with_every_other() -> None:
    table = difference_table(
        runs({"dense": [98.0, 96.0], "l1": [97.0, 93.0], "random": [90.0, 94.0], "mean-activation": [96.0, 98.0]})
    )
    assert list(zip(table["this"], table["against"], table["gain_mean_points"], strict=True)) == [
        ("l1", "random", 3.0),
        ("l1", "mean-activation", -2.0),
        ("mean-activation", "random", 5.0),
    ]


def test_trainings_that_diverged_are_counted_beside_the_accuracy() -> None:
    table = runs({"dense": [98.0, 96.0, 97.0], "l1": [97.0, 93.0, 10.0]})
    table.loc[table["ranking"] == "l1", "diverged"] = [False, False, True]
    said = list(accuracy_conclusions(accuracy_findings(spread_table(table), difference_table(table))))
    assert said[0] == "accuracy: dense 97.00 ± 1.00 % over 3 seeds"
    assert said[1].endswith(" % (1 of 3 runs diverged)")


def test_the_points_compare_what_the_study_asks() -> None:
    points = accuracy_points(AccuracySettings())
    assert {(point.fraction, point.setup.ranking) for point in points if point.experiment == "rankings"} == {
        (fraction, ranking) for fraction in FRACTIONS for ranking in RANKINGS
    }
    assert {(point.setup.procedure, point.fraction) for point in points if point.experiment == "procedures"} == {
        (procedure, fraction) for procedure in ("while-training", "prune-retrain", "iterative") for fraction in (0.5, 0.8)
    }
    assert AccuracySettings().number_of_seeds >= 5
    assert len(accuracy_points(AccuracySettings(quick=True))) < len(points) / 2
    with pytest.raises(InputError, match="expected at least 2 seeds"):
        AccuracySettings(seeds=1)


@pytest.mark.slow
def test_a_small_study_fills_every_table() -> None:
    pytest.importorskip("torch", reason="torch (extra train) is not installed")
    settings = AccuracySettings(quick=True, seeds=2, net="small-cnn", images=64, epochs=1)
    part = study_accuracy(settings)
    assert list(part.tables) == list(ACCURACY_TABLES)
    table = part.tables["accuracy_runs"]
    assert len(table) == 2 * len(accuracy_points(settings))
    # The same point in two experiments is one training.
    twice = table[(table["ranking"] == "l1") & (table["fraction"] == 0.8) & (table["procedure"] == "while-training")]
    assert twice[twice["multiple"] == 1].groupby("seed")["accuracy_percent"].nunique().tolist() == [1, 1]
    # Half of 8 and 16 filters; multiples of 8 of a fifth of them (2 and 3) are 8 and 8.
    assert set(table[table["fraction"] == 0.5]["pruned_percent"]) == {50.0}
    assert set(table[table["multiple"] == 8]["pruned_percent"]) == {100 * 8 / 24}
    said = [line for line in accuracy_conclusions(part.findings["accuracy"]) if "multiples" in line]
    # A fifth of 8 and 16 is 2 and 3: 19 of 24 are gone.
    assert said[0].startswith("80 % asked, multiples of 8 filters against any number (33.3 against 79.2 % gone in fact): ")
    printed = list(accuracy_printed(part.tables))
    assert [len(shown.columns) for shown in printed] == [len(row) for shown in printed for row in shown.rows[:1]]
    assert not list(accuracy_printed({}))


@pytest.mark.slow
def test_the_figure_draws_each_ranking_from_the_dense_training_on() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib (extra plot) is not installed")
    from simcore.studies.pruning.figures import DRAWINGS

    table = spread_table(runs({"dense": [98.0, 96.0, 97.0], "l1": [97.0, 93.0, 95.0], "random": [90.0, 94.0, 92.0]}))
    left = DRAWINGS["accuracy"][1]({"accuracy": table}).axes[0]
    drawn = {drawn.get_label(): drawn.lines[0] for drawn in left.containers}
    assert list(drawn) == ["l1", "random"]
    assert drawn["random"].get_xdata().tolist() == [0.0, 80.0]
    assert drawn["random"].get_ydata().tolist() == [97.0, 92.0]
