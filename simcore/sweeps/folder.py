"""The directory of a sweep. One process at a time works in it; whatever ends that process, the next one goes on from there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simcore.errors import InputError
from simcore.saving.durable import sync
from simcore.saving.failures import refusals_of
from simcore.saving.json_text import parsed
from simcore.saving.work_folder import NEW, clear, work_folder
from simcore.sweeps.log import Log, open_log

MARK, LOG, TABLE, LAYERS, MANIFEST, PROGRESS = (
    ".simcore-sweep",
    "log.jsonl",
    "points.parquet",
    "layers.parquet",
    "manifest.json",
    "progress.json",
)
FIGURES = ("pareto.svg", "pareto.png")
_OWN = {MARK, LOG, TABLE, LAYERS, MANIFEST, PROGRESS, *FIGURES}
_SAYS = "simcore keeps a sweep here; running the sweep again goes on from its log"
_FORMAT = 1
#: What to do after the system refused a write.
GO_ON = "what is done is kept; make room and run the same command again"


@dataclass(frozen=True)
class SweepFolder:
    """A claimed directory of a sweep, and its open log."""

    path: Path
    work: Path
    log: Log

    def put(self, name: str, write: Callable[[Path], None]) -> None:
        """Write a file of the sweep, which is whole or as it was at every instant. Raise InputError if the system refuses it."""
        new = self.work / NEW
        with refusals_of(self.path, GO_ON):
            try:
                write(new)
                sync(new)
                os.replace(new, self.path / name)
                sync(self.path)
            finally:
                clear(new)

    def put_text(self, name: str, text: str) -> None:
        """Write a text file as `put` does."""
        self.put(name, lambda path: _write(path, text))


@contextmanager
def sweep_folder(directory: str | Path, *, fresh: bool = False) -> Iterator[SweepFolder]:
    """Claim a directory for a sweep, make it if it is missing, and yield it with its log open. ``fresh`` empties it first.

    Raise InputError if it cannot be written, if another process works in it, and if it holds anything but a sweep.
    """
    target = Path(os.path.realpath(directory))
    if not target.parent.is_dir():
        hint = None if os.path.lexists(target.parent) else f"'mkdir -p {Path(directory).parent}' makes it"
        raise InputError("cannot write here: the parent is not a directory", str(directory), hint)
    if os.path.lexists(target) and not target.is_dir():
        raise InputError("expected a directory, or nothing: a file is in the way", str(directory), "choose another name")
    with work_folder(target) as work:
        with refusals_of(Path(directory), GO_ON):
            clear(work / NEW)
            target.mkdir(exist_ok=True)
            require_sweep(target, may_be_empty=True)
            if fresh:
                _empty(target)
            _mark(target)
        with _opened(target) as log:
            yield SweepFolder(target, work, log)


@contextmanager
def _opened(target: Path) -> Iterator[Log]:
    """Open the log. A refusal of the system, then or at the end, is an InputError; others inside the block stay what they are."""
    opened = open_log(target / LOG)
    with refusals_of(target, GO_ON):
        log = opened.__enter__()
    try:
        yield log
    except BaseException as error:
        opened.__exit__(type(error), error, error.__traceback__)
        raise
    with refusals_of(target, GO_ON):
        opened.__exit__(None, None, None)


def require_sweep(target: Path, *, may_be_empty: bool = False) -> None:
    """Raise InputError if a directory holds no sweep of simcore, or anything besides it, or one of a later version."""
    try:
        found = set(os.listdir(target))
    except OSError as error:
        raise InputError(f"expected a directory, got: {error.strerror or error}", str(target)) from error
    if MARK not in found:
        if not may_be_empty:
            raise InputError("holds no sweep of simcore", str(target))
        if found:
            raise InputError("holds something other than a sweep of simcore", str(target), "choose another name")
        return
    foreign = sorted(found - _OWN)
    if foreign:
        raise InputError(f"holds '{foreign[0]}', which is no part of a sweep", str(target), "move it elsewhere")
    try:
        said = parsed((target / MARK).read_bytes())
        is_ours, version = said["mark"] == _SAYS, int(said["format"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        is_ours, version = False, 0
    if not is_ours:
        raise InputError("was not written by simcore, which needs this name for its mark", str(target / MARK))
    if version > _FORMAT:
        raise InputError(f"holds a sweep in format {version}, this version knows {_FORMAT}", str(target), "use a later simcore")


def _mark(target: Path) -> None:
    if not (target / MARK).exists():
        # The mark is short, so that one write puts all of it; a part of it is overwritten here after a kill.
        _write(target / MARK, json.dumps({"mark": _SAYS, "format": _FORMAT}) + "\n")
        sync(target)


def _empty(target: Path) -> None:
    for name in sorted(_OWN - {MARK}):
        (target / name).unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
