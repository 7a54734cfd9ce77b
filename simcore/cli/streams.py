"""The standard streams of the process. Whatever they are connected to, a command ends with at most one clear line."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NOT_WRITTEN = 1


class OutputError(OSError):
    """The command's output cannot be written."""


class _Output(io.TextIOWrapper):
    """Standard output with errors of its own, unlike those of other files. (A reader that has gone is a BrokenPipeError.)"""

    def write(self, text: str, /) -> int:
        with _told_apart():
            return super().write(text)

    def flush(self) -> None:
        with _told_apart():
            super().flush()


def _replacing(stream: io.TextIOWrapper) -> _Output:
    return _Output(
        stream.buffer,
        encoding=stream.encoding,
        errors="replace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


@contextmanager
def _told_apart() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error.errno, error.strerror) from None


@contextmanager
def standard_streams() -> Iterator[None]:
    """Run a command inside, with "?" for characters that the output cannot show, and write all output at the end.

    If the output cannot be written, exit with 1 and one line on stderr, or without a line if the reader (head, less) has gone.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    if sys.stdout is None:
        raise _not_written("standard output is closed")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _replacing(sys.stdout)
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _leave_stdout()
        raise SystemExit(NOT_WRITTEN) from None
    except OutputError as error:
        _leave_stdout()
        raise _not_written(error.strerror or str(error)) from None


def _not_written(reason: str) -> SystemExit:
    print(f"simcore: cannot write the output: {reason}", file=sys.stderr)
    return SystemExit(NOT_WRITTEN)


def _leave_stdout() -> None:
    """Send the rest of the output to the null device, so that Python does not complain again at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
