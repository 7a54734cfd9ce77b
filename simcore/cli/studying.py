"""``simcore study NAME``: run a study, save it, and print its tables and conclusions."""

from __future__ import annotations

import os
from dataclasses import dataclass, make_dataclass
from typing import Annotated, Any

import typer

from simcore.cli import options
from simcore.studies.form.asked import Asked
from simcore.studies.form.study import Study

JobsOption = Annotated[int | None, typer.Option("--jobs", metavar="N", help="Number of processes. Default: one per core.")]


@dataclass(frozen=True)
class SharedStudyOptions:
    """The options of every study, except ``--quick`` and ``--seeds``, whose meaning depends on the study."""

    jobs: JobsOption = None
    out: options.OutOption = None
    overwrite: options.OverwriteOption = False
    json: options.JsonOption = False
    quiet: options.QuietOption = False


def options_of(study: Study) -> type[Any]:
    """Return a dataclass of the study's options: ``--quick`` and ``--seeds``, its own options, then the shared ones."""
    fields: list[tuple[str, Any, Any]] = [("quick", Annotated[bool, typer.Option("--quick", help=study.quick)], False)]
    if study.seeds is not None:
        fields.append(("seeds", Annotated[int | None, typer.Option("--seeds", metavar="N", help=study.seeds)], None))
    first = make_dataclass("FirstStudyOptions", fields, frozen=True)
    # The fields of the last base come first.
    return make_dataclass("AllStudyOptions", (), bases=(SharedStudyOptions, study.options, first), frozen=True)


def study_command(study: Study, given: Any) -> None:
    """Run the study with these options, save it and print it."""
    from simcore.cli.console import print_json, progress, telling_of_compiling
    from simcore.saving import results_directory

    asked = Asked(quick=given.quick, seeds=getattr(given, "seeds", None), jobs=_cores() if given.jobs is None else given.jobs)
    with results_directory(given.out, overwrite=given.overwrite) as save:
        wanted = not given.quiet and not given.json
        with progress(wanted) as on_progress, telling_of_compiling(wanted):
            result = study.run(given, asked, on_progress)
        save(result.write_into)
    if given.json:
        print_json(result.to_json())
        return
    _print(study, result, given.quiet)


def _cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _print(study: Study, result: Any, quiet: bool) -> None:
    """Print tables and assumptions unless quiet, and always what was left out and the conclusions."""
    from simcore.cli.console import console, drawn

    out = console()
    if not quiet:
        for shown in study.printed(result):
            out.print(drawn(shown))
            out.print()
        for assumption in result.assumptions:
            out.print(f"- {assumption}", markup=False)
        out.print()
    for line in (*result.left_out, *result.conclusions):
        out.print(line, markup=False)
