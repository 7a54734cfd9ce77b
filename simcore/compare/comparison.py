"""The differences of runs from the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simcore.compare.configuration import KeyDifference, key_differences
from simcore.compare.rows import Row, energy_rows, layer_rows, metric_rows, place_rows
from simcore.errors import InputError
from simcore.results.any_run import AnyRun


@dataclass(frozen=True)
class Comparison:
    """Runs with their names, and what differs. A row holds one value for each run, None where the run has none.

    ``metrics`` are all metrics of the runs' totals. ``layers`` are the layers by cycles, ``places`` the cycles by cause and
    scratchpad, compute among them, and ``energies`` the energy by part, those that differ most first.
    """

    names: tuple[str, ...]
    runs: tuple[AnyRun, ...]
    keys: tuple[KeyDifference, ...]
    equal_keys: int
    metrics: tuple[Row, ...]
    layers: tuple[Row, ...]
    places: tuple[Row, ...]
    energies: tuple[Row, ...]


def compare(runs: Sequence[AnyRun], names: Sequence[str] | None = None) -> Comparison:
    """Return the differences of runs from the first one. ``names`` tell them apart; without them it is the systems' names.

    Raise InputError for fewer than two runs.
    """
    if len(runs) < 2:
        raise InputError(f"expected two or more runs to compare, got {len(runs)}")
    said = tuple(names) if names is not None else tuple(str(run.facts["system"]) for run in runs)
    keys, equal = key_differences(runs)
    return Comparison(
        names=told_apart(said),
        runs=tuple(runs),
        keys=keys,
        equal_keys=equal,
        metrics=metric_rows(runs),
        layers=layer_rows(runs),
        places=place_rows(runs),
        energies=energy_rows(runs),
    )


def told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names with a number behind each that occurs again."""
    found: list[str] = []
    for name in names:
        number = 2
        shown = name
        while shown in found:
            shown, number = f"{name} ({number})", number + 1
        found.append(shown)
    return tuple(found)
