"""Reading of a user's text file with a limit on its length, so that a wrong file neither fills memory nor takes minutes."""

from __future__ import annotations

import os
from pathlib import Path

from simcore.errors import InputError

#: The longest text that is read. A description of a machine, a memory or a placement has a few kilobytes.
MAX_TEXT_BYTES = 4 << 20


def no_file(path: str | Path, where: str | None = None) -> InputError:
    """Return the error for a place that is no regular file: a folder, a device, a pipe, or nothing."""
    if os.path.isdir(path):
        return InputError(f"expected a file, got the folder '{path}'", where)
    if os.path.exists(path):
        return InputError(f"expected a file, got a device or a pipe at '{path}'", where, "save its contents in a file")
    return InputError(f"expected a file, found none at '{path}'", where)


def read_text(path: str | Path, encoding: str = "utf-8") -> str:
    """Return the text of a file. Raise InputError if it cannot be read, is not text or is longer than ``MAX_TEXT_BYTES``."""
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_TEXT_BYTES + 1)
        if len(content) > MAX_TEXT_BYTES:
            raise InputError(f"expected a text of at most {MAX_TEXT_BYTES:,} bytes, got a longer one", str(path))
        return content.decode(encoding)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise InputError(f"expected a readable file, got: {reason}", str(path)) from error
