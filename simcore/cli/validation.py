"""``simcore validate``: all errors of a system file at once."""

from __future__ import annotations

import typer

from simcore.cli.console import print_json
from simcore.cli.guard import BAD_INPUT, in_lines
from simcore.errors import InputError, InputErrors
from simcore.kinds import kind_of
from simcore.spec import load_system, validate_file
from simcore.spec.load import place_of


def validate_command(source: str, as_json: bool) -> None:
    """Print every error, or that there is none; exits 2 if there is one."""
    errors = validate_file(source) or _unusable_parts(source)
    if as_json:
        shown = [{"where": error.where, "message": error.message, "hint": error.hint} for error in errors]
        print_json({"file": source, "valid": not errors, "errors": shown})
    elif errors:
        typer.echo(in_lines(InputErrors(errors)), err=True)
    else:
        typer.echo(f"{source}: valid")
    if errors:
        raise typer.Exit(BAD_INPUT)


def _unusable_parts(source: str) -> list[InputError]:
    """What keeps a well-formed system from running, and is found when it is built: a bank timing that refuses its values."""
    try:
        system = load_system(source)
        kind_of(system).build(system)
    except InputErrors as found:
        return [_placed(source, error) for error in found.errors]
    except InputError as found:
        return [_placed(source, found)]
    return []


def _placed(source: str, error: InputError) -> InputError:
    """An error about a key, with the line that the key stands in."""
    place = place_of(source, error.where.split(" ")[0]) if error.where else None
    return error if place is None else InputError(f"{error.where}: {error.message}", place, error.hint)
