"""The DRAM simulator's settings from the options: overrides of the standard, and the controller."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from simcore.dram.controller import ControllerSpec
from simcore.errors import InputError, raise_all
from simcore.reading.numbers import cut, shown, whole_number
from simcore.reading.overrides import SetOptions, override
from simcore.reading.problems import problems_of
from simcore.reading.tree import Entry, entry, plain

CONTROLLER = "controller."


def standard_overrides(texts: Sequence[str]) -> dict[str, int]:
    """Return ``nRCD=17`` as a key with an integer, or raise InputError. `load_dram` checks the names."""
    found = {}
    for text in texts:
        where = cut(f"--set {text}")
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not key:
            raise InputError(f"expected KEY=VALUE such as nRCD=17 or rank=2, got {shown(text)}", where)
        if key.startswith(CONTROLLER):
            raise InputError("expected a timing or a level, because a check has no controller", where)
        number = whole_number(value)
        if number is None:
            raise InputError(f"expected an integer, got {shown(value)}", where)
        found[key] = number
    return found


def controller_of(options: dict[str, str | None], texts: Sequence[str]) -> ControllerSpec:
    """Return the controller of the given options, by their names, with the values of ``controller.KEY=VALUE`` applied to it.

    Raise InputError, which names the option.
    """
    root = entry({"controller": {}}, "controller")
    chosen: dict[str, Entry] = {}
    for name, value in options.items():
        if value is not None:
            where = f"--{name.replace('_', '-')} {value}"
            chosen[name] = entry({"name": value} if name == "row_policy" else value, where)
    root = Entry({"controller": Entry({**chosen}, root.where, root.where)}, root.where, root.where)
    root, errors = override(root, SetOptions(texts))
    raise_all(errors)
    assert isinstance(root.value, dict)
    tree = root.value["controller"]
    try:
        return ControllerSpec.model_validate(plain(tree.value))
    except ValidationError as error:
        raise_all(problems_of(error, ControllerSpec, tree))
        raise
