"""A spec on its way from text to System: plain values, each with the place it was written at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]

#: The keys that each model of main memory has for itself.
MEMORY_KEYS = {
    "simple": ("clock_hz", "latency_cycles", "bytes_per_cycle"),
    "dram": ("standard", "overrides", "controller"),
}

#: Keys that say what a scratchpad's banks are; they exclude each other.
BANK_KEYS = ("timing", "macro", "bank_groups")

#: Mappings that a text may stand for, and the key whose value it is; another value of that key makes another thing of them.
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
    """The value without places; a key whose value is null is left out, which is how a default or a base's key is taken back."""
    if isinstance(value, dict):
        return {key: plain(entry.value) for key, entry in value.items() if entry.value is not None}
    if isinstance(value, list):
        return [plain(entry.value) for entry in value]
    return value


def placed(value: Any, where: str) -> Value:
    """Plain values as a tree, all written at one place."""
    if isinstance(value, dict):
        return {str(key): entry(item, where) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [entry(item, where) for item in value]
    scalar: Scalar = value
    return scalar


def entry(value: Any, where: str) -> Entry:
    """A plain value as an entry, all of it written at one place."""
    return Entry(placed(value, where), where, where)


def find(root: Entry, path: Path) -> tuple[Entry, int]:
    """The entry at a path, or its nearest ancestor that was written down, and how many steps of the path led to it."""
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
    """``over`` laid upon ``base``, mapping by mapping; a null in ``over`` takes the base's key back.

    Alternatives exclude each other: of a timing, a macro and bank groups one replaces the base's others, a timing that names its
    model and a macro that names its cell take over nothing from the base's, and a memory that names another model takes over none
    of the former model's keys.
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
    """The memory that ``over`` is laid upon: spelt out, and without the keys of a model that ``over`` does away with."""
    if isinstance(below.value, str):
        spelt = {"model": Entry("dram", below.where, below.where), "standard": Entry(below.value, below.where, below.where)}
        below = Entry({**spelt}, below.where, below.key_where)
    if not isinstance(below.value, dict) or "model" not in over:
        return below
    others = {name for model, names in MEMORY_KEYS.items() if model != over["model"].value for name in names}
    return Entry({name: item for name, item in below.value.items() if name not in others}, below.where, below.key_where)
