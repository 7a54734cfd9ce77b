"""A System from a preset's name, a YAML file or a SCALE-Sim ``.cfg``; all errors at once, each with its place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from simcore.errors import InputError, InputErrors, did_you_mean, raise_all
from simcore.reading.overrides import override
from simcore.reading.problems import problems_of
from simcore.reading.tree import Entry, entry, find, merge, plain
from simcore.reading.yaml_tree import read_yaml
from simcore.spec.presets import PRESETS, preset_names, preset_path
from simcore.spec.scale_sim_cfg import read_scale_sim_cfg
from simcore.spec.system import System

_YAML = (".yaml", ".yml")
_SUFFIXES = (*_YAML, ".cfg")


def load_system(source: str | Path, overrides: Sequence[str] = ()) -> System:
    """The System named by a preset's name, a YAML file or a SCALE-Sim ``.cfg``, with ``--set``-style overrides laid upon it.

    Raises InputError (InputErrors for several): no such name or file, bad syntax, unknown or missing keys, values out of range.
    """
    root, errors = _read(_locate(source))
    return _validated(root, errors, overrides)


def override_system(system: System, overrides: Sequence[str]) -> System:
    """The System with ``--set``-style overrides laid upon it, validated again; raises InputError."""
    return _validated(entry(system.to_yaml_dict(), f"system {system.name}"), [], overrides)


def validate_file(path: str | Path) -> list[InputError]:
    """All that is wrong with a system file (or a preset, by name); empty where it is fine."""
    try:
        root, errors = _read(_locate(path))
    except InputError as error:
        return list(error.errors) if isinstance(error, InputErrors) else [error]
    system = _system(root)
    return errors + (system if isinstance(system, list) else [])


def place_of(source: str | Path, key: str) -> str | None:
    """Where a system that can be loaded has a key (``scratchpads.ifmap.macro``) from, ``FILE:LINE``, or what is around it.

    None for what is no key of a System.
    """
    steps = [int(step) if step.isdecimal() else step for step in key.split(".")]
    found, depth = find(_read(_locate(source))[0], tuple(steps))
    return found.where if depth else None


def _validated(root: Entry, errors: list[InputError], overrides: Sequence[str]) -> System:
    root, more = override(root, overrides)
    system = _system(root)
    raise_all(errors + more + (system if isinstance(system, list) else []))
    assert isinstance(system, System)
    return system


def system_files(source: str | Path) -> list[Path]:
    """The user's own files that a system which can be loaded is read from: the one that is named, then those it extends."""
    found: list[Path] = []
    path = _locate(source)
    while path.parent != PRESETS:
        found.append(path)
        root = read_yaml(path.read_text(encoding="utf-8"), str(path))[0] if path.suffix in _YAML else None
        extends = find(root, ("extends",))[0].value if root is not None else None
        if not isinstance(extends, str):
            break
        path = _locate(extends, None, path.parent)
    return found


def _system(root: Entry) -> System | list[InputError]:
    """The System that a tree describes, or all that is wrong with the tree."""
    if not isinstance(root.value, dict):
        return [
            InputError(f"expected a mapping with keys {', '.join(System.model_fields)}, got {plain(root.value)!r}", root.where)
        ]
    try:
        return System.model_validate(plain(root.value))
    except ValidationError as error:
        return problems_of(error, System, root)


def _locate(source: str | Path, where: str | None = None, folder: Path = Path()) -> Path:
    """The file a preset's name or a path leads to; relative paths start at the folder."""
    preset = preset_path(str(source)) if isinstance(source, str) else None
    if preset is not None:
        return preset
    path = folder / source
    looks_like_file = path.suffix in _SUFFIXES or path.parent != folder
    if not looks_like_file and not os.path.exists(path):
        raise InputError(f"expected a preset system or a file, got '{source}'", where, did_you_mean(str(source), preset_names()))
    if path.suffix not in _SUFFIXES:
        raise InputError(f"expected a file ending in {', '.join(_SUFFIXES)}, got '{source}'", where)
    if not os.path.isfile(path):
        raise InputError(f"expected a file, found none at '{path}'", where)
    return path


def _read(path: Path, chain: tuple[Path, ...] = ()) -> tuple[Entry, list[InputError]]:
    """A file's tree, laid upon the tree it extends, and what is wrong with the texts."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise InputError(f"expected a readable file, got: {reason}", str(path)) from error
    if path.suffix == ".cfg":
        return read_scale_sim_cfg(text, str(path), path.stem)
    root, errors = read_yaml(text, str(path))
    if not isinstance(root.value, dict):
        return root, errors
    _anchor_files(root, path.parent)
    root, more = _extended(root, path, (*chain, path.resolve()))
    return root, errors + more


def _extended(root: Entry, path: Path, chain: tuple[Path, ...]) -> tuple[Entry, list[InputError]]:
    """The tree laid upon its base; name and description are the file's own, the name by default the file's stem."""
    own = dict(root.value) if isinstance(root.value, dict) else {}
    extends = own.pop("extends", None)
    own.setdefault("name", Entry(path.stem, root.where, root.where))
    over = Entry(own, root.where, root.key_where)
    if extends is None or extends.value is None:
        return over, []
    if not isinstance(extends.value, str):
        return over, [InputError(f"extends: expected a preset's name or a file, got {plain(extends.value)!r}", extends.where)]
    below = _locate(extends.value, extends.where, path.parent)
    if below.resolve() in chain:
        names = " -> ".join(file.stem for file in (*chain, below))
        raise InputError(f"extends: expected no cycle, got {names}", extends.where)
    base, errors = _read(below, chain)
    if isinstance(base.value, dict):
        base.value.pop("description", None)
    return merge(base, over), errors


def _anchor_files(root: Entry, folder: Path) -> None:
    """Make ``FILE.py:Class`` and a DRAM's table relative to the file that says so, as the user meant it."""
    _anchor(root, "memory", folder)
    _anchor(find(root, ("memory",))[0], "standard", folder)
    pads = find(root, ("scratchpads",))[0].value
    for pad in pads.values() if isinstance(pads, dict) else ():
        groups = find(pad, ("bank_groups",))[0].value
        for place in (pad, *(groups if isinstance(groups, list) else ())):
            _anchor(place, "timing", folder)
            _anchor(find(place, ("timing",))[0], "model", folder)


def _anchor(mapping: Entry, key: str, folder: Path) -> None:
    value = mapping.value.get(key) if isinstance(mapping.value, dict) else None
    if not isinstance(mapping.value, dict) or value is None or not isinstance(value.value, str):
        return
    if ".py:" in value.value or (key != "timing" and value.value.endswith(_YAML)):
        mapping.value[key] = Entry(str(folder / value.value), value.where, value.key_where)
