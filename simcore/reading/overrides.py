"""``a.b=c``: values that replace those of a system after it was read, from the command line or from Python."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from simcore.errors import InputError
from simcore.reading.numbers import cut, shown, whole_number
from simcore.reading.tree import NAMED_BY, Entry, Path, Value, entry, find, merge
from simcore.reading.yaml_tree import read_yaml

#: Values by key, or "key=value" texts. A value may be an Entry, whose place errors name.
Overrides: TypeAlias = Mapping[str, object] | Sequence[str]


_IN_THE_TEXT = object()


class SetOptions(tuple[str, ...]):
    """Overrides of the command line's ``--set``, so that an error names the option and not an argument in Python."""

    __slots__ = ()


def override(root: Entry, overrides: Overrides) -> tuple[Entry, list[InputError]]:
    """Return the tree with the overrides applied in order, and the errors found in them. The schema checks for unknown keys."""
    errors: list[InputError] = []
    for key, value in _items(overrides):
        try:
            path, wanted = _parse(key, overrides) if value is _IN_THE_TEXT else _named(key, value)
            root = merge(root, _nested(root, path, (), wanted))
        except InputError as error:
            errors.append(error)
    return root, errors


def and_also(overrides: Overrides, key: str, value: str) -> Overrides:
    """Return the overrides and, after them, one more. Raise InputError for overrides that are neither texts nor a mapping."""
    _items(overrides)
    if isinstance(overrides, Mapping):
        return {**overrides, key: value}
    texts = (*overrides, f"{key}={value}")
    return SetOptions(texts) if isinstance(overrides, SetOptions) else texts


def texts_of(overrides: Overrides) -> list[str]:
    """Return the overrides as "key=value" texts, as a manifest keeps them."""
    return [key if value is _IN_THE_TEXT else f"{key}={json.dumps(value, default=str)}" for key, value in _items(overrides)]


def keys_of(overrides: Overrides) -> list[str]:
    """Return the dotted keys that the overrides name. Raise InputError as `override` does for what is no override."""
    return [(key.partition("=")[0] if value is _IN_THE_TEXT else key).strip() for key, value in _items(overrides)]


def _items(overrides: Overrides) -> list[tuple[str, object]]:
    """Return keys with their values, or texts that hold both."""
    if isinstance(overrides, Mapping):
        items = list(overrides.items())
    elif isinstance(overrides, Sequence) and not isinstance(overrides, str):
        items = [(text, _IN_THE_TEXT) for text in overrides]
    else:
        items = [(None, _IN_THE_TEXT)]  # type: ignore[list-item]
    if all(isinstance(key, str) for key, _ in items):
        return items
    expected = "a mapping such as {'array.rows': 16}, or a sequence of texts such as 'array.rows=16'"
    raise InputError(f"overrides: expected {expected}, got {shown(overrides)}")


def _parse(text: str, overrides: Overrides) -> tuple[list[str], Entry]:
    where = cut(f"--set {text}" if isinstance(overrides, SetOptions) else f"overrides: {text}")
    key, equals, value = text.partition("=")
    steps = key.strip().split(".")
    if not equals or not all(steps):
        raise InputError(f"expected KEY=VALUE such as array.rows=16, got {shown(text)}", where)
    found, errors = read_yaml(value, where, lines=False)
    if errors:
        raise errors[0]
    return steps, _not_empty(found)


def _named(key: str, value: object) -> tuple[list[str], Entry]:
    where = cut(f"overrides[{key!r}]")
    steps = key.strip().split(".")
    if not all(steps):
        raise InputError(f"expected a key such as array.rows, got {shown(key)}", where)
    return steps, _not_empty(value if isinstance(value, Entry) else entry(value, where))


def _not_empty(found: Entry) -> Entry:
    if found.value == {}:
        raise InputError("expected a value, got an empty mapping, which would change nothing", found.where)
    return found


def _nested(root: Entry, steps: list[str], above: Path, value: Entry) -> Entry:
    """Return the value wrapped in the mappings of its path. A list on the way is copied with one item replaced."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    here, depth = find(root, above)
    current: Value = here.value if depth == len(above) else None
    if isinstance(current, list):
        index = _index(step, current, above, value.where)
        inner = _nested(root, rest, (*above, index), value)
        items = list(current)
        items[index] = merge(current[index], inner)
        return Entry([*items], value.where, value.where)
    if isinstance(current, str | int | float) and above[-1] not in (*NAMED_BY, "memory"):
        name = ".".join(str(part) for part in above)
        raise InputError(f"expected a mapping at {name} to set '{step}' in, got the value {shown(current)}", value.where)
    return Entry({step: _nested(root, rest, (*above, step), value)}, value.where, value.where)


def _index(step: str, items: list[Entry], above: Path, where: str) -> int:
    index = whole_number(step)
    if index is None or not 0 <= index < len(items):
        name = ".".join(str(part) for part in above)
        raise InputError(f"expected an index of {name} from 0 to {len(items) - 1}, got {shown(step)}", where)
    return index
