"""The figures of a DRAM run as tables: totals, latencies, commands, energy and the busiest banks, and all banks as blocks."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from rich.console import Group
from rich.text import Text

from simcore.cli.blocks import blocks
from simcore.cli.console import table
from simcore.dram.statistics import Row
from simcore.dram.tables import ResolvedDram

TOP_BANKS = 8
#: The most ranks that are drawn, and the most blocks in a rank's line; further banks of a rank share a block.
MAX_LINES, MAX_BLOCKS = 16, 72


def tables_of(figures: Row, dram: ResolvedDram, preset: str | None) -> Iterator[Group]:
    """Return every table that has rows. ``preset`` is the preset of the standard that ran."""
    yield totals_table(figures, dram, preset)
    yield latency_table(figures)
    commands = [(name, count) for name, count in figures["commands"].items() if count]
    if commands:
        yield table("Commands", ("command", "issued"), commands)
    if figures["energy_pj"] is not None:
        yield energy_table(figures)
    if commands:
        yield bank_table(figures, dram)


def totals_table(figures: Row, dram: ResolvedDram, preset: str | None) -> Group:
    """Return the table of what ran, time, requests, bandwidth and rows."""
    served = sum(figures[name] for name in ("row_hits", "row_misses", "row_conflicts"))
    rows: list[tuple[object, ...]] = [
        ("preset", preset, None),
        ("speed", dram.speed, None),
        ("tCK, ps", dram.tck_ps, None),
        ("cycles", figures["cycles"], None),
        ("time, us", figures["cycles"] * figures["tck_ps"] / 1e6, None),
        ("reads", figures["reads"], _percent(figures["reads"], figures["requests"])),
        ("writes", figures["writes"], _percent(figures["writes"], figures["requests"])),
        ("reads answered by a waiting write", figures["forwarded_reads"], _percent(figures["forwarded_reads"], figures["reads"])),
        (
            "writes merged into a waiting one",
            figures["coalesced_writes"],
            _percent(figures["coalesced_writes"], figures["writes"]),
        ),
        ("bandwidth, GB/s", figures["bandwidth_bytes_per_s"] / 1e9, 100 * figures["bandwidth_fraction"]),
        ("peak bandwidth, GB/s", figures["peak_bandwidth_bytes_per_s"] / 1e9, None),
    ]
    rows += [(name.replace("_", " "), figures[name], _percent(figures[name], served)) for name in _ROW_STATES]
    return table(f"Totals of {dram.name}, {dram.organisation}", ("", "value", "%"), rows)


_ROW_STATES = ("row_hits", "row_misses", "row_conflicts")


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def latency_table(figures: Row) -> Group:
    """Return the latencies of reads and writes in cycles of the DRAM's clock, and the mean also in ns."""
    rows = []
    for name, end in (("read", "to the end of its data"), ("write", "to its WR command")):
        found: dict[str, Any] = figures[f"{name}_latency_cycles"] or dict.fromkeys(("mean", "p50", "p95", "p99", "max"))
        mean_ns = None if found["mean"] is None else found["mean"] * figures["tck_ps"] / 1000
        rows.append((f"{name}, from arrival {end}", *found.values(), mean_ns))
    return table("Latency in cycles (percentiles are nearest-rank)", ("", "mean", "p50", "p95", "p99", "max", "mean, ns"), rows)


def energy_table(figures: Row) -> Group:
    """Return the parts of the energy and their shares."""
    total = figures["energy_total_pj"]
    parts = [(name, None if pj is None else pj / 1e3, _share(pj, total)) for name, pj in figures["energy_pj"].items()]
    return table("Energy", ("part", "nJ", "%"), [*parts, ("total", total / 1e3, None)])


def _share(part: float | None, whole: float) -> float | None:
    return None if part is None or not whole else 100 * part / whole


def bank_table(figures: Row, dram: ResolvedDram) -> Group:
    """Return the banks that served most requests."""
    levels = dram.levels[: dram.bank_level + 1]
    busiest = sorted(figures["banks"], key=lambda bank: -requests_of(bank))[:TOP_BANKS]
    served = sum(requests_of(bank) for bank in figures["banks"])
    counts = ("reads", "writes", *_ROW_STATES)
    rows = [
        (*(str(bank[level]) for level in levels), *(bank[name] for name in counts), 100 * requests_of(bank) / served)
        for bank in busiest
    ]
    columns = (*levels, "reads", "writes", "hits", "misses", "conflicts", "% of all")
    title = f"Busiest banks ({len(busiest)} of {len(figures['banks'])})"
    return table(title, columns, rows, text_columns=len(levels))


def requests_of(bank: Row) -> int:
    """Return the number of requests that a bank served."""
    return int(bank["reads"] + bank["writes"])


def bank_lines(figures: Row, dram: ResolvedDram) -> Text:
    """Return a line per rank (or pseudo-channel) with a block per bank; a taller block served more requests."""
    counts = dram.counts[: dram.bank_level + 1]
    served = np.array([requests_of(bank) for bank in figures["banks"]], dtype=np.float64)
    ranks = served.reshape(prod(counts[: dram.rank_level + 1]), -1)
    step = -(-ranks.shape[1] // MAX_BLOCKS)
    grouped = np.array([[rank[at : at + step].mean() for at in range(0, len(rank), step)] for rank in ranks])
    peak = float(grouped.max())
    if not peak:
        return Text("No bank served a request")
    lines = [f"Requests of each bank (a full block: {peak:,.0f})"]
    for index, rank in enumerate(grouped[:MAX_LINES]):
        path = np.unravel_index(index, counts[: dram.rank_level + 1])
        name = " ".join(f"{level} {number}" for level, number in zip(dram.levels, path, strict=False))
        lines.append(f"{name} |{blocks(rank / peak)}|")
    if len(grouped) > MAX_LINES:
        lines.append(f"and {len(grouped) - MAX_LINES} more")
    return Text("\n".join(lines), no_wrap=True, overflow="crop")
