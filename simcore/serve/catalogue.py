"""What is saved below the served directory, and reports of it, made when they are asked for."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from simcore.errors import InputError
from simcore.report import item_saved_in, report_html
from simcore.results.found import Found, found_results
from simcore.sweeps.found import FoundSweep, found_sweeps

#: How many reports are kept, and for how many seconds a list of what is saved.
_KEPT_REPORTS, _FRESH_S = 16, 1.0
#: The most runs of one report.
_MOST_RUNS = 16


class Catalogue:
    """The saved directories below a root, by name. Only names in this list can be asked for, so no other file is ever read."""

    def __init__(self, root: Path) -> None:
        """Serve what is below ``root``. Raise InputError if it is no directory."""
        found_results(root)
        self.root = root
        self._lock = Lock()
        self._reports: OrderedDict[tuple[str, ...], str] = OrderedDict()
        self._listed: tuple[float, list[Found], list[FoundSweep]] = (-_FRESH_S, [], [])

    def listed(self) -> tuple[list[Found], list[FoundSweep]]:
        """Return the runs, studies and broken directories, and the sweeps."""
        with self._lock:
            return self._fresh()

    def report(self, names: Sequence[str]) -> str:
        """Return the report of these directories. Raise InputError for a name that is not listed, and as `report_html` does."""
        if not 1 <= len(names) <= _MOST_RUNS:
            raise InputError(f"expected 1 to {_MOST_RUNS} runs, got {len(names)}")
        with self._lock:
            found, sweeps = self._fresh()
            states = {each.name: each.sha256 for each in found if each.what in ("run", "study")}
            states |= {each.name: str(each.changed_s) for each in sweeps}
            for name in names:
                if name not in states:
                    raise InputError("no run, study or sweep of this name is served here", hint="go back to the list")
            key = tuple(part for name in names for part in (name, states[name]))
            if key not in self._reports:
                self._reports[key] = report_html([item_saved_in(self.root / name) for name in names], [*names])
                while len(self._reports) > _KEPT_REPORTS:
                    self._reports.popitem(last=False)
            self._reports.move_to_end(key)
            return self._reports[key]

    def _fresh(self) -> tuple[list[Found], list[FoundSweep]]:
        if time.monotonic() - self._listed[0] > _FRESH_S:
            self._listed = (time.monotonic(), found_results(self.root), found_sweeps(self.root))
        return self._listed[1], self._listed[2]
