"""``simcore`` with one more line at the end of its output: the most memory the process held, as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from simcore.cli import main


def peak_rss_bytes() -> int:
    """The most memory this process held. (What the parent sees, ``ru_maxrss``, would start from the parent's own size.)"""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    try:
        main()
    finally:
        print(json.dumps({"peak_rss_bytes": peak_rss_bytes()}))
