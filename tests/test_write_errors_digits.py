"""Findings of training on the digits in a few runs of the study: no loss at low rates, and the most sensitive tensor."""

from __future__ import annotations

import pandas as pd
import pytest

pytest.importorskip("torch", reason="torch (extra train) is not installed")
pytest.importorskip("sklearn", reason="scikit-learn (extra train) is not installed")

from simcore.studies.write_errors import findings
from simcore.studies.write_errors.accuracy_tables import run_table
from simcore.studies.write_errors.plan import Plan, Sweep, error_free_points, error_rate_points, low_rate_points
from simcore.studies.write_errors.training_runs import DataSource, running
from workloads.learning.setup import TrainingSetup

SEEDS = range(3)
SETUP = TrainingSetup(word="fixed16", reuse="own", epochs=8)
RATES = (1e-3, 1e-1)


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    plan = Plan((Sweep(SETUP, RATES),), (1e-6,), (), (), (), (), ())
    with running(DataSource("digits"), 1, None) as runner:
        points = [*error_free_points(plan), *low_rate_points(plan), *error_rate_points(plan)]
        return run_table(runner.train(points, SEEDS))


@pytest.mark.slow
def test_without_errors_the_digits_are_learnt_and_at_a_millionth_nothing_is_lost(runs):
    free = runs[runs["experiment"] == "error-free"]
    assert free["accuracy_percent"].min() > 95
    low = findings.low_rate_loss(runs, 1e-6)
    assert low["failed_bits_per_run"] > 10  # errors there were
    assert low["no_loss"]


@pytest.mark.slow
def test_errors_bear_least_then_activations_then_weights(runs):
    order = findings.sensitivity_order(runs)
    assert [row["tensor"] for row in order] == ["errors", "activations", "weights"]
    assert order[0]["seeds_above_next"] == len(SEEDS)
    assert order[0]["loss_mean_points"] > 2
    assert runs.loc[runs["error_rate"] == 1e-3, "loss_points"].mean() < 1
