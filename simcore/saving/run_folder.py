"""A directory that a long run writes while it lasts, so that a run that was ended can go on from there.

In contrast to a results directory, it exists from the beginning of the run. Each of its files is complete at every instant.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simcore.errors import InputError
from simcore.saving.content import MARK
from simcore.saving.directory import check_contents, place
from simcore.saving.durable import sync, sync_tree
from simcore.saving.failures import refusals_of
from simcore.saving.mark import is_marked, mark_text
from simcore.saving.work_folder import NEW, OLD, clear, work_folder


@dataclass(frozen=True)
class RunFolder:
    """A directory that this process alone writes into. ``work`` is the folder beside it in which files are prepared."""

    target: Path
    work: Path

    def put(self, name: str, fill: Callable[[Path], object]) -> None:
        """Write a file by ``fill``, which writes to the path that it is given, and give it its name when it is on the disk.

        Raise InputError if the system refuses it.
        """
        new = self.work / NEW
        with refusals_of(self.target / name):
            clear(new)
            fill(new)
            sync(new)
            os.replace(new, self.target / name)
            sync(self.target)

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None if it does not exist. Raise InputError if it cannot be read."""
        path = self.target / name
        if not os.path.lexists(path):
            return None
        if path.is_symlink() or not path.is_file():
            raise InputError("expected a file that simcore wrote", str(path))
        try:
            return path.read_bytes()
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", str(path)) from error

    def finish(self) -> None:
        """Mark the directory as it is now, with the length and hash of each file. Raise InputError if the system refuses it."""
        text = mark_text(self.target)
        self.put(MARK, lambda path: path.write_text(text, encoding="utf-8"))


@contextmanager
def run_folder(directory: str | Path, names: Sequence[str], *, resume: bool, overwrite: bool = False) -> Iterator[RunFolder]:
    """Claim a directory for a run that writes files of these names, and yield it. No other process can claim it meanwhile.

    With ``resume`` the directory must bear the mark of a run with these names, and keeps its files. Otherwise it must be free or,
    with ``overwrite``, hold nothing but files of simcore, which are removed. Raise InputError otherwise, and for a place that
    cannot be written.
    """
    with refusals_of(Path(directory)):
        target = place(Path(directory))
    with work_folder(target) as work:
        with refusals_of(target):
            clear(work / NEW)
            clear(work / OLD)
            if resume:
                _check_mark(target, names)
            else:
                check_contents(target, overwrite)
                _begin(target, work, names)
        try:
            yield RunFolder(target, work)
        finally:
            with refusals_of(target):
                clear(work / NEW)


def _check_mark(target: Path, names: Sequence[str]) -> None:
    if not is_marked(target, names):
        hint = "begin without --resume" if not target.exists() or not any(target.iterdir()) else "name the folder of that run"
        raise InputError("expected the folder of an earlier run to resume, found no mark of such a run", str(target), hint)


def _begin(target: Path, work: Path, names: Sequence[str]) -> None:
    """Put a directory with nothing but the mark at ``target``. What was there is removed."""
    (work / NEW).mkdir()
    (work / NEW / MARK).write_text(mark_text(work / NEW, names), encoding="utf-8")
    sync_tree(work / NEW)
    if target.exists():
        os.rename(target, work / OLD)
    os.rename(work / NEW, target)
    sync(target.parent)
    clear(work / OLD)
