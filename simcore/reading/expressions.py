"""Expressions in a user's file, such as ``nCL + nBL + 2``. simcore parses them and never executes them."""

from __future__ import annotations

import ast
import warnings

from simcore.errors import InputError

#: The longest expression.
LONGEST = 200


def parsed_expression(text: str, may_hold: str, where: str | None = None) -> ast.expr:
    """Return the tree of an expression in Python's syntax. ``may_hold`` says, for an error, what it may consist of.

    Raise InputError for a text that is too long or no expression.
    """
    if len(text) > LONGEST:
        raise InputError(f"expected an expression of at most {LONGEST} characters, got {len(text)}", where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise InputError(f"expected an expression, got '{text}'", where, f"an expression may hold {may_hold}") from error


def too_deep(text: str, where: str | None) -> InputError:
    """Return the error for an expression whose parts lie too deep within each other."""
    return InputError(f"expected a simpler expression, got one nested too deeply: '{text}'", where)
