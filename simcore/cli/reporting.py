"""``simcore report`` and ``--report``: runs and studies as one HTML file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer

from simcore.cli.options import file_named
from simcore.results.any_run import AnyRun
from simcore.run_time import LIMIT_S
from simcore.saving import text_files


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
    file = file_named(path, "--report")
    if file is None:
        yield lambda run: None
        return
    from simcore.report.build import FIRST_LINE, report_html

    with text_files({file: FIRST_LINE}) as write:
        yield lambda run: write({file: report_html([run]).split("\n")})
