"""DRAM standards from tables: a standard's or preset's name, a YAML file, or ``FILE.py:NAME``. A table can extend another."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from simcore.dram.schema import StandardSpec
from simcore.errors import InputError, did_you_mean, raise_all
from simcore.extensions.model_file import load_value
from simcore.reading.problems import problems_of
from simcore.reading.text_file import no_file, read_text
from simcore.reading.tree import Entry, entry, find, merge, plain
from simcore.reading.yaml_tree import read_yaml

# simcore installs models beside itself. A path keeps the core from importing it (or a user's own folder named models).
TABLES = Path(__file__).resolve().parents[2] / "models" / "dram"


@dataclass(frozen=True)
class Standard:
    """A table that was read and has only known keys. ``choice`` holds the presets of which the table chooses one, if any."""

    spec: StandardSpec
    root: Entry
    choice: tuple[str, ...]

    @property
    def preset(self) -> str | None:
        """Return the preset that runs, or None if the table leaves it open."""
        return self.choice[0] if len(self.choice) == 1 else None

    def where(self, *path: str | int) -> str:
        """Return the ``FILE:LINE`` of a value of the table."""
        return find(self.root, path)[0].where


def standard_names() -> list[str]:
    """Return the standards that come with simcore, sorted: ddr3, ddr4, ..."""
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


def dram_names() -> list[str]:
    """Return the presets that come with simcore, such as ddr4_2400r."""
    return [preset for name in standard_names() for preset in sorted(load_standard(name).spec.presets)]


def pim_names() -> list[str]:
    """Return the presets whose subarrays compute, such as pim-ddr4_2666. No request controller serves these."""
    return [preset for name in pim_standard_names() for preset in sorted(load_standard(name).spec.presets)]


def pim_standard_names() -> list[str]:
    """Return the standards whose subarrays compute, such as pim-ddr4."""
    return sorted(_pim_tables())


def _pim_tables() -> dict[str, Path]:
    return {path.stem: path for path in (TABLES / "pim").glob("*.yaml")}


def _tables() -> dict[str, Path]:
    """Return the file of every standard that comes with simcore."""
    return {name: TABLES / f"{name}.yaml" for name in standard_names()} | _pim_tables()


def load_standard(source: str | Path | Mapping[str, Any]) -> Standard:
    """Return the standard that a name, a YAML file, ``FILE.py:NAME`` (a dictionary) or a dictionary itself describes.

    Raise InputError (InputErrors for several) for an unknown table, bad syntax, unknown or missing keys, and a cycle of
    ``extends``.
    """
    return _load_shipped(str(source)) if is_name(source) else _load(source)


def is_name(source: object) -> bool:
    """Return whether this can only be the name of a standard or preset that comes with simcore, whose table does not change."""
    return isinstance(source, str) and not source.endswith((".yaml", ".yml")) and ".py" not in source


@lru_cache(maxsize=32)
def _load_shipped(name: str) -> Standard:
    return _load(name)


def _load(source: str | Path | Mapping[str, Any]) -> Standard:
    root, errors, choice = _read(source, None, Path(), ())
    raise_all(errors)
    if not isinstance(root.value, dict):
        raise InputError(f"expected a mapping with keys {', '.join(StandardSpec.model_fields)}", root.where)
    try:
        spec = StandardSpec.model_validate(plain(root.value))
    except ValidationError as error:
        raise_all(problems_of(error, StandardSpec, root))
        raise
    for name in choice:
        if name not in spec.presets:
            raise InputError(f"preset: no preset '{name}'", find(root, ("preset",))[0].where, did_you_mean(name, spec.presets))
    return Standard(spec, root, choice or tuple(spec.presets))


def own_files(source: str) -> list[Path]:
    """Return the user's own files behind a standard that can be loaded: the named file first, then the files that it extends."""
    found: list[Path] = []
    named: object = source
    while isinstance(named, str) and (named.endswith((".yaml", ".yml")) or ".py:" in named):
        place = (found[-1].parent if found else Path()) / named
        found.append(Path(str(place).rpartition(":")[0]) if ".py:" in named else place)
        table = load_value(str(place), Mapping, "dictionary") if ".py:" in named else _plain_yaml(place)
        named = table.get("extends") if isinstance(table, Mapping) else None
    return found


def _plain_yaml(path: Path) -> object:
    return plain(read_yaml(read_text(path), str(path))[0].value)


_Read = tuple[Entry, list[InputError], tuple[str, ...]]


def _read(source: object, where: str | None, folder: Path, chain: tuple[str, ...]) -> _Read:
    """Return a table's tree merged over the tree that it extends, the errors in its text, and the presets to choose from."""
    if isinstance(source, Mapping):
        return _extended(entry(dict(source), where or "table"), "table", folder, (*chain, "table"))
    name = str(source)
    if ".py" in name:
        file_name, _, _ = name.rpartition(":")
        _check_cycle(str((folder / name).resolve()), name, where, chain)
        root = entry(load_value(str(folder / name), Mapping, "dictionary"), name)
        return _extended(root, name.rpartition(":")[2], (folder / file_name).parent, (*chain, str((folder / name).resolve())))
    path, preset = _locate(name, where, folder)
    _check_cycle(str(path.resolve()), name, where, chain)
    root, errors = read_yaml(read_text(path), str(path))
    below, more, inherited = _extended(root, path.stem, path.parent, (*chain, str(path.resolve())))
    return below, errors + more, inherited if preset is None else (preset,)


def _check_cycle(key: str, name: str, where: str | None, chain: tuple[str, ...]) -> None:
    if key in chain:
        raise InputError(f"extends: expected no cycle, got '{name}' again", where)


def _extended(root: Entry, stem: str, folder: Path, chain: tuple[str, ...]) -> _Read:
    """Return the tree merged over its base. The name defaults to the file's stem."""
    if not isinstance(root.value, dict):
        return root, [], ()
    own = dict(root.value)
    extends = own.pop("extends", None)
    own.setdefault("name", Entry(stem, root.where, root.where))
    over = Entry(own, root.where, root.key_where)
    choice = _own_choice(own)
    if extends is None:
        return over, [], choice
    if not isinstance(extends.value, str):
        return over, [InputError("extends: expected the name of a standard or preset, or a file", extends.where)], ()
    base, errors, inherited = _read(extends.value, extends.where, folder, chain)
    return merge(_without(base, _timing_names(over)), over), errors, choice or inherited


def _own_choice(own: Mapping[str, Entry]) -> tuple[str, ...]:
    """Return the presets from which a file itself chooses: that of its key ``preset`` alone, else all that it gives."""
    if "preset" in own:
        named = own["preset"].value
        return (named,) if isinstance(named, str) else ()
    return tuple(name for name, item in _items(own.get("presets")).items() if item.value is not None)


def _items(table: Entry | None) -> dict[str, Entry]:
    """Return the items of a mapping. Return none for anything else, which the schema reports later."""
    return table.value if table is not None and isinstance(table.value, dict) else {}


def _timing_names(table: Entry) -> set[str]:
    return set(_items(_items(table).get("timings")))


def _without(base: Entry, timings: set[str]) -> Entry:
    """Return a table without these timings in its speeds and organisations, because the table that extends it gives them."""
    kept = dict(_items(base))
    for group in ("speeds", "organisations"):
        if timings and _items(kept.get(group)):
            items = {name: _item_without(item, timings) for name, item in _items(kept[group]).items()}
            kept[group] = Entry(items, kept[group].where, kept[group].key_where)
    return Entry(kept, base.where, base.key_where) if kept else base


def _item_without(item: Entry, timings: set[str]) -> Entry:
    given = _items(item).get("timings")
    if given is None or not _items(given):
        return item
    left = {name: value for name, value in _items(given).items() if name not in timings}
    return Entry({**_items(item), "timings": Entry(left, given.where, given.key_where)}, item.where, item.key_where)


def _locate(name: str, where: str | None, folder: Path) -> tuple[Path, str | None]:
    """Return the file of a table, and the preset for which its name stands."""
    if name.endswith((".yaml", ".yml")):
        path = folder / name
        if not os.path.isfile(path):
            raise no_file(path, where)
        return path, None
    tables = _tables()
    if name in tables:
        return tables[name], None
    fitting = [stem for stem in tables if name.startswith(f"{stem}_")]
    if fitting:
        path = tables[max(fitting, key=len)]
        presets = find(read_yaml(read_text(path), str(path))[0], ("presets",))[0].value
        if isinstance(presets, dict) and name in presets:
            return path, name
    if ".yaml:" in name or ".yml:" in name:
        hint = f"name the file {name.rpartition(':')[0]} alone; its key 'preset' chooses the preset"
        raise InputError(f"expected a DRAM standard, a preset or a file, got '{name}'", where, hint)
    for stem, path in tables.items():
        if name in load_standard(stem).spec.presets:
            raise InputError(f"presets.{name}: expected a name that begins with '{stem}_'", str(path))
    known = [*tables, *_preset_names(list(tables))]
    raise InputError(f"expected a DRAM standard, a preset or a file, got '{name}'", where, did_you_mean(name, known))


def _preset_names(stems: list[str]) -> list[str]:
    return [preset for stem in stems for preset in load_standard(stem).spec.presets]
