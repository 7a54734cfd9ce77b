"""Networks with a fraction of their channels, and digits with repeated pixels to train them on."""

from __future__ import annotations

import numpy as np
import pytest

from simcore.errors import InputError
from workloads.learning.data import load_dataset
from workloads.learning.network import network_for
from workloads.load import load_network

CIFAR = (3, 32, 32)
#: The most multiply-accumulates of an image in the nets on which write errors are measured.
MOST_MACS = 10_000_000


def test_a_narrow_network_has_a_fraction_of_the_channels_and_its_full_width_remains():
    narrow, whole = (network_for(name, CIFAR, 10) for name in ("vgg8-narrow8", "vgg8"))
    assert narrow.order() == whole.order()
    # 3x3 convolutions: two of 16 channels on 32 x 32 pixels, of 32 on 16 x 16, of 64 on 8 x 8; 1024 x 128 and 128 x 10.
    hand = 9 * (1024 * (3 * 16 + 16 * 16) + 256 * (16 * 32 + 32 * 32) + 64 * (32 * 64 + 64 * 64)) + 1024 * 128 + 128 * 10
    assert narrow.macs_per_image() == hand
    assert load_network("vgg8-narrow8-32").macs_per_image() == hand
    for name in ("vgg8-narrow16", "resnet20-narrow4"):
        assert network_for(name, CIFAR, 10).macs_per_image() < MOST_MACS
    assert network_for("resnet20-narrow1", CIFAR, 10).macs_per_image() == network_for("resnet20", CIFAR, 10).macs_per_image()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("vgg8-narrow3", "expected a number that divides 128, 256, 512, 1024, got 3"),
        ("resnet20-narrow0", "expected a number that divides 16, 32, 64, got 0"),
        ("alexnet-narrow2", "expected a family that can be narrowed"),
        ("vgg88-narrow2", "no network named"),
    ],
)
def test_networks_that_cannot_be_narrowed_are_reported(name, message):
    with pytest.raises(InputError, match=message):
        network_for(name, CIFAR, 10)


def test_upscaled_digits_repeat_each_pixel():
    pytest.importorskip("sklearn", reason="scikit-learn (extra train) is not installed")
    small, large = load_dataset("digits"), load_dataset("digits-16")
    assert large.image == (1, 16, 16)
    assert np.array_equal(large.train_images[:, :, 1::2, ::2], small.train_images)
    assert np.array_equal(large.test_images[:, :, ::2, 1::2], small.test_images)
    assert large.name == "digits-16"
    with pytest.raises(InputError, match="multiple of 8, got 12"):
        load_dataset("digits-12")
