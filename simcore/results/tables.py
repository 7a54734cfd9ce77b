"""Tidy tables of layers, stalls and ports: a row is one measured thing, a column one quantity with its unit in the name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.dram.tables import ResolvedDram
from simcore.program.program import Port
from simcore.results.dram import dram_columns, nothing_done
from simcore.results.frames import frame, whole_numbers
from simcore.results.record import LayerRun

if TYPE_CHECKING:
    import pandas as pd

#: The start of the names of each port's columns in the layer table.
PORT_COLUMNS = {Port.IFMAP: "ifmap_read", Port.FILTER: "filter_read", Port.PSUM: "psum_read", Port.OUTPUT: "output_write"}


def stall_column(cause: str) -> str:
    """Return the name of a cause's column: ``stall_<cause>_cycles``."""
    return f"stall_{cause}_cycles"


def measured_rows(
    runs: Sequence[LayerRun], macs_per_cycle: float, causes: Sequence[str], dram: ResolvedDram | None = None
) -> list[dict[str, Any]]:
    """Return one row per layer of the network; a layer that did not run by itself has zeros, and None as its start.

    ``macs_per_cycle`` is the machine's peak. ``causes`` are the names of the stall causes. ``dram`` is main memory, if it is a
    DRAM.
    """
    return [_layer_row(run, macs_per_cycle, causes) | _dram_columns(run, dram) for run in runs]


def layer_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the rows of layers as a table."""
    table = frame(rows)
    table["start_cycle"] = whole_numbers(row["start_cycle"] for row in rows)
    return table


def _layer_row(run: LayerRun, macs_per_cycle: float, causes: Sequence[str]) -> dict[str, Any]:
    outcome = run.outcome
    cycles = outcome.cycles if outcome else 0
    row: dict[str, Any] = {"layer": run.name, "op": run.op, "pass": run.pass_name, "fused_into": run.fused_into}
    row["macs"] = run.macs
    row["start_cycle"] = outcome.start_cycle if outcome else None
    row["cycles"] = cycles
    row["compute_cycles"] = outcome.compute_cycles if outcome else 0
    for number, cause in enumerate(causes):
        row[stall_column(cause)] = int(outcome.stall_cycles[number].sum()) if outcome else 0
    row["mapping_efficiency_percent"] = run.facts.get("mapping_efficiency_percent", float("nan"))
    row["single_buffered"] = run.facts.get("single_buffered", "")
    row["memory_bound_by"] = run.facts.get("memory_bound_by", "")
    row["array_utilisation_percent"] = 100.0 * run.macs / (cycles * macs_per_cycle) if cycles else 0.0
    for unit in ("words", "lines"):
        for port, column in PORT_COLUMNS.items():
            row[f"{column}_{unit}"] = run.per_port(f"port_{unit}", port)
    row["values"] = run.values
    row["dram_read_bytes"] = int(outcome.dma_read_bytes.sum()) if outcome else 0
    row["dram_write_bytes"] = int(outcome.dma_write_bytes.sum()) if outcome else 0
    return row


def _dram_columns(run: LayerRun, dram: ResolvedDram | None) -> dict[str, int]:
    if dram is None:
        return {}
    done = run.outcome.dram if run.outcome is not None else None
    return dram_columns(nothing_done(dram) if done is None else done, dram)


def stall_table(runs: Sequence[LayerRun], causes: Sequence[str]) -> pd.DataFrame:
    """Return the stalled cycles by layer, cause and the port that the array waited for, without rows of zero cycles."""
    rows = [
        (run.name, causes[cause], Port(port).name.lower(), int(run.outcome.stall_cycles[cause, port]))
        for run in runs
        if run.outcome is not None
        for cause, port in np.argwhere(run.outcome.stall_cycles)
    ]
    return frame(rows, columns=["layer", "cause", "port", "cycles"])


def port_table(runs: Sequence[LayerRun]) -> pd.DataFrame:
    """Return the elements, words and lines that each array-side port moved in each layer. A machine without ports has no rows."""
    if not any(run.outcome.port_lines.any() for run in runs if run.outcome is not None):
        return frame([], columns=["layer", "port", "elements", "words", "lines"])
    rows = [
        (run.name, port.name.lower(), *(run.per_port(f"port_{unit}", port) for unit in ("elements", "words", "lines")))
        for run in runs
        if run.outcome is not None
        for port in PORT_COLUMNS
    ]
    return frame(rows, columns=["layer", "port", "elements", "words", "lines"])
