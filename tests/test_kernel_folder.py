"""Compiled kernels are kept only where nobody else can write, and pruning touches only what simcore made."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from simcore.saving.kernel_file import read_kernel, write_kernel
from simcore.saving.kernel_folder import KEPT_FOLDERS, MARK, SUFFIX, NoCacheError, kernel_folder

is_root = hasattr(os, "geteuid") and os.geteuid() == 0
needs_root = pytest.mark.skipif(not is_root, reason="only root can give files to another user")


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIMCORE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_pruning_keeps_whatever_carries_no_mark(base):
    for number in range(14):
        for folder in (base / f"mine{number}", base / "kernels" / f"mine{number}"):
            folder.mkdir(parents=True)
            folder.joinpath("thesis.txt").write_text("precious")
    base.chmod(0o700)
    for number in range(KEPT_FOLDERS + 5):
        write_kernel(kernel_folder(f"version{number}") / f"run{SUFFIX}", b"code")
        os.utime(base / "kernels" / f"version{number}" / MARK, (number, number))
    kernel_folder("newest")
    assert len(list(base.glob("mine*/thesis.txt"))) == len(list(base.glob("kernels/mine*/thesis.txt"))) == 14
    left = {path.parent.name for path in base.glob(f"kernels/*/{MARK}")}
    assert left == {"newest", *(f"version{number}" for number in range(6, KEPT_FOLDERS + 5))}
    assert not (base / "kernels" / "version0").exists()


def test_a_file_put_among_old_kernels_stays(base):
    for number in range(KEPT_FOLDERS):
        os.utime(kernel_folder(f"version{number}") / MARK, (number, number))
    (base / "kernels" / "version0" / "thesis.txt").write_text("precious")
    kernel_folder("newest")
    assert (base / "kernels" / "version0" / "thesis.txt").read_text() == "precious"


def test_a_version_that_is_used_is_not_old(base):
    for number in range(KEPT_FOLDERS):
        write_kernel(kernel_folder(f"version{number}") / f"run{SUFFIX}", b"code")
        os.utime(base / "kernels" / f"version{number}" / MARK, (number, number))
    assert read_kernel(base / "kernels" / "version0" / f"run{SUFFIX}") == b"code"
    kernel_folder("newest")
    assert (base / "kernels" / "version0").exists()
    assert not (base / "kernels" / "version1").exists()


def paths_of(base: Path) -> tuple[Path, ...]:
    return base, base / "kernels", base / "kernels" / "version"


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777, 0o702])
def test_a_folder_that_others_can_write_is_not_used(base, level, mode):
    kernel_folder("version")
    paths_of(base)[level].chmod(mode)
    with pytest.raises(NoCacheError, match=rf"can be written by other users \(mode {mode:o}\)"):
        kernel_folder("version")


@needs_root
@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_folder_of_another_user_is_not_used(base, level):
    kernel_folder("version")
    os.chown(paths_of(base)[level], 65534, 65534)
    with pytest.raises(NoCacheError, match=r"belongs to another user \(number 65534\)"):
        kernel_folder("version")


@pytest.mark.parametrize("level", [1, 2])
def test_a_planted_link_is_not_followed(base, level, tmp_path):
    kernel_folder("version")
    path = paths_of(base)[level]
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(NoCacheError, match="is a symbolic link"):
        kernel_folder("version")


def test_a_folder_that_others_could_replace_is_not_used(base):
    base.parent.chmod(0o777)
    with pytest.raises(NoCacheError, match=f"lies in '{base.parent}', which everybody can write to"):
        kernel_folder("version")
    base.parent.chmod(0o1777)  # sticky, as the folder of temporary files is
    assert kernel_folder("version").is_dir()


@needs_root
def test_a_folder_in_another_users_home_is_not_used(base):
    os.chown(base.parent, 65534, 65534)
    with pytest.raises(NoCacheError, match="which belongs to another user"):
        kernel_folder("version")


def test_a_file_in_the_way_is_reported(base):
    base.write_text("")
    with pytest.raises(NoCacheError, match="File exists"):
        kernel_folder("version")


@pytest.mark.parametrize(
    ("xdg", "expected"),
    [(None, ".cache/simcore"), ("", ".cache/simcore"), ("relative", ".cache/simcore"), ("{}/xdg", "xdg/simcore")],
)
def test_the_cache_folder_follows_the_rules_of_xdg(tmp_path, monkeypatch, xdg, expected):
    monkeypatch.setenv("SIMCORE_CACHE_DIR", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    if xdg is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", xdg.format(tmp_path))
    assert kernel_folder("version") == tmp_path / expected / "kernels" / "version"


@pytest.mark.parametrize("home", [None, "", "relative"])
def test_without_a_home_folder_nothing_is_kept(monkeypatch, home, tmp_path):
    def unknown(_: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SIMCORE_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    if home is None:
        monkeypatch.delenv("HOME", raising=False)
    else:
        monkeypatch.setenv("HOME", home)
    with pytest.raises(NoCacheError, match="there is no home folder"):
        kernel_folder("version")
    assert os.listdir(tmp_path) == []


def test_a_kernel_is_read_as_it_was_written(tmp_path):
    write_kernel(tmp_path / "a.kernel", b"native code")
    assert read_kernel(tmp_path / "a.kernel") == b"native code"
    assert os.listdir(tmp_path) == ["a.kernel"]
    assert read_kernel(tmp_path / "b.kernel") is None


def test_a_damaged_kernel_is_not_read(tmp_path):
    path = tmp_path / "a.kernel"
    write_kernel(path, b"native code")
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert read_kernel(path) is None
    for changed in (whole + b"x", whole[:-1] + b"x", b"\x80\x04N."):
        path.write_bytes(changed)
        assert read_kernel(path) is None


def test_what_is_no_file_of_this_user_is_not_read(tmp_path):
    path = tmp_path / "a.kernel"
    write_kernel(path, b"native code")
    path.chmod(0o620)
    assert read_kernel(path) is None
    path.chmod(0o600)
    (tmp_path / "link.kernel").symlink_to(path)
    os.mkfifo(tmp_path / "pipe.kernel", 0o600)
    (tmp_path / "folder.kernel").mkdir()
    for name in ("link", "pipe", "folder"):
        assert read_kernel(tmp_path / f"{name}.kernel") is None
    assert read_kernel(path) == b"native code"
    if is_root:
        os.chown(path, 65534, 65534)
        assert read_kernel(path) is None
