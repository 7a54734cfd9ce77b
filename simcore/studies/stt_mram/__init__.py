"""The study of STT-MRAM instead of SRAM in the scratchpads of a systolic accelerator, from arrays to training steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simcore.progress import OnProgress
from simcore.studies.form.asked import Asked, names_in
from simcore.studies.form.study import Study

if TYPE_CHECKING:
    from simcore.results.printed import PrintedTable
    from simcore.studies.form.result import StudyResult


@dataclass(frozen=True)
class SttMramStudyOptions:
    """The study's own options on the command line."""

    networks: Annotated[
        str | None, typer.Option("--networks", metavar="A,B", help="Any of lenet5, alexnet, resnet18, vgg16; default: all.")
    ] = None
    cell: Annotated[str, typer.Option("--cell", metavar="NAME", help="STT-MRAM cell of the systems.")] = "stt-34.5F2"
    placement: Annotated[
        list[Path] | None, typer.Option("--placement", metavar="FILE.yaml", help="Train and time this placement too; may repeat.")
    ] = None
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Folder of your CIFAR-10 files, for the larger networks.")
    ] = None
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="KEY=VALUE,...", help="One configuration of the map, such as leakage=hp,sram=16MiB."),
    ] = None


def _run(given: SttMramStudyOptions, asked: Asked, on_progress: OnProgress | None) -> StudyResult:
    from simcore.studies.stt_mram.settings import SttMramSettings
    from simcore.studies.stt_mram.study import study_stt_mram
    from simcore.studies.stt_mram.where.configuration import configuration_of
    from workloads.faults.placement_file import load_placement

    placements = tuple(load_placement(path) for path in given.placement or ())
    settings = SttMramSettings(
        quick=asked.quick,
        seeds=asked.seeds,
        jobs=asked.jobs,
        networks=names_in(given.networks),
        cell=given.cell,
        placements=placements,
        data=None if given.data is None else str(given.data),
        only=None if given.only is None else configuration_of(given.only),
    )
    return study_stt_mram(settings, on_progress)


def _printed(result: StudyResult) -> Iterable[PrintedTable]:
    from simcore.studies.stt_mram.printed import printed_tables

    return printed_tables(result.tables, result.settings["cell"])


STUDY = Study(
    name="stt-mram",
    summary="STT-MRAM instead of SRAM in scratchpads: arrays, writes, energy against access rate, networks, accuracy.",
    quick="Run two networks, fewer systems and fewer trainings; takes about two minutes.",
    seeds="Runs of each trained point (3 with --quick, else 5).",
    options=SttMramStudyOptions,
    run=_run,
    printed=_printed,
)
