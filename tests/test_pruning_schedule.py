"""Schedules prune what their text says: epoch e of E as at time e / E, live filters rounded to nearest and never below one."""

from __future__ import annotations

from fractions import Fraction

import pytest

from simcore.errors import InputError
from workloads.load import load_network
from workloads.pruning import declared_log, live_filters, rounded, schedule_from, schedule_table

FILTERS = {"a": 64, "b": 36}


def pruned(text: str, epochs: int = 10) -> list[Fraction]:
    """Return the pruned fraction of layer a in each epoch."""
    schedule = schedule_from(text)
    return [schedule.fractions(epoch, epochs, FILTERS)["a"] for epoch in range(1, epochs + 1)]


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("linear:0.5", [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]),
        ("linear:0.6@0.2-0.8", [0, 0, 10, 20, 30, 40, 50, 60, 60, 60]),
        ("linear:0.5,every=3", [0, 0, 15, 15, 15, 30, 30, 30, 45, 45]),
        ("cubic:0.8@0-0.4", ["46.25", 70, "78.75", 80, 80, 80, 80, 80, 80, 80]),
        ("one-shot:0.5@0.5", [0, 0, 0, 0, 0, 50, 50, 50, 50, 50]),
        ("one-shot:0.25@0", [25] * 10),
        ("one-shot:0.25@1", [0] * 10),
        ("per-epoch:0.02", [2, 4, 6, 8, 10, 12, 14, 16, 18, 20]),
        ("per-epoch:0.1,until=3", [10, 20, 30, 30, 30, 30, 30, 30, 30, 30]),
        # 16 of 100 filters after each three epochs, the last time after epoch 6.
        ("every:n=3,x=16,until=7", [0, 0, 0, 16, 16, 16, 32, 32, 32, 32]),
    ],
)
def test_fraction_of_each_epoch(text, percent):
    assert pruned(text) == [Fraction(value) / 100 for value in percent]


def test_filters_are_rounded_to_nearest_and_one_is_left():
    assert live_filters(64, Fraction(1, 4)) == 48
    assert live_filters(10, Fraction("0.26")) == 7  # 7.4
    assert live_filters(10, Fraction("0.25")) == 8  # 7.5
    assert live_filters(10, Fraction("0.24")) == 8  # 7.6
    assert live_filters(3, Fraction("0.99")) == 1


def test_multiples_are_the_nearest_and_at_least_one():
    assert [rounded(live, 64, 8) for live in (64, 61, 60, 59, 12, 11, 3, 1)] == [64, 64, 64, 56, 16, 8, 8, 8]
    assert [rounded(live, 20, 8) for live in (20, 19, 13, 1)] == [20, 16, 16, 8]
    assert rounded(3, 6, 8) == 6
    assert rounded(37, 64, None) == 37


def test_table_of_all_layers_and_of_some(tmp_path):
    table = tmp_path / "schedule.csv"
    table.write_text("epoch,fraction\n3,0.25\n5,0.5\n")
    assert pruned(str(table), 6) == [0, 0, Fraction(1, 4), Fraction(1, 4), Fraction(1, 2), Fraction(1, 2)]
    own = tmp_path / "schedule.yaml"
    own.write_text("2: 0.1\n4: {b: 0.5}\n")
    schedule = schedule_from(str(own))
    assert schedule.fractions(5, 6, FILTERS) == {"a": Fraction(1, 10), "b": Fraction(1, 2)}


@pytest.mark.parametrize(("name", "text"), [("a.csv", "epoch,fraction\n1,0.30000000000000004\n"), ("a.yaml", "1: 3e-1\n")])
def test_tables_that_a_spreadsheet_or_a_computer_wrote(tmp_path, name, text):
    """They may begin with a byte order mark, and have more digits than a person would write."""
    table = tmp_path / name
    table.write_text("\ufeff" + text, encoding="utf-8")
    assert [float(fraction) for fraction in pruned(str(table), 2)] == [0.30000000000000004 if name == "a.csv" else 0.3] * 2


def test_a_table_is_matched_with_the_layers_once_and_not_in_every_epoch(tmp_path, monkeypatch):
    """The time of a long table grows with its rows and with the epochs, not with their product."""
    asked = []
    monkeypatch.setattr(schedule_table, "fnmatchcase", lambda name, pattern: asked.append(name) or name == pattern)
    table = tmp_path / "long.csv"
    table.write_text("epoch,fraction,layer\n" + "".join(f"{epoch},{epoch / 1000},a\n" for epoch in range(1, 101)))
    schedule = schedule_from(str(table))
    assert [schedule.fractions(epoch, 100, FILTERS)["a"] for epoch in range(1, 101)] == [Fraction(e, 1000) for e in range(1, 101)]
    assert asked == ["a", "b"]


def test_log_of_a_schedule_has_every_convolution_in_every_epoch():
    network = load_network("vgg8-32")
    log = declared_log(network, schedule_from("linear:0.5"), 4, exempt=["conv1_1"])
    assert log.epochs == 4
    assert log.live[3] == {"conv1_1": 128, "conv1_2": 64, "conv2_1": 128, "conv2_2": 128, "conv3_1": 256, "conv3_2": 256}
    assert list(log.rows())[6] == (2, "conv1_1", 128, 128)
    assert [count for _, count in log.distinct()] == [1, 1, 1, 1]
    with_every = declared_log(network, schedule_from("linear:0.5,every=10"), 200)
    assert [count for _, count in with_every.distinct()] == [9, *[10] * 19, 1]


def test_log_with_multiples_prunes_to_them():
    network = load_network("vgg8-32")
    log = declared_log(network, schedule_from("linear:0.5"), 20, multiple=32)
    assert {count % 32 for live in log.live for count in live.values()} == {0}
    # 128 x (1 - 0.025 e) is nearest to 96 from 112 (not with it) down to 80: epochs 6 (108.8) to 15 (80).
    assert [live["conv1_1"] for live in log.live] == [128] * 5 + [96] * 10 + [64] * 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("linnear:0.5", "got 'linnear:0.5'; did you mean 'linear'?"),
        ("", "expected one of linear:F"),
        ("linear:", "expected a pruned fraction of at least 0 and below 1, got ''"),
        ("linear:1", "expected less than 100 % pruned, as a fraction below 1, got '1'"),
        ("linear:120%", "expected a pruned fraction of at least 0 and below 1, got '120%'"),
        ("cubic:1.5", "expected a pruned fraction"),
        ("linear:-0.5", "expected a pruned fraction"),
        ("linear:0.5@0.8-0.2", "expected a ramp whose first time is the smaller, got '0.8-0.2'"),
        ("linear:0.5@0.2", "expected two times of the training such as 0.2-0.8, got ''"),
        ("linear:0.5,evry=2", "'linear' has no option 'evry'; did you mean 'every'?"),
        ("linear:0.5,every=0", "expected every to be an integer >= 1, got '0'"),
        ("linear:0.5,every", "expected options such as every=10"),
        ("one-shot:0.5", "expected a time of the training from 0 to 1, got ''"),
        ("every:n=15,x=160", "expected until=NUMBER, got none"),
        ("none.csv", "none.csv: expected a readable file, got: No such file or directory"),
    ],
)
def test_wrong_texts(text, message):
    with pytest.raises(InputError) as raised:
        schedule_from(text)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("per-epoch:0.05", "expected less than 100 % pruned, got 100 % in epoch 20"),
        ("every:n=1,x=100,until=20", "expected fewer than all 2176 filters pruned, got 2200 in epoch"),
    ],
)
def test_schedules_that_prune_everything_in_this_training(text, message):
    network = load_network("vgg8-32")
    if text.startswith("every"):
        message = message.replace("2176", str(2 * (128 + 256 + 512))).replace("2200", "1800")
    with pytest.raises(InputError) as raised:
        declared_log(network, schedule_from(text), 200 if text.startswith("per") else 30)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "epoch,fraction\n1,1.2\n", ":2: expected less than 100 % pruned, got '1.2': the layer would lose all filters"),
        ("a.csv", "epoch,fraction\n1,0.5\n2,0.4\n", ":3: expected at least 0.5 pruned of 'conv1_1', as before, got 0.4"),
        ("a.csv", "epoch,fraction\n0,0.5\n", ":2: expected an epoch from 1 to 100000, got '0'"),
        ("a.csv", "epoch,fraction\n7,0.5\n", ":2: expected epochs of a training of 5, got 7"),
        ("a.csv", "epoch,fraction\n1\n", ":2: expected 2 cells, got 1"),
        ("a.csv", "epoch,part\n1,0.5\n", ": expected the columns epoch,fraction or epoch,fraction,layer, got 'epoch,part'"),
        ("a.csv", "epoch,fraction\n", ": expected at least one row: an epoch and a fraction"),
        ("a.csv", "epoch,fraction,layer\n1,0.5,conv9_1\n", ":2: no layer that may be pruned matches 'conv9_1'; did you mean"),
        (
            "a.csv",
            "epoch,fraction\n1,1e-99999999\n",
            ":2: expected a pruned fraction of at least 0 and below 1, got '1e-99999999'",
        ),
        ("a.csv", f"epoch,fraction\n1,{'0' * 131_073}\n", ":2: expected cells with commas between them, got: field larger than"),
        ("a.csv", 'epoch,fraction\n1,"0.5"0\n', ":2: expected cells with commas between them, got: ',' expected after"),
        ("a.csv", 'epoch,fraction\n1,"0.5\n', ":2: expected cells with commas between them, got: unexpected end of data"),
        ("a.yaml", "- 1\n", ":1: expected a mapping of epochs to fractions, got [1]"),
        ("a.yaml", "1: much\n", ":1: expected a pruned fraction of at least 0 and below 1, got 'much'"),
    ],
)
def test_wrong_tables(tmp_path, name, text, message):
    table = tmp_path / name
    table.write_text(text)
    with pytest.raises(InputError) as raised:
        declared_log(load_network("vgg8-32"), schedule_from(str(table)), 5)
    assert f"{table}{message}" in str(raised.value)


@pytest.mark.parametrize(("epochs", "multiple", "message"), [(0, None, "epochs: expected 1"), (5, 12, "multiples of 8, 16")])
def test_wrong_settings(epochs, multiple, message):
    with pytest.raises(InputError, match=message):
        declared_log(load_network("vgg8-32"), schedule_from("linear:0.5"), epochs, multiple=multiple)
