"""CIFAR-10 and CIFAR-100 from the user's files, in the binary or the python version, whichever the folder contains.

Binary: records of 1 label byte (CIFAR-100: coarse, then fine) and 3072 bytes of pixels, plane by plane. Python: pickles of a
mapping with ``data`` and ``labels`` (``fine_labels``). A pickle can run code, so this reader allows only the parts of numpy
arrays.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError, nearest

Images = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

PIXELS = 3 * 32 * 32

#: Classes -> (training files, test files), without the suffix of the binary version.
_FILES = {
    10: (tuple(f"data_batch_{number}" for number in range(1, 6)), ("test_batch",)),
    100: (("train",), ("test",)),
}
#: Images in all files of the training and of the test part.
_TRAIN, _TEST = 50_000, 10_000

#: The parts of a pickled numpy array, under the names of numpy 1 and 2.
_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}


def load_cifar(folder: Path, classes: int) -> tuple[tuple[Images, Labels], tuple[Images, Labels]]:
    """Return training and test images (n, 3, 32, 32) from 0 to 1, with their labels (the fine ones of CIFAR-100).

    Raise InputError for a missing folder or file, a truncated file, wrong counts, and labels out of range.
    """
    if not folder.is_dir():
        raise InputError(f"expected a folder with the files of CIFAR-{classes}, found none", str(folder))
    folder = _inner(folder, classes)
    train, test = _FILES[classes]
    return _part(folder, train, classes, _TRAIN), _part(folder, test, classes, _TEST)


def _inner(folder: Path, classes: int) -> Path:
    """Return the folder itself, or the folder in it into which the distributed archives unpack."""
    names = (f"cifar-{classes}-batches-bin", f"cifar-{classes}-batches-py", f"cifar-{classes}-binary", f"cifar-{classes}-python")
    return next((folder / name for name in names if (folder / name).is_dir()), folder)


def _part(folder: Path, names: tuple[str, ...], classes: int, expected: int) -> tuple[Images, Labels]:
    read = [_file(folder, name, classes, expected // len(names)) for name in names]
    pixels = np.concatenate([pixels for pixels, _ in read])
    images = pixels.reshape(-1, 3, 32, 32).astype(np.float32) / np.float32(255)
    return images, np.concatenate([labels for _, labels in read])


def _file(folder: Path, name: str, classes: int, images: int) -> tuple[npt.NDArray[np.uint8], Labels]:
    """Return pixels (n, 3072) and labels of one file in either version. The binary version is preferred."""
    binary, pickled = folder / f"{name}.bin", folder / name
    path = binary if binary.is_file() else pickled
    if not path.is_file():
        there = sorted(file.name for file in folder.iterdir())
        near = nearest(binary.name, there) or nearest(name, there)
        hint = f"did you mean '{near}'?" if near else None
        raise InputError(f"expected CIFAR-{classes}'s file '{binary.name}' or '{name}', found neither", str(folder), hint)
    pixels, labels = _binary(path, classes) if path == binary else _pickled(path, classes)
    if len(labels) != images:
        raise InputError(f"expected {images} images, got {len(labels)}", str(path))
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(f"expected labels 0 to {classes - 1}, got {labels.min()} to {labels.max()}", str(path))
    return pixels, labels


def _binary(path: Path, classes: int) -> tuple[npt.NDArray[np.uint8], Labels]:
    label_bytes = 1 if classes == 10 else 2
    record = label_bytes + PIXELS
    content = np.fromfile(path, np.uint8)
    if not content.size or content.size % record:
        raise InputError(f"expected records of {record} bytes, got {content.size} bytes; is the file truncated?", str(path))
    rows = content.reshape(-1, record)
    return rows[:, label_bytes:], rows[:, label_bytes - 1].astype(np.int64)


def _pickled(path: Path, classes: int) -> tuple[npt.NDArray[np.uint8], Labels]:
    found = _unpickled(path)
    key = b"labels" if classes == 10 else b"fine_labels"
    if not isinstance(found, dict) or b"data" not in found or key not in found:
        raise InputError(
            f"expected a mapping with 'data' and '{key.decode()}', as in CIFAR-{classes}'s python version", str(path)
        )
    pixels, labels = found[b"data"], found[key]
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.shape[1] != PIXELS:
        raise InputError(f"expected 'data' as bytes of shape (images, {PIXELS})", str(path))
    if not isinstance(labels, list) or len(labels) != len(pixels) or not all(type(label) is int for label in labels):
        raise InputError(f"expected '{key.decode()}' as a list of {len(pixels)} integers", str(path))
    return pixels, np.array(labels, np.int64)


class _ArraysOnly(pickle.Unpickler):
    """Loads arrays, numbers, text and their lists and mappings, and refuses every other class or function."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"refused, since it asks for {module}.{name}")
        # The original files use the module names of numpy 1.
        return super().find_class(module.replace("numpy.core.", "numpy._core."), name)


def _unpickled(path: Path) -> Any:
    try:
        return _ArraysOnly(io.BytesIO(path.read_bytes()), encoding="bytes").load()
    except pickle.UnpicklingError as error:
        raise InputError(f"expected a pickle of arrays: {error}", str(path)) from error
    except Exception as error:
        # Unpickling random bytes can raise almost any exception.
        raise InputError(f"expected a pickle of arrays, got {type(error).__name__}; is the file truncated?", str(path)) from error
