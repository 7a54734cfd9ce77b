"""Images for training: scikit-learn's handwritten digits (real, offline), or CIFAR or ImageNet from the user's own files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError, did_you_mean
from workloads.learning.extra import needed
from workloads.learning.image_folder import SIDE, ImageFiles, load_folder
from workloads.networks.images import Image

Pixels = npt.NDArray[np.float32]
#: Images in memory, or in files that are read where they are indexed.
Images = Pixels | ImageFiles
Labels = npt.NDArray[np.int64]

#: Image files that take at most this much decoded are read once.
_IN_MEMORY_BYTES = 2**30

#: The choice of test images among the digits is the same in every run. A run's seed changes weights, order and write errors.
_SPLIT_SEED = 0
_DIGITS_TEST_SHARE = 3


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and int64 labels.

    Images are float32 (n, channels, rows, columns), normalised by the mean and deviation of the training images, or of ImageNet.
    """

    name: str
    classes: int
    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels

    @property
    def image(self) -> Image:
        """Return channels, rows and columns of an image."""
        channels, rows, columns = self.train_images.shape[1:]
        return channels, rows, columns

    def first(self, images: int | None) -> Dataset:
        """Return the first ``images`` training images and at most as many test images, or all if ``images`` is None."""
        if images is None:
            return self
        if images < 1:
            raise InputError(f"expected at least 1 image, got {images}")
        train, test = _first(self.train_images, images), _first(self.test_images, images)
        return Dataset(self.name, self.classes, train, self.train_labels[:images], test, self.test_labels[:images])


def _first(found: Images, images: int) -> Images:
    return found.first(images) if isinstance(found, ImageFiles) else found[:images]


def load_dataset(name: str, folder: str | Path | None = None) -> Dataset:
    """Return the data set of this name: digits or digits-SIDE, or cifar10, cifar100, imagenet or imagenet-SIDE from ``folder``.

    Raise InputError for an unknown name, a missing folder or file, files with unexpected contents, and missing scikit-learn or
    Pillow if it is needed.
    """
    sized = re.fullmatch(r"imagenet-([0-9]{1,4})", name)
    if sized is not None:
        return _imagenet(folder, int(sized[1]))
    larger = re.fullmatch(r"digits-([0-9]{1,4})", name)
    if larger is not None:
        return _upscaled(_digits(folder), int(larger[1]))
    if name not in DATASETS:
        raise InputError(f"no data set is called '{name}'", hint=did_you_mean(name, DATASETS))
    return DATASETS[name](folder)


def dataset_from(text: str, images: int | None = None) -> Dataset:
    """Return the data set of a text such as ``digits`` or ``cifar10:DIR``, or its first ``images`` training and test images.

    Raise InputError as ``load_dataset`` and ``Dataset.first`` do.
    """
    name, colon, folder = text.partition(":")
    return load_dataset(name, folder if colon else None).first(images)


def _digits(folder: str | Path | None) -> Dataset:
    if folder is not None:
        raise InputError("expected no folder of data, because the digits come with scikit-learn", where=str(folder))
    return _all_digits()


def _upscaled(digits: Dataset, side: int) -> Dataset:
    """Return the digits with each pixel repeated until an image has this side.

    Raise InputError for a side that is not a multiple of theirs.
    """
    own = digits.image[1]
    if side < own or side % own:
        raise InputError(f"expected a side that is a multiple of {own}, got {side}", where="data")
    train, test = (
        found.repeat(side // own, axis=2).repeat(side // own, axis=3)
        for found in (np.asarray(digits.train_images), np.asarray(digits.test_images))
    )
    return Dataset(f"digits-{side}", digits.classes, train, digits.train_labels, test, digits.test_labels)


@lru_cache(maxsize=1)
def _all_digits() -> Dataset:
    """Return 1797 images of 8 x 8. A third of every class becomes test images."""
    found = needed("sklearn.datasets", "the digits data set").load_digits()
    images = (found.images.astype(np.float32) / 16)[:, None]
    labels = found.target.astype(np.int64)
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(labels))
    test = np.zeros(len(labels), bool)
    for digit in range(10):
        of_digit = order[labels[order] == digit]
        test[of_digit[: round(len(of_digit) / _DIGITS_TEST_SHARE)]] = True
    return normalised("digits", 10, (images[~test], labels[~test]), (images[test], labels[test]))


def normalised(name: str, classes: int, train: tuple[Pixels, Labels], test: tuple[Pixels, Labels]) -> Dataset:
    """Return a data set whose training images have mean 0 and deviation 1, channel by channel."""
    mean = train[0].mean(axis=(0, 2, 3), keepdims=True)
    deviation = train[0].std(axis=(0, 2, 3), keepdims=True) + np.float32(1e-6)
    return Dataset(name, classes, (train[0] - mean) / deviation, train[1], (test[0] - mean) / deviation, test[1])


def _cifar(classes: int) -> Callable[[str | Path | None], Dataset]:
    def load(folder: str | Path | None) -> Dataset:
        """Return the normalised data set in the user's folder. Raise InputError without a folder."""
        from workloads.learning.cifar import load_cifar

        if folder is None:
            raise InputError(f"cifar{classes} is read from your own files, so name their folder")
        train, test = load_cifar(Path(folder), classes)
        return normalised(f"cifar{classes}", classes, train, test)

    return load


def _imagenet(folder: str | Path | None, side: int = SIDE) -> Dataset:
    """Return images cut to this side, in memory if they fit. Raise InputError without a folder and for a side below 1."""
    if folder is None:
        raise InputError("imagenet is read from your own files, so name their folder")
    if side < 1:
        raise InputError(f"expected a side of at least 1, got {side}", "data")
    classes, *parts = load_folder(Path(folder), side)
    (train, train_labels), (test, test_labels) = ((_in_memory(files), labels) for files, labels in parts)
    return Dataset("imagenet" if side == SIDE else f"imagenet-{side}", classes, train, train_labels, test, test_labels)


def _in_memory(files: ImageFiles) -> Images:
    return files[:] if 4 * prod(files.shape) <= _IN_MEMORY_BYTES else files


#: Name -> loader of a folder (None for a data set without files).
DATASETS: dict[str, Callable[[str | Path | None], Dataset]] = {
    "digits": _digits,
    "cifar10": _cifar(10),
    "cifar100": _cifar(100),
    "imagenet": _imagenet,
}
