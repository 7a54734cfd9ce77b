"""A file of a version's folder, which is read only if it is complete and this user's own."""

from __future__ import annotations

import hashlib
import os
import stat
import uuid
from contextlib import suppress
from pathlib import Path

from simcore.saving.cache_folder import UNFINISHED
from simcore.saving.owned import why_not_own


def read_kept(path: Path, begins: bytes, mark: str) -> bytes | None:
    """Return a file's bytes, or None if the file is missing or damaged, or if another user may have written it.

    ``begins`` is what files of this sort begin with. ``mark`` is the mark of the folder, whose last use this notes.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    with suppress(OSError), os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or why_not_own(found) is not None:
            return None
        content = file.read()
        head, payload = content[: len(begins) + 32], content[len(begins) + 32 :]
        if head != begins + hashlib.sha256(payload).digest():
            return None
        with suppress(OSError):
            os.utime(path.parent / mark)  # this version was just used, so it is not pruned
        return payload
    return None


def write_kept(path: Path, begins: bytes, payload: bytes) -> None:
    """Write a file in one step, because other processes may be writing the same one. Raise OSError if that fails."""
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}{UNFINISHED}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(begins + hashlib.sha256(payload).digest() + payload)
        os.replace(unfinished, path)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
