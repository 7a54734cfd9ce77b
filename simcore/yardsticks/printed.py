"""What ``simcore run`` prints of a run on a yardstick."""

from __future__ import annotations

from simcore.errors import InputError
from simcore.results import Results
from simcore.results.printed import PrintedTable, layer_rows, layers_title, pass_tables, stall_table, totals_of
from simcore.yardsticks.spec import RooflineSpec


def printed_tables(results: Results) -> list[PrintedTable]:
    """Layers, passes, where the cycles went, totals."""
    return [layer_table(results), *pass_tables(results), stall_table(results, all_causes=False), totals_table(results)]


def layer_table(results: Results) -> PrintedTable:
    """One row per layer that ran, with both times and what bounds it."""
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
    """Time, traffic and what is known of the energy."""
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
    """What operators reach of their roof, with the source, one line each."""
    spec = results.system
    if not isinstance(spec, RooflineSpec):
        raise InputError(f"expected a run on a machine of kind 'roofline', got kind '{results.kind.name}'")
    points = {name: getattr(spec.efficiency, name) for name in type(spec.efficiency).model_fields}
    return [
        f"Efficiency: {name} reaches {point.percent:g} % of its roof ({point.kind}: {point.source})."
        for name, point in points.items()
        if point is not None
    ]
