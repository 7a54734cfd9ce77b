"""Folders on which a file system is mounted, which cannot be renamed."""

from __future__ import annotations

import os
import re
from pathlib import Path

_LIST = Path("/proc/self/mountinfo")


def is_mount_point(folder: Path) -> bool:
    """Return True if something is mounted on ``folder``, an absolute path without links."""
    return os.path.ismount(folder) or str(folder) in _bound()


def _bound() -> set[str]:
    """Return the mount points that the system lists. Only this list shows a folder of the same file system bound elsewhere."""
    try:
        lines = os.fsdecode(_LIST.read_bytes()).splitlines()
    except OSError:
        return set()
    # The mount point is the fifth field, in which spaces and similar characters are three octal digits.
    return {re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), line.split(" ")[4]) for line in lines}
