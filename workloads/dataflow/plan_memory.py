"""The memory limit of a plan: a layer whose tables this computer's memory cannot hold is an error before they are made."""

from __future__ import annotations

from simcore.machine.host_memory import too_little_memory

#: Peak memory of planning in bytes, measured on layers of 1 to 15 million entries (230 to 400 bytes each) and 0.1 to 0.6 million
#: folds.
BYTES_PER_USE, BYTES_PER_FOLD = 400, 1400


class PlanTooLargeError(MemoryError):
    """A plan needs more memory than this computer has."""


def require_memory(entries: int, bytes_each: int) -> None:
    """Raise PlanTooLargeError if ``entries`` entries of a plan do not fit into memory."""
    short = too_little_memory(entries * bytes_each)
    if short is not None:
        raise PlanTooLargeError(short)
