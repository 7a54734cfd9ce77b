"""The tree between a text and a System: plain values, each with the place where it was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]

#: The keys that belong to only one model of main memory.
MEMORY_KEYS = {
    "simple": ("clock_hz", "latency_cycles", "bytes_per_cycle", "type"),
    "dram": ("standard", "overrides", "controller"),
}

#: Keys that say what a scratchpad's banks are. A scratchpad has only one of them.
BANK_KEYS = ("timing", "macro", "bank_groups")

#: Mappings that may be written as one text, and the key whose value the text is. A mapping with this key replaces the base's.
NAMED_BY = {"timing": "model", "macro": "cell"}


@dataclass(frozen=True)
class Entry:
    """A value and where it was written (``FILE:LINE`` or ``--set KEY=VALUE``); ``key_where`` is the place of its key."""

    value: Value
    where: str
    key_where: str


Scalar: TypeAlias = str | int | float | bool | None
Value: TypeAlias = Scalar | dict[str, Entry] | list[Entry]


def plain(value: Value) -> Any:
    """Return the value without places. A key whose value is null is left out, so that its default applies."""
    if isinstance(value, dict):
        return {key: plain(entry.value) for key, entry in value.items() if entry.value is not None}
    if isinstance(value, list):
        return [plain(entry.value) for entry in value]
    return value


def placed(value: Any, where: str) -> Value:
    """Return plain values as a tree in which every value has the same place."""
    if isinstance(value, dict):
        return {str(key): entry(item, where) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [entry(item, where) for item in value]
    number = getattr(value, "item", None)  # of numpy's numbers
    scalar: Scalar = number() if callable(number) else value
    return scalar


def entry(value: Any, where: str) -> Entry:
    """Return a plain value as an entry in which every value has the same place."""
    return Entry(placed(value, where), where, where)


def find(root: Entry, path: Path) -> tuple[Entry, int]:
    """Return the entry at a path, or its nearest ancestor that was written, and how many steps of the path led to it."""
    found = root
    for depth, step in enumerate(path):
        value = found.value
        if isinstance(value, dict) and step in value:
            found = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            found = value[step]
        else:
            return found, depth
    return found, len(path)


def merge(base: Entry, over: Entry) -> Entry:
    """Return ``base`` with the values of ``over`` in place of its own, mapping by mapping. A null removes the base's key.

    Alternatives exclude each other. A timing, a macro or bank groups in ``over`` replace whichever of the three ``base`` has. A
    timing that names its model, and a macro that names its cell, inherit nothing from the base's. A memory that names another
    model drops the keys of the former model.
    """
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    kept = dict(base.value)
    if not over.value.keys().isdisjoint(BANK_KEYS):
        kept = {key: item for key, item in kept.items() if key not in BANK_KEYS or key in over.value}
    for key, item in over.value.items():
        kept[key] = _merge_key(key, kept.get(key), item)
    return Entry(kept, over.where, over.key_where)


def _merge_key(key: str, below: Entry | None, item: Entry) -> Entry:
    if below is None:
        return item
    if key in NAMED_BY and isinstance(item.value, dict):
        name = NAMED_BY[key]
        if name in item.value:
            return item
        if isinstance(below.value, str):
            below = Entry({name: Entry(below.value, below.where, below.where)}, below.where, below.key_where)
    if key == "memory" and isinstance(item.value, dict):
        below = _memory_below(below, item.value)
    return merge(below, item)


def _memory_below(below: Entry, over: dict[str, Entry]) -> Entry:
    """Return the base's memory, written out as a mapping and without the keys of a model that ``over`` replaces."""
    if isinstance(below.value, str):
        spelt = {"model": Entry("dram", below.where, below.where), "standard": Entry(below.value, below.where, below.where)}
        below = Entry({**spelt}, below.where, below.key_where)
    if not isinstance(below.value, dict) or "model" not in over:
        return below
    others = {name for model, names in MEMORY_KEYS.items() if model != over["model"].value for name in names}
    return Entry({name: item for name, item in below.value.items() if name not in others}, below.where, below.key_where)
