"""Micro-programs by name: of a family that an installed package (or simcore itself) offers, or from a user's file."""

from __future__ import annotations

from collections.abc import Mapping

from simcore.errors import InputError, did_you_mean
from simcore.extensions.installed import imported, offered
from simcore.extensions.model_file import load_value
from simcore.pim.program import MicroProgram

_GROUP, _WHAT = "simcore.micro_programs", "family of micro-programs"


def family_names() -> list[str]:
    """Return the names of all families."""
    return sorted(offered(_GROUP, _WHAT))


def find_program(name: str, operation: str) -> MicroProgram:
    """Return the micro-program of a family for an operation, or the one that ``FILE.py:NAME`` names.

    Raise InputError for an unknown family, a family without the operation, and a file's program for another operation.
    """
    if ".py" in name:
        found = load_value(name, MicroProgram, "micro-program")
        assert isinstance(found, MicroProgram)
        if found.operation != operation:
            raise InputError(f"expected a micro-program for '{operation}', got one for '{found.operation}'", name)
        return found
    families = offered(_GROUP, _WHAT)
    if name not in families:
        raise InputError(f"no family of micro-programs '{name}'", hint=did_you_mean(name, families) or "or FILE.py:NAME")
    family = imported(name, families[name], _WHAT)
    if not isinstance(family, Mapping):
        raise InputError(f"the family '{name}' ({families[name]}): expected a mapping of operations to micro-programs")
    program = family.get(operation)
    if not isinstance(program, MicroProgram):
        raise InputError(f"the family '{name}' has no '{operation}'", hint=did_you_mean(operation, map(str, family)))
    return program
