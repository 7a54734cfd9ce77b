"""The mark of a results directory: a file that names everything simcore wrote into it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from simcore.saving.content import FORMAT, MARK, SAYS, combined, content_of
from simcore.saving.json_text import parsed


def write_mark(directory: Path) -> None:
    """Mark everything in the directory as written by simcore. The mark comes last, so a directory with a mark is complete."""
    (directory / MARK).write_text(mark_text(directory), encoding="utf-8")


def mark_text(directory: Path, to_come: Iterable[str] = ()) -> str:
    """Return the mark of a directory: the names of everything in it, and of the files ``to_come``, which simcore may write later.

    The mark also holds the version of the form, and the length and hash of each file, which `saved_content` checks.
    """
    names = sorted({*_entries(directory, lambda _: True), MARK})
    content = content_of(directory, (name for name in names if name != MARK and not name.endswith(("/", "@"))))
    files = sorted({*names, *to_come})
    said = {"mark": SAYS, "format": FORMAT, "files": files, "content_sha256": combined(content), "content": content}
    return json.dumps(said, indent=2) + "\n"


def foreign_entries(directory: Path) -> list[str]:
    """Return the relative names of everything in the directory that simcore did not write; without a mark, of everything.

    The name of a folder ends in a slash, that of a link or a device in an @, so that neither is mistaken for a file that simcore
    wrote. The contents of a folder that simcore did not write are not listed.
    """
    own = _marked(directory)
    return sorted(name for name in _entries(directory, own.__contains__) if name not in own)


def is_marked(directory: Path, names: Iterable[str]) -> bool:
    """Return whether the directory bears a mark of simcore that has all these names."""
    return _marked(directory) >= {*names, MARK}


def _marked(directory: Path) -> frozenset[str]:
    """Return the names that simcore wrote according to the mark, and none if there is no mark."""
    mark = directory / MARK
    if mark.is_symlink() or not mark.is_file():
        return frozenset()
    try:
        said = parsed(mark.read_bytes())
        return frozenset(said["files"]) if said["mark"] == SAYS else frozenset()
    except (ValueError, KeyError, TypeError):
        return frozenset()


def _entries(directory: Path, enters: Callable[[str], bool], inside: str = "") -> Iterator[str]:
    """Yield the names of everything in the directory, and in those of its folders for which ``enters`` is true."""
    with os.scandir(directory / inside) as entries:
        for entry in entries:
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                name = f"{inside}{entry.name}/"
                yield name
                if enters(name):
                    yield from _entries(directory, enters, name)
            else:
                yield f"{inside}{entry.name}{'' if stat.S_ISREG(mode) else '@'}"
