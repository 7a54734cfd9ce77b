"""Text files, each of which is complete or unchanged at every instant and replaces nothing but an earlier file of simcore's."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from simcore.errors import InputError
from simcore.saving.durable import sync
from simcore.saving.failures import refusals_of
from simcore.saving.work_folder import NEW, clear, work_folder

#: A function that takes the lines of each claimed file and writes them.
Write = Callable[[Mapping[Path, Iterable[str]]], None]


@contextmanager
def text_files(headers: Mapping[Path, str]) -> Iterator[Write]:
    """Claim files before a long run, and yield a function that writes the lines of each file after the run.

    ``headers`` has the first line of each file. An existing file is replaced only if it is empty or begins with that line. A file
    whose name ends in .gz is gzipped; equal lines give equal bytes. All files are complete and on the disk before the first one
    gets its name. Links are followed. Raise InputError on entry for a place that cannot be written or that holds something else.
    Raise InputError on writing if the system refuses it; the earlier files then stay as they were.
    """
    with ExitStack() as stack:
        new = {path: _claimed(path, header, stack) for path, header in headers.items()}
        yield lambda lines: _write_all(lines, new)


def _claimed(path: Path, header: str, stack: ExitStack) -> Path:
    """Return the path at which a file's new content is written until it is complete."""
    target = _target(path)
    if not target.parent.is_dir():
        raise InputError(f"cannot write here: no folder '{path.parent}'", where=str(path))
    with refusals_of(path):
        if os.path.lexists(target):
            _check_kind(path, target.lstat(), header)
    work = stack.enter_context(work_folder(target))
    with refusals_of(path):
        clear(work / NEW)
    return work / NEW


def _target(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _check_kind(path: Path, found: os.stat_result, header: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise InputError("cannot write here: it is no file", where=str(path))
    if found.st_size and _first_line(path) != header:
        message = f"is a file that simcore did not write: expected '{header}' in its first line"
        raise InputError(message, where=str(path), hint="choose another name")


def _first_line(path: Path) -> str | None:
    with open(path, "rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rb") if packed else open(path, "rb") as file:
            return file.readline(4096).decode("utf-8").rstrip("\n")
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError):
        return None


def _write_all(lines: Mapping[Path, Iterable[str]], new: Mapping[Path, Path]) -> None:
    try:
        for path, of_file in lines.items():
            with refusals_of(path):
                _write(new[path], of_file, packed=path.name.endswith(".gz"))
                sync(new[path])
        for path in lines:
            with refusals_of(path):
                os.replace(new[path], _target(path))
                sync(_target(path).parent)
    finally:
        for path in lines:
            with refusals_of(path):
                clear(new[path])


def _write(path: Path, lines: Iterable[str], *, packed: bool) -> None:
    with open(path, "wb") as raw:
        # Leave out the name and the time of writing, which would make equal files differ.
        out = gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0) if packed else raw
        with io.TextIOWrapper(out, encoding="utf-8", newline="\n") as text:
            text.writelines(f"{line}\n" for line in lines)
