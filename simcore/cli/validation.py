"""``simcore validate``: all errors of a system file at once."""

from __future__ import annotations

import typer

from simcore.cli.console import print_json
from simcore.cli.guard import BAD_INPUT, in_lines
from simcore.errors import InputError, InputErrors
from simcore.extensions.no_code import is_refusal, without_code
from simcore.kinds import kind_of
from simcore.spec import load_system, validate_file
from simcore.spec.load import place_of


def validate_command(source: str, as_json: bool, no_code: bool) -> None:
    """Print every error, or that the file is valid. Exit with 2 if there is an error.

    With ``no_code``, execute no file of the user's and import nothing from other packages, and print what that leaves unchecked.
    """
    if no_code:
        with without_code() as left_out:
            errors = _errors_without_code(source, left_out)
    else:
        left_out, errors = [], validate_file(source) or _unusable_parts(source)
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


def _errors_without_code(source: str, left_out: list[str]) -> list[InputError]:
    """Return the errors that can be found without running code. Add to ``left_out`` what cannot be built without it."""
    found = validate_file(source)
    if found and all(map(is_refusal, found)):
        left_out.append("the machine as a whole, which is built with it")
    return [error for error in found or _unusable_parts(source) if not is_refusal(error)]


def _unusable_parts(source: str) -> list[InputError]:
    """Return the errors of a well-formed system that only show when it is built, such as wrong values of a bank timing."""
    try:
        system = load_system(source)
        kind_of(system).build(system)
    except InputErrors as found:
        return [_placed(source, error) for error in found.errors]
    except InputError as found:
        return [_placed(source, found)]
    return []


def _placed(source: str, error: InputError) -> InputError:
    """Return an error about a key with the line of the key."""
    place = place_of(source, error.where.split(" ")[0]) if error.where else None
    return error if place is None else InputError(f"{error.where}: {error.message}", place, error.hint)
