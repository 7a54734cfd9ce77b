"""Stored bits that flip before they are used: the draws, the memories of a training run, and what the study says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simcore.errors import InputError
from simcore.studies.stt_mram.kept_told import stays_printed, stays_told
from workloads.faults.injection import error_rates
from workloads.faults.pad_memory import PadMemory
from workloads.faults.stay import after_stay
from workloads.faults.step_writes import RegionWrites
from workloads.faults.word_memory import TENSORS, WordMemory
from workloads.learning.setup import TrainingSetup


def bits_of(words: np.ndarray, width: int) -> np.ndarray:
    return (words[:, None] >> np.arange(width, dtype=np.uint32)) & 1


def test_each_bit_flips_with_the_probability_of_its_value():
    words = np.random.default_rng(1).integers(0, 2**16, 50_000).astype(np.uint32)
    stayed = after_stay(words, 16, (0.02, 0.005), np.random.default_rng(2))
    before, flipped = bits_of(words, 16), bits_of(words ^ stayed.words, 16)
    for value, probability in ((0, 0.02), (1, 0.005)):
        sites = int((before == value).sum())
        found = int(flipped[before == value].sum())
        assert abs(found - sites * probability) < 5 * (sites * probability) ** 0.5
    # In each bit position alike: 25,000 zeros of each, 500 of which flip.
    by_place = (flipped * (before == 0)).sum(axis=0)
    assert (np.abs(by_place.astype(int) - 500) < 5 * 500**0.5).all()
    assert stayed.flipped_bits == flipped.sum()


def test_without_flips_words_stay_and_nothing_is_drawn():
    words, draws = np.arange(100, dtype=np.uint32), np.random.default_rng(3)
    assert after_stay(words, 16, (0.0, 0.0), draws).words is words
    assert draws.random() == np.random.default_rng(3).random()
    assert after_stay(words[:0], 16, (0.5, 0.5), draws).flipped_bits == 0


def test_certain_flips_turn_every_bit():
    words = np.array([0b1010, 0], dtype=np.uint32)
    assert after_stay(words, 4, (1.0, 1.0), np.random.default_rng(4)).words.tolist() == [0b0101, 0b1111]
    assert after_stay(words, 4, (1.0, 0.0), np.random.default_rng(4)).words.tolist() == [0b1111, 0b1111]


def test_a_memory_reads_and_later_overwrites_the_flipped_words():
    memory = WordMemory({tensor: error_rates(8, 0.0) for tensor in TENSORS}, 1, "own", (1.0, 0.0))
    assert memory.write("weights", 0, np.array([0, 3], np.uint32)).tolist() == [255, 255]
    # 255 lies there now, so that writing 7 flips five bits; all zeros of 7 flip again while it stays.
    assert memory.write("weights", 0, np.array([7, 255], np.uint32)).tolist() == [255, 255]
    counts = memory.counts["weights"]
    assert (counts.flipped_bits, counts.stay_bits) == (0 + 2 + 5 + 0, 8 + 6 + 5 + 0)


def test_a_scratchpads_tensors_flip_too():
    region = RegionWrites(
        tensor="x", pad="ifmap", kind="activations", base_word=0, capacity_words=4, loaded_words=0, stored_words=4, word_bits=8
    )
    memory = PadMemory({("ifmap", "activations"): error_rates(8, 0.0)}, 1, "shared", (1.0, 0.0))
    assert memory.store(region, "layer", np.array([0, 1, 2, 3], np.uint32)).tolist() == [255] * 4
    assert memory.counts["ifmap"].stay_bits == 8 + 7 + 7 + 6


def test_the_flips_of_one_tensor_do_not_depend_on_the_others():
    alone, beside = (WordMemory({tensor: error_rates(16, 0.0) for tensor in TENSORS}, 5, "own", (0.1, 0.1)) for _ in range(2))
    words = np.zeros(1000, np.uint32)
    beside.write("errors", 0, words)
    assert alone.write("weights", 0, words).tolist() == beside.write("weights", 0, words).tolist()


@pytest.mark.parametrize("flips", [(-0.1, 0.0), (0.0, 1.5), (float("nan"), 0.0)])
def test_flips_are_probabilities(flips):
    with pytest.raises(InputError, match="stay_flips: expected probabilities from 0 to 1"):
        TrainingSetup(stay_flips=flips)


def made_up(reads_flip: str, losses: dict[int, float]) -> list[dict]:
    """Rows of the table with these losses by stability."""
    row = {"net": "n", "word": "w", "reads_flip": reads_flip, "zero_flip_rate": 1e-3, "one_flip_rate": 0.0, "runs": 3}
    row |= {
        "stay_error_rate": 5e-4,
        "loss_std_points": 0.1,
        "diverged": 0,
        "data": "d",
        "epochs": 10,
        "batch": 64,
        "seeds": "0 to 2",
    }
    return [row | {"thermal_stability": stability, "loss_mean_points": loss} for stability, loss in losses.items()]


@pytest.mark.slow
def test_the_least_tolerated_stability_is_the_last_before_the_first_loss():
    pytest.importorskip("torch", reason="torch (extra train) is not installed")
    from simcore.studies.stt_mram.accuracy_stays import stay_findings

    lost = made_up("0 to 1", {20: 0.5, 30: 2.0, 40: 0.2, 50: 0.0})
    never = made_up("1 to 0", {20: 0.5, 30: float("nan")})
    first, second = stay_findings(pd.DataFrame(lost + never))
    assert (first["tolerated"]["thermal_stability"], first["lost"]["thermal_stability"]) == (40, 30)
    assert (second["tolerated"], second["lost"]["thermal_stability"]) == (None, 30)
    assert "less than a point is 40 (5.0e-04 of the bits flip, 0.20 ± 0.10 points); the next lower one" in stays_told(first)
    configuration = "training n on d in w (minibatches of 64, 10 epochs, seeds 0 to 2) with stored bits that heat and reads flip"
    assert stays_told(first).startswith(f"{configuration}, where reads flip 0 to 1")
    assert "a point or more is lost at every thermal stability tried, as at 30" in stays_told(second)
    assert "no lower one was tried" in stays_told({**first, "lost": None})
    assert len(stays_printed(pd.DataFrame(lost)).rows) == 4


@pytest.mark.slow
def test_a_training_run_sees_the_flips():
    pytest.importorskip("torch", reason="torch (extra train) is not installed")
    from simcore.studies.stt_mram.accuracy_stays import flips_at, step_pads
    from workloads.learning.data import load_dataset
    from workloads.learning.with_errors import train

    setup = TrainingSetup(epochs=1, stay_flips=(0.0, 1e-3))
    trained = train(load_dataset("digits"), setup, {tensor: error_rates(16, 0.0) for tensor in TENSORS}, 0)
    written = sum(counts.words for counts in trained.writes.values())
    flipped = sum(counts.stay_bits for counts in trained.writes.values())
    assert 0 < flipped < 1e-3 * 16 * written
    pads = step_pads(TrainingSetup(), "stt-34.5F2")
    zero, one = flips_at("stt-34.5F2", 40, pads, "0 to 1")
    assert zero > 1e3 * one > 0
    assert flips_at("stt-34.5F2", 40, pads, "1 to 0") == (one, zero)
