"""Kinds of machine by name, both simcore's own and those of installed packages, in one table."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcore.errors import InputError, did_you_mean, nearest
from simcore.extensions.installed import imported, offered
from simcore.kinds.kind import MachineKind

if TYPE_CHECKING:
    from simcore.spec.machine_spec import MachineSpec

#: The entry-point group. An entry is ``NAME = "package.module:OBJECT"``, and OBJECT is a MachineKind.
GROUP = "simcore.machine_kind"
#: The kind of a System file without the key ``kind``.
DEFAULT = "systolic"

_WHAT = "machine kind"


def kind_names() -> list[str]:
    """Return the names of all kinds: the default first, the others sorted."""
    return sorted(offered(GROUP, _WHAT), key=lambda name: (name != DEFAULT, name))


def machine_kind(name: str, where: str | None = None) -> MachineKind[Any, Any]:
    """Return the kind of that name. Raise InputError, at ``where``, for an unknown name or a kind that cannot be loaded."""
    targets = offered(GROUP, _WHAT)
    if name not in targets:
        hint = did_you_mean(name, kind_names())
        if nearest(name, targets) is None:
            hint = f"{hint}; a kind of your own is installed as a package (entry point {GROUP})"
        raise InputError(f"kind: expected a kind of machine, got {name!r}", where, hint)
    return _loaded(name, targets[name])


def kind_of(spec: MachineSpec) -> MachineKind[Any, Any]:
    """Return the kind of a machine."""
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
    """Return the kinds' folders of presets. A kind that cannot be loaded has none."""
    folders: list[Path] = []
    for name in kind_names():
        with suppress(InputError):
            folder = machine_kind(name).presets
            folders += [] if folder is None or folder in folders else [folder]
    return folders
