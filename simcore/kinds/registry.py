"""Kinds of machine by name: those of this package and those that installed packages offer, found in one table."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcore.errors import InputError, did_you_mean
from simcore.extensions.installed import imported, offered
from simcore.kinds.kind import MachineKind

if TYPE_CHECKING:
    from simcore.spec.machine_spec import MachineSpec

#: The entry-point group: ``NAME = "package.module:OBJECT"``, OBJECT being a MachineKind.
GROUP = "simcore.machine_kind"
#: The kind of a System file that names none.
DEFAULT = "systolic"

_WHAT = "machine kind"


def kind_names() -> list[str]:
    """The names of all kinds: the default first, then by name."""
    return sorted(offered(GROUP, _WHAT), key=lambda name: (name != DEFAULT, name))


def machine_kind(name: str, where: str | None = None) -> MachineKind[Any, Any]:
    """The kind of that name. Raises InputError, at ``where``, for a name that is not known and a kind that cannot be loaded."""
    targets = offered(GROUP, _WHAT)
    if name not in targets:
        raise InputError(f"kind: expected a kind of machine, got {name!r}", where, did_you_mean(name, kind_names()))
    return _loaded(name, targets[name])


def kind_of(spec: MachineSpec) -> MachineKind[Any, Any]:
    """The kind of a machine."""
    return machine_kind(spec.kind)


@lru_cache(maxsize=64)
def _loaded(name: str, target: str) -> MachineKind[Any, Any]:
    found = imported(name, target, _WHAT)
    if not isinstance(found, MachineKind):
        hint = "offer an object of a subclass of simcore.kinds.MachineKind, not the class"
        raise InputError(f"the installed {_WHAT} '{name}' ({target}) is no MachineKind, got {type(found).__name__}", hint=hint)
    if found.name != name:
        raise InputError(f"the installed {_WHAT} '{name}' ({target}) calls itself '{found.name}'", hint="give both one name")
    return found


def preset_folders() -> list[Path]:
    """The folders of presets that kinds bring along; a kind that cannot be loaded has none."""
    folders: list[Path] = []
    for name in kind_names():
        with suppress(InputError):
            folder = machine_kind(name).presets
            folders += [] if folder is None or folder in folders else [folder]
    return folders
