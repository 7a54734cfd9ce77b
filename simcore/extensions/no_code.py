"""Checking without running anybody's code: code that would run is refused, and noted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from simcore.errors import InputError

#: How the message of such a refusal begins.
REFUSAL = "left out, because it runs code:"

_left_out: ContextVar[list[str] | None] = ContextVar("left_out", default=None)


@contextmanager
def without_code() -> Iterator[list[str]]:
    """Refuse, inside the ``with`` block, to run Python files and to import what other packages offer; yield the list of both."""
    found: list[str] = []
    token = _left_out.set(found)
    try:
        yield found
    finally:
        _left_out.reset(token)


def require_code(what: str) -> None:
    """Raise InputError inside a ``without_code`` block and note ``what`` would have run; do nothing outside of one."""
    found = _left_out.get()
    if found is None:
        return
    if what not in found:
        found.append(what)
    raise InputError(f"{REFUSAL} {what}")


def is_refusal(error: InputError) -> bool:
    """Return whether an error says no more than that code was not run."""
    return REFUSAL in error.message
