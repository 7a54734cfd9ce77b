"""Images from folders as ImageNet is unpacked: what is cut out, classes, and folders that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simcore.errors import InputError
from workloads.learning import data as loading
from workloads.learning.data import dataset_from
from workloads.learning.image_folder import DEVIATION, MEAN, ImageFiles, load_folder

PIL = pytest.importorskip("PIL.Image", reason="Pillow (extra train) is not installed")


def saved(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.fromarray(image).save(path)


def folder(root: Path, classes: tuple[str, ...] = ("n01", "n02"), each: int = 3) -> Path:
    for part in ("train", "val"):
        for label, name in enumerate(classes):
            for number in range(each):
                saved(root / part / name / f"{number}.png", np.full((12, 20, 3), 60 * label + number, np.uint8))
    return root


def test_labels_follow_the_names_of_the_folders_and_the_pixels_the_files(tmp_path: Path) -> None:
    data = dataset_from(f"imagenet-8:{folder(tmp_path)}")
    assert (data.name, data.classes, data.image) == ("imagenet-8", 2, (3, 8, 8))
    assert sorted(data.train_labels.tolist()) == [0, 0, 0, 1, 1, 1]
    assert data.train_labels.tolist() != sorted(data.train_labels.tolist())
    back = data.train_images * np.array(DEVIATION, np.float32)[:, None, None] + np.array(MEAN, np.float32)[:, None, None]
    values = np.rint(255 * back[:, :, 0, 0]).astype(int)
    assert (values == values[:, :1]).all()
    assert (values[:, 0] // 60).tolist() == data.train_labels.tolist()
    assert sorted(values[:, 0]) == [0, 1, 2, 60, 61, 62]


def test_the_middle_is_cut_out_of_the_scaled_image(tmp_path: Path) -> None:
    # 16 x 32 pixels: the shorter side is scaled to 7 * 8 / 7 = 8, so the image is 8 x 16; 7 columns from the middle are cut out.
    image = np.zeros((16, 32, 3), np.uint8)
    image[:, 16:] = 255
    saved(tmp_path / "one.png", image)
    values = ImageFiles([tmp_path / "one.png"], 7)[:][0] * np.array(DEVIATION, np.float32)[:, None, None]
    light = np.rint(255 * (values + np.array(MEAN, np.float32)[:, None, None]))[0]
    # Columns 4 to 10 of 16; the edge lies between 7 and 8, and the filter's triangle reaches one source pixel over it.
    assert (light[:, :3] == 0).all()
    assert (light[:, 5:] == 255).all()
    assert (light[:, 3] < 128).all()
    assert (light[:, 4] > 127).all()


def test_files_are_read_where_they_are_indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_IN_MEMORY_BYTES", 100)
    data = dataset_from(f"imagenet-8:{folder(tmp_path)}", images=4)
    assert isinstance(data.train_images, ImageFiles)
    assert data.train_images.shape == (4, 3, 8, 8)
    whole = data.train_images[:]
    assert np.array_equal(data.train_images[np.array([3, 1])], whole[[3, 1]])
    assert data.train_images[4:9].shape == (0, 3, 8, 8)
    (tmp_path / "train" / "n01" / "0.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"0\.png: Pillow cannot read this image: UnidentifiedImageError"):
        dataset_from(f"imagenet-8:{tmp_path}").train_images[:]


def test_folders_that_do_not_fit_are_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a folder with the folders 'train' and 'val', found none"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="train: expected a folder with a folder of images for each class, found none"):
        load_folder(tmp_path)
    folder(tmp_path)
    (tmp_path / "val" / "n02").rename(tmp_path / "val" / "n20")
    with pytest.raises(InputError, match=r"val: expected the classes of 'train', got 'n20'; did you mean 'n02'\?"):
        load_folder(tmp_path)
    (tmp_path / "train" / "n20").mkdir()
    with pytest.raises(InputError, match=r"train/n20: expected images \(\.jpeg, .*\), found none"):
        load_folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("imagenet", "imagenet is read from your own files, so name their folder"),
        ("imagenet-0:somewhere", "data: expected a side of at least 1, got 0"),
        ("image-net:somewhere", "no data set is called 'image-net'; did you mean 'imagenet'"),
        ("cifar10:", r"expected CIFAR-10's file|found none"),
    ],
)
def test_texts_that_name_no_data_are_reported(text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message):
        dataset_from(text)
