"""SPACE.yaml and its form in Python, read into a Space. All errors are reported at once, each with file and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from simcore.errors import InputError, InputErrors, did_you_mean, raise_all
from simcore.reading.numbers import shown
from simcore.reading.text_file import no_file, read_text
from simcore.reading.tree import Entry, entry, plain
from simcore.reading.yaml_tree import read_yaml
from simcore.sweeps.conditions import condition
from simcore.sweeps.objectives import objective
from simcore.sweeps.space import NETWORK, RUN, RUN_OPTIONS, SYSTEM, Axis, Search, Space
from simcore.sweeps.values import axis_values

T = TypeVar("T")

KEYS = ("networks", "systems", "run", "set", "product", "zip", "conditions", "objectives", "search")
SAMPLERS = ("tpe", "nsga2", "random")
#: The system of a space that names none, as in ``simcore run``.
DEFAULT_SYSTEM = "edge-sram"
#: More points are taken for a typing error: their names alone would fill memory.
MOST_POINTS = 100_000
#: The least and most that a number of ``search`` may be.
_BOUNDS = {"trials": (1, MOST_POINTS), "seed": (0, 2**32 - 1), "at_once": (1, 10_000)}


def read_space(source: str | Path | Mapping[str, Any]) -> Space:
    """Return the space in a YAML file, or in a mapping with the same keys.

    In a mapping a network may also be a Network and a system a MachineSpec. Raise InputError (InputErrors for several) for a file
    that cannot be read, unknown keys, axes without values, what is given twice, and conditions that are none.
    """
    if isinstance(source, Mapping):
        return _Reader(entry(dict(source), "space"), None).space()
    path = Path(source)
    if not path.is_file():
        raise no_file(path)
    root, errors = read_yaml(read_text(path), str(path))
    raise_all(errors)
    return _Reader(root, path.parent).space()


class _Reader:
    """The reading of one space. It collects errors and goes on."""

    def __init__(self, root: Entry, folder: Path | None) -> None:
        self.root, self.folder = root, folder
        self.errors: list[InputError] = []
        self.given: dict[str, str] = {}

    def space(self) -> Space:
        """Return the space. Raise InputError for all errors in it."""
        top = self.mapping(self.root, KEYS)
        groups = [
            *self.crossed({key: top[name] for name, key in (("networks", NETWORK), ("systems", SYSTEM)) if name in top}),
            *self.crossed(self.mapping(top.get("product"))),
            *[group for item in self.items(top.get("zip")) if (group := self.zipped(item))],
        ]
        fixed = self.fixed(top)
        conditions = tuple(self.each(top.get("conditions"), lambda item: condition(_text(item), item.where)))
        objectives = tuple(self.each(top.get("objectives"), lambda item: objective(item.value, item.where)))
        search = self.attempt(lambda: self.search(top["search"])) if "search" in top else None
        raise_all(self.errors)
        found = Space(tuple(groups), fixed, conditions, objectives, search, self.folder)
        if found.search is None and found.combinations > MOST_POINTS:
            hint = "search: {trials: N} tries some of them"
            raise InputError(f"expected at most {MOST_POINTS:,} points, got {found.combinations:,}", self.root.where, hint)
        return found

    def fixed(self, top: Mapping[str, Entry]) -> dict[str, Entry]:
        """Return what holds for every point: ``run``, ``set``, and the system if none is named."""
        found: dict[str, Entry] = {}
        for name, item in self.mapping(top.get("run"), RUN_OPTIONS).items():
            found[RUN + name] = self.claimed(RUN + name, item)
        for key, item in self.mapping(top.get("set")).items():
            found[key] = self.claimed(key, item)
        if NETWORK not in self.given:
            self.errors.append(InputError("missing key 'networks'", self.root.where, "networks: [lenet5]"))
        if SYSTEM not in self.given:
            found[SYSTEM] = entry(DEFAULT_SYSTEM, self.root.where)
        return found

    def crossed(self, mapping: Mapping[str, Entry]) -> list[tuple[Axis, ...]]:
        """Return a group of its own for each axis."""
        return [(axis,) for key, item in mapping.items() if (axis := self.axis(key, item)) is not None]

    def zipped(self, item: Entry) -> tuple[Axis, ...]:
        """Return the axes of a mapping that vary together."""
        axes = [axis for key, values in self.mapping(item).items() if (axis := self.axis(key, values)) is not None]
        if len({len(axis.values) for axis in axes}) > 1:
            sizes = ", ".join(f"{axis.key} has {len(axis.values)}" for axis in axes)
            self.errors.append(InputError(f"zip: expected equally many values of each key, got: {sizes}", item.where))
        return tuple(axes)

    def axis(self, key: str, item: Entry) -> Axis | None:
        """Return an axis, or None after an error."""
        self.claimed(key, item)
        if key.startswith(RUN) and key.removeprefix(RUN) not in RUN_OPTIONS:
            hint = did_you_mean(key.removeprefix(RUN), RUN_OPTIONS)
            self.errors.append(InputError(f"unknown run option '{key}'", item.key_where, hint))
            return None
        values = self.attempt(lambda: axis_values(key, item))
        return None if values is None else Axis(key, values, item.key_where)

    def claimed(self, key: str, item: Entry) -> Entry:
        """Note that a key is given, and an error if it was given before."""
        if key in self.given:
            self.errors.append(InputError(f"'{key}' is given twice", item.key_where, f"first at {self.given[key]}"))
        self.given.setdefault(key, item.key_where)
        return item

    def search(self, item: Entry) -> Search:
        """Return the search. Raise InputError for its errors."""
        known = [field.name for field in fields(Search)]
        given = {name: value.value for name, value in self.mapping(item, known).items()}
        for name, (least, most) in _BOUNDS.items():
            number = given.get(name, most if name != "trials" else None)
            if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
                raise InputError(f"search.{name}: expected an integer from {least} to {most}, got {shown(number)}", item.where)
        sampler = given.get("sampler", SAMPLERS[0])
        if sampler not in SAMPLERS:
            hint = did_you_mean(str(sampler), SAMPLERS)
            raise InputError(f"search.sampler: expected a sampler, got {shown(sampler)}", item.where, hint)
        return Search(**{name: value for name, value in given.items() if name in known})  # type: ignore[arg-type]

    def mapping(self, item: Entry | None, known: tuple[str, ...] | list[str] | None = None) -> Mapping[str, Entry]:
        """Return the entries of a mapping without those that are null. Note an error for anything else and for unknown keys."""
        if item is None or item.value is None:
            return {}
        if not isinstance(item.value, dict):
            keys = f" with keys {', '.join(known)}" if known else " of keys"
            self.errors.append(InputError(f"expected a mapping{keys}, got {shown(plain(item.value))}", item.where))
            return {}
        for key, value in item.value.items():
            if known is not None and key not in known:
                self.errors.append(InputError(f"unknown key '{key}'", value.key_where, did_you_mean(key, known)))
        return {key: value for key, value in item.value.items() if value.value is not None}

    def items(self, item: Entry | None) -> list[Entry]:
        """Return the items of a list; a single value counts as a list of one."""
        if item is None or item.value is None:
            return []
        return item.value if isinstance(item.value, list) else [item]

    def each(self, item: Entry | None, make: Callable[[Entry], T]) -> list[T]:
        """Return what ``make`` makes of each item of a list, without those for which it raised an InputError."""
        made = [self.attempt(lambda part=part: make(part)) for part in self.items(item)]  # type: ignore[misc]
        return [found for found in made if found is not None]

    def attempt(self, make: Callable[[], T]) -> T | None:
        """Return what ``make`` returns, or None after an InputError, which is noted."""
        try:
            return make()
        except InputErrors as error:
            self.errors.extend(error.errors)
        except InputError as error:
            self.errors.append(error)
        return None


def _text(item: Entry) -> str:
    if not isinstance(item.value, str):
        raise InputError(f"expected a condition such as 'array.rows <= 64', got {shown(plain(item.value))}", item.where)
    return item.value
