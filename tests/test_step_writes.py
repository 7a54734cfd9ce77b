"""The words that a training step of small-cnn writes into the scratchpads, counted by hand layer by layer and pass by pass."""

from __future__ import annotations

from math import ceil

import pytest

from simcore import load_system, simulate
from workloads.faults.step_writes import step_writes
from workloads.learning.network import network_for
from workloads.training import training_step

IMAGES, ROWS = 64, 32
#: Words of an image's tensors: image, conv1 with relu1, pool1, conv2 with relu2, pool2, classes.
IMAGE, CONV1, POOL1, CONV2, POOL2, CLASSES = 8 * 8, 8 * 8 * 8, 8 * 4 * 4, 16 * 4 * 4, 16 * 2 * 2, 10
#: Weights: 8 filters of 1 x 3 x 3 taps, 16 of 8 x 3 x 3, 10 of 64.
W1, W2, W3 = 8 * 9, 16 * 72, 10 * 64
#: Layer -> words of all its operands that the DMA fills in, its results, and the taps of a product (None: no product). A pool
#: also writes the place of each maximum.
FORWARD = {
    "conv1": (IMAGES * IMAGE + W1, IMAGES * CONV1, 9),
    "pool1": (IMAGES * CONV1, IMAGES * 2 * POOL1, None),
    "conv2": (IMAGES * POOL1 + W2, IMAGES * CONV2, 8 * 9),
    "pool2": (IMAGES * CONV2, IMAGES * 2 * POOL2, None),
    "fc": (IMAGES * POOL2 + W3, IMAGES * CLASSES, POOL2),
    "fc.loss": (IMAGES * CLASSES, IMAGES * CLASSES, None),
}
#: The way back. A gradient of weights sums over all pixels of all images. A pool's gradient also reads the places of its maxima,
#: a ReLU's gradient the results that it kept, and the loss's gradient one label an image.
BACKWARD = {
    "fc.loss.input_gradient": (IMAGES * (CLASSES + 1), IMAGES * CLASSES, None),
    "fc.input_gradient": (IMAGES * CLASSES + W3, IMAGES * POOL2, CLASSES),
    "fc.weight_gradient": (IMAGES * (POOL2 + CLASSES), W3, IMAGES),
    "pool2.input_gradient": (IMAGES * 2 * POOL2, IMAGES * CONV2, None),
    "relu2.input_gradient": (IMAGES * 2 * CONV2, IMAGES * CONV2, None),
    "conv2.input_gradient": (IMAGES * CONV2 + W2, IMAGES * POOL1, 16 * 9),
    "conv2.weight_gradient": (IMAGES * (POOL1 + CONV2), W2, IMAGES * 4 * 4),
    "pool1.input_gradient": (IMAGES * 2 * POOL1, IMAGES * CONV1, None),
    "relu1.input_gradient": (IMAGES * 2 * CONV1, IMAGES * CONV1, None),
    "conv1.weight_gradient": (IMAGES * (IMAGE + CONV1), W1, IMAGES * 8 * 8),
}
#: An update reads gradient, weights and moments, and writes weights and moments.
UPDATES = {f"{name}.update": (3 * words, 2 * words, None) for name, words in (("fc", W3), ("conv2", W2), ("conv1", W1))}
PASSES = (FORWARD, BACKWARD, UPDATES)


def partial_sums(results: int, taps: int | None) -> int:
    """All folds of as many taps as the array has rows write partial sums, except the last, whose sums are the results."""
    return 0 if taps is None else (ceil(taps / ROWS) - 1) * results


def words_of(layers: dict) -> tuple[int, int, int]:
    """Words that the DMA fills in, results, and partial sums."""
    filled, results, taps = zip(*layers.values(), strict=True)
    return sum(filled), sum(results), sum(map(partial_sums, results, taps))


def small_cnn_step():
    return training_step(network_for("small-cnn", (1, 8, 8), 10, IMAGES), optimizer="momentum")


def test_each_layer_writes_the_words_that_are_counted_by_hand():
    found = step_writes(small_cnn_step(), load_system("train-sram")).layers
    expected = FORWARD | BACKWARD | UPDATES
    assert list(found) == list(expected)
    for name, (filled, results, taps) in expected.items():
        regions = found[name].regions
        assert sum(region.loaded_words for region in regions.values()) == filled, name
        assert sum(region.stored_words for tensor, region in regions.items() if tensor != "psum") == results, name
        sums = regions["psum"].stored_words if "psum" in regions else 0
        assert sums == partial_sums(results, taps), name


def test_the_step_writes_585712_words():
    """Fills, results and partial sums of the passes, with their sums worked out on paper."""
    forward, backward, updates = map(words_of, PASSES)
    assert forward == (68040, 75008, 33408)
    assert backward == (208576, 113096, 78264)
    assert updates == (5592, 3728, 0)
    in_all = sum(map(sum, (forward, backward, updates)))
    assert in_all == 585712
    assert in_all - IMAGES == 585648, "before labels were an input of the step"
    assert sum(step_writes(small_cnn_step(), load_system("train-sram")).words().values()) == in_all


@pytest.mark.slow
def test_lines_hold_places_for_more_words_than_are_written():
    """Whole lines of 32 words: as many places as 637,728 in the scratchpads of operands and results, and two lines of labels."""
    system = load_system("train-sram")
    lines = simulate(small_cnn_step(), system).banks.groupby("scratchpad")["writes"].sum()
    operands = ("ifmap", "filter", "ofmap")
    places = sum(lines[pad] * system.scratchpads[pad].line_bytes // 2 for pad in operands)
    words = step_writes(small_cnn_step(), system).words()
    assert places == 637728 + IMAGES
    assert places > sum(words[pad] for pad in operands)
