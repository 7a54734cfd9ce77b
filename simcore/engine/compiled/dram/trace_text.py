"""The text of traces by a kernel, piece by piece."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from simcore.dram.trace import DramTrace
from simcore.engine.compiled.dram.text_columns import LONGEST_LINE, NOT_PLAIN
from simcore.engine.compiled.kernels import READ_LINES
from simcore.program.program import Int64Array

#: The bytes that are read at a time.
_PIECE = 1 << 20
#: The bytes of the shortest line that holds a request: "0 R 0" and a newline.
_SHORTEST = 6


def read_plain_trace(path: str | Path) -> DramTrace | None:
    """Return the trace in a file, plain or gzipped, or None if any of it needs the reader of all lines, `dram.trace.read_trace`.

    Besides the trace, memory is needed for one piece of the file and for one column of the trace.
    """
    if sys.byteorder != "little":
        return None
    columns: tuple[list[Int64Array], ...] = ([], [], [])
    try:
        with open(path, "rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            for text in _pieces(cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw):
                found = _read(text)
                if found is None:
                    return None
                for column, rows in zip(columns, found, strict=True):
                    column.append(rows)
    except (OSError, EOFError, zlib.error):
        return None
    return DramTrace(*(_joined(column) for column in columns))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield the file in pieces of whole lines, each with its newline. A line that no plain line is as long as may be cut."""
    rest = b""
    while piece := file.read(_PIECE):
        whole, newline, after = piece.rpartition(b"\n")
        if newline:
            yield rest + whole + newline
            rest = after
        else:
            rest += piece
        if len(rest) > LONGEST_LINE and len(rest) > _PIECE:
            yield rest + b"\n"
            rest = b""
    if rest:
        yield rest + b"\n"


def _read(text: bytes) -> tuple[Int64Array, ...] | None:
    words = np.zeros(len(text) // 8 + 2, dtype=np.int64)  # the kernel looks a byte beyond the last newline
    words.view(np.uint8)[: len(text)] = np.frombuffer(text, dtype=np.uint8)
    columns = tuple(np.empty(len(text) // _SHORTEST + 1, dtype=np.int64) for _ in range(3))
    found = READ_LINES(words, len(text), *columns)
    return None if found == NOT_PLAIN else tuple(column[:found].copy() for column in columns)


def _joined(parts: list[Int64Array]) -> Int64Array:
    """Return the parts of a column as one array, and forget the parts."""
    whole = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    parts.clear()
    return whole
