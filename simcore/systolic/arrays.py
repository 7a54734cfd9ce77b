"""The table of a machine's several arrays: what each did in each layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simcore.results.printed import PrintedTable
from simcore.results.tables import stall_column
from simcore.systolic.of_results import system_of

if TYPE_CHECKING:
    import pandas as pd

    from simcore.results import LayerRun, Results


def has_several(results: Results) -> bool:
    """Return whether the machine has several arrays."""
    return system_of(results).array.count > 1


def splits_of(results: Results) -> dict[str, str]:
    """Return what the arrays share of each layer that ran (see `split_by`), or nothing for a machine of one array."""
    return {run.name: run.facts.get("split_by", "-") for run in results.runs} if has_several(results) else {}


def array_table(results: Results) -> pd.DataFrame:
    """Return one row per layer that ran and array.

    The arrays make their steps together, so they compute and stall in the same cycles; their shares of the work may differ.
    """
    import pandas as pd

    return pd.DataFrame(list(_rows(results)))


def array_rows(results: Results) -> list[dict[str, Any]]:
    """Return the table as JSON values."""
    return list(_rows(results))


def printed_arrays(results: Results) -> PrintedTable:
    """Return one row per array for the whole run."""
    rows = list(_rows(results))
    printed = []
    for array in range(system_of(results).array.count):
        own = [row for row in rows if row["array"] == array]
        macs, cycles, compute = (sum(row[name] for row in own) for name in ("macs", "cycles", "compute_cycles"))
        printed.append((str(array), macs / 1e6, cycles, compute, cycles - compute, _utilisation_percent(results, macs, cycles)))
    return PrintedTable("Arrays", ("array", "M MACs", "cycles", "compute", "stalled", "util %"), printed)


def _rows(results: Results) -> Iterator[dict[str, Any]]:
    for run in results.runs:
        if run.outcome is not None:
            for array, macs in enumerate(_macs_of_arrays(run, system_of(results).array.count)):
                yield {
                    "layer": run.name,
                    "array": array,
                    "split_by": run.facts.get("split_by", "-"),
                    "macs": macs,
                    "cycles": run.outcome.cycles,
                    "compute_cycles": run.outcome.compute_cycles,
                    **_stalls(run, results),
                    "array_utilisation_percent": _utilisation_percent(results, macs, run.outcome.cycles),
                }


def _stalls(run: LayerRun, results: Results) -> dict[str, int]:
    assert run.outcome is not None
    by_cause = run.outcome.stall_cycles.sum(axis=1)
    return {stall_column(cause): int(by_cause[number]) for number, cause in enumerate(results.kind.causes)}


def _macs_of_arrays(run: LayerRun, count: int) -> list[int]:
    """Return the multiply-accumulates of each array, which are 0 in a layer of the vector unit."""
    return list(run.facts.get("macs_of_arrays", [0] * count))


def _utilisation_percent(results: Results, macs: int, cycles: int) -> float:
    array = system_of(results).array
    return 100.0 * macs / (cycles * array.rows * array.columns) if cycles else 0.0
