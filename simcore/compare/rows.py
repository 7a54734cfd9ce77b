"""Numbers of several runs in rows: metrics, layers, and the cycles and energies by place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simcore.results.any_run import AnyRun

#: The cause that stands for cycles in which a machine works.
COMPUTE = "compute"


@dataclass(frozen=True)
class Row:
    """One quantity of all runs, None where it is unknown or absent. ``name`` is a tuple, such as cause and scratchpad."""

    name: tuple[str, ...]
    values: tuple[float | None, ...]
    unit: str = ""

    def change(self, number: int) -> float | None:
        """Return how much more the run of that number has than the first one, or None if either is unknown."""
        first, other = self.values[0], self.values[number]
        return None if first is None or other is None else other - first

    def percent(self, number: int) -> float | None:
        """Return the change in percent of the first run; None if it is unknown or infinite."""
        change, first = self.change(number), self.values[0]
        if change is None or not first:
            return 0.0 if change == 0 else None
        return 100.0 * change / abs(first)

    @property
    def most(self) -> float:
        """Return the largest change, without its sign. A quantity that only some runs have changes by what it is."""
        known = [value or 0.0 for value in self.values]
        return max(abs(value - known[0]) for value in known)


def metric_rows(runs: Sequence[AnyRun]) -> tuple[Row, ...]:
    """Return the metrics of the runs' totals, and ``time_cycles`` first, in the order of the first run that has each."""
    columns: list[dict[str, float]] = []
    units = {"time_cycles": "cycles"}
    for run in runs:
        totals = run.table("totals")
        columns.append({"time_cycles": run.time_cycles, **dict(zip(totals["metric"], totals["value"], strict=True))})
        units |= {str(metric): str(unit) for metric, unit in zip(totals["metric"], totals["unit"], strict=True)}
    return _rows(((name,) for name in units), [{(name,): value for name, value in column.items()} for column in columns], units)


def layer_rows(runs: Sequence[AnyRun]) -> tuple[Row, ...]:
    """Return the cycles of each layer, those that differ most first."""
    columns: list[dict[tuple[str, ...], float]] = []
    for run in runs:
        layers = run.table("layers")
        ran = layers[layers["start_cycle"].notna()]
        columns.append({(str(name),): float(cycles) for name, cycles in zip(ran["layer"], ran["cycles"], strict=True)})
    return _largest_first(_rows(_names(columns), columns, {}))


def place_rows(runs: Sequence[AnyRun]) -> tuple[Row, ...]:
    """Return the cycles by cause and place, compute among them, those that differ most first. Missing ones are zero."""
    columns: list[dict[tuple[str, ...], float]] = []
    for run in runs:
        column: dict[tuple[str, ...], float] = {(COMPUTE, ""): float(run.facts["computing_cycles"])}
        for loss in run.facts["losses"]:
            if not loss["is_work"]:
                key = (str(loss["cause"]), str(loss["place"]))
                column[key] = column.get(key, 0.0) + float(loss["cycles"])
        columns.append(column)
    names = _names(columns)
    return _largest_first(_rows(names, [{name: column.get(name, 0.0) for name in names} for column in columns], {}))


def energy_rows(runs: Sequence[AnyRun]) -> tuple[Row, ...]:
    """Return the energy in pJ by part, those that differ most first."""
    columns: list[dict[tuple[str, ...], float]] = []
    for run in runs:
        energy = run.table("energy")
        columns.append({(str(part),): float(spent) for part, spent in zip(energy["part"], energy["energy_pj"], strict=True)})
    return _largest_first(_rows(_names(columns), columns, {}))


def _names(columns: Iterable[Mapping[tuple[str, ...], float]]) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(name for column in columns for name in column))


def _rows(
    names: Iterable[tuple[str, ...]], columns: Sequence[Mapping[tuple[str, ...], float]], units: Mapping[str, str]
) -> tuple[Row, ...]:
    return tuple(Row(name, tuple(_known(column.get(name)) for column in columns), units.get(name[0], "")) for name in names)


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _largest_first(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: -row.most))
