"""A group of commands that answers ``--help`` without loading what reads options."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class Group(TyperGroup):
    """A group whose flags are False where they are not given.

    Typer has None there for ``--help`` and its options of completion, and loads pydantic at every start to find that it is None.
    """

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, flags with a default of False instead of None."""
        parameters = super().get_params(ctx)
        for each in parameters:
            if getattr(each, "is_flag", False) and each.default is None:
                each.default = False
        return parameters
