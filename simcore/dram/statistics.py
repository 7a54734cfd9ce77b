"""The figures of a DRAM controller's run as plain dictionaries: totals, latencies, banks and energy.

Percentiles are nearest-rank: p95 of n latencies is the ceil(0.95 n)-th smallest of them, so it is always a latency that occurred.
`simcore.results.glossary` defines every name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from simcore.dram.energy import dram_energy, summed
from simcore.dram.outcome import READ, WRITE, DramOutcome, LatencyStatistics
from simcore.dram.tables import FOLLOWING, LATENCY, LEVEL, PRECEDING, SIBLING, WINDOW, ResolvedDram
from simcore.errors import InputError

Row = dict[str, Any]


def dram_statistics(outcome: DramOutcome) -> Row:
    """Return all figures that the run alone decides. They are equal from both engines and contain no wall-clock times."""
    peak = peak_bandwidth_bytes_per_s(outcome.dram)
    parts, note = energy_parts(outcome)
    return {
        "cycles": outcome.cycles,
        "last_command_cycle": outcome.last_command_cycle,
        "tck_ps": outcome.dram.tck_ps,
        "requests": len(outcome.op),
        "reads": int((outcome.op == READ).sum()),
        "writes": int((outcome.op == WRITE).sum()),
        "forwarded_reads": outcome.forwarded_reads,
        "coalesced_writes": outcome.coalesced_writes,
        "bytes_moved": outcome.bytes_moved,
        "bandwidth_bytes_per_s": outcome.bandwidth_bytes_per_s,
        "peak_bandwidth_bytes_per_s": peak,
        "bandwidth_fraction": outcome.bandwidth_bytes_per_s / peak,
        "row_hits": outcome.row_hits,
        "row_misses": outcome.row_misses,
        "row_conflicts": outcome.row_conflicts,
        "commands": outcome.counts,
        "read_latency_cycles": latency(outcome.read_latency),
        "write_latency_cycles": latency(outcome.write_latency),
        "banks": bank_statistics(outcome),
        "energy_pj": parts,
        "energy_total_pj": None if parts is None else sum(part for part in parts.values() if part is not None),
        "energy_note": note,
    }


def latency(statistics: LatencyStatistics) -> Row | None:
    """Return mean, p50, p95, p99 and max in cycles, each None if there was no such request."""
    if not statistics.requests:
        return None
    return {name: value for name, value in asdict(statistics).items() if name != "requests"}


def bank_statistics(outcome: DramOutcome) -> list[Row]:
    """Return one row per bank: its number at every level, and the requests that it served, by the state that they found."""
    dram = outcome.dram
    levels = dram.levels[: dram.bank_level + 1]
    rows = []
    for index, counts in enumerate(outcome.banks.tolist()):
        path = np.unravel_index(index, dram.counts[: dram.bank_level + 1])
        reads, writes = counts[:3], counts[3:]
        hits, misses, conflicts = (read + write for read, write in zip(reads, writes, strict=True))
        rows.append(
            {
                **{level: int(number) for level, number in zip(levels, path, strict=True)},
                "reads": sum(reads),
                "writes": sum(writes),
                "row_hits": hits,
                "row_misses": misses,
                "row_conflicts": conflicts,
            }
        )
    return rows


def energy_parts(outcome: DramOutcome) -> tuple[dict[str, float | None] | None, str | None]:
    """Return the energy in pJ by part for all ranks together, and notes about it.

    If the standard has no currents, return None instead of the parts, and the reason. ``io`` is None if the table does not
    describe the data lines.
    """
    try:
        energy = summed(dram_energy(outcome.dram, outcome.command_counts, outcome.open_cycles, outcome.cycles))
    except InputError as error:
        return None, str(error)
    parts: Mapping[str, float | None] = asdict(energy)
    lacks_io = f"{outcome.dram.name}: its table does not describe the data lines, so io is unknown and not in the total"
    return {name.removesuffix("_pj"): part for name, part in parts.items()}, lacks_io if energy.io_pj is None else None


def peak_bytes_per_cycle(dram: ResolvedDram) -> Fraction:
    """Return the bytes per DRAM cycle if every data bus carries one burst after another without a gap."""
    return Fraction(data_buses(dram) * dram.transaction_bytes, dram.burst_cycles)


def peak_bandwidth_bytes_per_s(dram: ResolvedDram) -> float:
    """Return the bytes per second if every data bus carries one burst after another without a gap."""
    return data_buses(dram) * dram.transaction_bytes * 1e12 / (dram.burst_cycles * dram.tck_ps)


def open_row_read_cycles(dram: ResolvedDram) -> int:
    """Return the DRAM cycles from a read of an open row to the end of its burst, which is the least latency of a read."""
    return dram.read_latency + dram.burst_cycles


def data_buses(dram: ResolvedDram) -> int:
    """Return the number of sets of data lines: one per channel (DDR: its ranks share it) or per pseudo-channel (HBM2).

    The standard's constraints show the number. A set belongs to a node of the outermost level at which a read waits for the burst
    of the read before.
    """
    read = dram.roles["read"]
    sharing = [
        int(rule[LEVEL])
        for rule in dram.constraints
        if rule[PRECEDING] == rule[FOLLOWING] == read
        and (rule[WINDOW], rule[SIBLING]) == (1, 0)
        and rule[LATENCY] >= dram.burst_cycles
    ]
    return prod(dram.counts[: min(sharing, default=0) + 1])
