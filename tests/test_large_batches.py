"""Plans of layers at a large batch, whose folds read a few rows, or a few channels, of each of many images.

Tiles must be so small that the scratchpad holds those of a fold: else every fold loads again what the one before it evicted.
"""

from __future__ import annotations

import pytest

from simcore.program.program import Op, OpKind, Program
from simcore.spec.load import load_system
from workloads.dataflow.array import lower_shape
from workloads.dataflow.shape import ConvShape


def planned(shape: ConvShape, *sets: str) -> Program:
    return lower_shape("layer", "conv", shape, load_system("edge-sram", sets))


def moved_bytes(program: Program) -> int:
    return int(program.ops[program.ops[:, Op.KIND] != OpKind.ACQUIRE, Op.BYTES].sum())


def convolution(images: int, size: int, channels: int) -> ConvShape:
    """A 3x3 convolution with as many filters as channels."""
    return ConvShape(images, size, size, channels, size, size, channels, kernel=(3, 3), padding=(1, 1))


def weight_gradient(images: int, size: int, channels: int) -> ConvShape:
    """The gradient of its weights: the images stand for channels, the channels for images, and an image for a tap."""
    return ConvShape(channels, size, size, images, 3, 3, channels, kernel=(size, size), padding=(1, 1))


@pytest.mark.slow
def test_a_weight_gradient_moves_each_tensor_once_where_the_rows_of_a_fold_fit() -> None:
    """VGG16's conv1_2 for 128 images of 32x32 with 64 channels.

    A fold reads three rows of each channel, 32 images deep: 64 x 3 x 32 x 32 bytes. A fourth row on its way makes these 256 KiB,
    which is the scratchpad. With tiles of four rows, of which three rows touch two, a fold would need 512 KiB.
    """
    activations, results = 128 * 64 * 32 * 32, 9 * 64 * 64
    assert moved_bytes(planned(weight_gradient(128, 32, 64))) == 2 * activations + results


@pytest.mark.slow
def test_a_layer_that_lost_filters_moves_no_more_and_takes_no_more_steps_than_the_whole_one() -> None:
    """499 of 512 channels: folds of 32 channels begin elsewhere in each place of the filter, and read two tiles of each row."""
    whole, pruned = (planned(convolution(128, 4, channels)) for channels in (512, 499))
    assert moved_bytes(pruned) <= moved_bytes(whole)
    assert pruned.steps <= whole.steps
    # 9 x 499 taps in 141 folds of 32, 499 filters in 16: only the last of the 141 has fewer rows than a whole tile.
    assert pruned.facts["tiling"]["tiles"]["filter"] == 141 * 16


@pytest.mark.slow
def test_no_plan_takes_much_longer_for_little_less_traffic() -> None:
    """230 of 256 channels: blocks of a few rows would move 12 % less and fill and empty the array 14 times as long."""
    whole, pruned = (planned(weight_gradient(128, 8, channels)) for channels in (256, 230))
    assert moved_bytes(pruned) <= moved_bytes(whole)
    assert pruned.steps <= whole.steps


@pytest.mark.slow
def test_a_larger_scratchpad_moves_no_more_where_it_holds_one_fold_but_not_two() -> None:
    """112 channels of 16x16: a fold reads 3 rows of each, 168 KiB, and two folds 4 rows, 224 KiB."""
    smaller, larger = (
        planned(weight_gradient(128, 16, 112), f"scratchpads.ifmap.capacity_bytes={size} KiB") for size in (128, 192)
    )
    assert moved_bytes(larger) <= moved_bytes(smaller)
