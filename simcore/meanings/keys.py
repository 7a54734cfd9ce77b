"""Every key that a System file or a DRAM table may hold, read off the specs."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simcore.dram.schema import StandardSpec
from simcore.errors import InputError
from simcore.kinds import kind_names, machine_kind
from simcore.meanings.value_text import default_text, unit_of, values_text
from simcore.reading.keys import key
from simcore.reading.problems import without_none
from simcore.reading.values import TAG, Spec, Text
from simcore.spec.machine_spec import MachineSpec

#: What stands in a path for a name that the user chooses, and for the number of an item of a list.
NAME, INDEX = "NAME", "INDEX"
EVERY_KIND, DRAM_TABLES = "every kind", "DRAM tables"


class _SystemFile(Spec):
    """The key of a System file that no spec holds, because files are merged before they are checked."""

    extends: Annotated[
        Text | None,
        key(
            "Preset or file whose keys hold where this file gives none, except its name and description. `null` removes a key.",
            cycles=True,
        ),
    ] = None


class _TableFile(Spec):
    """The same of a DRAM table."""

    extends: Annotated[
        Text | None,
        key(
            "Standard, preset or file whose keys hold where this file gives none. `null` removes a key; a list replaces a list.",
            cycles=True,
        ),
    ] = None


@dataclass(frozen=True)
class Key:
    """One key of a user's file.

    ``file`` is the kind of machine in whose System files it stands, ``every kind``, or ``DRAM tables``. ``path`` is the key as it
    is written after ``--set``, with NAME for a name of the user's and INDEX for an item of a list. ``changes_cycles`` says
    whether cycles can depend on it, and is None for a mapping of further keys. ``only_with`` names the model to which the key
    belongs.
    """

    file: str
    path: str
    meaning: str
    unit: str
    values: str
    default: str
    changes_cycles: bool | None
    only_with: str = ""

    @property
    def whose(self) -> str:
        """Return in whose files the key stands, in words."""
        if self.file in (EVERY_KIND, DRAM_TABLES):
            return self.file
        return f"kinds {self.file}" if " and " in self.file else f"kind {self.file}"

    @property
    def steps(self) -> tuple[str, ...]:
        """Return the steps of the path."""
        return tuple(self.path.split("."))


def system_keys() -> list[Key]:
    """Return the keys of every kind of machine that can be loaded: the common ones, then each kind's own."""
    shared = {name for name in MachineSpec.model_fields if name != "kind"}
    found = keys_of(_SystemFile, EVERY_KIND)
    found += [item for item in keys_of(MachineSpec, EVERY_KIND) if item.steps[0] in shared]
    for name in kind_names():
        with suppress(InputError):
            found += [item for item in keys_of(machine_kind(name).spec, name) if item.steps[0] not in shared]
    return _together(found)


def _together(keys: list[Key]) -> list[Key]:
    """Return the keys, those that several kinds have alike once, under the names of these kinds."""
    kinds: dict[Key, list[str]] = {}
    for item in keys:
        kinds.setdefault(replace(item, file=""), []).append(item.file)
    merged = [replace(item, file=" and ".join(names)) for item, names in kinds.items()]
    files = list(dict.fromkeys(item.file for item in merged))
    return sorted(merged, key=lambda item: files.index(item.file))


def table_keys() -> list[Key]:
    """Return the keys of DRAM tables."""
    return keys_of(_TableFile, DRAM_TABLES) + keys_of(StandardSpec, DRAM_TABLES)


@lru_cache(maxsize=1)
def all_keys() -> tuple[Key, ...]:
    """Return the keys of all files that a user may write."""
    return (*system_keys(), *table_keys())


def keys_of(spec: type[BaseModel], file: str) -> list[Key]:
    """Return the keys of a spec and of the specs within it, in the order of their fields, each mapping before its own keys."""
    return list(_walk(spec, file, "", ""))


def _walk(spec: type[BaseModel], file: str, above: str, only_with: str) -> Iterator[Key]:
    for name, field in spec.model_fields.items():
        path = f"{above}{name}"
        yield replace(_key_of(file, path, field), only_with=only_with)
        for below, inner, condition in _specs_in(field, path):
            yield from _walk(inner, file, f"{below}.", condition or only_with)


def _specs_in(field: FieldInfo, path: str) -> Iterator[tuple[str, type[BaseModel], str]]:
    """Yield the specs below a field, each with its path and, if the field has several models, the one that it stands for."""
    bare = without_none(field.annotation)
    origin, arguments = typing.get_origin(bare), typing.get_args(bare)
    if origin is dict:
        bare, path = arguments[1], f"{path}.{NAME}"
    elif origin is tuple:
        bare, path = arguments[0], f"{path}.{INDEX}"
    if _is_spec(bare):
        yield path, bare, ""
    for option in typing.get_args(bare):
        inner, *tags = typing.get_args(option) or (None,)
        names = [tag.tag.removeprefix(TAG) for tag in tags if isinstance(getattr(tag, "tag", None), str)]
        if _is_spec(inner) and names:
            yield path, inner, f"{path}.model: {names[0]}"


def _is_spec(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _key_of(file: str, path: str, field: FieldInfo) -> Key:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    unit = str(extra.get("unit") or unit_of(field.annotation, field.metadata))
    changes = extra.get("changes_cycles")
    is_mapping = any(True for _ in _specs_in(field, path))
    values = "keys of its own" if is_mapping else values_text(field.annotation, field.metadata)
    changes_cycles = changes if isinstance(changes, bool) else None
    default = str(extra.get("default") or default_text(field, unit))
    return Key(file, path, field.description or "", unit, values, default, changes_cycles)
