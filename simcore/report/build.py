"""The report: runs and studies become one HTML file of limited size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simcore.compare import compare
from simcore.compare.comparison import told_apart
from simcore.errors import InputError
from simcore.report.compared import compared_object
from simcore.report.page import page
from simcore.report.run_item import Room, fitted, run_item
from simcore.report.study_item import SavedStudy, load_study, study_item
from simcore.report.sweep_item import sweep_as_study
from simcore.results.any_run import AnyRun
from simcore.results.loaded import load_results
from simcore.saving import text_files
from simcore.saving.content import saved_content
from simcore.sweeps.found import is_sweep

#: The most bytes of a report.
MOST_BYTES = 2_000_000
#: The first lines of a report, by which a file that may be replaced is known.
FIRST_LINE = "<!doctype html><!-- simcore report -->"
_MOST_ITEMS = 64
#: How much of each item a report holds: everything, or the first of these that fits.
_ROOMS = (
    Room(),
    Room(maps=64),
    Room(maps=16),
    Room(maps=4, rows=2000, figure_bytes=400_000),
    Room(maps=4, rows=300, figure_bytes=400_000),
    Room(maps=0, rows=50, figure_bytes=100_000, all_columns=False),
)


def report_html(items: Sequence[AnyRun | SavedStudy], names: Sequence[str] | None = None) -> str:
    """Return a report of runs and studies as one HTML page that loads nothing.

    ``names`` tell the items apart; without them it is the names of systems and studies. Maps of layers, and then rows of long
    tables, are left out until the page has at most ``MOST_BYTES`` bytes; the page says so. Raise InputError for no item, for more
    than 64 and for items that do not fit into the page.
    """
    if not items:
        raise InputError("expected one or more runs or studies for a report, got none")
    if len(items) > _MOST_ITEMS:
        raise InputError(f"expected at most {_MOST_ITEMS} runs in a report, got {len(items)}", hint="name those to compare")
    said = told_apart(names if names is not None else [_name(item) for item in items])
    data, found = _data(items, said), ""
    for room in _ROOMS:
        found = page({**data, "items": [fitted(item, room) for item in data["items"]]}, FIRST_LINE)
        if len(found.encode()) <= MOST_BYTES:
            return found
    size = len(found.encode())
    raise InputError(f"a report of these runs takes {size:,} bytes, at most {MOST_BYTES:,} are written", hint="name fewer runs")


def write_report(path: str | Path, items: Sequence[AnyRun | SavedStudy], names: Sequence[str] | None = None) -> Path:
    """Write a report to a file. Raise InputError as `report_html` does, and for a file that is no report of simcore."""
    target = Path(path)
    with text_files({target: FIRST_LINE}) as write:
        write({target: report_html(items, names).split("\n")})
    return target


def _name(item: AnyRun | SavedStudy) -> str:
    return item.name if isinstance(item, SavedStudy) else str(item.facts["system"])


def item_saved_in(directory: str | Path) -> AnyRun | SavedStudy:
    """Return the run, study or sweep in a directory. Raise InputError if there is none, or if it was cut off or changed."""
    if is_sweep(Path(directory)):
        return sweep_as_study(Path(directory))
    content = saved_content(directory)
    is_study = "index.md" in content.files and "facts.json" not in content.files
    return load_study(content) if is_study else load_results(directory)


def _data(items: Sequence[AnyRun | SavedStudy], names: Sequence[str]) -> dict[str, Any]:
    runs = [(item, name) for item, name in zip(items, names, strict=True) if not isinstance(item, SavedStudy)]
    several = compare([run for run, _ in runs], [name for _, name in runs]) if len(runs) > 1 else None
    return {
        "items": [
            study_item(item, name) if isinstance(item, SavedStudy) else run_item(item, name)
            for item, name in zip(items, names, strict=True)
        ],
        "comparison": None if several is None else compared_object(several),
    }
