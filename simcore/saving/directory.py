"""A results directory, which is complete or absent at every instant and replaces nothing but earlier results."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NoReturn

from simcore.errors import InputError
from simcore.saving.durable import exchange, sync, sync_tree
from simcore.saving.failures import refusals_of
from simcore.saving.mark import foreign_entries, write_mark
from simcore.saving.mounts import is_mount_point
from simcore.saving.work_folder import NEW, OLD, clear, work_folder

#: A function that writes files into an existing, empty directory.
Fill = Callable[[Path], None]


@dataclass(frozen=True)
class Claim:
    """A directory that this process may save into.

    Call it with a function that fills a directory. Without a target nothing is saved.

    ``work`` is the folder beside the target in which the new directory is prepared.
    """

    target: Path | None = None
    work: Path | None = None
    overwrite: bool = False

    def __call__(self, fill: Fill) -> None:
        """Save the results. Raise InputError if the system refuses it, or if something else has appeared in that place."""
        if self.target is not None and self.work is not None:
            _save(fill, self.work, self.target, self.overwrite)

    def during_the_run(self) -> Path | None:
        """Return a folder for files that are written before the results are saved, which become part of them; None if unclaimed.

        Without a call of the claim they are removed.
        """
        if self.target is None or self.work is None:
            return None
        with refusals_of(self.target):
            (self.work / NEW).mkdir(exist_ok=True)
        return self.work / NEW


@contextmanager
def results_directory(directory: str | Path | None, *, overwrite: bool = False) -> Iterator[Claim]:
    """Claim a directory before a long run, and yield a Claim that saves the results after the run.

    For None it claims and saves nothing. While the block runs, no other process can claim the directory. Its earlier contents
    stay until the new directory is complete and on the disk; then the two exchange their names. Before that, leftovers of a
    process that was killed are removed, and results that it had moved aside are restored.

    Raise InputError on entry for a place that cannot be written, a directory that another process has claimed, earlier results
    without ``overwrite``, and a directory that holds anything that simcore did not write, with or without ``overwrite``. Raise
    InputError on saving if the system refuses it, or if something else has appeared in that place; the results are then kept
    beside it.
    """
    if directory is None:
        yield Claim()
        return
    with refusals_of(Path(directory)):
        target = place(Path(directory))
    with work_folder(target) as work:
        with refusals_of(target):
            _restore(work, target)
            check_contents(target, overwrite)
            clear(work / NEW)
            clear(work / OLD)
        try:
            yield Claim(target, work, overwrite)
        finally:
            shutil.rmtree(work / NEW, ignore_errors=True)


def place(directory: Path) -> Path:
    """Return the directory's absolute path without links. Raise InputError if renaming cannot put a directory there."""
    where = str(directory)
    try:
        target = Path(os.path.realpath(directory))
    except ValueError as error:
        raise InputError(f"expected a directory's name: {error}", where=repr(where)) from None
    if directory.is_symlink():
        raise InputError(f"is a symbolic link; name the directory itself: '{target}'", where=where)
    if is_mount_point(target):
        raise InputError("cannot write here: it is a mount point", where=where, hint="name a directory in it")
    if not target.parent.is_dir():
        hint = None if os.path.lexists(target.parent) else f"'mkdir -p {directory.parent}' makes it"
        raise InputError("cannot write here: the parent is not a directory", where=where, hint=hint)
    if os.path.lexists(target) and not target.is_dir():
        raise InputError("expected a directory, or nothing: a file is in the way", where=where, hint="choose another name")
    if _contains_this_process(target):
        raise InputError("cannot write here: simcore was started in it", where=where, hint="name a directory in it")
    return target


def _contains_this_process(target: Path) -> bool:
    try:
        here = Path(os.path.realpath(os.getcwd()))
    except FileNotFoundError:
        return False
    return target in (here, *here.parents)


def _restore(work: Path, target: Path) -> None:
    """Restore the results that a process had moved aside when it was killed."""
    if (work / OLD).is_dir() and _is_free(target):
        os.rename(work / OLD, target)
        sync(target.parent)


def check_contents(target: Path, overwrite: bool) -> None:
    """Raise InputError unless ``target`` is free or, with ``overwrite``, holds nothing but what simcore wrote."""
    if _is_free(target):
        return
    foreign = foreign_entries(target)
    if foreign:
        raise InputError(f"holds something other than results of simcore: {_few(foreign)}", str(target), "choose another name")
    if not overwrite:
        raise InputError(
            "already holds results", where=str(target), hint="choose another name, or overwrite it (overwrite=True, --overwrite)"
        )


def _is_free(target: Path) -> bool:
    return not os.path.lexists(target) or (target.is_dir() and not os.listdir(target))


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return f"'{names[0]}'{more}"


def _save(fill: Fill, work: Path, target: Path, overwrite: bool) -> None:
    new = work / NEW
    with refusals_of(target, "nothing was saved, and the results of this run are lost"):
        new.mkdir(exist_ok=True)
        try:
            fill(new)
            write_mark(new)
            sync_tree(new)
            _put(new, work / OLD, target, overwrite)
            sync(target.parent)
            shutil.rmtree(work / OLD, ignore_errors=True)
        finally:
            # It holds the earlier results, after the exchange of names, or new results that could not be completed.
            shutil.rmtree(new, ignore_errors=True)


def _put(new: Path, old: Path, target: Path, overwrite: bool) -> None:
    """Give ``new`` the name of ``target``. The former ``target`` is at ``new`` or ``old`` afterwards."""
    if _is_free(target):
        os.rename(new, target)  # target is absent or an empty directory
        return
    if not overwrite or not target.is_dir() or foreign_entries(target):
        _keep_beside(new, target, "something else was put there meanwhile")
    try:
        if exchange(new, target):
            if foreign_entries(new) and exchange(new, target):
                _keep_beside(new, target, "something else was put into it meanwhile")
            return
        os.rename(target, old)
    except OSError as error:
        _keep_beside(new, target, f"earlier results cannot be moved ({error.strerror})")
    try:
        os.rename(new, target)
    except OSError:
        os.rename(old, target)
        raise


def _keep_beside(new: Path, target: Path, reason: str) -> NoReturn:
    """Save results that cannot have their name under another name. Always raise InputError."""
    free = next(path for path in (target.with_name(f"{target.name}-{n}") for n in count(2)) if not os.path.lexists(path))
    os.rename(new, free)
    raise InputError(f"{reason}; the results are in '{free}'", where=str(target))
