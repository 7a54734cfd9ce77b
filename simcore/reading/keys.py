"""The meaning of a key of a user's file, written at the field of its spec, so that the reference of keys cannot drift from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field


@dataclass(frozen=True)
class Written:
    """How the values of an annotated type are written in a file, for the reference of keys, and the unit of a plain number."""

    values: str
    unit: str = ""


def key(meaning: str, unit: str = "", *, cycles: bool | None = None, default: str | None = None) -> Any:
    """Return the description of a spec's field, to stand in its ``Annotated`` type.

    ``meaning`` is what the key means, in sentences that name each value that a user can choose. ``unit`` is the unit of a plain
    number. ``cycles`` says whether any cycle of a run can depend on the value; a mapping of further keys leaves it out.
    ``default`` says what applies without the key, where that is not the field's own default.
    """
    return Field(description=meaning, json_schema_extra={"unit": unit, "changes_cycles": cycles, "default": default})
