"""Lines of text files, plain or gzipped: read with their numbers, written whole or not at all."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from simcore.errors import InputError


def numbered_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Every line that is not empty and no comment (``#``), stripped, with its number from 1.

    Gzip is known by its first two bytes, not by the name. Raises InputError: no such file, damaged gzip, not text.
    """
    try:
        with open(path, "rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        opened = gzip.open(path, "rt", encoding="utf-8") if packed else open(path, encoding="utf-8")  # noqa: SIM115
        with opened as lines:
            for number, line in enumerate(lines, start=1):
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


def check_destination(path: Path) -> None:
    """Raise InputError if no file can be written at ``path``; ask before a long run, not after it."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise InputError(f"cannot write here: no folder '{path.parent}'", str(path))
    if target.exists() and not target.is_file():
        raise InputError("cannot write here: it is no file", str(path))
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".simcore-"):
            pass
    except OSError as error:
        raise InputError(f"cannot write here: {error.strerror}", str(path)) from None


def write_whole(files: Mapping[Path, Iterable[str]]) -> None:
    """Write lines to each file, gzipped where its name ends in .gz, beside it first; rename all when all are complete.

    A failure while writing leaves what was there. Equal lines give equal bytes. Raises InputError where a file cannot be written.
    """
    waiting: list[tuple[str, Path]] = []
    path = Path()
    try:
        for path, lines in files.items():
            target = Path(os.path.realpath(path))
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=".simcore-")
            waiting.append((name, target))
            _write(handle, lines, packed=path.name.endswith(".gz"))
            os.chmod(name, 0o644)
        while waiting:
            os.replace(*waiting[0])
            del waiting[0]
    except OSError as error:
        raise InputError(f"cannot write here: {error.strerror}", str(path)) from error
    finally:
        for name, _ in waiting:
            with suppress(OSError):
                os.unlink(name)


def _write(handle: int, lines: Iterable[str], *, packed: bool) -> None:
    with os.fdopen(handle, "wb") as raw:
        # Without name and time of writing, which would make each file another one.
        out = gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0) if packed else raw
        with io.TextIOWrapper(out, encoding="utf-8", newline="\n") as text:
            text.writelines(f"{line}\n" for line in lines)
