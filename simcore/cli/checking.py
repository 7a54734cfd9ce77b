"""``simcore check``: the check of a user's bank timing or micro-program."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from simcore.check import check_file
from simcore.cli.checking_program import check_micro_program, micro_program
from simcore.cli.console import print_json, telling_of_compiling
from simcore.cli.guard import BAD_INPUT
from simcore.errors import InputError
from simcore.reading.numbers import cut, shown, whole_number


def check_command(target: str, settings: Sequence[str], as_json: bool) -> None:
    """Print the report, and exit with 2 if the model has a problem. ``settings`` are ``name=value`` of the model's parameters."""
    parameters = parameters_of(settings)
    program = micro_program(target)
    if program is not None:
        if parameters:
            raise InputError("expected no --set, because a micro-program has no parameters", target)
        if not check_micro_program(program, target, as_json):
            raise typer.Exit(BAD_INPUT)
        return
    with telling_of_compiling(not as_json):
        report = check_file(target, parameters)
    if as_json:
        shown = [
            {"step": problem.step, "where": problem.where, "message": problem.message, "shown_by": problem.shown_by}
            for problem in report.problems
        ]
        print_json(
            {
                "model": target,
                "parameters": dict(report.timing.values),
                "ok": report.ok,
                "requests": report.requests,
                "steps": list(report.steps),
                "problems": shown,
            }
        )
    else:
        typer.echo(str(report), err=not report.ok)
    if not report.ok:
        raise typer.Exit(BAD_INPUT)


def parameters_of(settings: Sequence[str]) -> dict[str, int]:
    """Return ``name=value`` texts as parameters. Raise InputError for a text of another form or a value that is no integer."""
    found = {}
    for text in settings:
        where = cut(f"--set {text}")
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise InputError(f"expected NAME=VALUE such as write_cycles=20, got {shown(text)}", where)
        number = whole_number(value)
        if number is None:
            raise InputError(f"expected an integer, got {shown(value)}", where)
        found[name] = number
    return found
