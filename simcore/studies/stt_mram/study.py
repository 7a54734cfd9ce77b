"""The study whole: its parts in their order, and what is saved of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from simcore.progress import OnProgress
from simcore.studies.plain import plain, rows_of
from simcore.studies.stt_mram.accuracy import study_accuracy
from simcore.studies.stt_mram.arrays import array_table, comparison_table, density_findings
from simcore.studies.stt_mram.assumptions import assumptions
from simcore.studies.stt_mram.conclusions import conclusions
from simcore.studies.stt_mram.extras import NEEDS, left_out
from simcore.studies.stt_mram.gains import gain_findings, gain_range_table, limit_findings, with_gains
from simcore.studies.stt_mram.index import index_text
from simcore.studies.stt_mram.part import Part
from simcore.studies.stt_mram.pulses import pulse_findings, pulse_table
from simcore.studies.stt_mram.ratio_map import bound_findings, bound_table, ratio_table
from simcore.studies.stt_mram.settings import Settings
from simcore.studies.stt_mram.systems import simulate_systems
from simcore.studies.stt_mram.writes import cheapest_table, write_findings, write_table


@dataclass(frozen=True)
class SttMramStudy:
    """Tables by name (those of ``catalogue.TABLES``), what they show, and the assumptions behind it all.

    ``left_out``: a line for each part that a missing extra left out.
    """

    settings: Settings
    tables: Mapping[str, pd.DataFrame]
    findings: Mapping[str, Any]
    assumptions: tuple[str, ...] = field(default=())
    left_out: tuple[str, ...] = field(default=())

    @property
    def conclusions(self) -> tuple[str, ...]:
        """What the findings say, a sentence each."""
        return conclusions(self.findings)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; a table is a list of rows, not-a-number null."""
        placements = [placement.to_dict() for placement in self.settings.placements]
        return {
            "settings": plain({**asdict(self.settings), "networks": self.settings.chosen_networks, "placements": placements}),
            "findings": plain(self.findings),
            "conclusions": list(self.conclusions),
            "assumptions": list(self.assumptions),
            "left_out": list(self.left_out),
            "tables": {name: rows_of(table) for name, table in self.tables.items()},
        }

    def write_into(self, directory: Path) -> None:
        """results.json, a CSV file per table, the figures and index.md, into a directory that exists."""
        (directory / "results.json").write_text(json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        for name, table in self.tables.items():
            table.to_csv(directory / f"{name}.csv", index=False)
        figures = self._draw(directory)
        sections = {"What it shows": self.conclusions, "Left out": self.left_out, "Assumptions": self.assumptions}
        (directory / "index.md").write_text(index_text(self.tables, figures, sections), encoding="utf-8")

    def _draw(self, directory: Path) -> tuple[str, ...]:
        """Names of the figures drawn: none without the extra ``plot``."""
        if left_out("figures") is not None:
            return ()
        from simcore.studies.stt_mram.figures import draw_figures

        return draw_figures(self.tables, directory / "figures")


def study_stt_mram(settings: Settings, on_progress: OnProgress | None = None) -> SttMramStudy:
    """Run every part. Equal settings give equal tables, however many processes share the work.

    What a missing extra makes impossible is left out, and said so in ``left_out``.
    """
    # First, because it is the part that may refuse what a user gave: placements.
    accuracy = [study_accuracy(settings, on_progress)] if left_out("accuracy") is None else []
    parts = [study_macros(settings.cell), study_systems(settings, on_progress), *accuracy]
    return SttMramStudy(
        settings,
        {name: table for part in parts for name, table in part.tables.items()},
        {name: found for part in parts for name, found in part.findings.items()},
        (*assumptions(settings), *(told for part in parts for told in part.assumptions)),
        tuple(line for line in map(left_out, NEEDS) if line is not None),
    )


def study_macros(cell: str) -> Part:
    """Parts 1 to 3: what follows from macros alone."""
    comparisons, cheapest, bounds = comparison_table(), cheapest_table(cell), bound_table(cell)
    tables = {"arrays": array_table(), "comparisons": comparisons, "writes": write_table(cell), "cheapest_writes": cheapest}
    found = {
        "density_and_leakage": density_findings(comparisons, cell),
        "relaxed_writes": write_findings(cheapest),
        "energy_ratio_range": bound_findings(bounds),
    }
    return Part({**tables, "energy_ratios": ratio_table(cell), "energy_ratio_bounds": bounds}, found)


def study_systems(settings: Settings, on_progress: OnProgress | None) -> Part:
    """Parts 4 and 5: networks on systems of macros."""
    runs, stalls = simulate_systems(settings, on_progress)
    systems = with_gains(runs)
    ranges, pulses = gain_range_table(systems), pulse_table(settings, on_progress)
    found = {
        "energy_gains": gain_findings(ranges),
        "busy_share": limit_findings(systems, "busy_percent_at_15x"),
        "main_memory_energy": limit_findings(systems, "dram_pj_per_byte_at_15x"),
        "write_pulses": pulse_findings(pulses),
    }
    return Part({"systems": systems, "system_stalls": stalls, "gain_ranges": ranges, "pulses": pulses}, found)
