"""A case for the writes per line: partial sums that do not fit, so that their tiles leave and come back to other slots."""

from __future__ import annotations

from equality import Case
from machines import instance_of

from simcore.spec import System
from workloads.layers import Conv

SYSTEM = System.model_validate(
    {
        "name": "spilling",
        "core_clock_hz": 1_000_000_000,
        "array": {"rows": 3, "columns": 4, "dataflow": "ws", "partial_sums": "ofmap", "port_window": 8},
        "words": {"ifmap_bytes": 1, "filter_bytes": 2, "ofmap_bytes": 1, "psum_bytes": 8},
        "scratchpads": {"unified": {"capacity_bytes": 2048, "banks": 2, "line_bytes": 32, "timing": "sram"}},
        "dma": {"outstanding_bursts": 2, "burst_bytes": 16},
        "memory": {"clock_hz": 1_600_000_000, "latency_cycles": 2, "bytes_per_cycle": 64},
        "tiling": "whole",
    }
)
#: A fold has 98 pixels x 4 filters x 8 bytes of partial sums, more than there is room for. 3 folds of channels write them in
#: turn.
LAYER = instance_of(Conv("spilling", 16, (1, 1), padding=(1, 1, 1, 1)), ((8, 5, 12),))


def spilling_case() -> Case:
    """Return a case of folds that write the same partial sums while the tiles of these sums move."""
    return Case(SYSTEM, (LAYER,))
