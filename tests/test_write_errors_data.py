"""Data for training: the digits, and CIFAR files as distributed, broken and hostile."""

import importlib.util
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simcore.errors import InputError
from workloads.learning import cifar
from workloads.learning.data import load_dataset

TRAIN_FILES = 5
PIXELS = 3 * 32 * 32


@pytest.fixture(autouse=True)
def _few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of 2 images each (CIFAR-100: 10 and 2) instead of 10,000."""
    monkeypatch.setattr(cifar, "_TRAIN", 10)
    monkeypatch.setattr(cifar, "_TEST", 2)


def pixels(images: int, first: int = 0) -> Any:
    return ((np.arange(images * PIXELS) + first) % 251).astype(np.uint8).reshape(images, PIXELS)


def cifar10_binary(folder: Path) -> Path:
    for name, first in [*((f"data_batch_{number}", number) for number in range(1, 6)), ("test_batch", 6)]:
        labels = np.array([[first], [9]], np.uint8)
        (folder / f"{name}.bin").write_bytes(np.hstack([labels, pixels(2, first)]).tobytes())
    return folder


def cifar10_python(folder: Path) -> Path:
    for name, first in [*((f"data_batch_{number}", number) for number in range(1, 6)), ("test_batch", 6)]:
        batch = {b"batch_label": b"made up", b"labels": [first, 9], b"data": pixels(2, first), b"filenames": [b"a", b"b"]}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    return folder


@pytest.mark.parametrize("make", [cifar10_binary, cifar10_python])
def test_both_versions_of_cifar10_give_the_same_images(make: Any, tmp_path: Path) -> None:
    (images, labels), (test_images, test_labels) = cifar.load_cifar(make(tmp_path), 10)
    assert images.shape == (10, 3, 32, 32)
    assert labels.tolist() == [1, 9, 2, 9, 3, 9, 4, 9, 5, 9]
    assert np.array_equal(images[2].ravel() * 255, pixels(1, 2)[0].astype(np.float32))
    assert (test_images.shape, test_labels.tolist()) == ((2, 3, 32, 32), [6, 9])


def test_the_planes_of_an_image_are_red_green_blue(tmp_path: Path) -> None:
    cifar10_binary(tmp_path)
    image = np.concatenate([np.full(1024, colour, np.uint8) for colour in (10, 20, 30)])
    record = np.concatenate([[0], image]).astype(np.uint8)
    (tmp_path / "test_batch.bin").write_bytes(np.stack([record, record]).tobytes())
    _, (images, _) = cifar.load_cifar(tmp_path, 10)
    assert np.allclose(images[0].mean(axis=(1, 2)) * 255, [10, 20, 30])


def test_cifar100_gives_its_fine_labels_from_the_folder_it_unpacks_to(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-100-binary"
    folder.mkdir()
    for name, images in (("train", 10), ("test", 2)):
        labels = np.array([[3, 90 + image % 10] for image in range(images)], np.uint8)
        (folder / f"{name}.bin").write_bytes(np.hstack([labels, pixels(images)]).tobytes())
    data = load_dataset("cifar100", tmp_path)
    assert data.classes == 100
    assert data.train_labels.tolist() == [90 + image for image in range(10)]
    assert abs(float(data.train_images.mean())) < 1e-5
    assert float(data.train_images.std()) == pytest.approx(1, abs=1e-3)


def test_a_missing_file_is_reported_by_name(tmp_path: Path) -> None:
    (cifar10_binary(tmp_path) / "data_batch_3.bin").unlink()
    with pytest.raises(InputError, match=r"expected CIFAR-10's file 'data_batch_3.bin' or 'data_batch_3', found neither"):
        cifar.load_cifar(tmp_path, 10)
    with pytest.raises(InputError, match="expected a folder"):
        cifar.load_cifar(tmp_path / "nowhere", 10)


def test_a_truncated_binary_file_is_reported(tmp_path: Path) -> None:
    path = cifar10_binary(tmp_path) / "data_batch_2.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(
        InputError, match=r"data_batch_2.bin: expected records of 3073 bytes, got 6145 bytes; is the file truncated"
    ):
        cifar.load_cifar(tmp_path, 10)
    path.write_bytes(path.read_bytes()[: 1 + PIXELS])
    with pytest.raises(InputError, match="expected 2 images, got 1"):
        cifar.load_cifar(tmp_path, 10)


def test_labels_out_of_range_are_reported(tmp_path: Path) -> None:
    path = cifar10_binary(tmp_path) / "test_batch.bin"
    path.write_bytes(b"\x0a" + path.read_bytes()[1:])
    with pytest.raises(InputError, match="expected labels 0 to 9, got 9 to 10"):
        cifar.load_cifar(tmp_path, 10)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({b"data": 1}), "expected a mapping with 'data' and 'labels'"),
        (pickle.dumps({b"data": np.zeros((2, 5), np.uint8), b"labels": [1, 2]}), "bytes of shape"),
        (pickle.dumps({b"data": pixels(2), b"labels": [1]}), "list of 2 integers"),
        (pickle.dumps({b"data": pixels(2), b"labels": [1, "2"]}), "list of 2 integers"),
        (pickle.dumps({b"data": pixels(2), b"labels": [1, 2]})[:-200], "data was truncated"),
        (b"no pickle at all", "expected a pickle"),
        (b"", "expected a pickle"),
    ],
)
def test_broken_pickles_are_reported(content: bytes, message: str, tmp_path: Path) -> None:
    (cifar10_python(tmp_path) / "data_batch_1").write_bytes(content)
    with pytest.raises(InputError, match=message):
        cifar.load_cifar(tmp_path, 10)


class Hostile:
    """Pickles as a call that would leave a trace."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_a_pickle_cannot_call_anything(tmp_path: Path) -> None:
    (cifar10_python(tmp_path) / "data_batch_1").write_bytes(pickle.dumps({b"data": Hostile(tmp_path / "trace")}))
    with pytest.raises(InputError, match=r"refused, since it asks for (posix|nt)\.mkdir"):
        cifar.load_cifar(tmp_path, 10)
    assert not (tmp_path / "trace").exists()


def test_names_and_folders_that_do_not_fit_are_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'cifar10'"):
        load_dataset("cifar-10")
    with pytest.raises(InputError, match="name their folder"):
        load_dataset("cifar10")
    with pytest.raises(InputError, match="expected no folder"):
        load_dataset("digits", tmp_path)


@pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="scikit-learn (extra train) is not installed")
def test_the_digits_are_split_by_thirds_in_every_class_and_normalised() -> None:
    data = load_dataset("digits")
    assert (data.train_images.shape, data.test_images.shape) == ((1198, 1, 8, 8), (599, 1, 8, 8))
    shares = np.bincount(data.test_labels) / (np.bincount(data.test_labels) + np.bincount(data.train_labels))
    assert np.allclose(shares, 1 / 3, atol=0.01)
    assert abs(float(data.train_images.mean())) < 1e-5
    assert float(data.train_images.std()) == pytest.approx(1, abs=1e-3)
    assert len(data.first(100).train_labels) == len(data.first(100).test_labels) == 100


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from workloads.learning.data import _all_digits

    _all_digits.cache_clear()
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(InputError, match=r"needs the package scikit-learn; pip install 'simcore\[train\]'"):
        load_dataset("digits")
