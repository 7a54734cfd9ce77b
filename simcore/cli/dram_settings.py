"""The DRAM simulator's settings from the options: overrides of the standard, and the controller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from simcore.dram.controller import ControllerSpec
from simcore.dram.resolve import load_dram
from simcore.dram.tables import ResolvedDram
from simcore.errors import InputError, InputErrors, raise_all
from simcore.reading.numbers import cut, shown
from simcore.reading.overrides import SetOptions, override
from simcore.reading.problems import problems_of
from simcore.reading.tree import Entry, entry, plain
from simcore.reading.yaml_tree import read_yaml

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
        given, errors = read_yaml(value, where, lines=False)  # as in a file, where 0x10 is an integer
        raise_all(errors)
        if not isinstance(given.value, int) or isinstance(given.value, bool):
            raise InputError(f"expected an integer, got {shown(value)}", where)
        found[key] = given.value
    return found


def dram_of(standard: str, overrides: Mapping[str, int]) -> ResolvedDram:
    """Return the standard with overrides of ``--set``. Raise InputError, which names the option for a wrong override."""
    try:
        return load_dram(standard, overrides)
    except InputError as error:
        raise_all([_of_option(item, overrides) for item in (error.errors if isinstance(error, InputErrors) else (error,))])
        raise


def _of_option(error: InputError, overrides: Mapping[str, int]) -> InputError:
    name = (error.where or "").removeprefix("overrides.")
    return InputError(error.message, f"--set {name}={overrides[name]}", error.hint) if name in overrides else error


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
