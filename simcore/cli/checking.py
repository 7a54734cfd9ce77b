"""``simcore check``: the check of a user's bank timing."""

from __future__ import annotations

import typer

from simcore.check import check_file
from simcore.cli.console import print_json, telling_of_compiling
from simcore.cli.guard import BAD_INPUT


def check_command(target: str, as_json: bool) -> None:
    """Print the report, and exit with 2 if the model has a problem."""
    with telling_of_compiling(not as_json):
        report = check_file(target)
    if as_json:
        shown = [
            {"step": problem.step, "where": problem.where, "message": problem.message, "shown_by": problem.shown_by}
            for problem in report.problems
        ]
        print_json(
            {"model": target, "ok": report.ok, "requests": report.requests, "steps": list(report.steps), "problems": shown}
        )
    else:
        typer.echo(str(report), err=not report.ok)
    if not report.ok:
        raise typer.Exit(BAD_INPUT)
