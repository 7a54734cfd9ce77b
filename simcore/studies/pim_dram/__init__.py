"""The study of DRAM that multiplies: whole networks against GPU, ideal and systolic machines, and what each real effect costs."""

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
class PimDramStudyOptions:
    """The study's own options on the command line."""

    networks: Annotated[
        str | None, typer.Option("--networks", metavar="A,B", help="Any of alexnet, vgg16, resnet18; default: all.")
    ] = None


def _run(given: PimDramStudyOptions, asked: Asked, on_progress: OnProgress | None) -> StudyResult:
    from simcore.studies.pim_dram.settings import PimDramSettings
    from simcore.studies.pim_dram.study import study_pim_dram

    return study_pim_dram(PimDramSettings(quick=asked.quick, jobs=asked.jobs, networks=names_in(given.networks)), on_progress)


def _printed(result: StudyResult) -> Iterable[PrintedTable]:
    from simcore.studies.pim_dram.printed import printed_tables

    return printed_tables(result.tables)


STUDY = Study(
    name="pim-dram",
    summary="DRAM that multiplies: speedups over GPU, ideal and systolic machines, and what each real effect costs.",
    quick="Two precisions, fewer subarrays and effects; takes under a minute.",
    seeds=None,
    options=PimDramStudyOptions,
    run=_run,
    printed=_printed,
)
