"""``simcore run``: the layer table, the stall causes and the totals."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from rich.table import Table

from simcore.cli.console import console, print_json, rate, table, table_of_names
from simcore.cli.options import RunOptions
from simcore.cli.simulating import simulate_as_asked
from simcore.cli.wear import endurance_lines, wear_table
from simcore.program.outcome import CAUSE_NAMES
from simcore.results import Results
from simcore.value_check import EQUAL


def run_command(options: RunOptions) -> None:
    """Simulate and print what was asked for: JSON, one line, or tables."""
    results = simulate_as_asked(options, check_values=options.check_values)
    if options.json:
        print_json(results.to_json())
    elif options.quiet:
        print(summary(results))
    else:
        out = console()
        passes = [pass_table(results)] if len(results.passes) > 1 else []
        wears = results.line_wear is not None and results.line_wear.wears()
        worn = [wear_table(results)] if wears else []
        for shown in (layer_table(results), *passes, stall_table(results), totals_table(results), *worn):
            out.print(shown)
            out.print()
        for note in results.rates.notes:
            out.print(f"Energy: {note}.", markup=False)
        for line in endurance_lines(results) if wears else ():
            out.print(line, markup=False)
        if results.values:
            out.print(values_line(results))
        out.print(summary(results))


def summary(results: Results) -> str:
    """The run in one line."""
    ran = f"{results.wall_s:.2f} s ({rate(results.manifest['simulated_cycles_per_s'])})"
    return f"{results.network} on {results.system.name}: {results.cycles:,} cycles; simulated in {ran}"


def values_line(results: Results) -> str:
    """What the check of values found, in one line; a value that is wrong never gets here."""
    equal = sum(said == EQUAL for said in results.values.values())
    seed = results.manifest["seed"]
    layers = f"{equal} of {len(results.values)} layers"
    return f"Values: in {layers} the array's product equals numpy's, word by word (seed {seed}); the others have none."


def layer_table(results: Results) -> Table:
    """One row per layer that ran, with its largest stall cause."""
    ran = results.layers[results.layers["start_cycle"].notna()]
    checked = bool(results.values)
    rows = [
        (
            row["layer"],
            row["op"],
            row["macs"] / 1e6,
            row["cycles"],
            row["compute_cycles"],
            row["cycles"] - row["compute_cycles"],
            _worst_cause(row),
            row["mapping_efficiency_percent"] or None,  # the vector unit fills no array
            row["array_utilisation_percent"] or None,
            (row["dram_read_bytes"] + row["dram_write_bytes"]) / 1024,
            *((str(row["values"]).partition(":")[0],) if checked else ()),
        )
        for row in ran.to_dict("records")
    ]
    columns = ["layer", "op", "M MACs", "cycles", "compute", "stalled", "mostly", "map %", "util %", "DRAM KiB"]
    if checked:
        columns.append("values")
    return table_of_names(f"Layers of {results.network} on {results.system.name}", columns, rows, text_columns=2)


def _worst_cause(row: Mapping[Hashable, Any]) -> str:
    worst = max(CAUSE_NAMES, key=lambda cause: int(row[f"stall_{cause}_cycles"]))
    return worst if row[f"stall_{worst}_cycles"] else "-"


def pass_table(results: Results) -> Table:
    """One row per pass of a training step."""
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
    return table("Passes", columns, rows)


def stall_table(results: Results) -> Table:
    """Where the cycles went: compute and every cause, in cycles and percent of the run."""
    totals = dict(zip(results.totals["metric"], results.totals["value"], strict=True))
    spent = {"compute": totals["compute_cycles"], **{cause: totals[f"stall_{cause}_cycles"] for cause in CAUSE_NAMES}}
    cycles = max(results.cycles, 1)
    rows = [(name, int(value), 100.0 * value / cycles) for name, value in spent.items()]
    return table("Where the cycles went", ("", "cycles", "%"), rows)


def _part(part: str, results: Results) -> str:
    """A part of the energy, by name; leakage is told with the transistors and the gating that it is of."""
    if part != "leakage":
        return part
    return f"leakage ({results.rates.leakage_class}{', idle banks cut off' if results.rates.gating is not None else ''})"


def totals_table(results: Results) -> Table:
    """Traffic and energy of the run."""
    totals = dict(zip(results.totals["metric"], results.totals["value"], strict=True))
    rows: list[tuple[str, float | int]] = [
        ("time, us", totals["time_ns"] / 1e3),
        ("array utilisation, %", totals["array_utilisation_percent"]),
        ("main memory read, KiB", totals["dram_read_bytes"] / 1024),
        ("main memory written, KiB", totals["dram_write_bytes"] / 1024),
    ]
    if results.main_memory is not None:
        found = results.to_json()["dram"]
        served = max(found["row_hits"] + found["row_misses"] + found["row_conflicts"], 1)
        rows.append((f"{results.main_memory.name} row hits, %", 100.0 * found["row_hits"] / served))
        rows.append((f"{results.main_memory.name} bandwidth, GB/s", found["bandwidth_bytes_per_s"] / 1e9))
    rows += [
        (f"energy {_part(part, results)}, uJ", value / 1e6) for part, value in results.energy.itertuples(index=False) if value
    ]
    rows.append(("energy in all, uJ", totals["energy_pj"] / 1e6))
    return table("Totals", ("", "value"), rows)
