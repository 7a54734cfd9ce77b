"""The saved results below a directory: runs and studies, and directories that can no longer be read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simcore.errors import InputError
from simcore.results.facts_form import require_facts
from simcore.saving.content import MARK, is_saved, saved_content
from simcore.saving.json_text import parsed

#: How many folders deep results are looked for, and how many folders are looked into at most.
DEEPEST, MOST_FOLDERS = 4, 20_000


@dataclass(frozen=True)
class Found:
    """One saved directory. ``name`` is its path below the one that was searched.

    ``facts`` are those of a run, {} for a study and for what cannot be read; ``fault`` then says why, in one line. ``saved_s`` is
    the time of saving in seconds since 1970, ``sha256`` the hash of all files.
    """

    name: str
    directory: Path
    what: str
    facts: dict[str, Any]
    saved_s: float
    sha256: str
    fault: str | None = None

    @property
    def saved_at(self) -> str:
        """Return the local time of saving."""
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.saved_s))


def found_results(directory: str | Path) -> list[Found]:
    """Return the saved results in a directory and in the folders below it, by name. Links are not followed.

    Only marks and facts are read, so a changed table goes unnoticed, a cut-off one does not. Raise InputError if there is no
    such directory.
    """
    root = Path(directory)
    if not root.is_dir():
        raise InputError("expected a directory, found none", str(directory))
    return sorted((_found(path, root) for path in folders_below(root, is_saved)), key=lambda found: found.name)


def folders_below(root: Path, is_wanted: Callable[[Path], bool]) -> Iterator[Path]:
    """Yield the wanted folders, ``root`` among them, up to ``DEEPEST`` below it. No link is followed, no wanted one entered."""
    waiting, seen = [(root, 0)], 0
    while waiting and seen < MOST_FOLDERS:
        folder, depth = waiting.pop()
        seen += 1
        if is_wanted(folder):
            yield folder
        elif depth < DEEPEST:
            waiting += [(path, depth + 1) for path in _folders_in(folder)]


def _folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False) and entry.name[0] != "."]
    except OSError:
        return []


def _found(path: Path, root: Path) -> Found:
    name = path.relative_to(root).as_posix()
    saved_s = (path / MARK).lstat().st_mtime
    try:
        content = saved_content(path)
        content.require_whole()
        if "facts.json" in content.files:
            facts = require_facts(parsed(content.read("facts.json")), str(path))
            return Found(name, path, "run", facts, saved_s, content.sha256)
        what = "study" if "index.md" in content.files else "other"
        return Found(name, path, what, {}, saved_s, content.sha256)
    except InputError as error:
        return Found(name, path, "broken", {}, saved_s, "", " ".join(error.message.split()))
    except ValueError:
        return Found(name, path, "broken", {}, saved_s, "", "'facts.json' is no JSON")
