"""What a plan may take: a layer whose tables this machine's memory cannot hold is refused before they are made."""

from __future__ import annotations

import os

#: Peak memory of planning, measured on layers of 1 to 15 million entries (230 to 400 bytes) and 0.1 to 0.6 million folds.
BYTES_PER_USE, BYTES_PER_FOLD = 400, 1400


class PlanTooLargeError(MemoryError):
    """A plan needs more memory than the machine has."""


def memory_bytes() -> int | None:
    """Bytes of memory of this machine; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def require_memory(entries: int, bytes_each: int) -> None:
    """Raise PlanTooLargeError where ``entries`` entries of a plan do not fit into memory."""
    held, needed = memory_bytes(), entries * bytes_each
    if held is not None and needed > held:
        raise PlanTooLargeError(f"about {needed / 1e9:,.1f} GB of memory are needed, and this machine has {held / 1e9:,.1f} GB")
