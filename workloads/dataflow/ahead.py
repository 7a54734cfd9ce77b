"""How far ahead the DMA loads: the part of a share that is kept for tiles on their way, so that memory latency is hidden."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from simcore.dram.statistics import open_row_read_cycles, peak_bandwidth_bytes_per_s, peak_bytes_per_cycle
from simcore.spec import DramMemorySpec, SimpleMemorySpec
from simcore.spec.system import System

#: One number, or an array of them.
Amount = Any


def bytes_per_cycle(system: System) -> float:
    """Return main memory's peak bandwidth in bytes per core cycle."""
    memory = system.memory
    if isinstance(memory, DramMemorySpec):
        return peak_bandwidth_bytes_per_s(memory.resolved()) / system.core_clock_hz
    return float(memory.bytes_per_cycle * memory.clock_hz / system.core_clock_hz)


def bytes_in_flight(system: System) -> int:
    """Return the bytes that are on their way at full bandwidth: latency times bandwidth, as far as bursts in flight allow."""
    allowed = system.dma.outstanding_bursts * system.dma.burst_bytes
    memory = system.memory
    if not isinstance(memory, SimpleMemorySpec):
        return allowed
    return min(allowed, ceil(memory.latency_cycles * memory.bytes_per_cycle))


def memory_bound_by(system: System, *, single_buffered: bool) -> str:
    """Return what limits the rate at which main memory serves a layer.

    "latency" if a tensor is single-buffered, so that each of its loads is waited for from its begin. "bursts_in_flight" if these
    are too few to cover the latency; a DRAM's is at least that of a read from an open row. "bandwidth" otherwise.
    """
    memory = system.memory
    if single_buffered:
        return "latency"
    if isinstance(memory, SimpleMemorySpec):
        needed = memory.latency_cycles * memory.bytes_per_cycle
    else:
        dram = memory.resolved()
        needed = open_row_read_cycles(dram) * peak_bytes_per_cycle(dram)
    return "bandwidth" if system.dma.outstanding_bursts * system.dma.burst_bytes >= needed else "bursts_in_flight"


def rate(system: System) -> float:
    """Return the bytes per core cycle that main memory can move: its bandwidth, or less if too few bursts cover its latency."""
    memory = system.memory
    if not isinstance(memory, SimpleMemorySpec):
        return bytes_per_cycle(system)
    allowed = system.dma.outstanding_bursts * system.dma.burst_bytes
    return bytes_per_cycle(system) * min(1.0, allowed / float(memory.latency_cycles * memory.bytes_per_cycle))


def bytes_ahead(in_flight: int, capacity_bytes: Amount) -> Amount:
    """Return the bytes of a share of this capacity that are kept for tiles on their way: at most a quarter of it.

    ``in_flight`` are those of `bytes_in_flight`.
    """
    return np.minimum(in_flight, capacity_bytes // 4)


def tiles_ahead(system: System, capacity_bytes: int, tile_bytes: int) -> int:
    """Return how many tiles are loaded ahead of the one that is used next: those that main memory's latency covers."""
    return 1 + -(-int(bytes_ahead(bytes_in_flight(system), capacity_bytes)) // max(1, tile_bytes))


def most_tiles_ahead(capacity_bytes: int, tile_bytes: int) -> int:
    """Return how many tiles may be loaded ahead of the one that is used next: those of half of the share."""
    return 1 + -(-(capacity_bytes // 2) // max(1, tile_bytes))
