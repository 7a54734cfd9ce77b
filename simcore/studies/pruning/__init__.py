"""The study of filters pruned while training: what it costs in accuracy, and what it saves, counted and on machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from simcore.progress import OnProgress
from simcore.studies.form.asked import Asked, names_in
from simcore.studies.form.study import Study

if TYPE_CHECKING:
    from simcore.results.printed import PrintedTable
    from simcore.studies.form.result import StudyResult


@dataclass(frozen=True)
class PruningStudyOptions:
    """The study's own options on the command line."""

    systems: Annotated[
        str | None, typer.Option("--systems", metavar="A,B", help="Machines to simulate, by name or file; default: the study's.")
    ] = None
    data: Annotated[
        str, typer.Option("--data", metavar="digits|cifar10:FOLDER|...", help="Images of the real trainings, as in train-pruned.")
    ] = "digits"
    images: Annotated[int | None, typer.Option("--images", metavar="N", help="Train with the first N images only.")] = None


def _run(given: PruningStudyOptions, asked: Asked, on_progress: OnProgress | None) -> StudyResult:
    from simcore.studies.pruning.accuracy_points import AccuracySettings
    from simcore.studies.pruning.settings import PruningSettings
    from simcore.studies.pruning.study import study_pruning

    savings = PruningSettings(quick=asked.quick, jobs=asked.jobs, systems=names_in(given.systems))
    accuracy = AccuracySettings(quick=asked.quick, seeds=asked.seeds, jobs=asked.jobs, data=given.data, images=given.images)
    return study_pruning(savings, accuracy, on_progress)


def _printed(result: StudyResult) -> Iterable[PrintedTable]:
    from simcore.studies.pruning.printed import printed_tables

    return printed_tables(result.tables)


STUDY = Study(
    name="pruning",
    summary="Filters pruned while training: accuracy, computations, cycles, joules and writes.",
    quick="Fewer trainings, schedules and systems, and a smaller network; takes about a minute and a half.",
    seeds="Runs of each trained point (3 with --quick, else 6).",
    options=PruningStudyOptions,
    run=_run,
    printed=_printed,
)
