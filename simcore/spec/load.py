"""Load a System from a preset's name, a YAML file or a SCALE-Sim ``.cfg``. Report all errors at once, each with its place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, overload

from pydantic import ValidationError

from simcore.errors import InputError, InputErrors, did_you_mean, raise_all
from simcore.kinds.kind import MachineKind
from simcore.kinds.registry import DEFAULT, machine_kind
from simcore.reading.overrides import Overrides, override
from simcore.reading.problems import problems_of
from simcore.reading.text_file import no_file, read_text
from simcore.reading.tree import Entry, entry, find, merge, plain
from simcore.reading.yaml_tree import read_yaml
from simcore.spec.all_errors import NoBaseError, all_errors, build_problems
from simcore.spec.machine_spec import MachineSpec
from simcore.spec.own_words import with_own_words
from simcore.spec.places import places_of
from simcore.spec.presets import is_preset, preset_names, preset_path
from simcore.spec.scale_sim_cfg import read_scale_sim_cfg

_YAML = (".yaml", ".yml")
_SUFFIXES = (*_YAML, ".cfg")


SpecT = TypeVar("SpecT", bound=MachineSpec)


@overload
def load_system(source: str | Path, overrides: Overrides = ()) -> MachineSpec: ...


@overload
def load_system(source: str | Path, overrides: Overrides = (), *, of: type[SpecT]) -> SpecT: ...


def load_system(source: str | Path, overrides: Overrides = (), *, of: type[MachineSpec] = MachineSpec) -> MachineSpec:
    """Return the system of this preset name, YAML file or SCALE-Sim ``.cfg``, with keys changed by ``overrides``.

    ``overrides`` are values by key (``{"array.rows": 16}``) or "key=value" texts.
    The result is the spec of the system's kind of machine. ``of`` is the class that the caller can use (System for systolic
    machines). Raise InputError (InputErrors for several) if there is no such name or file, for bad syntax, unknown or missing
    keys and values out of range, and for a system of another kind than that of ``of``.
    """
    root, errors = _read(_locate(source))
    found = _validated(root, errors, overrides)
    if not isinstance(found, of):
        wanted = of.model_fields["kind"].default
        raise InputError(f"expected a system of kind '{wanted}', got one of kind '{found.kind}'", f"system {found.name}")
    return found


def load_buildable(source: str | Path, overrides: Overrides = ()) -> tuple[MachineSpec, dict[str, str]]:
    """Return what `load_system` returns, and the place at which each key was written, by dotted key.

    A key without a place has its default. Raise InputError, too, for errors that only show when the machine is built.
    """
    root, errors = _read(_locate(source))
    system = _validated(root, errors, overrides)
    changed = override(root, with_own_words(overrides))[0]
    raise_all([problem.error for problem in build_problems(system, changed, _kind(changed))])
    return system, places_of(changed)


def system_reader(source: str | Path) -> Callable[[Overrides], MachineSpec]:
    """Read a preset or file once, and return the function that returns what `load_system` returns for overrides of it."""
    root, errors = _read(_locate(source))
    return lambda overrides: _validated(root, errors, overrides)


def override_system(system: SpecT, overrides: Overrides) -> SpecT:
    """Return the system with keys changed by ``overrides``, validated again. Raise InputError for a broken rule."""
    return override_placed(system, overrides)[0]


def override_placed(system: SpecT, overrides: Overrides) -> tuple[SpecT, dict[str, str]]:
    """Return what `override_system` returns, and the place of each key."""
    root = entry(system.to_yaml_dict(), f"system {system.name}")
    found = _validated(root, [], overrides)
    assert isinstance(found, type(system))
    return found, places_of(override(root, with_own_words(overrides))[0])


def kind_of_source(source: str | Path) -> MachineKind[Any, Any]:
    """Return the kind of the system in this preset or file. Raise InputError if the kind is unknown."""
    return _kind(_read(_locate(source))[0])


def validate_file(path: str | Path) -> list[InputError]:
    """Return every error in a system file (or in a preset, given by name). The list is empty if there is none."""
    try:
        root, errors = _read(_locate(path))
    except InputError as error:
        return list(error.errors) if isinstance(error, InputErrors) else [error]
    try:
        kind = _kind(root)
    except InputError as error:
        return [*errors, error]
    if not isinstance(root.value, dict):
        return [*errors, _no_mapping(kind.spec, root)]
    sound = next((_read(path)[0] for path in map(preset_path, preset_names()) if path and _is_of(kind, path)), None)
    return errors + all_errors(root, kind, sound, lacks_base=any(isinstance(error, NoBaseError) for error in errors))


def _is_of(kind: MachineKind[Any, Any], preset: Path) -> bool:
    try:
        return _kind(_read(preset)[0]) is kind
    except InputError:
        return False


def _no_mapping(spec: type[MachineSpec], root: Entry) -> InputError:
    return InputError(f"expected a mapping with keys {', '.join(spec.model_fields)}, got {plain(root.value)!r}", root.where)


def _validated(root: Entry, errors: list[InputError], overrides: Overrides) -> MachineSpec:
    changed, more = override(root, with_own_words(overrides))
    if any(isinstance(error, NoBaseError) for error in errors):
        raise_all(errors + more)
    _require_same_kind(root, changed)
    system = _system(changed)
    raise_all(errors + more + (system if isinstance(system, list) else []))
    assert isinstance(system, MachineSpec)
    return system


def _require_same_kind(root: Entry, changed: Entry) -> None:
    """Raise InputError if an override changes a system's kind, because the keys of one kind mean nothing to another."""
    if not isinstance(root.value, dict):
        return
    before, after = _kind(root), _kind(changed)
    if before is not after:
        where = find(changed, ("kind",))[0].where
        hint = "'simcore list systems' shows the systems of each kind"
        raise InputError(f"kind: expected '{before.name}', the kind of the system, got '{after.name}'", where, hint)


def _kind(root: Entry) -> MachineKind[Any, Any]:
    """Return the kind that a tree names. Raise InputError if it is unknown."""
    found, depth = find(root, ("kind",))
    if depth == 0 or found.value is None:
        return machine_kind(DEFAULT)
    if not isinstance(found.value, str):
        raise InputError(f"kind: expected the name of a kind of machine, got {plain(found.value)!r}", found.where)
    return machine_kind(found.value, found.where)


def system_files(source: str | Path) -> list[Path]:
    """Return the user's own files behind a system that can be loaded: the named file first, then the files that it extends."""
    found: list[Path] = []
    path = _locate(source)
    while not is_preset(path):
        found.append(path)
        root = read_yaml(read_text(path), str(path))[0] if path.suffix in _YAML else None
        extends = find(root, ("extends",))[0].value if root is not None else None
        if not isinstance(extends, str):
            break
        path = _locate(extends, None, path.parent)
    return found


def _system(root: Entry) -> MachineSpec | list[InputError]:
    """Return the system that a tree describes, or all errors in the tree."""
    try:
        spec: type[MachineSpec] = _kind(root).spec
    except InputError as error:
        return [error]
    if not isinstance(root.value, dict):
        return [_no_mapping(spec, root)]
    try:
        return spec.model_validate(plain(root.value))
    except ValidationError as error:
        return problems_of(error, spec, root)


def _locate(source: str | Path, where: str | None = None, folder: Path = Path()) -> Path:
    """Return the file of a preset's name or of a path. A relative path starts at ``folder``."""
    preset = preset_path(str(source)) if isinstance(source, str) else None
    if preset is not None:
        return preset
    path = folder / source
    looks_like_file = path.suffix in _SUFFIXES or path.parent != folder
    if not looks_like_file and not os.path.exists(path):
        raise InputError(f"expected a preset system or a file, got '{source}'", where, did_you_mean(str(source), preset_names()))
    if os.path.isdir(path):
        raise InputError(f"expected a preset system or a file, got the folder '{path}'", where)
    if path.suffix not in _SUFFIXES:
        raise InputError(f"expected a file ending in {', '.join(_SUFFIXES)}, got '{source}'", where)
    if not os.path.isfile(path):
        raise no_file(path, where)
    return path


def _read(path: Path, chain: tuple[Path, ...] = ()) -> tuple[Entry, list[InputError]]:
    """Return a file's tree, merged over the tree that it extends, and the errors in the texts of both."""
    text = read_text(path)
    if path.suffix == ".cfg":
        return read_scale_sim_cfg(text, str(path), path.stem)
    root, errors = read_yaml(text, str(path))
    if not isinstance(root.value, dict):
        return root, errors
    root, more = _extended(root, path, (*chain, path.resolve()))
    return root, errors + more


def _extended(root: Entry, path: Path, chain: tuple[Path, ...]) -> tuple[Entry, list[InputError]]:
    """Return the tree merged over its base. Name and description are never inherited; the name defaults to the file's stem."""
    own = dict(root.value) if isinstance(root.value, dict) else {}
    extends = own.pop("extends", None)
    own.setdefault("name", Entry(path.stem, root.where, root.where))
    over = Entry(own, root.where, root.key_where)
    if extends is None or extends.value is None:
        _anchor_files(over, over, path.parent)
        return over, []
    if not isinstance(extends.value, str):
        return over, [NoBaseError(f"extends: expected a preset's name or a file, got {plain(extends.value)!r}", extends.where)]
    try:
        below = _locate(extends.value, extends.where, path.parent)
    except InputError as error:
        return over, [NoBaseError(error.message, error.where, error.hint)]
    if below.resolve() in chain:
        names = " -> ".join(file.stem for file in (*chain, below))
        raise InputError(f"extends: expected no cycle, got {names}", extends.where)
    base, errors = _read(below, chain)
    _require_base_of_same_kind(over, base, extends)
    _anchor_files(over, base, path.parent)
    if isinstance(base.value, dict):
        base.value.pop("description", None)
    return merge(base, over), errors


def _require_base_of_same_kind(over: Entry, base: Entry, extends: Entry) -> None:
    """Raise InputError if a file names one kind and extends a system of another."""
    if find(over, ("kind",))[1] == 0 or not isinstance(base.value, dict):
        return
    own, below = _kind(over), _kind(base)
    if own is not below:
        got = f"'{extends.value}' of kind '{below.name}'"
        raise InputError(f"extends: expected a system of kind '{own.name}', got {got}", extends.where)


def _anchor_files(root: Entry, names_kind: Entry, folder: Path) -> None:
    """Make the paths in a System file relative to that file, as the user meant them.

    ``names_kind`` is the tree that names the kind.
    """
    try:
        kind = _kind(names_kind)
    except InputError:
        return  # validation of the whole tree reports this error
    for keys in kind.file_keys:
        for place in _places(root, keys[:-1]):
            _anchor(place, keys[-1], folder)


def _places(root: Entry, keys: tuple[str, ...]) -> Iterator[Entry]:
    """Yield the entries at a path of keys, in which "*" stands for any key of a mapping and any item of a list."""
    if not keys:
        yield root
    elif keys[0] == "*":
        items = root.value.values() if isinstance(root.value, dict) else root.value if isinstance(root.value, list) else ()
        for item in items:
            yield from _places(item, keys[1:])
    elif isinstance(root.value, dict) and keys[0] in root.value:
        yield from _places(root.value[keys[0]], keys[1:])


def _anchor(mapping: Entry, key: str, folder: Path) -> None:
    value = mapping.value.get(key) if isinstance(mapping.value, dict) else None
    if not isinstance(mapping.value, dict) or value is None or not isinstance(value.value, str):
        return
    if ".py:" in value.value or (key != "timing" and value.value.endswith(_YAML)):
        mapping.value[key] = Entry(str(folder / value.value), value.where, value.key_where)
