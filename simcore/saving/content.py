"""What a results directory holds, file by file with length and SHA-256, so that a reader knows a cut-off or changed directory."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simcore.errors import InputError
from simcore.saving.json_text import parsed

#: The version of the form of saved directories that this simcore writes, and the versions that it reads.
FORMAT, READABLE = 1, (1,)
#: The file that marks a directory as holding results of simcore.
MARK = ".simcore-results"
SAYS = "simcore wrote the files named here; --overwrite replaces a directory that holds nothing else"
#: The longest mark that is read. A directory of ten thousand files has a mark of two megabytes.
_LONGEST_MARK = 64 << 20
_BLOCK = 1 << 20
_HINT = "copy it again, or run it again"


@dataclass(frozen=True)
class Content:
    """The files of a saved directory: name -> (length in bytes, SHA-256). Folders inside are part of the names."""

    directory: Path
    files: Mapping[str, tuple[int, str]]

    @property
    def sha256(self) -> str:
        """Return the hash of all files, by which two directories with equal files have one name."""
        return combined(self.files)

    def read(self, name: str) -> bytes:
        """Return a file as it was saved. Raise InputError if it is missing, shorter or longer than it was, or changed."""
        where = str(self.directory)
        if name not in self.files:
            raise InputError(f"expected the file '{name}' in a saved run, found none", where, _HINT)
        length, digest = self.files[name]
        found = _bytes_of(self.directory, name, length)
        if len(found) != length:
            message = f"'{name}' was cut off or changed: expected {length:,} bytes, got {len(found):,}"
            raise InputError(message, where, _HINT)
        if hashlib.sha256(found).hexdigest() != digest:
            raise InputError(f"'{name}' was changed after it was saved", where, _HINT)
        return found

    def require_whole(self) -> None:
        """Raise InputError if a file is missing or has another length than it had. No file is read."""
        missing = [name for name in self.files if _length(self.directory / name) is None]
        if missing:
            more = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
            raise InputError(f"is cut off: '{missing[0]}'{more} missing", str(self.directory), _HINT)
        for name, (length, _) in self.files.items():
            found = _length(self.directory / name)
            if found != length:
                message = f"'{name}' was cut off or changed: expected {length:,} bytes, got {found:,}"
                raise InputError(message, str(self.directory), _HINT)


def content_of(directory: Path, names: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Return length and SHA-256 of these files of a directory."""
    return {name: _measured(directory / name) for name in sorted(names)}


def combined(files: Mapping[str, tuple[int, str]]) -> str:
    """Return one SHA-256 for all files."""
    lines = "".join(f"{name}\0{length}\0{digest}\n" for name, (length, digest) in sorted(files.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def is_saved(directory: Path) -> bool:
    """Return whether a directory has the mark of saved results. Nothing is checked."""
    try:
        return stat.S_ISREG((directory / MARK).lstat().st_mode)
    except (OSError, ValueError):
        return False


def saved_content(directory: str | Path) -> Content:
    """Return what a saved directory holds. No file but the mark is read.

    Raise InputError if there is no directory, no mark, a broken mark, or a form that this version of simcore cannot read.
    """
    path, where = Path(directory), str(directory)
    try:
        is_directory = path.is_dir()
    except ValueError as error:
        raise InputError(f"expected a directory's name: {error}", repr(where)) from None
    if not is_directory:
        raise InputError("expected a directory of saved results, found none", where, "'simcore run --out DIR' saves one")
    if not is_saved(path):
        hint = "'simcore run --out DIR' saves results, 'simcore list runs DIR' finds them"
        raise InputError(f"holds no results of simcore: its file '{MARK}' is missing", where, hint)
    said = _mark_of(path)
    _require_format(said, where)
    try:
        files = {str(name): (int(length), str(digest)) for name, (length, digest) in said["content"].items()}
        whole = combined(files) == said["content_sha256"] and all(map(_is_inside, files))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, UnicodeError):
        whole = False
    if not whole:
        raise InputError(f"its file '{MARK}' was cut off or changed", where, _HINT)
    return Content(path, files)


def _mark_of(path: Path) -> dict[str, Any]:
    try:
        said = parsed(_bytes_of(path, MARK, _LONGEST_MARK))
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.get("mark") != SAYS:
        raise InputError(f"its file '{MARK}' was cut off or changed", str(path), _HINT)
    return said


def _require_format(said: Mapping[str, Any], where: str) -> None:
    form = said.get("format")
    if form is None:
        raise InputError("was saved by an earlier version of simcore, which wrote no format number", where, "run it again")
    if form not in READABLE:
        readable = ", ".join(map(str, READABLE))
        shown = form if isinstance(form, int) else "something else"
        raise InputError(f"expected results in format {readable}, got format {shown}", where, "update simcore")


def _is_inside(name: str) -> bool:
    parts = name.split("/")
    return bool(name) and "\0" not in name and all(part not in ("", ".", "..") for part in parts)


def _bytes_of(directory: Path, name: str, length: int) -> bytes:
    """Return at most one byte more than ``length`` of a regular file, to which no link leads. A missing file is an error."""
    path = directory / name
    try:
        if any((directory / above).is_symlink() for above in Path(name).parents):
            raise OSError(None, "a folder in it is a symbolic link")
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(None, "no regular file")
            return file.read(length + 1)
    except FileNotFoundError:
        raise InputError(f"is cut off: '{name}' missing", str(directory), _HINT) from None
    except (OSError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"'{name}' cannot be read: {reason}", str(directory)) from None


def _length(path: Path) -> int | None:
    try:
        found = path.lstat()
    except (OSError, ValueError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _measured(path: Path) -> tuple[int, str]:
    hashed, length = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            hashed.update(block)
            length += len(block)
    return length, hashed.hexdigest()
