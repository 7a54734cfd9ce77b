"""A run with what ``simcore why`` found: below each loss the changes of keys that were simulated, and what each saved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simcore.why import Finding, Trial, Why

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TriedRun:
    """A run whose ``facts`` hold, for each loss that was looked into, its trials. Everything else is that of the run."""

    why: Why

    @property
    def facts(self) -> Mapping[str, Any]:
        """Return the facts of the run; losses that were looked into have ``trials``."""
        found = {(finding.loss.cause, finding.loss.place): finding for finding in self.why.findings}
        facts = self.why.results.facts
        losses = [
            {**loss, "trials": _trials(found[key], self.why.results.time_cycles)}
            if (key := (loss["cause"], loss["place"])) in found
            else loss
            for loss in facts["losses"]
        ]
        return {**facts, "losses": losses}

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Return the manifest of the run."""
        return self.why.results.manifest

    @property
    def network(self) -> str:
        """Return the name of the network."""
        return self.why.results.network

    @property
    def time_cycles(self) -> int:
        """Return the core cycles that the run takes."""
        return self.why.results.time_cycles

    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Return the tables of the run."""
        return self.why.results.tables()

    def table(self, name: str) -> pd.DataFrame:
        """Return one table of the run."""
        return self.why.results.table(name)


def _trials(finding: Finding, cycles: int) -> list[dict[str, Any]]:
    together = [] if finding.together is None else [finding.together]
    return [_trial(trial, cycles) for trial in (*finding.trials, *together)]


def _trial(trial: Trial, cycles: int) -> dict[str, Any]:
    area = None if math.isnan(trial.more_area_mm2) else trial.more_area_mm2
    return {
        "change": " ".join(trial.change.overrides),
        "was": trial.change.was,
        "cycles": trial.cycles,
        "saved": trial.saved_cycles,
        "percent": 100.0 * trial.saved_cycles / max(cycles, 1),
        "more_area_mm2": area,
    }
