"""Training with pruning: what is ranked, what stays, what each epoch trains, and equal results from equal seeds. Needs torch."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import numpy as np
import pytest

from simcore.errors import InputError
from tests.pruning_setups import noise, setup
from workloads.learning.network import network_for
from workloads.learning.pruning.choice import group_scores, highest, kept_over_all
from workloads.learning.pruning.plan import epochs_of
from workloads.learning.pruning.rankings import RANKINGS, Filters, checked_scores, load_ranking
from workloads.learning.pruning.widths import with_width
from workloads.networks import NETWORKS
from workloads.pruning.groups import PruningGroup, pruning_groups
from workloads.pruning.log import checked_log

torch = pytest.importorskip("torch", reason="torch (extra train) is not installed")

from workloads.learning.module import GraphModule  # noqa: E402
from workloads.learning.pruning.activations import mean_activations, measured_behind  # noqa: E402
from workloads.learning.pruning.run import Training, train  # noqa: E402

# What is ranked.


def filters(weights: list[list[float]], means: list[float] | None = None) -> Filters:
    shaped = np.array(weights, np.float32)[:, :, None, None]
    return Filters("conv", shaped, (1, 2, 3), lambda: np.array(means))


def test_the_three_rankings() -> None:
    given = filters([[1, -2], [0.5, 0], [-3, 3]], means=[0.5, 2, 1])
    assert list(RANKINGS["l1"](given)) == [3, 0.5, 6]
    assert list(RANKINGS["mean-activation"](given)) == [0.5, 2, 1]
    drawn = RANKINGS["random"](given)
    assert np.array_equal(drawn, RANKINGS["random"](given))
    assert len(set(drawn)) == 3


def test_an_activation_is_measured_behind_normalisation_and_relu() -> None:
    net = GraphModule(NETWORKS["resnet20-32"]())
    assert measured_behind(net.network, "conv1") == "relu"
    assert measured_behind(net.network, "layer1.0.conv1") == "layer1.0.relu1"
    assert measured_behind(net.network, "layer1.0.conv2") == "layer1.0.bn2"
    assert measured_behind(net.network, "layer2.0.downsample.0") == "layer2.0.downsample.1"


def test_mean_activations_are_those_of_the_images_and_change_nothing() -> None:
    data = noise()
    net = GraphModule(network_for("small-cnn", data.image, 3)).train()
    before = torch.get_rng_state()
    found = mean_activations(net, data)["conv1"]
    with torch.no_grad():
        behind = net.layer("relu1")(net.layer("conv1")(torch.from_numpy(data.train_images)))
    assert np.allclose(found, behind.numpy().mean(axis=(0, 2, 3)), rtol=1e-5)
    assert net.training
    assert torch.equal(before, torch.get_rng_state())


def test_a_ranking_of_ones_own_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def last(filters):\n    return range(len(filters.weights))\n")
    assert list(checked_scores(load_ranking(f"{path}:last"), filters([[1], [2], [3]]), "last")) == [0, 1, 2]
    with pytest.raises(InputError, match=r"mine.py: no ranking 'lest'; did you mean 'last'"):
        load_ranking(f"{path}:lest")


def test_the_ranking_of_the_guide_runs(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[1] / "docs" / "pruning-training.md").read_text(encoding="utf-8")
    (tmp_path / "mine.py").write_text(guide.split("```python\n")[1].split("```")[0])
    assert list(checked_scores(load_ranking(f"{tmp_path / 'mine.py'}:l2"), filters([[3, 4], [0, 2]]), "l2")) == [5, 2]


def test_an_unknown_ranking_is_reported_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"ranking: no ranking is called 'mean_activation'; did you mean 'mean-activation'\?"):
        load_ranking("mean_activation")
    with pytest.raises(InputError, match=r"known: l1, mean-activation, random, FILE.py:NAME"):
        load_ranking("l2")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, 2.0], r"layer 'conv': expected one score for each of 3 filters, got the shape \(2,\)"),
        ([[1.0], [2.0], [3.0]], r"got the shape \(3, 1\)"),
        ([1.0, float("nan"), 2.0], "expected finite scores, got nan for filter 1"),
        ([1.0, 2.0, -float("inf")], "expected finite scores, got -inf for filter 2"),
        (None, r"got the shape \(\)"),
        (["a", "b", "c"], "expected 3 numbers, got list"),
    ],
)
def test_wrong_scores_are_reported(given: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        checked_scores(lambda of_layer: given, filters([[1], [2], [3]]), "mine")


# What stays.


def test_the_highest_scores_stay_and_of_equal_ones_the_first() -> None:
    assert highest(np.array([3.0, 1.0, 2.0, 1.0]), 3).tolist() == [0, 1, 2]
    assert highest(np.array([-1.0, 0.0, -2.0]), 1).tolist() == [1]


def test_a_group_counts_each_of_its_layers_alike() -> None:
    groups = [PruningGroup(("a", "b"), 2), PruningGroup(("c",), 2)]
    scores = {"a": np.array([100.0, 300.0]), "b": np.array([3.0, 1.0]), "c": np.array([0.0, 0.0])}
    found = group_scores(groups, scores)
    # Relative to the means 200 and 2: (0.5 + 1.5) / 2 and (1.5 + 0.5) / 2. A layer of zeros stays zeros.
    assert found["a"].tolist() == [1, 1]
    assert found["c"].tolist() == [0, 0]


def test_over_all_layers_the_lowest_go_but_each_layer_keeps_one() -> None:
    groups = [PruningGroup(("a", "b"), 3), PruningGroup(("c",), 3)]
    scores = {"a": np.array([1.0, 5.0, 6.0]), "c": np.array([0.1, 0.2, 0.3])}
    # 9 filters. Two of c go (7 left), its third stays; one of a and of b goes (5 left), then another of each (3 left).
    assert kept_over_all(groups, scores, 9) == {"a": 3, "c": 3}
    assert kept_over_all(groups, scores, 8) == {"a": 3, "c": 2}
    assert kept_over_all(groups, scores, 6) == {"a": 2, "c": 1}
    assert kept_over_all(groups, scores, 1) == {"a": 1, "c": 1}


def test_a_share_of_the_width_is_rounded_and_at_least_one() -> None:
    network = NETWORKS["resnet20-32"]()
    assert {group.filters for group in pruning_groups(with_width(network, 0.03))} == {1, 2}
    assert with_width(network, 1.0).macs() == network.macs()
    for width in (0.0, 1.5, -1.0):
        with pytest.raises(InputError, match="width: expected a share"):
            with_width(network, width)


# What each epoch trains.


def plan(**changed: object) -> list[tuple[str, int, int, float, float]]:
    epochs = epochs_of(NETWORKS["small-cnn"](), setup(learning_rate=1.0, **changed))
    return [(e.stage, e.live["conv1"], e.live["conv2"], round(e.first_rate, 9), round(e.last_rate, 9)) for e in epochs]


def test_while_training_each_epoch_has_the_filters_of_its_time() -> None:
    # 8 and 16 filters; epoch e of 4 prunes 0.5 * e / 4 of them.
    assert plan(epochs=4) == [
        ("train", 7, 14, 1.0, 0.75),
        ("train", 6, 12, 0.75, 0.5),
        ("train", 5, 10, 0.5, 0.25),
        ("train", 4, 8, 0.25, 0.0),
    ]


def test_prune_retrain_prunes_once_and_begins_the_learning_rate_again() -> None:
    assert plan(procedure="prune-retrain", retrain_epochs=1) == [
        ("train", 8, 16, 1.0, 0.5),
        ("train", 8, 16, 0.5, 0.0),
        ("retrain", 4, 8, 1.0, 0.0),
    ]


def test_iterative_spreads_the_retraining_over_its_rounds() -> None:
    assert plan(procedure="iterative", epochs=1, retrain_epochs=3, rounds=2) == [
        ("train", 8, 16, 1.0, 0.0),
        ("retrain", 6, 12, 1.0, 0.0),
        ("retrain", 4, 8, 1.0, 0.5),
        ("retrain", 4, 8, 0.5, 0.0),
    ]


def test_exempt_layers_keep_all_and_others_multiples() -> None:
    assert [live.live for live in epochs_of(NETWORKS["small-cnn"](), setup(exempt=("conv1",), round_filters=8))] == [
        {"conv2": 16},
        {"conv2": 8},
    ]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"procedure": "prune-retain"}, "procedure: no procedure is called 'prune-retain'; did you mean 'prune-retrain'"),
        ({"scope": "locally"}, "scope: no scope is called 'locally'"),
        ({"net": "small-cn"}, "no network named 'small-cn'"),
        ({"epochs": 0}, "epochs: expected a number above 0"),
        ({"procedure": "iterative", "rounds": 11}, "retrain_epochs: expected at least one epoch for each of 11 rounds, got 10"),
        ({"momentum": 1.0}, "momentum: expected a number from 0 to below 1, got 1.0"),
        ({"schedule": "linear:1.0"}, "less than 100 % pruned"),
        ({"exempt": ("cnv1",)}, "did you mean 'conv1'"),
        ({"exempt": ("*",)}, "no layer is left to prune"),
        ({"round_filters": 7}, "expected filters in multiples of 8, 16 or 32, got 7"),
        ({"batch": 25}, "batch: expected at most 24 images, the training set, got 25"),
        ({"ranking": "randm"}, "did you mean 'random'"),
        ({"net": "lenet5"}, r"expected a network for images \(1, 8, 8\) and 3 classes"),
    ],
)
def test_a_setup_that_cannot_be_trained_is_reported_before_it_begins(changed: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Training(noise(), setup(**changed), 0)


# What comes out.


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_the_log_is_what_was_trained_and_suits_the_network(scope: str) -> None:
    data = noise()
    run = train(Training(data, setup(scope=scope, ranking="mean-activation"), 0))
    log = checked_log(run.log(), network_for("small-cnn", data.image, 3), "log")
    assert [sum(live.values()) for live in log.live] == [18, 12]
    left = {found.name: found.output_shape[0] for found in run.network.instances() if found.layer.op == "conv"}
    assert left == log.live[-1] == run.rows[-1].live
    assert run.pruned_percent == 50
    assert run.rows[-1].macs == run.network.macs_per_image()
    if scope == "layer":
        assert [dict(live) for live in log.live] == [{"conv1": 6, "conv2": 12}, {"conv1": 4, "conv2": 8}]


def test_the_filters_that_stay_are_those_of_the_ranking(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def odd_first(f):\n    return [i % 2 for i in range(len(f.weights))]\n")
    training = Training(noise(), setup(schedule="one-shot:0.5@0", ranking=f"{tmp_path / 'mine.py'}:odd_first"), 0)
    state = training.begun()
    training.continued(state, lambda state: None)
    assert state.live["conv1"].tolist() == [1, 3, 5, 7]
    assert state.live["conv2"].tolist() == [1, 3, 5, 7, 9, 11, 13, 15]


def test_equal_seeds_give_equal_runs_and_other_seeds_others() -> None:
    first, again, other = (train(Training(noise(), setup(ranking="random"), seed)) for seed in (1, 1, 2))
    assert first.rows == again.rows
    assert first.rows[0].train_loss != other.rows[0].train_loss


def test_without_momentum_nothing_is_carried() -> None:
    assert len(train(Training(noise(), setup(momentum=0.0), 0)).rows) == 2


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    run = train(Training(noise(), setup(learning_rate=1e30, epochs=3), 0))
    assert run.diverged
    assert len(run.rows) < 3
    assert isnan(run.rows[-1].train_loss) or run.rows[-1].train_loss == float("inf")
