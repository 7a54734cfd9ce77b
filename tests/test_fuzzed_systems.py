"""Systems with random changes of their keys, in a separate process: each runs or is rejected, and none ends the process."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from simcore.errors import InputError
from simcore.simulation import simulate

PADS = ("ifmap", "filter", "ofmap", "accumulator")
COUNTS = (0, 1, 2, 3, 5, 8, 31, 64, 1024)
SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 32, 48, 64, 128, 1000, 4096, 65536)
#: Keys, and the values that they are set to.
KEYS: dict[str, tuple[object, ...]] = {
    **{f"words.{tensor}_bytes": (1, 2, 4, 8) for tensor in ("ifmap", "filter", "ofmap", "psum")},
    **{f"scratchpads.{pad}.line_bytes": SIZES[:12] for pad in PADS},
    **{f"scratchpads.{pad}.banks": COUNTS for pad in PADS},
    **{f"scratchpads.{pad}.capacity_bytes": SIZES for pad in PADS},
    **{f"scratchpads.{pad}.interleaving": ("xor", "block") for pad in PADS},
    **{f"scratchpads.{pad}.arbiter": ("port-priority", "round-robin") for pad in PADS},
    **{f"scratchpads.{pad}.write_buffer.depth": COUNTS for pad in PADS},
    **{f"scratchpads.{pad}.timing": ("stt-mram", "stt-mram-verify") for pad in PADS},
    "array.rows": COUNTS,
    "array.columns": COUNTS,
    "array.dataflow": ("ws", "os", "is"),
    "array.count": (1, 2, 3, 8),
    "array.edge": ("skewed-fetch",),
    "array.fold_overlap": ("wave", "after-wave"),
    "array.port_window": COUNTS,
    "dma.burst_bytes": SIZES,
    "dma.outstanding_bursts": COUNTS,
    "dma.prefetch": ("next-layer",),
    "vector_unit.lanes": COUNTS,
    "vector_unit.fuse": ("false",),
    "tiling": ("whole",),
    "layer_results": ("scratchpads",),
    "memory.latency_cycles": COUNTS,
    "memory.bytes_per_cycle": (*COUNTS, "478.7", "1/3", "450 GB/s"),
    "core_clock_hz": (1, 1000, 999_999_937, 10**12),
}


def run_cases(seed: int, cases: int) -> tuple[int, int]:
    """How many machines ran and how many were refused; anything else raises, or ends the process."""
    draw, ran, refused = random.Random(seed), 0, 0
    for case in range(cases):
        keys = draw.sample(list(KEYS), draw.choice((1, 1, 2, 3)))
        overrides = [f"{key}={draw.choice(KEYS[key])}" for key in keys]
        print(case, overrides, file=sys.stderr, flush=True)
        try:
            simulate(
                "lenet5",
                draw.choice(("edge-sram", "edge-stt")),
                overrides=overrides,
                training=draw.choice((None, "adam")),
                limit_s=20,
            )
            ran += 1
        except InputError:
            refused += 1
    return ran, refused


@pytest.mark.slow
def test_machines_at_random_run_or_are_refused() -> None:
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), "3", "30"], capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ran, refused = map(int, done.stdout.split())
    assert min(ran, refused) > 5


if __name__ == "__main__":
    print(*run_cases(int(sys.argv[1]), int(sys.argv[2])))
