"""The sweeps below a directory, and how far each of them is. Nothing is claimed or changed, and sweeps may be running."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simcore.results.found import folders_below
from simcore.saving.json_text import parsed
from simcore.sweeps.folder import MARK, PROGRESS

_LONGEST_PROGRESS = 65_536
_COUNTS = ("rows", "points", "done", "failed", "simulated", "to_simulate")


@dataclass(frozen=True)
class FoundSweep:
    """A sweep: its path below the directory that was searched, and how far it is.

    ``counts`` is empty if that cannot be read; ``changed_s`` is when it was last told, in seconds since 1970.
    """

    name: str
    counts: dict[str, int]
    changed_s: float


def is_sweep(directory: Path) -> bool:
    """Return whether a directory has the mark of a sweep. Nothing is checked."""
    try:
        return (directory / MARK).is_file() and not (directory / MARK).is_symlink()
    except (OSError, ValueError):
        return False


def found_sweeps(root: Path) -> list[FoundSweep]:
    """Return the sweeps in a directory and in the folders below it, by name. Links are not followed."""
    return sorted((_found(path, root) for path in folders_below(root, is_sweep)), key=lambda each: each.name)


def _found(path: Path, root: Path) -> FoundSweep:
    name = path.relative_to(root).as_posix()
    try:
        descriptor = os.open(path / PROGRESS, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            said: Any = parsed(file.read(_LONGEST_PROGRESS))
            changed_s = os.fstat(descriptor).st_mtime
        return FoundSweep(name, {key: int(said[key]) for key in _COUNTS if key in said}, changed_s)
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return FoundSweep(name, {}, 0.0)
