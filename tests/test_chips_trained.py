"""The table and the figures of chips, from trainings and training steps that really run, at a small size."""

from __future__ import annotations

import pandas as pd
import pytest

pytest.importorskip("torch", reason="torch (extra train) is not installed")

from simcore.studies.stt_mram.chips import trainings
from simcore.studies.stt_mram.chips.findings import front
from simcore.studies.stt_mram.chips.formats import FORMATS, Task
from simcore.studies.stt_mram.chips.made import Split, Writes
from simcore.studies.stt_mram.chips.part import FEW, Trainer, measure
from simcore.studies.write_errors.training_runs import DataSource
from workloads.faults.chip import OPERAND_PADS, PAD_NAMES
from workloads.faults.device import MacroDevice

DEVICE = MacroDevice()
IMAGES, SEEDS = 128, 2


@pytest.fixture(scope="module")
def measured():
    """A few chips in fixed16, each trained for one epoch of two minibatches from two seeds, whatever earlier runs left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainings, "kept_training", lambda key: None)
        patch.setattr(trainings, "keep_training", lambda key, found: None)
        task = Task("small-cnn", DataSource(images=IMAGES), 1)
        return measure(Trainer(task, FORMATS[1], DEVICE, SEEDS), Writes(DEVICE), (1, 8, 8), Split.alike(8, 24))


@pytest.mark.slow
def test_the_rows_name_what_was_trained(measured):
    table = measured.contributions
    assert set(table["combines"]) == set(FEW)
    named = table[["net", "data", "format", "epochs", "batch", "seeds", "runs"]].drop_duplicates()
    assert named.to_numpy().tolist() == [["small-cnn", "digits", "fixed16", 1, 64, "0 to 1", SEEDS]]
    assert (measured.runs["minibatches"] == IMAGES // 64).all()


@pytest.mark.slow
def test_bars_of_contributions_are_what_their_labels_say(measured):
    """By scratchpad the bars add up to all writes; each way to save changes the scratchpads that it names and no other."""
    table = measured.contributions.set_index("combines")
    parts = table[[f"{pad}_write_uj" for pad in PAD_NAMES]]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(table["write_uj"].to_numpy())
    assert (table["write_uj"] * table["write_energy_gain"]).to_numpy() == pytest.approx(table.loc["reference", "write_uj"])
    saved = parts.loc["reference"] / parts
    for pad in OPERAND_PADS:
        assert saved.loc["accumulator", f"{pad}_write_uj"] == pytest.approx(1), "only partial sums lie in SRAM"
        assert saved.loc["baseline", f"{pad}_write_uj"] == pytest.approx(saved.loc["baseline, accumulator", f"{pad}_write_uj"])
    assert saved.loc["accumulator", "accumulator_write_uj"] > 2
    assert (saved.loc["baseline, errors"] > saved.loc["baseline"]).all(), "bits that err are cheaper in every scratchpad"
    assert not (saved.loc["reference"] != 1).any()


@pytest.mark.slow
def test_bits_fail_at_the_rates_of_the_chip(measured):
    """A word's 8 lower bits fail at most a tenth of the time; without them, one of 2e7 written bits would be one too many."""
    failed = measured.contributions.set_index("combines")["failed_bits"]
    runs = measured.runs[measured.runs["experiment"] == "contribution"]
    words = runs[[f"{pad}_words" for pad in PAD_NAMES]].iloc[0]
    assert failed["baseline, errors"] > failed["guard, accumulator, errors"] > 0
    assert failed["baseline, errors"] < 0.1 * (
        8 * words[[f"{pad}_words" for pad in OPERAND_PADS]].sum() + 24 * words["accumulator_words"]
    )
    assert failed[["reference", "baseline", "accumulator", "baseline, accumulator"]].max() <= 1
    free = measured.runs[measured.runs["chip"] == ""]
    assert (free["failed_bits"] == 0).all()
    assert (free["loss_points"] == 0).all()


@pytest.mark.slow
def test_the_front_of_the_figure_only_rises(measured):
    """Along the line, whoever saves more loses more; every other chip is beaten by one on the line."""
    table = pd.concat([measured.tried, measured.contributions]) if len(measured.tried) else measured.contributions
    on = table[front(table)].sort_values("write_energy_gain")
    assert on["loss_mean_points"].is_monotonic_increasing
    best = table["write_energy_gain"].idxmax()
    assert best in on.index
    for _, row in table[~front(table)].iterrows():
        assert ((on["write_energy_gain"] >= row["write_energy_gain"]) & (on["loss_mean_points"] <= row["loss_mean_points"])).any()
