"""``simcore study stt-mram``: run the study, save it, print what it shows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from simcore.cli.console import console, print_json, progress
from simcore.cli.stt_mram_tables import printed_tables
from simcore.saving import results_directory
from simcore.studies.stt_mram.settings import Settings
from simcore.studies.stt_mram.study import SttMramStudy, study_stt_mram
from workloads.faults.placement_file import load_placement


@dataclass(frozen=True)
class SttMramOptions:
    """What ``study stt-mram`` was asked for."""

    quick: bool
    networks: str | None
    cell: str
    placements: tuple[Path, ...]
    jobs: int | None
    out: Path | None
    overwrite: bool
    json: bool
    quiet: bool


def stt_mram_study_command(options: SttMramOptions) -> None:
    """Run the study as asked; save and print it."""
    names = None if options.networks is None else tuple(name.strip() for name in options.networks.split(",") if name.strip())
    jobs = cores() if options.jobs is None else options.jobs
    placements = tuple(load_placement(path) for path in options.placements)
    settings = Settings(quick=options.quick, networks=names, cell=options.cell, placements=placements, jobs=jobs)
    with results_directory(options.out, overwrite=options.overwrite) as save:
        with progress(not options.quiet and not options.json) as on_progress:
            study = study_stt_mram(settings, on_progress)
        save(study.write_into)
    if options.json:
        print_json(study.to_json())
        return
    _print(study, options.quiet)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _print(study: SttMramStudy, quiet: bool) -> None:
    """Tables and assumptions unless quiet; what is left out and what the study shows always."""
    out = console()
    if not quiet:
        for shown in printed_tables(study.tables, study.settings.cell):
            out.print(shown)
            out.print()
        for assumption in study.assumptions:
            out.print(f"- {assumption}", markup=False)
        out.print()
    for line in (*study.left_out, *study.conclusions):
        out.print(line, markup=False)
