"""Results of a DRAM as main memory: columns of the layer table, the table of its banks, and its object in the JSON form."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.dram.outcome import BANK_COLUMNS
from simcore.dram.tables import IntArray, ResolvedDram
from simcore.program.outcome import DramCounts
from simcore.results.frames import frame
from simcore.results.record import LayerRun

if TYPE_CHECKING:
    import pandas as pd


def nothing_done(dram: ResolvedDram) -> DramCounts:
    """Return the counts of a DRAM that has not run."""
    ranks, banks = int(np.prod(dram.counts[: dram.rank_level + 1])), int(np.prod(dram.counts[: dram.bank_level + 1]))
    zeros = np.zeros((ranks, len(dram.commands)), dtype=np.int64)
    return DramCounts(0, zeros, np.zeros((banks, len(BANK_COLUMNS)), dtype=np.int64), np.zeros(ranks, dtype=np.int64), 0, 0)


def in_all(runs: Sequence[LayerRun], dram: ResolvedDram) -> DramCounts:
    """Return the counts of all layers together."""
    total = nothing_done(dram)
    for run in runs:
        if run.outcome is not None and run.outcome.dram is not None:
            total = total.plus(run.outcome.dram)
    return total


def dram_columns(counts: DramCounts, dram: ResolvedDram) -> dict[str, int]:
    """Return the DRAM's columns of the layer table.

    RD and WR count with or without a precharge, PRE and REF of one bank or of all.
    """
    closes_alone = dram.closes * (1 - dram.reads) * (1 - dram.writes)
    hits, misses, conflicts = (int(counts.banks[:, [state, state + 3]].sum()) for state in range(3))
    reads, writes = _issued(counts, dram.reads), _issued(counts, dram.writes)
    return {
        "dram_cycles": counts.cycles,
        "dram_row_hits": hits,
        "dram_row_misses": misses,
        "dram_row_conflicts": conflicts,
        "dram_rd_commands": reads,
        "dram_wr_commands": writes,
        "dram_act_commands": _issued(counts, dram.opens),
        "dram_pre_commands": _issued(counts, closes_alone),
        "dram_ref_commands": _issued(counts, dram.refreshes),
        "dram_forwarded_reads": counts.forwarded_reads,
        "dram_coalesced_writes": counts.coalesced_writes,
        "dram_bus_bytes": (reads + writes) * dram.transaction_bytes,
    }


def _issued(counts: DramCounts, flags: IntArray) -> int:
    return int((counts.commands * (flags != 0)).sum())


def dram_table(runs: Sequence[LayerRun], dram: ResolvedDram | None) -> pd.DataFrame:
    """Return one row per bank of the DRAM for the whole run, and no row if main memory is no DRAM."""
    if dram is None:
        return frame([], columns=["channel", "bank", *BANK_COLUMNS])
    levels = dram.levels[: dram.bank_level + 1]
    places = np.array(list(product(*(range(count) for count in dram.counts[: dram.bank_level + 1]))), dtype=np.int64)
    banks = in_all(runs, dram).banks
    columns = dict(zip(levels, places.T, strict=True)) | dict(zip(BANK_COLUMNS, banks.T, strict=True))
    return frame(columns)


def dram_object(runs: Sequence[LayerRun], dram: ResolvedDram) -> dict[str, Any]:
    """Return the DRAM's object in results.json: its figures (`dram_figures`) and its banks."""
    banks = [{str(key): value for key, value in row.items()} for row in dram_table(runs, dram).to_dict("records")]
    return dram_figures(runs, dram) | {"banks": banks}


def dram_figures(runs: Sequence[LayerRun], dram: ResolvedDram) -> dict[str, Any]:
    """Return the counts of the whole run, the commands by name, and the bandwidth."""
    counts = in_all(runs, dram)
    columns = dram_columns(counts, dram)
    seconds = counts.cycles * dram.tck_ps * 1e-12
    commands = dict(zip(dram.commands, counts.commands.sum(axis=0).tolist(), strict=True))
    return {
        "standard": dram.name,
        "tck_ps": dram.tck_ps,
        **{name.removeprefix("dram_"): value for name, value in columns.items() if not name.endswith("_commands")},
        "commands": commands,
        "bandwidth_bytes_per_s": columns["dram_bus_bytes"] / seconds if seconds else 0.0,
    }
