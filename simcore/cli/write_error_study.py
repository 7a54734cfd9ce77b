"""``simcore study write-errors``: run the study, save it, print what it shows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from simcore.cli.console import console, print_json, progress, table
from simcore.cli.memory import parse_capacity
from simcore.saving import results_directory
from simcore.studies.training_runs import DataSource
from simcore.studies.write_errors import QUICK_EPOCHS, Settings, WriteErrorStudy, study_write_errors
from workloads.faults.device import MacroDevice
from workloads.faults.placement_file import load_placement
from workloads.faults.word_memory import TENSORS
from workloads.learning.setup import TrainingSetup


@dataclass(frozen=True)
class StudyOptions:
    """What ``study write-errors`` was asked for."""

    quick: bool
    seeds: int | None
    setup: Mapping[str, Any]
    source: tuple[str, str | None, int | None]
    device: Mapping[str, Any]
    placements: tuple[Path, ...]
    jobs: int | None
    out: Path | None
    overwrite: bool
    json: bool
    quiet: bool


def write_error_study_command(options: StudyOptions) -> None:
    """Run the study as asked; save and print it."""
    setup = {key: value for key, value in options.setup.items() if value is not None}
    if options.quick:
        setup.setdefault("epochs", QUICK_EPOCHS)
    settings = Settings(
        quick=options.quick,
        seeds=options.seeds,
        setup=TrainingSetup(**setup),
        data=DataSource(*options.source),
        device=_device(**options.device),
        placements=tuple(load_placement(path) for path in options.placements),
        jobs=_cores() if options.jobs is None else options.jobs,
    )
    with results_directory(options.out, overwrite=options.overwrite) as save:
        with progress(not options.quiet and not options.json) as on_progress:
            study = study_write_errors(settings, on_progress)
        save(study.write_into)
    if options.json:
        print_json(study.to_json())
        return
    if not options.quiet:
        _print_tables(study)
    print("\n".join(conclusions(study)))


def _device(*, capacity: str, **family: Any) -> MacroDevice:
    return MacroDevice(capacity_bytes=parse_capacity(capacity), **family)


def _cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _print_tables(study: WriteErrorStudy) -> None:
    out = console()
    tables = study.tables
    out.print(_accuracy("Without write errors", tables["error_free"], ("net", "word")))
    out.print(_accuracy("\nWrite errors in all tensors at low rates", tables["low_rates"], ("net", "word", "error_rate")))
    swept = ("net", "word", "tensor", "error_rate")
    out.print(_accuracy("\nWrite errors in one kind of tensor", tables["error_rates"], swept))
    if len(tables["reuse"]):
        out.print(_accuracy("\nThe same, layers sharing addresses", tables["reuse"], swept))
    out.print(_accuracy("\nWrite errors at one bit position (0: least significant)", tables["bits"], (*swept, "bits")))
    out.print(_placements("\nWrite energy against accuracy", tables["placements"]))
    out.print()
    for assumption in study.assumptions:
        out.print(f"- {assumption}", markup=False)
    out.print()


def _accuracy(title: str, frame: pd.DataFrame, keys: tuple[str, ...]) -> Table:
    shown = [name.replace("_", " ") for name in keys]
    rows = [
        (*(_label(row[key]) for key in keys), row["runs"], *_spread(row), _number(row["failed_bits"], ",.0f"), row["diverged"])
        for row in frame.to_dict("records")
    ]
    columns = (*shown, "runs", "accuracy %", "min", "max", "loss, points", "failed bits", "diverged")
    return table(title, columns, rows, text_columns=len(keys))


def _placements(title: str, frame: pd.DataFrame) -> Table:
    rows = [
        (
            row["placement"],
            _number(row["relative_write_energy"], ".3f"),
            f"{row['sram_bits_percent']:.0f}",
            _number(max(row[f"{tensor}_pulse_ns"] for tensor in TENSORS) or float("nan"), ".3g"),
            row["runs"],
            *_spread(row),
        )
        for row in frame.to_dict("records")
    ]
    columns = ("placement", "write energy", "SRAM bits %", "pulse ns", "runs", "accuracy %", "min", "max", "loss, points")
    return table(title, columns, rows)


def _spread(row: Mapping[Any, Any]) -> tuple[str, str, str, str]:
    """Mean and sample standard deviation of the accuracy, its least and most, and the loss likewise."""
    accuracy = f"{row['accuracy_mean_percent']:.2f} ± {_number(row['accuracy_std_points'], '.2f')}"
    least, most = f"{row['accuracy_min_percent']:.2f}", f"{row['accuracy_max_percent']:.2f}"
    return accuracy, least, most, f"{row['loss_mean_points']:.2f} ± {_number(row['loss_std_points'], '.2f')}"


#: Names as tables show them, to fit their width.
_SHORT = {"activations": "activ.", "small-cnn": "small"}


def _label(value: object) -> str:
    return f"{value:.0e}" if isinstance(value, float) else _SHORT.get(str(value), str(value))


def _number(value: float, form: str) -> str:
    return "-" if value != value else format(value, form)


def conclusions(study: WriteErrorStudy) -> Iterator[str]:
    """What the study shows, a line each; every figure is one of its findings."""
    found = study.findings
    low = found["low_rates"]
    yield (
        f"Up to an error rate of {low['highest_error_rate']:g} in all tensors: {'no loss' if low['no_loss'] else 'a loss'} "
        f"(mean {low['loss_mean_points']:.2f} points, not noticed up to {low['unnoticed_points']:.2f}; "
        f"{low['failed_bits_per_run']:,.0f} failed bits a run)"
    )
    yield "Sensitivity, most first: " + "; ".join(_sensitivity(row) for row in found["sensitivity_order"])
    for best in found["best_placements"]:
        yield _best(best["most_sram_percent"], best["found"], found["tolerated_loss_points"])


def _best(sram_percent: float, best: Mapping[str, Any] | None, limit: float) -> str:
    where = f"With at most {sram_percent:g} % of the bits in SRAM" if sram_percent else "Without SRAM"
    if best is None:
        return f"{where}: no placement tried loses less than {limit:g} points"
    verdict = (
        "halves the write energy" if best["halves_write_energy"] else "not half the energy below the limit, but the best found"
    )
    return (
        f"{where}, mean loss below {limit:g} points: '{best['placement']}' at {best['relative_write_energy']:.3f} of safe MRAM's "
        f"write energy, loss {best['loss_mean_points']:.2f} ± {best['loss_std_points']:.2f}, from fresh seeds "
        f"{best['fresh_loss_mean_points']:.2f} ± {best['fresh_loss_std_points']:.2f}: {verdict}"
    )


def _sensitivity(row: Mapping[str, Any]) -> str:
    told = f"{row['tensor']} ({row['loss_mean_points']:.2f} ± {row['loss_std_points']:.2f} points over the swept rates"
    above = row["seeds_above_next"]
    return told + (")" if above is None else f"; above the next in {above} of {row['seeds']} seeds)")
