"""The result of a study: its tables and what they show, as JSON and as a directory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from simcore.studies.form.catalogue import Catalogue
from simcore.studies.form.extras import left_out
from simcore.studies.form.index import index_text
from simcore.studies.form.plain import plain, rows_of


@dataclass(frozen=True, kw_only=True)
class StudyResult:
    """Tables by name (those of ``catalogue``), findings, and the assumptions behind them.

    ``settings`` and ``further`` are plain values; each item of ``further`` is a key of the JSON. ``conclusions`` are sentences in
    which every number is a finding. ``left_out`` has a line for each thing that a missing extra left out.
    """

    catalogue: Catalogue
    settings: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    findings: Mapping[str, Any]
    conclusions: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    further: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values. A table is a list of rows, and not-a-number is null."""
        return {
            "settings": plain(self.settings),
            "findings": plain(self.findings),
            "conclusions": list(self.conclusions),
            "assumptions": list(self.assumptions),
            "left_out": list(self.left_out),
            **plain(self.further),
            "tables": {name: rows_of(table) for name, table in self.tables.items()},
        }

    def write_into(self, directory: Path) -> None:
        """Write results.json, a CSV file per table, the figures and index.md into an existing directory."""
        (directory / "results.json").write_text(json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        for name, table in self.tables.items():
            table.to_csv(directory / f"{name}.csv", index=False)
        figures = self._draw(directory)
        sections = {"What it shows": self.conclusions, "Left out": self.left_out, "Assumptions": self.assumptions}
        (directory / "index.md").write_text(index_text(self.catalogue, self.tables, figures, sections), encoding="utf-8")

    def _draw(self, directory: Path) -> tuple[str, ...]:
        """Draw the figures and return their names, which are none without the extra ``plot``."""
        if not self.catalogue.figures or left_out("figures", "plot") is not None:
            return ()
        from simcore.studies.form.figures import draw_figures

        return draw_figures(self.catalogue, self.tables, directory / "figures")
