"""The tables that ``simcore banks`` prints: scratchpads by cost, who waited for whom, write buffers, and banks by cost."""

from __future__ import annotations

import pandas as pd

from simcore.results.printed import PrintedTable
from simcore.results.results import Results
from simcore.results.tables import stall_column

#: The place of stalled cycles that belong to no scratchpad, because the array waits for the DMA's last stores.
NOWHERE = "(none)"
#: The most banks of the printed table.
MOST_BANKS = 16


def bank_tables(results: Results) -> list[PrintedTable]:
    """Return the tables that have rows, the costs first."""
    found = [cost_table(results), wait_table(results), write_buffer_table(results), bank_table(results)]
    found.append(counter_table(results))
    return [table for table in found if table.rows]


def bank_lines(results: Results) -> list[str]:
    """Return what the tables leave out: a run without stalls, and the banks that cost little or nothing."""
    costly = _costly_banks(results)
    lines = [] if len(costs(results)) else ["No scratchpad costs a cycle."]
    others, cycles = len(results.banks) - len(costly[:MOST_BANKS]), int(costly["cost"][MOST_BANKS:].sum())
    return lines + ([f"The other {others} banks cost {cycles:,} cycles; --json and --out list them, too."] if others else [])


def costs(results: Results) -> pd.DataFrame:
    """Return the stalled cycles by scratchpad and cause, the largest first, without rows of zero cycles."""
    causes = results.kind.causes
    rows = [
        (row["scratchpad"], cause, int(row[stall_column(cause)]))
        for row in results.scratchpads.to_dict("records")
        for cause in causes
    ]
    everywhere = {cause: int(results.layers[stall_column(cause)].sum()) for cause in causes}
    for _, cause, cycles in rows:
        everywhere[cause] -= cycles
    rows += [(NOWHERE, cause, cycles) for cause, cycles in everywhere.items()]
    found = pd.DataFrame(rows, columns=["scratchpad", "cause", "cycles"])
    return found[found["cycles"] > 0].sort_values("cycles", ascending=False, kind="stable", ignore_index=True)


def cost_table(results: Results) -> PrintedTable:
    """Return the stalled cycles by scratchpad and cause, and their share of the run."""
    rows = [(*row, _percent(row[-1], results)) for row in costs(results).itertuples(index=False, name=None)]
    return PrintedTable("Cycles lost in scratchpads", ("scratchpad", "cause", "cycles", "%"), rows, text_columns=2)


def wait_table(results: Results) -> PrintedTable:
    """Return who waited for whom at the banks while the array stalled."""
    summed = results.waits.groupby(["scratchpad", "waiter", "holder"], sort=False)["cycles"].sum().reset_index()
    ordered = summed.sort_values("cycles", ascending=False, kind="stable")
    rows = [(*row, _percent(row[-1], results)) for row in ordered.itertuples(index=False, name=None)]
    return PrintedTable("Who waited for whom", ("scratchpad", "waiter", "holder", "cycles", "%"), rows, text_columns=3)


def write_buffer_table(results: Results) -> PrintedTable:
    """Return how full the write buffers were that the run used."""
    columns = ("write_buffer_entries", "mean_entries", "p99_entries", "most_entries", "full_cycles")
    rows = [
        (row["scratchpad"], *(row[column] for column in columns), _percent(row["full_cycles"], results))
        for row in results.scratchpads.to_dict("records")
        if row["most_entries"]
    ]
    headings = ("scratchpad", "depth", "mean entries", "99 % within", "most", "full cyc.", "%")
    return PrintedTable("Write buffers", headings, rows)


def bank_table(results: Results) -> PrintedTable:
    """Return the banks that cost most cycles, in order of cost, with the cause of most."""
    counts = ("conflict_cycles", "occupancy_percent", "reads", "writes")
    rows = [
        (row["scratchpad"], row["memory"], row["mostly"], row["bank"], row["cost"], *(row[name] for name in counts))
        for row in _costly_banks(results)[:MOST_BANKS].to_dict("records")
    ]
    columns = ("scratchpad", "memory", "mostly", "bank", "stalled", "conflict cyc.", "occup. %", "reads", "writes")
    return PrintedTable("Banks in order of cost", columns, rows, text_columns=3)


def counter_table(results: Results) -> PrintedTable:
    """Return what bank timings of the user's own counted, by bank."""
    names = list(results.bank_counters)
    counting = results.banks[results.banks[names].notna().any(axis=1)].astype(object)
    rows = [
        (row["scratchpad"], row["memory"], row["bank"], *(row[name] for name in names))
        for row in counting.where(counting.notna(), None).to_dict("records")
    ]
    return PrintedTable("Counters of the banks' own timings", ("scratchpad", "memory", "bank", *names), rows, text_columns=2)


def _costly_banks(results: Results) -> pd.DataFrame:
    """Return the banks at which the array stalled, with the columns ``cost`` and ``mostly``, the most costly first."""
    stalls = results.banks[[stall_column(cause) for cause in results.kind.causes]]
    mostly = [results.kind.causes[number] for number in stalls.to_numpy().argmax(axis=1)]
    found = results.banks.assign(cost=stalls.sum(axis=1), mostly=mostly)
    return found[found["cost"] > 0].sort_values("cost", ascending=False, kind="stable", ignore_index=True)


def _percent(cycles: int, results: Results) -> float:
    return 100.0 * cycles / max(results.cycles, 1)
