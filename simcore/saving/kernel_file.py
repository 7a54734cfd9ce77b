"""A compiled kernel in a file, which is read only if it is complete and this user's own."""

from __future__ import annotations

from pathlib import Path

from simcore.saving.kept_file import read_kept, write_kept
from simcore.saving.kernel_folder import MARK

_BEGINS = b"simcore kernel 1\n"


def read_kernel(path: Path) -> bytes | None:
    """Return the kernel's bytes, or None if the file is missing or damaged, or if another user may have written it."""
    return read_kept(path, _BEGINS, MARK)


def write_kernel(path: Path, payload: bytes) -> None:
    """Write a kernel in one step, because other processes may be writing the same one. Raise OSError if that fails."""
    write_kept(path, _BEGINS, payload)
