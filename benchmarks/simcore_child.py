"""``simcore`` with one more line of JSON at the end of its output: the memory it took."""

from __future__ import annotations

import json

from benchmarks.fresh import peak_rss_bytes
from simcore.cli import main

if __name__ == "__main__":
    try:
        main()
    finally:
        print(json.dumps({"peak_rss_bytes": peak_rss_bytes()}))
