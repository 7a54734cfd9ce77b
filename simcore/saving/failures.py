"""Refusals of the operating system, reported as InputError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simcore.errors import InputError


@contextmanager
def refusals_of(place: Path, hint: str | None = None) -> Iterator[None]:
    """Turn an OSError inside the block into an InputError that names ``place`` and the system's reason, and gives the hint."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write here: {error.strerror or error}", where=str(place), hint=hint) from error
