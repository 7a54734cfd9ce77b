"""Errors that a user can cause. Each is one clear line: where, what was expected, what came, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

#: A hint lists at most MAX_LISTED names; of a longer list, it names only the FEW nearest.
MAX_LISTED, FEW = 20, 5
#: A longer name is like none that is known; to compare it would take seconds.
LONGEST_NAME = 200


class InputError(Exception):
    """Bad input. Its text is one line: ``where: message; hint``."""

    def __init__(self, message: str, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, where, hint)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        start = f"{self.where}: " if self.where else ""
        end = f"; {self.hint}" if self.hint else ""
        return f"{start}{self.message}{end}"


class InputErrors(InputError):
    """Several errors found together. Its text has one line for each."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)
        self.args = (self.errors,)  # what a process that raises them hands over


class WrongValuesError(Exception):
    """The array's results differ from numpy's. This is a fault of the simulator, not of its user."""


def raise_all(errors: Sequence[InputError]) -> None:
    """Raise the only error as it is, or several as InputErrors. Do nothing if there are none."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputErrors(errors)


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most similar to the name, or None if none is similar."""
    if len(name) > LONGEST_NAME:
        return None
    found = difflib.get_close_matches(name, list(candidates), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """Return a hint for a misspelt name: the nearest candidate, else all candidates or, if they are many, the few nearest."""
    known = list(candidates)
    match = nearest(name, known)
    if match is not None:
        return f"did you mean '{match}'?"
    if len(known) > MAX_LISTED:
        few = difflib.get_close_matches(name[:LONGEST_NAME], known, n=FEW, cutoff=0.0)
        return f"of {len(known)} the nearest: {', '.join(few)}"
    return f"known: {', '.join(known)}" if known else None
