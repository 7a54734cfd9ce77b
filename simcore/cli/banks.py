"""``simcore banks``: a table of the banks, and a heat map of conflicts over time."""

from __future__ import annotations

import numpy as np
from rich.table import Table
from rich.text import Text

from simcore.cli.blocks import blocks
from simcore.cli.console import console, print_json, table
from simcore.cli.options import SimulateOptions
from simcore.cli.run import summary
from simcore.cli.simulating import simulate_as_asked
from simcore.results import Results
from simcore.spec.load import kind_of_source

COLUMNS = 72
#: The most rows of a heat map. A scratchpad with more banks puts neighbouring banks in one row.
MAX_ROWS = 32


def banks_command(options: SimulateOptions) -> None:
    """Simulate and print the banks: as JSON, as one line, or as a table and a heat map per scratchpad."""
    kind_of_source(options.system).require_banks()
    results = simulate_as_asked(options)
    if options.json:
        print_json(banks_json(results))
    elif options.quiet:
        print(summary(results))
    else:
        out = console()
        out.print(bank_table(results))
        for scratchpad in dict.fromkeys(results.banks["scratchpad"]):
            out.print()
            out.print(heat_map(results, scratchpad))
        out.print(summary(results))


def banks_json(results: Results) -> dict[str, object]:
    """Return every column of the bank table, and for each bank the share of cycles with a conflict in each heat-map column."""
    heat = results.conflict_heat_map(COLUMNS)
    banks = results.banks.to_dict("records")
    shown = [
        {**{str(key): value for key, value in bank.items()}, "conflicts": row.tolist()}
        for bank, row in zip(banks, heat, strict=True)
    ]
    return {
        "network": results.network,
        "system": results.system.name,
        "engine": results.engine,
        "cycles": results.cycles,
        "column_cycles": results.cycles / COLUMNS,
        "banks": shown,
    }


def bank_table(results: Results) -> Table:
    """Return a table with one row per bank."""
    counts = ("reads", "writes", "dma_reads", "dma_writes", "conflict_cycles", "busy_cycles", "occupancy_percent")
    rows = [
        (row["scratchpad"], row["memory"], row["bank"], *(row[name] for name in counts))
        for row in results.banks.to_dict("records")
    ]
    columns = ("scratchpad", "memory", "bank", "reads", "writes", "DMA rd", "DMA wr", "conflict cyc.", "busy cyc.", "occup. %")
    return table(f"Banks of {results.system.name} running {results.network}", columns, rows, text_columns=2)


def heat_map(results: Results, scratchpad: str) -> Text:
    """Return a map of banks over time; a taller block means a larger share of cycles in which a request waited at the bank."""
    rows = results.conflict_heat_map(COLUMNS)[(results.banks["scratchpad"] == scratchpad).to_numpy()]
    step = -(-len(rows) // MAX_ROWS)
    grouped = np.stack([rows[first : first + step].mean(axis=0) for first in range(0, len(rows), step)])
    peak = float(grouped.max())
    lines = [
        f"Conflicts in {scratchpad} over time (a full block: {100 * peak:.1f} % of the cycles)"
        if peak
        else f"No conflicts in {scratchpad}"
    ]
    if peak:
        names = (
            f"{first}" if step == 1 else f"{first}-{min(first + step, len(rows)) - 1}" for first in range(0, len(rows), step)
        )
        lines += [f"{'bank ' + name:>14} |{blocks(row / peak)}|" for name, row in zip(names, grouped, strict=True)]
        lines.append(f"{'':>14}  0{f'{results.cycles:,} cycles':>{COLUMNS - 1}}")
    return Text("\n".join(lines), no_wrap=True, overflow="crop")
