"""Numbered lines of text files, plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from simcore.errors import InputError

#: The longest line that is read. A line of a trace or of a command stream has less than a hundred characters.
MAX_LINE = 10_000


def numbered_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Yield every line that is neither empty nor a comment (``#``), stripped, with its number from 1.

    The first two bytes of a file, not its name, show whether it is gzipped. Raise InputError if there is no such file, if the
    gzip is damaged, if the content is not text, and for a line longer than MAX_LINE.
    """
    try:
        with open(path, "rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        opened = gzip.open(path, "rt", encoding="utf-8") if packed else open(path, encoding="utf-8")  # noqa: SIM115
        with opened as lines:
            for number, line in enumerate(iter(partial(lines.readline, MAX_LINE + 1), ""), start=1):
                if len(line.rstrip("\n")) > MAX_LINE:
                    raise InputError(f"expected lines of at most {MAX_LINE:,} characters, got a longer one", f"{path}:{number}")
                text = line.strip()
                if text and not text.startswith("#"):
                    yield number, text
    except FileNotFoundError as error:
        raise InputError("expected a file, found none", str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError("expected text, got bytes that are not UTF-8", str(path)) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"expected a whole gzip file, got: {error}", str(path)) from error
    except OSError as error:
        raise InputError(f"cannot read the file: {error.strerror}", str(path)) from error
