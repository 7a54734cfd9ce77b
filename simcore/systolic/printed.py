"""The tables and lines that ``simcore run`` prints for a run on a systolic machine."""

from __future__ import annotations

from simcore.results import Results
from simcore.results.dram import dram_figures
from simcore.results.printed import (
    LAYER_COLUMNS,
    PrintedTable,
    dram_kib,
    layer_cells,
    layer_rows,
    layers_title,
    pass_tables,
    stall_table,
    totals_of,
)
from simcore.systolic.arrays import has_several, printed_arrays, splits_of
from simcore.systolic.attention import has_attention, printed_attention
from simcore.systolic.energy import EnergyRates
from simcore.systolic.memory_limits import limit_lines
from simcore.systolic.of_results import rates_of
from simcore.systolic.printed_storage import storage_lines
from simcore.systolic.printed_wear import endurance_lines, wear_table
from simcore.systolic.value_check import EQUAL


def printed_tables(results: Results) -> list[PrintedTable]:
    """Return the tables of layers, attention, passes, several arrays, stall causes, totals, and wear of what wears out."""
    worn = [wear_table(results)] if _wears(results) else []
    arrays = [printed_arrays(results)] if has_several(results) else []
    attention = [printed_attention(results)] if has_attention(results) else []
    between = [*attention, *pass_tables(results), *arrays]
    return [layer_table(results), *between, stall_table(results), totals_table(results), *worn]


def printed_lines(results: Results) -> list[str]:
    """Return lines about main memory's latency, how the endurance is known, what keeps stored bits, and the check of values."""
    worn = endurance_lines(results) if _wears(results) else []
    return [*limit_lines(results), *worn, *storage_lines(results), *([values_line(results)] if results.values else [])]


def _wears(results: Results) -> bool:
    return results.line_wear is not None and results.line_wear.wears()


def values_line(results: Results) -> str:
    """Return the finding of the check of values in one line. A wrong value ends the run before this line."""
    equal = sum(said == EQUAL for said in results.values.values())
    seed = results.manifest["seed"]
    layers = f"{equal} of {len(results.values)} layers"
    return f"Values: in {layers} the array's product equals numpy's, word by word (seed {seed}); the others have none."


def layer_table(results: Results) -> PrintedTable:
    """Return one row per layer that ran, with its largest stall cause."""
    checked, splits = bool(results.values), splits_of(results)
    rows = [
        (
            *layer_cells(results, row),
            row["mapping_efficiency_percent"] or None,  # the vector unit fills no array
            row["array_utilisation_percent"] or None,
            dram_kib(row),
            *((splits.get(row["layer"], "-"),) if splits else ()),
            *((str(row["values"]).partition(":")[0],) if checked else ()),
        )
        for row in layer_rows(results)
    ]
    columns = [*LAYER_COLUMNS, "map %", "util %", "DRAM KiB"]
    if splits:
        columns.append("split by")
    if checked:
        columns.append("values")
    return PrintedTable(layers_title(results), columns, rows, text_columns=2, cut_names=True)


def _part(part: str, rates: EnergyRates) -> str:
    """Return the printed name of a part of the energy; leakage names its transistors and whether idle banks are cut off."""
    if part != "leakage":
        return part
    return f"leakage ({rates.leakage_class}{', idle banks cut off' if rates.gating is not None else ''})"


def totals_table(results: Results) -> PrintedTable:
    """Return the time, the traffic and the energy of the run, and the area of the machine."""
    totals = totals_of(results)
    rows: list[tuple[str, float | int]] = [
        ("time, us", totals["time_ns"] / 1e3),
        ("array utilisation, %", totals["array_utilisation_percent"]),
        ("main memory read, KiB", totals["dram_read_bytes"] / 1024),
        ("main memory written, KiB", totals["dram_write_bytes"] / 1024),
    ]
    if results.main_memory is not None:
        found = dram_figures(results.runs, results.main_memory)
        served = max(found["row_hits"] + found["row_misses"] + found["row_conflicts"], 1)
        rows.append((f"{results.main_memory.name} row hits, %", 100.0 * found["row_hits"] / served))
        rows.append((f"{results.main_memory.name} bandwidth, GB/s", found["bandwidth_bytes_per_s"] / 1e9))
    rates = rates_of(results)
    rows += [(f"energy {_part(part, rates)}, uJ", value / 1e6) for part, value in results.part_energies_pj.items() if value]
    rows.append(("energy in all, uJ", totals["energy_pj"] / 1e6))
    rows += [(f"area {part}, mm2", area_mm2) for part, area_mm2 in rates.areas.items()]
    rows.append(("area in all, mm2", totals["area_mm2"]))
    return PrintedTable("Totals", ("", "value"), rows)
