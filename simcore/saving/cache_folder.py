"""The user's cache folder, and the folders in it that simcore keeps by version: each has a mark, and old versions are dropped.

simcore reads from them what it will trust, so it uses no folder to which another user could have written, and trusts no folder
above it that another user can change. Nothing in the cache folder is touched but the subfolders that are named here.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from simcore.saving.owned import not_own, not_safe_above

#: The ending of the name of an incomplete file.
UNFINISHED = ".unfinished"


class NoCacheError(Exception):
    """Nothing can be kept from run to run. The text says why in one line."""


@dataclass(frozen=True)
class VersionFolders:
    """Folders named by a version in one subfolder of the cache folder, of which the ``most`` last used ones are kept.

    ``mark`` is the name of the file that marks a folder as simcore's, and ``says`` is its text. ``suffixes`` end the names of the
    files that simcore keeps there; other files are never removed.
    """

    subfolder: str
    mark: str
    says: str
    suffixes: tuple[str, ...]
    most: int

    def of(self, version: str) -> Path:
        """Return the folder of one version, and make it if it is missing. Raise NoCacheError if no folder is safe."""
        base = _base()
        inside = base / self.subfolder
        folder = inside / version
        try:
            base.mkdir(mode=0o700, parents=True, exist_ok=True)
            reason = not_safe_above(base)
            if reason is not None:
                raise NoCacheError(f"'{base}' {reason}")
            for path in (base, inside, folder):
                path.mkdir(mode=0o700, exist_ok=True)
                _check_own(path)
            if not self._is_marked(folder):
                self._write_mark(folder)
                self._prune(inside)
            return folder
        except OSError as error:
            raise NoCacheError(f"'{error.filename or folder}': {error.strerror or error}") from error

    def _is_marked(self, folder: Path) -> bool:
        mark = folder / self.mark
        with suppress(OSError, ValueError):
            return stat.S_ISREG(mark.lstat().st_mode) and mark.read_text(encoding="utf-8") == self.says
        return False

    def _write_mark(self, folder: Path) -> None:
        """Write the mark in one step, because another process may be doing the same."""
        unfinished = folder / f"{self.mark}.{os.getpid()}{UNFINISHED}"
        try:
            unfinished.write_text(self.says, encoding="utf-8")
            os.replace(unfinished, folder / self.mark)
        finally:
            unfinished.unlink(missing_ok=True)

    def _prune(self, inside: Path) -> None:
        """Remove all but the most recently used versions, because each edit of the code leaves a folder behind."""
        marked = [path for path in inside.iterdir() if not path.is_symlink() and self._is_marked(path) and not_own(path) is None]
        for old in sorted(marked, key=self._last_use, reverse=True)[self.most :]:
            with suppress(OSError):
                self._remove(old)

    def _last_use(self, folder: Path) -> float:
        with suppress(OSError):
            return (folder / self.mark).stat().st_mtime
        return 0.0

    def _remove(self, folder: Path) -> None:
        """Remove the kept files and the mark, and also the folder unless it holds something else."""
        for path in folder.iterdir():
            if path.name.endswith((*self.suffixes, UNFINISHED)):
                path.unlink()
        if os.listdir(folder) == [self.mark]:
            (folder / self.mark).unlink()
            folder.rmdir()


def _base() -> Path:
    """Return the cache folder's path without links: SIMCORE_CACHE_DIR, else by the XDG rules. An empty variable is unset."""
    named = os.environ.get("SIMCORE_CACHE_DIR")
    if named:
        return Path(os.path.realpath(named))
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(xdg):  # the XDG rules ignore relative paths
        return Path(os.path.realpath(xdg)) / "simcore"
    home = os.path.expanduser("~") if os.environ.get("HOME", "unset") else ""
    if not os.path.isabs(home):
        raise NoCacheError("there is no home folder")
    return Path(os.path.realpath(home)) / ".cache" / "simcore"


def _check_own(path: Path) -> None:
    reason = not_own(path)
    if reason is not None:
        raise NoCacheError(f"'{path}' {reason}")
