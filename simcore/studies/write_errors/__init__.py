"""The study of write errors in training: accuracy by tensor and bit, and write energy against accuracy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simcore.progress import OnProgress
from simcore.studies.form.asked import Asked
from simcore.studies.form.study import Study

if TYPE_CHECKING:
    from simcore.results.printed import PrintedTable
    from simcore.studies.form.result import StudyResult
    from simcore.studies.write_errors.settings import WriteErrorSettings


@dataclass(frozen=True)
class WriteErrorStudyOptions:
    """The study's own options on the command line."""

    net: Annotated[
        str, typer.Option("--net", metavar="NETWORK", help="Network to train: small-cnn, vgg-like, resnet20, ..., or a file.")
    ] = "small-cnn"
    word: Annotated[str, typer.Option("--word", metavar="fixedN|fixedN.F|bf16", help="Format of buffered words.")] = "bf16"
    reuse: Annotated[str, typer.Option("--reuse", metavar="own|shared", help="Whether layers share addresses.")] = "shared"
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", help="Passes over the training images (8 if quick, else 10).")
    ] = None
    dataset: Annotated[str, typer.Option("--dataset", metavar="digits|cifar10|cifar100", help="Images to train on.")] = "digits"
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder of your CIFAR files.")] = None
    images: Annotated[int | None, typer.Option("--images", metavar="N", help="Use only the first N training images.")] = None
    cell: Annotated[str, typer.Option("--cell", metavar="CELL", help="Cell of the STT-MRAM, as in `simcore memory`.")] = (
        "stt-34.5F2"
    )
    node: Annotated[int, typer.Option("--node", metavar="45|32|22", help="Process node, in nm.")] = 22
    leakage_class: Annotated[str, typer.Option("--class", metavar="hp|lop|lstp", help="Leakage class of the transistors.")] = (
        "lop"
    )
    capacity: Annotated[str, typer.Option("--capacity", metavar="CAPACITY", help="Macro capacity, 32KiB to 64MiB.")] = "1MiB"
    placement: Annotated[
        list[Path] | None, typer.Option("--placement", metavar="FILE.yaml", help="Also train this placement; may repeat.")
    ] = None


def _run(given: WriteErrorStudyOptions, asked: Asked, on_progress: OnProgress | None) -> StudyResult:
    from simcore.studies.write_errors.study import study_write_errors

    return study_write_errors(_settings(given, asked), on_progress)


def _settings(given: WriteErrorStudyOptions, asked: Asked) -> WriteErrorSettings:
    from models.arrays.macro import parse_capacity
    from simcore.studies.write_errors.settings import QUICK_EPOCHS, WriteErrorSettings
    from simcore.studies.write_errors.training_runs import DataSource
    from workloads.faults.device import MacroDevice
    from workloads.faults.placement_file import load_placement
    from workloads.learning.setup import TrainingSetup

    epochs = {"epochs": QUICK_EPOCHS} if asked.quick else {}
    if given.epochs is not None:
        epochs = {"epochs": given.epochs}
    return WriteErrorSettings(
        quick=asked.quick,
        seeds=asked.seeds,
        jobs=asked.jobs,
        setup=TrainingSetup(net=given.net, word=given.word, reuse=given.reuse, **epochs),  # type: ignore[arg-type]
        data=DataSource(given.dataset, None if given.data is None else str(given.data), given.images),
        device=MacroDevice(
            cell=given.cell,
            node_nm=given.node,
            leakage_class=given.leakage_class,
            capacity_bytes=parse_capacity(given.capacity),
        ),
        placements=tuple(load_placement(path) for path in given.placement or ()),
    )


def _printed(result: StudyResult) -> Iterable[PrintedTable]:
    from simcore.studies.write_errors.printed import printed_tables

    return printed_tables(result.tables)


STUDY = Study(
    name="write-errors",
    summary="Write errors in training: accuracy by tensor and bit, and write energy against accuracy. Needs the extra train.",
    quick="Train fewer points; takes about a minute.",
    seeds="Runs of each point (3 with --quick, else 5).",
    options=WriteErrorStudyOptions,
    run=_run,
    printed=_printed,
)
