"""``--set a.b=c``: values that replace those of a system after it was read."""

from __future__ import annotations

from collections.abc import Sequence

from simcore.errors import InputError
from simcore.reading.numbers import cut, shown, whole_number
from simcore.reading.tree import NAMED_BY, Entry, Path, Value, find, merge
from simcore.reading.yaml_tree import read_yaml


def override(root: Entry, overrides: Sequence[str]) -> tuple[Entry, list[InputError]]:
    """Return the tree with the overrides applied in order, and the errors found in them. The schema checks for unknown keys."""
    if isinstance(overrides, str) or not all(isinstance(text, str) for text in overrides):
        raise InputError(f"overrides: expected a sequence of 'key=value' texts, got {overrides!r}")
    errors: list[InputError] = []
    for text in overrides:
        try:
            path, value = _parse(text)
            root = merge(root, _nested(root, path, (), value))
        except InputError as error:
            errors.append(error)
    return root, errors


def _parse(text: str) -> tuple[list[str], Entry]:
    where = cut(f"--set {text}")
    key, equals, value = text.partition("=")
    steps = key.strip().split(".")
    if not equals or not all(steps):
        raise InputError(f"expected KEY=VALUE such as array.rows=16, got {shown(text)}", where)
    entry, errors = read_yaml(value, where, lines=False)
    if errors:
        raise errors[0]
    if entry.value == {}:
        raise InputError("expected a value, got an empty mapping, which would change nothing", where)
    return steps, entry


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
