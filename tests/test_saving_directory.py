"""A results directory replaces nothing but earlier results, and belongs to one process at a time."""

from __future__ import annotations

import errno
import multiprocessing
import os
import re
import stat
from pathlib import Path

import pytest

from simcore.errors import InputError
from simcore.saving import durable, results_directory
from simcore.saving.content import MARK
from simcore.saving.work_folder import LOCK, NEW, OLD
from simcore.saving.work_folder import MARK as WORK_MARK

needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files to another user"
)


def fill(directory: Path) -> None:
    (directory / "results.json").write_text("new")
    (directory / "figures").mkdir()
    (directory / "figures" / "one.svg").write_text("drawn")


def save(directory: str | Path, *, overwrite: bool = False) -> None:
    with results_directory(directory, overwrite=overwrite) as save_now:
        save_now(fill)


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save(tmp_path / "out")
    (tmp_path / "out" / "results.json").write_text("old")
    return tmp_path / "out"


def refused(directory: str | Path, text: str, *, overwrite: bool = True) -> None:
    """Refused before the run, in one line."""
    with pytest.raises(InputError, match=re.escape(text)) as caught, results_directory(directory, overwrite=overwrite):
        pytest.fail("the run began")
    assert "\n" not in str(caught.value)


def test_what_is_saved_carries_a_mark_that_names_it(tmp_path):
    save(tmp_path / "out")
    assert set(tree(tmp_path)) == {"out/results.json", "out/figures/one.svg", f"out/{MARK}"}


@pytest.mark.parametrize("exchanges", [True, False])
def test_earlier_results_are_replaced_where_asked(saved, exchanges, monkeypatch):
    if not exchanges:
        monkeypatch.setattr("simcore.saving.directory.exchange", lambda one, other: False)
    refused(saved, "already holds results; choose another name, or overwrite it (overwrite=True, --overwrite)", overwrite=False)
    save(saved, overwrite=True)
    assert tree(saved)["results.json"] == "new"
    assert os.listdir(saved.parent) == ["out"]


def test_an_empty_directory_is_taken(tmp_path):
    (tmp_path / "out").mkdir()
    save(tmp_path / "out")
    assert "results.json" in tree(tmp_path / "out")


@pytest.mark.parametrize("place", ["thesis.txt", "figures/thesis.txt", "notes/thesis.txt"])
def test_a_file_beside_results_makes_it_refuse_and_is_named(saved, place):
    (saved / place).parent.mkdir(exist_ok=True)
    (saved / place).write_text("precious")
    refused(
        saved,
        f"holds something other than results of simcore: '{place.replace('thesis.txt', '') if 'notes' in place else place}'",
    )
    assert (saved / place).read_text() == "precious"
    assert os.listdir(saved.parent) == ["out"]


def test_an_empty_folder_or_a_link_beside_results_makes_it_refuse(saved, tmp_path):
    (saved / "plans").mkdir()
    refused(saved, "'plans/'")
    (saved / "plans").rmdir()
    (saved / "results.json").unlink()
    (saved / "results.json").symlink_to(tmp_path / "elsewhere")
    refused(saved, "'results.json@'")


@pytest.mark.parametrize("mark", [None, "", "{}", "[]", '{"mark": "x", "files": ["results.json"]}', "\udc80"])
def test_a_directory_without_the_mark_is_never_replaced(tmp_path, mark):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "results.json").write_text("of another program")
    if mark is not None:
        (tmp_path / "out" / MARK).write_bytes(mark.encode(errors="surrogateescape"))
    refused(tmp_path / "out", "holds something other than results of simcore")


def test_a_mark_cannot_name_what_lies_elsewhere(saved, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    mark = (saved / MARK).read_text()
    (saved / MARK).write_text(mark.replace('"results.json"', '"results.json", "../thesis.txt"', 1))
    save(saved, overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_places_where_no_directory_can_be_put_are_refused_before_the_run(saved, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(saved)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    refused(tmp_path / "missing" / "out", f"the parent is not a directory; 'mkdir -p {tmp_path / 'missing'}' makes it")
    refused(tmp_path / "file" / "out", "the parent is not a directory")
    refused(tmp_path / "file", "a file is in the way")
    refused(tmp_path / "link", f"is a symbolic link; name the directory itself: '{saved}'")
    refused(tmp_path / "dangling", "is a symbolic link")
    refused("/", "it is a mount point")
    refused("/proc", "it is a mount point")
    refused("/proc/out", "cannot write here: ")
    refused(tmp_path / ("x" * 250), "File name too long")
    refused("zero\0byte", "expected a directory's name")
    (saved / "figures" / "one.svg").unlink()
    before = tree(tmp_path)
    for here, names in ((saved, (".", str(saved))), (saved / "figures", (".", "..", str(saved)))):
        monkeypatch.chdir(here)
        for name in names:
            refused(name, "simcore was started in it")
    assert tree(tmp_path) == before
    assert sorted(os.listdir(tmp_path)) == ["dangling", "file", "link", "out"]


def test_a_file_that_comes_while_the_run_lasts_stays_and_the_results_are_kept_beside_it(tmp_path):
    with results_directory(tmp_path / "out") as save_now:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "thesis.txt").write_text("precious")
        with pytest.raises(InputError, match=r"something else was put there meanwhile; the results are in '.*out-2'"):
            save_now(fill)
    assert tree(tmp_path / "out") == {"thesis.txt": "precious"}
    assert tree(tmp_path / "out-2")["results.json"] == "new"
    assert sorted(os.listdir(tmp_path)) == ["out", "out-2"]


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV, errno.EACCES])
def test_earlier_results_that_cannot_be_moved_stay_and_the_new_ones_are_kept_beside_them(saved, number, monkeypatch):
    def busy(one: Path, other: Path) -> bool:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("simcore.saving.directory.exchange", busy)
    with pytest.raises(InputError, match=rf"cannot be moved \({os.strerror(number)}\); the results are in '.*out-2'"):
        save(saved, overwrite=True)
    assert tree(saved)["results.json"] == "old"
    assert tree(saved.parent / "out-2")["results.json"] == "new"
    assert sorted(os.listdir(saved.parent)) == ["out", "out-2"]


def test_a_folder_bound_to_another_place_is_a_mount_point(tmp_path, monkeypatch):
    (tmp_path / "my out").mkdir()
    listed = f"36 35 98:0 /mnt1 {tmp_path}/my\\040out rw,noatime master:1 - ext3 /dev/root rw\n"
    (tmp_path / "mountinfo").write_text(listed)
    monkeypatch.setattr("simcore.saving.mounts._LIST", tmp_path / "mountinfo")
    refused(tmp_path / "my out", "it is a mount point")


def test_a_failure_while_filling_leaves_what_was_there(saved):
    def full_disk(directory: Path) -> None:
        (directory / "results.json").write_text("half")
        raise OSError(28, "No space left on device")

    before = tree(saved.parent)
    with (
        pytest.raises(InputError, match="cannot write here: No space left on device"),
        results_directory(saved, overwrite=True) as save_now,
    ):
        save_now(full_disk)
    assert tree(saved.parent) == before


def test_an_interrupted_run_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), results_directory(tmp_path / "out"):
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_nothing_is_claimed_where_no_directory_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with results_directory(None) as save_now:
        save_now(fill)
    assert os.listdir(tmp_path) == []


def compete(directory: Path, barrier, told) -> None:
    barrier.wait()
    try:
        with results_directory(directory, overwrite=True) as save_now:
            barrier.wait()  # both have asked before either saves
            save_now(fill)
        told.put("success")
    except InputError as error:
        barrier.wait()
        told.put(str(error))


@pytest.mark.slow
@pytest.mark.parametrize("there", [True, False])
def test_of_two_runs_into_one_directory_one_fails_because_the_other_writes_there(tmp_path, there):
    directory = tmp_path / "out"
    if there:
        save(directory)
    context = multiprocessing.get_context("spawn")
    barrier, told = context.Barrier(2), context.Queue()
    running = [context.Process(target=compete, args=(directory, barrier, told)) for _ in range(2)]
    for process in running:
        process.start()
    said = sorted(told.get(timeout=60) for _ in running)
    for process in running:
        process.join()
    numbers = "|".join(str(process.pid) for process in running)
    # The one that is refused at once may come before the other has written its number into the lock.
    assert re.fullmatch(rf"{directory}: another simcore( \(process ({numbers})\))? is writing here", said[0])
    assert said[1] == "success"
    assert os.listdir(tmp_path) == ["out"]


def work_folder_of(target: Path, *, mark: bytes = WORK_MARK) -> Path:
    """What a killed process leaves."""
    work = target.parent / f".{target.name}.simcore"
    work.mkdir(mode=0o700)
    (work / LOCK).write_bytes(mark)
    return work


def test_a_lock_of_a_dead_process_is_taken_over_and_what_it_left_is_cleared(saved):
    work = work_folder_of(saved, mark=WORK_MARK + b"1\n")
    (work / NEW).mkdir()
    (work / NEW / "half.csv").write_text("half")
    save(saved, overwrite=True)
    assert os.listdir(saved.parent) == ["out"]


def test_results_that_were_moved_aside_come_back(saved):
    work = work_folder_of(saved)
    saved.rename(work / OLD)
    refused_before_the_run = pytest.raises(InputError, match="already holds results")
    with refused_before_the_run, results_directory(saved):
        pass
    assert tree(saved)["results.json"] == "old"
    assert os.listdir(saved.parent) == ["out"]


def test_results_that_were_moved_aside_come_back_into_an_empty_directory_of_the_users(saved):
    work = work_folder_of(saved)
    saved.rename(work / OLD)
    saved.mkdir()
    refused_before_the_run = pytest.raises(InputError, match="already holds results")
    with refused_before_the_run, results_directory(saved):
        pass
    assert tree(saved)["results.json"] == "old"


@pytest.mark.parametrize("inside", ["thesis.txt", NEW, LOCK])
def test_a_folder_of_the_same_name_that_is_not_simcores_stays(tmp_path, inside):
    work = tmp_path / ".out.simcore"
    work.mkdir(mode=0o700)
    (work / inside).write_text("precious")
    with pytest.raises(InputError, match="simcore"), results_directory(tmp_path / "out"):
        pass
    assert (work / inside).read_text() == "precious"


def test_a_work_folder_that_another_user_could_fill_is_refused(tmp_path):
    work = work_folder_of(tmp_path / "out")
    work.chmod(0o777)
    refused(tmp_path / "out", "can be written by other users (mode 777)")
    (work / LOCK).unlink()
    work.rmdir()
    (tmp_path / "elsewhere").mkdir()
    work.symlink_to(tmp_path / "elsewhere")
    refused(tmp_path / "out", "is a symbolic link")


@needs_root
def test_a_work_folder_of_another_user_is_refused(tmp_path):
    work = work_folder_of(tmp_path / "out")
    os.chown(work, 65534, 65534)
    refused(tmp_path / "out", "belongs to another user (number 65534)")


def test_the_directory_has_the_mode_that_the_user_gives_new_folders(tmp_path):
    before = os.umask(0o027)
    try:
        save(tmp_path / "out")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o750


def test_two_folders_exchange_their_names_at_once(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "said").write_text(name)
    if not durable.exchange(tmp_path / "one", tmp_path / "other"):
        pytest.skip("this system cannot exchange names")
    assert tree(tmp_path) == {"one/said": "other", "other/said": "one"}
    with pytest.raises(OSError, match="No such file"):
        durable.exchange(tmp_path / "one", tmp_path / "missing")
