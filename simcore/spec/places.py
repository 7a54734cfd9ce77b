"""Where each key of a system was written, for the record of a run."""

from __future__ import annotations

from pathlib import Path

from simcore.reading.tree import Entry
from simcore.spec.presets import is_preset


def places_of(root: Entry) -> dict[str, str]:
    """Return the place of each value of a tree, ``FILE:LINE``, ``preset NAME:LINE`` or ``--set KEY=VALUE``, by dotted key."""
    found: dict[str, str] = {}
    told: dict[str, str] = {}
    _collect(root, (), found, told)
    return found


def _collect(at: Entry, above: tuple[str, ...], found: dict[str, str], told: dict[str, str]) -> None:
    if isinstance(at.value, dict):
        items = at.value.items()
    elif isinstance(at.value, list):
        items = {str(number): item for number, item in enumerate(at.value)}.items()
    else:
        found[".".join(above)] = _said(at.where, told)
        return
    for key, item in items:
        _collect(item, (*above, key), found, told)


def _said(where: str, told: dict[str, str]) -> str:
    """Return a place in words. That of a preset is its name, because the folder in which simcore is installed says nothing."""
    file, colon, line = where.rpartition(":")
    if file not in told:
        path = Path(file)
        told[file] = f"preset {path.stem}" if path.suffix == ".yaml" and is_preset(path) else file
    return f"{told[file]}{colon}{line}"
