"""Images of any size from the user's own folders, as ImageNet is unpacked: train/CLASS/*.JPEG and val/CLASS/*.JPEG.

The classes are the names of the folders in train, in alphabetical order. Files are decoded by Pillow when they are needed, since
a data set of this kind does not fit into memory. The shorter side is scaled to 8/7 of the wanted side, the middle is cut out, and
the colours are normalised by ImageNet's means and deviations.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simcore.errors import InputError, did_you_mean
from workloads.learning.extra import needed

#: Mean and deviation of red, green and blue over ImageNet's training images, as torchvision uses them.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SUFFIXES = (".jpeg", ".jpg", ".png", ".bmp", ".webp", ".ppm")
#: The side to which ImageNet's images are cut.
SIDE = 224
#: A shorter side of 256 goes with a cut of 224.
_SHORTER_SIDE = (8, 7)


class ImageFiles:
    """Images in files, read where they are indexed by positions or a slice. An index gives a float32 array."""

    def __init__(self, paths: Sequence[Path], side: int) -> None:
        self._paths, self._side = tuple(paths), side
        self.shape = (len(self._paths), 3, side, side)

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, wanted: slice | npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the decoded images. Raise InputError for a file that Pillow cannot read."""
        positions = range(len(self))[wanted] if isinstance(wanted, slice) else wanted.tolist()
        if not len(positions):
            return np.zeros((0, *self.shape[1:]), np.float32)
        return np.stack([_decoded(self._paths[position], self._side) for position in positions])

    def first(self, images: int) -> ImageFiles:
        """Return the first ``images`` files."""
        return ImageFiles(self._paths[:images], self._side)


Part = tuple[ImageFiles, npt.NDArray[np.int64]]


def load_folder(folder: Path, side: int = SIDE) -> tuple[int, Part, Part]:
    """Return the number of classes, then files and labels of train and of val. No file is opened yet.

    The files of a part are in an order that mixes the classes and is the same in every run. Raise InputError for a missing
    folder, a folder without images, a class of val that train does not have, and missing Pillow.
    """
    needed("PIL.Image", "reading image files")
    if not folder.is_dir():
        raise InputError("expected a folder with the folders 'train' and 'val', found none", str(folder))
    classes = _classes(folder / "train")
    for name in _classes(folder / "val"):
        if name not in classes:
            raise InputError(f"expected the classes of 'train', got '{name}'", str(folder / "val"), did_you_mean(name, classes))
    return len(classes), _part(folder / "train", classes, side), _part(folder / "val", classes, side)


def _classes(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise InputError("expected a folder with a folder of images for each class, found none", str(folder))
    found = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    if not found:
        raise InputError("expected a folder of images for each class, found no folder", str(folder))
    return found


def _part(folder: Path, classes: Sequence[str], side: int) -> Part:
    paths, labels = [], []
    for label, name in enumerate(classes):
        if not (folder / name).is_dir():
            continue  # a part of val
        files = sorted(path for path in (folder / name).iterdir() if path.suffix.lower() in SUFFIXES)
        if not files:
            raise InputError(f"expected images ({', '.join(SUFFIXES)}), found none", str(folder / name))
        paths += files
        labels += [label] * len(files)
    order = np.random.default_rng(0).permutation(len(paths))
    return ImageFiles([paths[index] for index in order], side), np.array(labels, np.int64)[order]


def _decoded(path: Path, side: int) -> npt.NDArray[np.float32]:
    """Return one image (3, side, side), normalised."""
    pillow: Any = needed("PIL.Image", "reading image files")
    try:
        with pillow.open(path) as opened:
            image = opened.convert("RGB")
    except Exception as error:
        # Decoding of damaged files can raise almost any exception.
        raise InputError(f"Pillow cannot read this image: {type(error).__name__}", str(path)) from error
    more, fewer = _SHORTER_SIDE
    scale = side * more / fewer / min(image.size)
    columns, rows = (max(side, round(extent * scale)) for extent in image.size)
    left, top = (columns - side) // 2, (rows - side) // 2
    image = image.resize((columns, rows), pillow.Resampling.BILINEAR).crop((left, top, left + side, top + side))
    values = np.asarray(image, np.float32) / np.float32(255)
    normalised = (values - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)
    return np.ascontiguousarray(normalised.transpose(2, 0, 1))
