"""Checks that run nobody's code. A check notes and skips every part that would run code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from simcore.errors import InputError

#: The start of the message for a skipped part.
REFUSAL = "left out, because it runs code:"

_left_out: ContextVar[list[str] | None] = ContextVar("left_out", default=None)


@contextmanager
def without_code() -> Iterator[list[str]]:
    """Inside the ``with`` block, refuse to run Python files and to import what other packages offer. Yield the list of both."""
    found: list[str] = []
    token = _left_out.set(found)
    try:
        yield found
    finally:
        _left_out.reset(token)


def require_code(what: str) -> None:
    """Inside a ``without_code`` block, note ``what`` would have run and raise InputError. Do nothing outside such a block."""
    found = _left_out.get()
    if found is None:
        return
    if what not in found:
        found.append(what)
    raise InputError(f"{REFUSAL} {what}")


def is_refusal(error: InputError) -> bool:
    """Return whether an error only says that code was not run."""
    return REFUSAL in error.message
