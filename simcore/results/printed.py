"""Plain tables for reading: the parts of the output of ``simcore run`` that kinds of machine share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simcore.results.results import Results


@dataclass(frozen=True)
class PrintedTable:
    """A table whose first ``text_columns`` columns are text and the rest numbers.

    With ``cut_names`` every row takes one line, and long names in the first column are cut to fit.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    text_columns: int = 1
    cut_names: bool = False


def layers_title(results: Results) -> str:
    """Return the heading of the table of layers."""
    return f"Layers of {results.network} on {results.system.name}"


def layer_rows(results: Results) -> list[dict[str, Any]]:
    """Return the rows of the layers that ran by themselves."""
    return [row for row in results.layer_rows if row["start_cycle"] is not None]


def worst_cause(row: Mapping[str, Any], causes: Sequence[str]) -> str:
    """Return the cause of most stalled cycles of a layer, or "-" if it never stalled."""
    worst = max(causes, key=lambda cause: int(row[f"stall_{cause}_cycles"]))
    return worst if row[f"stall_{worst}_cycles"] else "-"


def totals_of(results: Results) -> dict[str, float]:
    """``results.totals`` by metric."""
    return {metric: value for metric, value, _ in results.total_rows}


def pass_tables(results: Results) -> list[PrintedTable]:
    """Return a table with one row per pass of a training step, and no table for inference, which has one pass."""
    if len({run.pass_name for run in results.runs}) < 2:
        return []
    cycles = max(results.cycles, 1)
    rows = [
        (
            row["pass"],
            row["macs"] / 1e6,
            row["cycles"],
            100.0 * row["cycles"] / cycles,
            row["cycles"] - row["compute_cycles"],
            row["dram_read_bytes"] / 1024,
            row["dram_write_bytes"] / 1024,
            row["energy_pj"] / 1e6,
        )
        for row in results.passes.to_dict("records")
    ]
    columns = ("pass", "M MACs", "cycles", "%", "stalled", "DRAM rd KiB", "DRAM wr KiB", "energy uJ")
    return [PrintedTable("Passes", columns, rows)]


def stall_table(results: Results, *, all_causes: bool = True) -> PrintedTable:
    """Return the table of compute and every stall cause, in cycles and percent of the run.

    With ``all_causes``, include causes without cycles.
    """
    totals = totals_of(results)
    causes = results.kind.causes
    spent = {"compute": totals["compute_cycles"], **{cause: totals[f"stall_{cause}_cycles"] for cause in causes}}
    cycles = max(results.cycles, 1)
    rows = [(name, int(value), 100.0 * value / cycles) for name, value in spent.items() if all_causes or value]
    return PrintedTable("Where the cycles went", ("", "cycles", "%"), rows)


def common_tables(results: Results) -> list[PrintedTable]:
    """Return the tables that a run on a machine of any kind has: layers, passes, and where the cycles went."""
    return [_layer_table(results), *pass_tables(results), stall_table(results, all_causes=False)]


def _layer_table(results: Results) -> PrintedTable:
    """Return one row per layer that ran, with the columns that every kind fills."""
    rows = [(*layer_cells(results, row), dram_kib(row)) for row in layer_rows(results)]
    return PrintedTable(layers_title(results), (*LAYER_COLUMNS, "DRAM KiB"), rows, text_columns=2, cut_names=True)


#: Headings of ``layer_cells``.
LAYER_COLUMNS = ("layer", "op", "M MACs", "cycles", "compute", "stalled", "mostly")


def layer_cells(results: Results, row: Mapping[str, Any]) -> tuple[object, ...]:
    """Return the cells with which every row of a table of layers begins, the largest stall cause last."""
    stalled_cycles = row["cycles"] - row["compute_cycles"]
    counts = (row["macs"] / 1e6, row["cycles"], row["compute_cycles"], stalled_cycles)
    return row["layer"], row["op"], *counts, worst_cause(row, results.kind.causes)


def dram_kib(row: Mapping[str, Any]) -> float:
    """Return the KiB that a layer moves from and to main memory."""
    return float(row["dram_read_bytes"] + row["dram_write_bytes"]) / 1024
