"""Folders that belong to this user alone, so that nobody else can have put files into them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def not_own(path: Path) -> str | None:
    """Return why another user may have written to this folder or file, in words that follow its name; None if nobody could.

    A symbolic link is not followed. Raise OSError if the state of ``path`` cannot be read.
    """
    return why_not_own(path.lstat())


def why_not_own(found: os.stat_result) -> str | None:
    """Return the answer of ``not_own`` for a file or folder whose state is already known."""
    if stat.S_ISLNK(found.st_mode):
        return "is a symbolic link"
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        return f"belongs to another user (number {found.st_uid})"
    if found.st_mode & OTHERS_WRITE:
        return f"can be written by other users (mode {stat.S_IMODE(found.st_mode):o})"
    return None


def not_safe_above(folder: Path) -> str | None:
    """Return why another user could replace ``folder``, a path without links, by a folder of their own; None if nobody could.

    Every folder above must belong to this user, to root, or to the owner of the root folder. It must not be writable by
    everybody, unless it is sticky, as the folder of temporary files is.
    """
    if not hasattr(os, "geteuid"):
        return None
    trusted = {0, os.geteuid(), os.stat("/").st_uid}
    for above in folder.parents:
        found = above.stat()
        if found.st_uid not in trusted:
            return f"lies in '{above}', which belongs to another user (number {found.st_uid})"
        if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
            return f"lies in '{above}', which everybody can write to"
    return None
