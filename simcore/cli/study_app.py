"""The commands under ``simcore study``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simcore.cli import options
from simcore.cli.guard import guarded

study_app = typer.Typer(help="Studies: many runs and the tables they make.", no_args_is_help=True, rich_markup_mode=None)


@study_app.callback()
def _study() -> None:
    """Studies: many runs and the tables they make."""


@study_app.command("write-errors")
@guarded
def write_errors(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer points: about a minute.")] = False,
    seeds: Annotated[int | None, typer.Option("--seeds", metavar="N", help="Runs of each point (3 if quick, else 5).")] = None,
    net: Annotated[str, typer.Option("--net", metavar="small-cnn|vgg-like", help="What is trained.")] = "small-cnn",
    word: Annotated[str, typer.Option("--word", metavar="fixedN|fixedN.F|bf16", help="Format of buffered words.")] = "fixed16",
    reuse: Annotated[str, typer.Option("--reuse", metavar="own|shared", help="Whether layers share addresses.")] = "own",
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", help="Passes over the training images (8 if quick, else 10).")
    ] = None,
    dataset: Annotated[str, typer.Option("--dataset", metavar="digits|cifar10|cifar100", help="Images.")] = "digits",
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Your CIFAR files.")] = None,
    images: Annotated[int | None, typer.Option("--images", metavar="N", help="Only the first N training images.")] = None,
    cell: Annotated[
        str, typer.Option("--cell", metavar="CELL", help="Cell of the STT-MRAM, as in `simcore memory`.")
    ] = "stt-34.5F2",
    node: options.NodeOption = 22,
    leakage_class: options.LeakageClassOption = "lop",
    capacity: Annotated[str, typer.Option("--capacity", metavar="CAPACITY", help="Of the macro, 32KiB to 64MiB.")] = "1MiB",
    placement: Annotated[
        list[Path] | None, typer.Option("--placement", metavar="FILE.yaml", help="Try this placement too; may repeat.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", metavar="N", help="Processes; by default one per core.")] = None,
    out: options.OutOption = None,
    overwrite: options.OverwriteOption = False,
    json: options.JsonOption = False,
    quiet: options.QuietOption = False,
) -> None:
    """Write errors in training: accuracy by tensor and bit, and write energy against accuracy. Needs the extra train."""
    from simcore.cli.write_error_study import StudyOptions, write_error_study_command

    setup = {"net": net, "word": word, "reuse": reuse, "epochs": epochs}
    source = (dataset, None if data is None else str(data), images)
    device = {"cell": cell, "node_nm": node, "leakage_class": leakage_class, "capacity": capacity}
    asked = StudyOptions(quick, seeds, setup, source, device, tuple(placement or ()), jobs, out, overwrite, json, quiet)
    write_error_study_command(asked)


@study_app.command("stt-mram")
@guarded
def stt_mram(
    quick: Annotated[bool, typer.Option("--quick", help="Two networks, fewer systems and runs: about two minutes.")] = False,
    networks: Annotated[
        str | None, typer.Option("--networks", metavar="A,B", help="Of lenet5, alexnet, resnet18, vgg16; default all.")
    ] = None,
    cell: Annotated[str, typer.Option("--cell", metavar="NAME", help="The STT-MRAM of the systems.")] = "stt-34.5F2",
    placement: Annotated[
        list[Path] | None, typer.Option("--placement", metavar="FILE.yaml", help="Train and time this placement too; may repeat.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", metavar="N", help="Processes; by default one per core.")] = None,
    out: options.OutOption = None,
    overwrite: options.OverwriteOption = False,
    json: options.JsonOption = False,
    quiet: options.QuietOption = False,
) -> None:
    """STT-MRAM in place of SRAM as scratchpads: arrays, writes, energy over access rate, networks, accuracy."""
    from simcore.cli.stt_mram_study import SttMramOptions, stt_mram_study_command

    stt_mram_study_command(SttMramOptions(quick, networks, cell, tuple(placement or ()), jobs, out, overwrite, json, quiet))
