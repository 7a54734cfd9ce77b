"""``simcore banks``: what each scratchpad costs, who waits for whom, the write buffers, the banks, and a heat map over time."""

from __future__ import annotations

from simcore.cli.console import console, drawn, print_json, width
from simcore.cli.heat_map import MOST_COLUMNS, columns_within, conflict_maps, heat_map, legend, marked_layers
from simcore.cli.options import SimulateOptions
from simcore.cli.run import summary
from simcore.cli.simulating import simulate_as_asked
from simcore.results import Results
from simcore.results.printed_banks import bank_lines, bank_tables
from simcore.spec.load import kind_of_source


def banks_command(options: SimulateOptions) -> None:
    """Simulate and print the banks: as JSON, as one line, or as tables and a heat map per scratchpad."""
    kind_of_source(options.system).require_banks()
    results = simulate_as_asked(options)
    if options.json:
        print_json(banks_json(results))
    elif options.quiet:
        print(summary(results))
    else:
        _print(results)


def _print(results: Results) -> None:
    out, columns, kind = console(), columns_within(width()), results.kind
    own = kind.printed_banks(results)
    for shown in own or bank_tables(results):
        out.print(drawn(shown))
        out.print()
    for line in kind.printed_bank_lines(results) if own else bank_lines(results):
        out.print(line, markup=False)
    maps = kind.heat_maps(results, columns) if own else conflict_maps(results, columns)
    for each in maps:
        out.print()
        out.print(heat_map(results, each))
    if any(each.shares.any() for each in maps):
        out.print(legend(results, columns))
    out.print(summary(results))


def banks_json(results: Results) -> dict[str, object]:
    """Return the scratchpads with their stalls, waits and write buffers, every column of the table of banks, and the heat map.

    ``conflicts`` of a bank is the share of cycles with a conflict in each column of the heat map, ``column_layers`` the layer
    that takes most of each column. Layers that run at the same time have no heat map.
    """
    columns = results.banks.astype(object)
    banks = [{str(key): value for key, value in bank.items()} for bank in columns.where(columns.notna(), None).to_dict("records")]
    found: dict[str, object] = {
        "network": results.network,
        "system": results.system.name,
        "engine": results.engine,
        "cycles": results.time_cycles,
        "scratchpads": results.to_json()["scratchpads"],
    }
    if results.time_cycles == results.cycles:
        found |= {"column_cycles": results.cycles / MOST_COLUMNS, "column_layers": marked_layers(results, MOST_COLUMNS)}
        for bank, row in zip(banks, results.conflict_heat_map(MOST_COLUMNS), strict=True):
            bank["conflicts"] = row.tolist()
    return found | {"banks": banks}
