"""The tables that ``simcore run`` prints for a run on a yardstick."""

from __future__ import annotations

from simcore.errors import InputError
from simcore.results import Results
from simcore.results.printed import PrintedTable, layer_rows, layers_title, pass_tables, stall_table, totals_of
from simcore.yardsticks.spec import RooflineSpec


def printed_tables(results: Results) -> list[PrintedTable]:
    """Return the tables of layers, passes, stall causes and totals."""
    return [layer_table(results), *pass_tables(results), stall_table(results, all_causes=False), totals_table(results)]


def layer_table(results: Results) -> PrintedTable:
    """Return one row per layer that ran, with both times and the one that bounds it."""
    bounds = results.tables()["bounds"].set_index("layer").to_dict("index")
    rows = []
    for row in layer_rows(results):
        found = bounds[row["layer"]]
        moved = (row["dram_read_bytes"] + row["dram_write_bytes"]) / 1024
        times = (found["compute_time_ns"] / 1e3, found["memory_time_ns"] / 1e3)
        rows.append((row["layer"], row["op"], found["bound_by"], row["macs"] / 1e6, moved, *times, row["cycles"]))
    columns = ["layer", "op", "bound by", "M MACs", "DRAM KiB", "compute us", "memory us", "cycles"]
    return PrintedTable(layers_title(results), columns, rows, text_columns=3, cut_names=True)


def totals_table(results: Results) -> PrintedTable:
    """Return the time, the traffic and the known part of the energy."""
    totals = totals_of(results)
    rows = [
        ("time, us", totals["time_ns"] / 1e3),
        ("share of the peak, %", totals["array_utilisation_percent"] or None),
        ("main memory read, KiB", totals["dram_read_bytes"] / 1024),
        ("main memory written, KiB", totals["dram_write_bytes"] / 1024),
        ("energy of main memory, uJ", totals["energy_pj"] / 1e6),
    ]
    return PrintedTable("Totals", ("", "value"), rows)


def efficiency_lines(results: Results) -> list[str]:
    """Return the share of its roof that each operator reaches, with the source, one line each."""
    spec = results.system
    if not isinstance(spec, RooflineSpec):
        raise InputError(f"expected a run on a machine of kind 'roofline', got kind '{results.kind.name}'")
    points = {name: getattr(spec.efficiency, name) for name in type(spec.efficiency).model_fields}
    return [
        f"Efficiency: {name} reaches {point.percent:g} % of its roof ({point.kind}: {point.source})."
        for name, point in points.items()
        if point is not None
    ]
