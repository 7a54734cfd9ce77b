"""The mark of a results directory: a file that names everything simcore wrote into it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

#: The file by which a directory is known to hold results of simcore.
MARK = ".simcore-results"
_SAYS = "simcore wrote the files named here; --overwrite replaces a directory that holds nothing else"


def write_mark(directory: Path) -> None:
    """Mark everything in the directory as written by simcore. Written last: a directory with a mark is complete."""
    names = sorted([*_entries(directory), MARK])
    (directory / MARK).write_text(json.dumps({"mark": _SAYS, "files": names}, indent=2) + "\n", encoding="utf-8")


def foreign_entries(directory: Path) -> list[str]:
    """What the directory holds that simcore did not write, by relative name; without a mark, all of it.

    A folder's name ends in a slash, that of a link or a device in an @: neither is taken for the file that simcore wrote.
    """
    found = sorted(_entries(directory))
    own = _marked(directory) if MARK in found else frozenset()
    return [name for name in found if name not in own]


def _marked(directory: Path) -> frozenset[str]:
    try:
        said = json.loads((directory / MARK).read_text(encoding="utf-8"))
        return frozenset(said["files"]) if said["mark"] == _SAYS else frozenset()
    except (ValueError, KeyError, TypeError):
        return frozenset()


def _entries(directory: Path, inside: str = "") -> Iterator[str]:
    with os.scandir(directory / inside) as entries:
        for entry in entries:
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                yield f"{inside}{entry.name}/"
                yield from _entries(directory, f"{inside}{entry.name}/")
            else:
                yield f"{inside}{entry.name}{'' if stat.S_ISREG(mode) else '@'}"
