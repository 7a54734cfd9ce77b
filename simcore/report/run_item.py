"""A run in the form of a report: plain JSON values, from which the page draws everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simcore.compare.configuration import flattened, place_of
from simcore.errors import InputError
from simcore.kinds import machine_kind
from simcore.report.columns import cell, column_object, table_object, terms_of_kind, with_fewer_rows
from simcore.report.heat import heat_object, with_fewer_layers
from simcore.results.any_run import AnyRun

#: The most layers with a map of their own, and the most rows of a table, where there is room.
MOST_MAPS, MOST_ROWS = 2000, 20_000
#: Tables that the page draws from other data, or that are too long to be of use there.
_NOT_SHOWN = ("totals", "timeline", "not_counted", "layers")
#: Facts that the page shows.
_FACTS = (
    *("network", "system", "kind", "engine", "layers", "causes", "cycles", "time_cycles", "computing_cycles", "said_time"),
    *("core_clock_hz", "peak_macs_per_cycle", "peak_memory_bytes_per_cycle", "says"),
)


@dataclass(frozen=True)
class Room:
    """How much of an item a report holds.

    ``maps`` are layers with a map of their own, ``rows`` those of each table but that of the layers. Figures of a study that are
    longer than ``figure_bytes`` are left out. Without ``all_columns`` layers have no words and lines.
    """

    maps: int = MOST_MAPS
    rows: int = MOST_ROWS
    figure_bytes: int = 1_500_000
    all_columns: bool = True


def run_item(run: AnyRun, name: str) -> dict[str, Any]:
    """Return the run as plain JSON values, with at most ``MOST_ROWS`` rows of each table but that of the layers."""
    terms = terms_of_kind(str(run.facts["kind"]))
    tables = run.tables()
    return {
        "type": "run",
        "name": name,
        "facts": {key: run.facts.get(key) for key in _FACTS},
        "causes": {cause: terms[cause].text if cause in terms else "" for cause in run.facts["causes"]},
        "totals": totals_object(run),
        "layers": table_object("layers", tables["layers"], terms),
        "tables": [
            table_object(table, rows, terms, MOST_ROWS)
            for table, rows in sorted(tables.items())
            if table not in _NOT_SHOWN and len(rows)
        ],
        "meanings": {table: terms[table].text for table in sorted(tables) if table in terms},
        "heat": heat_object(run),
        "losses": [_loss(loss, str(run.facts["kind"])) for loss in run.facts["losses"]],
        "configuration": configuration_object(run),
        "made_from": _made_from(run.manifest),
        "notes": _notes(run.manifest),
    }


def fitted(item: dict[str, Any], room: Room) -> dict[str, Any]:
    """Return a run or a study with no more than there is room for."""
    found = {**item, "tables": [with_fewer_rows(table, room.rows) for table in item["tables"]]}
    if item["type"] == "study":
        fit = [figure for figure in item["figures"] if len(figure["svg"]) <= room.figure_bytes]
        left = [figure["name"] for figure in item["figures"] if figure not in fit]
        return {**found, "figures": fit, "figures_left_out": left}
    if item["heat"] is not None:
        found["heat"] = with_fewer_layers(item["heat"], room.maps)
    if not room.all_columns:
        columns = [column for column in item["layers"]["columns"] if not column["name"].endswith(("_words", "_lines"))]
        found["layers"] = {**item["layers"], "columns": columns}
    return found


def totals_object(run: AnyRun) -> dict[str, Any]:
    """Return the totals as a table: metric, value, unit, and what the metric means."""
    terms = terms_of_kind(str(run.facts["kind"]))
    totals = run.table("totals")
    rows = [("time_cycles", cell(run.time_cycles), "cycles")] if run.facts["time_cycles"] != run.facts["cycles"] else []
    rows += [
        (str(metric), cell(value), str(unit))
        for metric, value, unit in zip(totals["metric"], totals["value"], totals["unit"], strict=True)
    ]
    texts = [terms[metric].text if metric in terms else "" for metric, _, _ in rows]
    return {"metrics": [list(row) for row in rows], "texts": texts}


def configuration_object(run: AnyRun) -> dict[str, Any]:
    """Return the system's keys as a table: key, value, and where the value was written."""
    flat = flattened(run.manifest.get("system", {}))
    columns = {
        "key": list(flat),
        "value": [str(value).lower() if isinstance(value, bool) else str(value) for value in flat.values()],
        "written at": [place_of(run, key) for key in flat],
    }
    made = [column_object(name, values, {}) for name, values in columns.items()]
    return {"name": "configuration", "rows": len(flat), "kept": len(flat), "columns": made}


def _loss(loss: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return a loss, and the keys that ``simcore why`` may try against it."""
    try:
        keys = list(machine_kind(kind).keys_against(str(loss["cause"])))
    except (InputError, KeyError):
        keys = []
    said = {key: loss[key] for key in ("cause", "place", "cycles", "says", "is_work")}
    trials = loss.get("trials")
    return {**said, "keys": keys, "trials": None if trials is None else _trial_table(trials)}


def _trial_table(trials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what was tried against a loss as a table; the last row may hold several changes at once."""
    names = {
        "change": "change",
        "was": "was",
        "cycles": "cycles",
        "saved": "saved",
        "percent": "saved, %",
        "more_area_mm2": "mm2",
    }
    columns = [column_object(name, [trial[key] for trial in trials], {}) for key, name in names.items()]
    return {"name": "changes that were simulated", "rows": len(trials), "kept": len(trials), "columns": columns}


def _made_from(manifest: Mapping[str, Any]) -> list[list[str]]:
    """Return from what the run was made, as pairs of texts."""
    found = [[key, str(manifest[key])] for key in ("network", "batch", "engine", "seed", "git_revision") if key in manifest]
    found += [["override", str(text)] for text in manifest.get("overrides", [])]
    found += [[f"version of {name}", str(version)] for name, version in manifest.get("versions", {}).items()]
    found += [[f"SHA-256 of {path}", str(digest)] for path, digest in manifest.get("input_sha256", {}).items()]
    return found + [[f"energy: {name}", str(source)] for name, source in manifest.get("energy_sources", {}).items()]


def _notes(manifest: Mapping[str, Any]) -> list[str]:
    notes = [f"Network: {note}." for note in manifest.get("network_notes", [])]
    notes += [f"Energy: {note}." for note in manifest.get("energy_notes", [])]
    missing = list(manifest.get("not_counted", []))
    return [*notes, *([f"Not counted: {'; '.join(map(str, missing))}."] if missing else [])]
