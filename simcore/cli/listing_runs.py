"""``simcore list runs [DIR]``: the results that are saved in a directory and below it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simcore.cli.console import console, print_json, table
from simcore.results.found import Found, found_results
from simcore.sweeps.found import FoundSweep, found_sweeps


def list_runs(directory: str, as_json: bool) -> None:
    """Print one row for each saved run, and one line for each study, each sweep and each directory that cannot be read."""
    found, sweeps = found_results(directory), found_sweeps(Path(directory))
    if as_json:
        objects = [_object(each) for each in found]
        print_json(objects + [{"directory": each.name, "what": "sweep", "counts": each.counts} for each in sweeps])
        return
    out = console()
    runs = [each for each in found if each.what == "run"]
    if not found and not sweeps:
        out.print(f"No saved results in '{directory}'; 'simcore run --out DIR' saves them.", markup=False)
    if runs:
        columns = ("directory", "network", "system", "saved at", "layers", "cycles")
        out.print(table("Runs", columns, [_row(each) for each in runs], text_columns=4))
    _print_others(found, sweeps)


def _print_others(found: Sequence[Found], sweeps: Sequence[FoundSweep]) -> None:
    out = console()
    for sweep in sweeps:
        done, points = (sweep.counts.get(name, "?") for name in ("done", "points"))
        out.print(f"{sweep.name}: a sweep, {done} of {points} points done", markup=False)
    for what in ("study", "other", "broken"):
        for each in found:
            if each.what == what:
                said = {"study": "a study", "other": "results of another command", "broken": each.fault}[what]
                out.print(f"{each.name}: {said}", markup=False)


def _row(found: Found) -> tuple[object, ...]:
    facts = found.facts
    return found.name, facts["network"], facts["system"], found.saved_at, facts["layers"], facts["time_cycles"]


def _object(found: Found) -> dict[str, object]:
    chosen = ("network", "system", "kind", "engine", "layers", "cycles", "time_cycles")
    return {
        "directory": found.name,
        "what": found.what,
        "saved_s": found.saved_s,
        "sha256": found.sha256 or None,
        "fault": found.fault,
        **{key: found.facts.get(key) for key in chosen},
    }
