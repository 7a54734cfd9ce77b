"""Images to train on: scikit-learn's handwritten digits (real, offline), or CIFAR from the user's own files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError, did_you_mean
from workloads.learning.extra import needed
from workloads.networks.images import Image

Images = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

#: Which digits are test images is the same in every run; a run's seed changes weights, order and write errors.
_SPLIT_SEED = 0
_DIGITS_TEST_SHARE = 3


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images as float32 (n, channels, rows, columns), normalised by mean and deviation of the training images; labels int64."""

    name: str
    classes: int
    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels

    @property
    def image(self) -> Image:
        """Channels, rows and columns of an image."""
        channels, rows, columns = self.train_images.shape[1:]
        return channels, rows, columns

    def first(self, images: int | None) -> Dataset:
        """The first so many training images, and as many test images at most; all where ``images`` is None."""
        if images is None:
            return self
        if images < 1:
            raise InputError(f"expected at least 1 image, got {images}")
        kept = (self.train_images[:images], self.train_labels[:images], self.test_images[:images], self.test_labels[:images])
        return Dataset(self.name, self.classes, *kept)


def load_dataset(name: str, folder: str | Path | None = None) -> Dataset:
    """The data set of this name: digits, or cifar10 / cifar100 from the files in ``folder``.

    Raises InputError for an unknown name, a missing folder or file, files that are not what they should be, and where
    scikit-learn is needed and missing.
    """
    if name not in DATASETS:
        raise InputError(f"no data set is called '{name}'", hint=did_you_mean(name, DATASETS))
    return DATASETS[name](folder)


def _digits(folder: str | Path | None) -> Dataset:
    if folder is not None:
        raise InputError("the digits come with scikit-learn: expected no folder of data", where=str(folder))
    return _all_digits()


@lru_cache(maxsize=1)
def _all_digits() -> Dataset:
    """1797 images of 8 x 8; every class gives the same share, a third, to the test images."""
    found = needed("sklearn.datasets", "the digits data set").load_digits()
    images = (found.images.astype(np.float32) / 16)[:, None]
    labels = found.target.astype(np.int64)
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(labels))
    test = np.zeros(len(labels), bool)
    for digit in range(10):
        of_digit = order[labels[order] == digit]
        test[of_digit[: round(len(of_digit) / _DIGITS_TEST_SHARE)]] = True
    return normalised("digits", 10, (images[~test], labels[~test]), (images[test], labels[test]))


def normalised(name: str, classes: int, train: tuple[Images, Labels], test: tuple[Images, Labels]) -> Dataset:
    """A data set whose images have mean 0 and deviation 1 over the training images, channel by channel."""
    mean = train[0].mean(axis=(0, 2, 3), keepdims=True)
    deviation = train[0].std(axis=(0, 2, 3), keepdims=True) + np.float32(1e-6)
    return Dataset(name, classes, (train[0] - mean) / deviation, train[1], (test[0] - mean) / deviation, test[1])


def _cifar(classes: int) -> Callable[[str | Path | None], Dataset]:
    def load(folder: str | Path | None) -> Dataset:
        from workloads.learning.cifar import load_cifar

        if folder is None:
            raise InputError(f"cifar{classes} is read from your own files: name their folder")
        train, test = load_cifar(Path(folder), classes)
        return normalised(f"cifar{classes}", classes, train, test)

    return load


#: Name -> loader of a folder (None for what needs no files).
DATASETS: dict[str, Callable[[str | Path | None], Dataset]] = {
    "digits": _digits,
    "cifar10": _cifar(10),
    "cifar100": _cifar(100),
}
