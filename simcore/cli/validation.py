"""``simcore validate``: all errors of a system file at once."""

from __future__ import annotations

import typer

from simcore.cli.console import print_json
from simcore.cli.guard import BAD_INPUT, in_lines
from simcore.errors import InputErrors
from simcore.extensions.no_code import is_refusal, without_code
from simcore.spec import validate_file


def validate_command(source: str, as_json: bool, no_code: bool) -> None:
    """Print every error, or that the file is valid. Exit with 2 if there is an error.

    With ``no_code``, execute no file of the user's and import nothing from other packages, and print what that leaves unchecked.
    """
    if no_code:
        with without_code() as left_out:
            errors = [error for error in validate_file(source) if not is_refusal(error)]
    else:
        left_out, errors = [], validate_file(source)
    if as_json:
        shown = [{"where": error.where, "message": error.message, "hint": error.hint} for error in errors]
        print_json({"file": source, "valid": not errors, "errors": shown, "left_out": left_out})
    else:
        if errors:
            typer.echo(in_lines(InputErrors(errors)), err=True)
        else:
            typer.echo(f"{source}: valid")
        for what in left_out:
            typer.echo(f"not checked, because it runs code: {what}", err=bool(errors))
    if errors:
        raise typer.Exit(BAD_INPUT)
