"""``simcore report`` and ``--report``: runs and studies as one HTML file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from simcore.cli.options import file_named
from simcore.results.any_run import AnyRun
from simcore.run_time import LIMIT_S
from simcore.saving import text_files

if TYPE_CHECKING:
    from simcore.report.study_item import SavedStudy

    Items = Mapping[str, AnyRun | SavedStudy]


def report_command(runs: Sequence[str], out: str, no_limit: bool) -> None:
    """Write the report and say where it is."""
    from simcore.compare.sides import name_of, run_named
    from simcore.report.build import FIRST_LINE, item_saved_in, report_html

    path = file_named(out, "--out")
    assert path is not None
    limit_s = None if no_limit else LIMIT_S
    with text_files({path: FIRST_LINE}) as write:
        items = [item_saved_in(text) if os.path.isdir(text) else run_named(text, limit_s=limit_s) for text in runs]
        write({path: report_html(items, [name_of(text) for text in runs]).split("\n")})
    typer.echo(f"{out}: {path.stat().st_size:,} bytes; open it in a browser.", err=True)


@contextmanager
def report_of_run(path: str | None) -> Iterator[Callable[[AnyRun], None]]:
    """Claim the file before a run, and yield the function that writes the report after it. Without a path it writes nothing."""
    with items_for_report(path) as write:
        yield lambda run: write(lambda: {str(run.facts["system"]): run})


@contextmanager
def items_for_report(path: str | None) -> Iterator[Callable[[Callable[[], Items]], None]]:
    """Claim the file, and yield the function that writes a report of named items. Without a path it does not make them."""
    file = file_named(path, "--report")
    if file is None:
        yield lambda made: None
        return
    from simcore.report.build import FIRST_LINE, report_html

    def write_items(made: Callable[[], Items]) -> None:
        items = made()
        write({file: report_html(list(items.values()), list(items)).split("\n")})

    with text_files({file: FIRST_LINE}) as write:
        yield write_items
