"""Placements from YAML files. Every error message gives the line of the mistake."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from simcore.errors import InputError, did_you_mean, raise_all
from simcore.reading.numbers import shown
from simcore.reading.text_file import read_text
from simcore.reading.tree import Entry, plain
from simcore.reading.yaml_tree import read_yaml
from workloads.faults.placement import PlacedBits, Placement, Storage

_STORAGE = ("memory", "voltage_v", "overdrive", "pulse_ns", "error_rate", "write_pj_per_bit")
Made = TypeVar("Made")

_BITS = re.compile(r"([0-9]{1,9})(?:(-)([0-9]{1,9})?)?")


def load_placement(path: str | Path) -> Placement:
    """Return the placement in a YAML file. If it has no name, the file's stem is its name. Raise InputError for a bad file."""
    return placement_from_yaml(read_text(path), str(path), Path(path).stem)


def placement_from_yaml(text: str, where: str, name: str) -> Placement:
    """Return the placement in a text with the keys ``name``, ``safe`` (a storage) and ``parts`` (tensor, bits, storage)."""
    root, errors = read_yaml(text, where)
    raise_all(errors)
    keys = _mapping(root, ("name", "safe", "parts"))
    if "safe" not in keys:
        raise InputError("expected the key 'safe', which says how to keep the bits that no part names", root.where)
    safe = _storage(keys["safe"], _mapping(keys["safe"], _STORAGE))
    listed = keys["parts"].value if "parts" in keys else []
    if not isinstance(listed, list):
        raise InputError("expected a list of parts", keys["parts"].where)
    own = plain(keys["name"].value) if "name" in keys else name
    return Placement(str(own), safe, tuple(_part(item) for item in listed))


def _part(item: Entry) -> PlacedBits:
    keys = _mapping(item, ("tensor", "bits", *_STORAGE))
    for needed in ("tensor", "memory"):
        if needed not in keys:
            raise InputError(f"expected the key '{needed}'", item.where)
    low, high = _bits(keys["bits"]) if "bits" in keys else (0, None)
    storage = _storage(item, {key: value for key, value in keys.items() if key in _STORAGE})
    return _at(item, keys, lambda: PlacedBits(cast(Any, plain(keys["tensor"].value)), storage, low, high))


def _bits(entry: Entry) -> tuple[int, int | None]:
    match = _BITS.fullmatch(str(entry.value))
    if entry.value == "all":
        return 0, None
    if match is None:
        raise InputError(f"expected bits such as 5, 0-7, 8- or all, got {shown(plain(entry.value))}", entry.where)
    low = int(match[1])
    return low, low if match[2] is None else None if match[3] is None else int(match[3])


def _storage(entry: Entry, keys: dict[str, Entry]) -> Storage:
    given: dict[str, Any] = {key: plain(value.value) for key, value in keys.items()}
    for key, value in given.items():
        if key != "memory":
            given[key] = _numbers(key, value, keys[key].where)
    return _at(entry, keys, lambda: Storage(**given))


def _numbers(key: str, value: Any, where: str) -> float | tuple[float, float]:
    pair = value if isinstance(value, list) and key == "error_rate" else [value]
    try:
        # YAML reads 1e-4 (without a dot) as text.
        numbers = [float(each) for each in pair if not isinstance(each, bool)]
    except (TypeError, ValueError, OverflowError):
        numbers = []
    if len(numbers) != len(pair) or len(pair) > 2 or not pair:
        expected = "a number, or two: 0->1 and 1->0" if key == "error_rate" else "a number"
        raise InputError(f"{key}: expected {expected}, got {shown(value)}", where)
    if key == "error_rate" and not all(0 <= number <= 1 for number in numbers):
        raise InputError(f"{key}: expected a rate from 0 to 1, got {shown(value)}", where)
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def _at(entry: Entry, keys: dict[str, Entry], make: Callable[[], Made]) -> Made:
    """Return the result of ``make``. Give its InputError the line of the key that the error names, or else of the mapping."""
    try:
        return make()
    except InputError as error:
        place = keys[error.where].where if error.where in keys else entry.where
        raise InputError(f"{error.where}: {error.message}" if error.where else error.message, place, error.hint) from None


def _mapping(entry: Entry, known: tuple[str, ...]) -> dict[str, Entry]:
    if not isinstance(entry.value, dict):
        raise InputError(f"expected a mapping with keys {', '.join(known)}, got {plain(entry.value)!r}", entry.where)
    for key, item in entry.value.items():
        if key not in known:
            raise InputError(f"unknown key '{key}'", item.key_where, did_you_mean(key, known))
    return entry.value
