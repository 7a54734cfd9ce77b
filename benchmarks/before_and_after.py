"""Cycles, bytes, joules and CPU seconds of networks and matrix products, as JSON: run it on two checkouts and compare.

``python -m benchmarks.before_and_after > after.json`` measures; ``python -m benchmarks.before_and_after before.json after.json``
prints both beside each other as Markdown. Each network is planned and run once before it is timed; CPU seconds are the least of
the next three times that ``simulate`` plans and runs it again.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simcore import simulate
from simcore.spec import preset_names

NETWORKS = ("resnet18", "vgg16", "alexnet")
SYSTEMS = ("edge-sram", "edge-stt", "train-sram", "cloud-128x128-ws")

#: Rows, columns and depth of the products.
PRODUCTS = (
    *((side, side, side) for side in (256, 512, 1024, 2048)),
    *((512, 2048, 16384), (4096, 1024, 1024), (1024, 4096, 1024), (128, 4096, 4096), (8, 4096, 4096), (2048, 128, 8192)),
)
PRODUCT_SYSTEMS = ("cloud-128x128-ws", "tpu-v3-core")


def _measured(network: str, system: str) -> dict[str, Any]:
    simulate(network, system)
    taken_s = []
    for _ in range(3):
        began_s = time.process_time()
        results = simulate(network, system)
        taken_s.append(time.process_time() - began_s)
    totals = dict(zip(results.totals["metric"], results.totals["value"], strict=True))
    return {
        "cycles": int(results.cycles),
        "bytes": int(totals["dram_read_bytes"] + totals["dram_write_bytes"]),
        "joules": float(totals["energy_pj"]) * 1e-12,
        "cpu_s": min(taken_s),
    }


def _cases(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield name, network and system of each case; a product is a network of one layer in a file of its own."""
    for network in NETWORKS:
        for system in SYSTEMS:
            yield network, network, system
    for rows, columns, depth in PRODUCTS:
        path = folder / f"{rows}x{columns}x{depth}.csv"
        path.write_text(f"Layer, M, N, K\nproduct, {rows}, {columns}, {depth},\n")
        for system in PRODUCT_SYSTEMS:
            yield path.stem, str(path), system


def measure() -> dict[str, dict[str, Any]]:
    """Return the figures of each case whose system this checkout has, by "network on system"."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            f"{name} on {system}": _measured(network, system)
            for name, network, system in _cases(Path(folder))
            if system in preset_names()
        }


def beside(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, "before -> after" in each cell."""
    yield "| network | system | cycles | MB | mJ | CPU s |"
    yield "|---|---|---|---|---|---|"
    for case, now in after.items():
        was = before.get(case)
        network, system = case.split(" on ")
        shown = [_pair(was, now, key, form, scale) for key, form, scale in _COLUMNS]
        yield f"| {network} | {system} | {' | '.join(shown)} |"


_COLUMNS = (("cycles", ",d", 1), ("bytes", ",.1f", 1e-6), ("joules", ".2f", 1e3), ("cpu_s", ".2f", 1))


def _pair(was: dict[str, Any] | None, now: dict[str, Any], key: str, form: str, scale: float) -> str:
    shown = [format(figures[key] * scale, form) for figures in (was, now) if figures is not None]
    return " -> ".join(shown)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        old, new = (json.loads(Path(path).read_text()) for path in sys.argv[1:])
        print("\n".join(beside(old, new)))
    else:
        print(json.dumps(measure(), indent=1))
