"""The log of a sweep: every answer is appended as one line the moment it comes, so that an end at any instant loses none.

The first line says what the file is. A line ``names`` numbers a list of columns, which later lines refer to. A line is one JSON
object. What a killed process left of its last line is cut off when the log is opened again; a point that comes twice counts once.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from simcore.errors import InputError
from simcore.sweeps.simulating import Answer

FIRST = '{"simcore sweep log": 1}\n'
#: Seconds between two waits for the disk. An end of the process loses nothing; a loss of power loses at most so much.
SYNC_S = 2.0


class Log:
    """An open log. ``done`` has the answers of points that were simulated, ``failed`` those that were not, both by name."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """Read the log, and cut off what a killed process left of its last line. Raise InputError for a damaged log."""
        self.path, self._descriptor = path, descriptor
        self.done: dict[str, Answer] = {}
        self.failed: dict[str, Answer] = {}
        self._end = 0
        names: dict[int, tuple[str, ...]] = {}
        for answer, end in _entries(path, names):
            self._end = end
            if answer is not None:
                self._note(answer)
        self._numbers = {columns: number for number, columns in names.items()}
        os.ftruncate(descriptor, self._end)
        if not self._end:
            self._write(FIRST)
        self._synced = time.monotonic()

    def add(self, answer: Answer) -> None:
        """Append an answer. Raise OSError if the system refuses it; the log then ends with the answer before."""
        columns = tuple(answer.metrics)
        rows = answer.layers or ()
        row_columns = tuple(rows[0]) if rows else ()
        text = "".join(self._header(names) for names in dict.fromkeys((columns, row_columns)) if names)
        entry: dict[str, Any] = {"point": answer.name, "wall_s": round(answer.wall_s, 6)}
        if answer.error is not None:
            entry["error"] = answer.error
        else:
            entry |= {"names": self._numbers[columns], "values": list(answer.metrics.values())}
        if answer.layers is not None:
            entry["layers"] = [list(row.values()) for row in rows]
            entry["layer_names"] = self._numbers[row_columns] if rows else None
        self._write(f"{text}{json.dumps(entry, separators=(',', ':'))}\n")
        self._note(answer)
        if time.monotonic() - self._synced > SYNC_S:
            self.sync()

    def sync(self) -> None:
        """Wait until the log is on the disk. Raise OSError if that fails."""
        os.fsync(self._descriptor)
        self._synced = time.monotonic()

    def _header(self, names: tuple[str, ...]) -> str:
        """Return the line that numbers these columns, or nothing if an earlier line did."""
        if names in self._numbers:
            return ""
        self._numbers[names] = len(self._numbers)
        return json.dumps({"number": self._numbers[names], "names": list(names)}, separators=(",", ":")) + "\n"

    def _note(self, answer: Answer) -> None:
        if answer.error is None:
            # The rows of layers stay in the file: those of many points would fill memory.
            self.done[answer.name] = answer if answer.layers is None else replace(answer, layers=())
            self.failed.pop(answer.name, None)
        elif answer.name not in self.done:
            self.failed[answer.name] = answer

    def _write(self, text: str) -> None:
        """Append whole lines, or nothing."""
        left = memoryview(text.encode())
        size = len(left)
        try:
            os.lseek(self._descriptor, self._end, os.SEEK_SET)
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            os.ftruncate(self._descriptor, self._end)
            raise
        self._end += size


@contextmanager
def open_log(path: Path) -> Iterator[Log]:
    """Open the log at a path for appending, and make it if there is none. Raise InputError for a file that is no log."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        log = Log(path, descriptor)
        yield log
        log.sync()
    finally:
        os.close(descriptor)


def logged(path: Path) -> Iterator[Answer]:
    """Yield the answers in a log in the order in which they came, with the rows of their layers, and change nothing.

    A point may come twice: once failed and later simulated, or again with its layers. Another process may be writing the log.
    Raise InputError for a file that is no log.
    """
    return (answer for answer, _ in _entries(path, {}) if answer is not None)


def layer_places(path: Path) -> tuple[dict[str, int], dict[str, set[type]], dict[int, tuple[str, ...]]]:
    """Return where in the log the rows of each point's layers stand, the types of each column, and the columns by number."""
    names: dict[int, tuple[str, ...]] = {}
    places: dict[str, int] = {}
    types: dict[str, set[type]] = {}
    begins = 0
    for answer, end in _entries(path, names):
        if answer is not None and answer.layers is not None:
            places[answer.name] = begins
            for row in answer.layers:
                for column, value in row.items():
                    types.setdefault(column, set()).add(type(value))
        begins = end
    return places, types, names


def layers_at(file: BinaryIO, place: int, names: Mapping[int, tuple[str, ...]]) -> tuple[Mapping[str, Any], ...]:
    """Return the rows of layers of the line at a place in an open log. The place is one of `layer_places`."""
    file.seek(place)
    answer = _answer(file.readline(), dict(names))
    assert answer is not None
    return answer.layers or ()


def _entries(path: Path, names: dict[int, tuple[str, ...]]) -> Iterator[tuple[Answer | None, int]]:
    """Yield the answer of each whole line, None for other lines, and where the line ends. Note the columns in ``names``.

    Raise InputError for a damaged line before the last one.
    """
    end, broken = 0, ""
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if broken:
                raise InputError(broken, f"{path}:{number - 1}", "remove this line; its point is simulated again")
            if not end and line.decode(errors="replace") != FIRST:
                if FIRST.startswith(line.decode(errors="replace")):
                    return
                raise InputError("is a file that simcore did not write as the log of a sweep", str(path))
            try:
                answer = _answer(line, names) if end else None
            except (ValueError, KeyError, TypeError, IndexError, RecursionError):
                broken = "is no line that simcore wrote"
                continue
            end += len(line)
            yield answer, end


def _answer(line: bytes, names: dict[int, tuple[str, ...]]) -> Answer | None:
    """Return the answer of a line; for a line of names, note them and return None. Raise ValueError for any other line."""
    if not line.endswith(b"\n"):
        raise ValueError("the line is cut off")
    found = json.loads(line)
    if "point" not in found:
        names[int(found["number"])] = tuple(map(str, found["names"]))
        return None
    if "error" in found:
        return Answer(str(found["point"]), {}, None, str(found["error"]), float(found["wall_s"]))
    metrics = _named(names[found["names"]], found["values"])
    layers = None
    if "layers" in found:
        layers = tuple(_named(names[found["layer_names"]], row) for row in found["layers"])
    return Answer(str(found["point"]), metrics, layers, None, float(found["wall_s"]))


def _named(names: tuple[str, ...], values: list[Any]) -> Mapping[str, Any]:
    """Return values by name. Raise ValueError for values that no run has: lists, mappings, and integers of more than 64 bits."""
    if not all(value is None or isinstance(value, str | float) or _is_int64(value) for value in values):
        raise ValueError("a value that no run has")
    return dict(zip(names, values, strict=True))


def _is_int64(value: object) -> bool:
    return isinstance(value, int) and -(2**63) <= value < 2**63
