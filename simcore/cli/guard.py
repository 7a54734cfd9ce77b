"""The end of a command that cannot go on: one line on stderr and an exit code, and no traceback unless asked for."""

from __future__ import annotations

import functools
import os
import traceback
from collections.abc import Callable
from typing import ParamSpec

import typer

from simcore.cli.streams import OutputError
from simcore.errors import InputError, InputErrors

BAD_INPUT, BUG, INTERRUPTED = 2, 1, 130
#: The longest word of a message, such as a path. A longer word is cut.
LONGEST_WORD = 500
#: The most errors that are printed; the others are only counted.
MOST_ERRORS = 100
P = ParamSpec("P")


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command: it exits with 2 for InputError, 130 for Ctrl-C, and 1 for any other exception.

    It exits with 2, too, for an exception that a user's file or an installed extension raised.

    With SIMCORE_DEBUG=1 it prints the traceback of the other exception.
    """

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        """Run the command; end the process with its exit code and one message if it fails."""
        try:
            command(*args, **kwargs)
        except InputError as error:
            raise _stop(in_lines(error), BAD_INPUT) from None
        except KeyboardInterrupt:
            raise _stop("simcore: interrupted", INTERRUPTED) from None
        except (typer.Exit, typer.Abort, BrokenPipeError, OutputError):
            raise  # errors of the output are told by standard_streams
        except Exception as error:
            if os.environ.get("SIMCORE_DEBUG") == "1":
                traceback.print_exc()
            raise _told(error) from None

    return wrapper


def _told(error: Exception) -> typer.Exit:
    """Print an exception in one line, which says whose fault it is: a user's or package's code that raised it, or simcore."""
    from simcore.extensions.culprit import culprit

    told = " ".join(f"{type(error).__name__}: {error}".split())
    found = culprit(error)
    if found is None:
        return _stop(f"simcore: {told}; this is a bug in simcore (SIMCORE_DEBUG=1 shows where)", BUG)
    where, whose = found
    return _stop(f"simcore: {_one_line(where)}: {told}; {whose} raised it (SIMCORE_DEBUG=1 shows where)", BAD_INPUT)


def in_lines(error: InputError) -> str:
    """Return the text for bad input: one line for each error, each after the program's name."""
    errors = error.errors if isinstance(error, InputErrors) else (error,)
    more = [f"simcore: and {len(errors) - MOST_ERRORS:,} more errors"] if len(errors) > MOST_ERRORS else []
    return "\n".join([f"simcore: {_one_line(str(item))}" for item in errors[:MOST_ERRORS]] + more)


def _one_line(message: str) -> str:
    """Return the message without line breaks and other control characters, with overlong words cut."""
    words = "".join(character if character.isprintable() else " " for character in message).split(" ")
    return " ".join(word if len(word) <= LONGEST_WORD else f"{word[: LONGEST_WORD - 3]}..." for word in words)


def _stop(message: str, code: int) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(code)
