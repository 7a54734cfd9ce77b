"""The values of an axis: a list, one value, or a range such as ``{from: 4, to: 64, times: 2}``."""

from __future__ import annotations

from simcore.errors import InputError, did_you_mean
from simcore.reading.numbers import shown
from simcore.reading.tree import Entry, plain

#: More values of one axis are taken for a typing error.
MOST_VALUES = 100_000
_RANGE = ("from", "to", "step", "times")


def axis_values(key: str, item: Entry) -> tuple[Entry, ...]:
    """Return the values of an axis, each with its place. Raise InputError for none, for too many and for a wrong range."""
    if isinstance(item.value, list):
        if not item.value:
            raise InputError(f"{key}: expected values, got an empty list", item.where)
        if len(item.value) > MOST_VALUES:
            raise InputError(f"{key}: expected at most {MOST_VALUES:,} values, got {len(item.value):,}", item.where)
        if any(value.value is None for value in item.value):
            raise InputError(f"{key}: expected values, got a null among them", item.where)
        return tuple(item.value)
    if isinstance(item.value, dict):
        return tuple(Entry(number, item.where, item.key_where) for number in _numbers(key, item))
    return (item,)


def _numbers(key: str, item: Entry) -> list[int]:
    """Return the integers of a range, whose last one is at most ``to``."""
    given: dict[str, object] = plain(item.value)
    for name in given:
        if name not in _RANGE:
            raise InputError(f"{key}: unknown key '{name}' of a range", item.where, did_you_mean(name, _RANGE))
    first, last = (_integer(key, name, given.get(name), item) for name in ("from", "to"))
    if "step" in given and "times" in given:
        raise InputError(f"{key}: expected step or times, got both", item.where)
    times = "times" in given
    by = _integer(key, "times" if times else "step", given.get("times" if times else "step", 1), item)
    if by < (2 if times else 1) or (times and first < 1):
        least = "times of at least 2, and from of at least 1" if times else "a step of at least 1"
        raise InputError(f"{key}: expected {least}, got {shown(first)} and {shown(by)}", item.where)
    if last < first:
        raise InputError(f"{key}: expected a range that rises, got {first} to {last}", item.where)
    if not times and (last - first) // by >= MOST_VALUES:
        raise InputError(f"{key}: expected at most {MOST_VALUES:,} values, got {(last - first) // by + 1:,}", item.where)
    found = [first]
    while (following := found[-1] * by if times else found[-1] + by) <= last:
        found.append(following)
    return found


def _integer(key: str, name: str, value: object, item: Entry) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{key}: expected an integer for '{name}' of a range, got {shown(value)}", item.where)
    return value
