"""The kind's own tables: the mapping of each layer, its phases, and the commands of both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simcore.pim.limits import CAUSES
from simcore.pim_dram.layers import Done
from simcore.results import Results
from simcore.results.frames import frame
from simcore.results.tables import stall_column

if TYPE_CHECKING:
    import pandas as pd


def tables(results: Results) -> dict[str, pd.DataFrame]:
    """Return the tables by name."""
    return {
        "mapping": frame(mapping_rows(results), columns=[*_MAPPING, "weights_stay", "mapping_notes"]),
        "phases": frame(phase_rows(results), columns=_PHASES),
        "commands": frame(command_rows(results)),
    }


def layers_done(results: Results) -> Iterator[tuple[str, Done]]:
    """Yield the layers that ran."""
    for run in results.runs:
        if run.facts["done"] is not None:
            yield run.name, run.facts["done"]


#: The columns of the mapping, and what gives each.
_MAPPING: dict[str, Any] = {
    "layer": None,
    "dot_products": lambda m: m.dots.outputs,
    "dot_length": lambda m: m.dots.length,
    "row_parts": lambda m: m.folds,
    "dots_per_row": lambda m: m.dots_per_row,
    "used_columns": lambda m: m.used_columns,
    "column_utilisation_percent": lambda m: 100 * m.column_utilisation,
    "mapped_banks": lambda m: m.banks,
    "mapped_subarrays": lambda m: m.units,
    "subarray_utilisation_percent": lambda m: 100 * m.unit_utilisation,
    "rounds": lambda m: m.rounds,
    "row_sets": lambda m: m.row_sets,
    "weight_sets": lambda m: m.weight_sets,
    "weight_rows": lambda m: m.weight_rows_written,
    "pieces": lambda m: sum(piece.times for piece in m.pieces),
    "activation_rows": lambda m: m.activation_rows_written,
    "input_copies": lambda m: m.input_copies,
}
_PHASES = [
    *("layer", "phase", "image", "phase_repeats", "phase_times", "phase_banks", "phase_subarrays", "cycles", "compute_cycles"),
    *map(stall_column, CAUSES),
]


def mapping_rows(results: Results) -> list[dict[str, Any]]:
    """Return one row per layer with a product."""
    return [
        {"layer": run.name, **{column: of(run.facts["mapped"]) for column, of in _MAPPING.items() if of}}
        | {"weights_stay": run.facts["placed"].resident, "mapping_notes": "; ".join(run.facts["placed"].notes)}
        for run in results.runs
        if run.facts["mapped"]
    ]


def phase_rows(results: Results) -> list[dict[str, Any]]:
    """Return one row per phase: those of every image, and those before the first (``image`` is "every" or "first")."""
    return [
        row
        for run in results.runs
        for image, done in (("first", run.facts["once"]), ("every", run.facts["done"]))
        if done is not None
        for row in _rows_of(run.name, image, done)
    ]


def _rows_of(layer: str, image: str, done: Done) -> Iterator[dict[str, Any]]:
    for each in done.phases:
        phase, stalls = each.phase, each.phase.times * each.run.stall_cycles
        yield {
            "layer": layer,
            "phase": phase.kind,
            "image": image,
            "phase_repeats": phase.repeats,
            "phase_times": phase.times,
            "phase_banks": phase.banks,
            "phase_subarrays": phase.subarrays,
            "cycles": each.cycles,
            "compute_cycles": phase.times * each.run.compute_cycles,
            **{stall_column(cause): int(count) for cause, count in zip(CAUSES, stalls, strict=True)},
        }


def command_rows(results: Results) -> list[dict[str, Any]]:
    """Return one row per layer that ran: the commands of all channels, and the operations that they make."""
    return [{"layer": name, **done.commands} for name, done in layers_done(results)]
