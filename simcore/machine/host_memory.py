"""The memory of the computer that simulates. Tables that it cannot hold are an error before they are made."""

from __future__ import annotations

import os
from functools import lru_cache

from simcore.errors import InputError


@lru_cache(maxsize=1)
def host_memory_bytes() -> int | None:
    """Return the bytes of memory of this computer, or None if the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def too_little_memory(needed_bytes: int) -> str | None:
    """Return a message if this computer has less memory than that, or None if it has enough or does not say."""
    held = host_memory_bytes()
    if held is None or needed_bytes <= held:
        return None
    return f"about {needed_bytes / 1e9:,.1f} GB of memory are needed, and this machine has {held / 1e9:,.1f} GB"


def require_host_memory(needed_bytes: int, where: str, hint: str | None = None) -> None:
    """Raise InputError, at ``where``, for more bytes than this computer has."""
    short = too_little_memory(needed_bytes)
    if short is not None:
        raise InputError(short, where, hint)
