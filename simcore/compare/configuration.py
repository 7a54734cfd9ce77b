"""The keys of the systems, and the other inputs, in which runs differ, and where each value was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simcore.errors import InputError
from simcore.results.any_run import AnyRun
from simcore.timing.bank_timing import timing_class

#: The inputs of a run, beside its system, on which its tables depend.
_INPUTS = ("network", "batch", "engine")
#: Keys of a system that only name it.
NAMES = ("name", "description")


@dataclass(frozen=True)
class KeyDifference:
    """A key, its value in each run (None where there is none), and the place at which each was written."""

    key: str
    values: tuple[Any, ...]
    places: tuple[str, ...]

    @property
    def says(self) -> tuple[str, ...]:
        """Return the values as they are written, "-" for none."""
        return tuple("-" if value is None else said(value) for value in self.values)


def key_differences(runs: Sequence[AnyRun]) -> tuple[tuple[KeyDifference, ...], int]:
    """Return the keys whose values differ, inputs first, and how many keys have one value in all runs."""
    flat = [{**_inputs(run), **with_timing_defaults(flattened(run.manifest.get("system", {})))} for run in runs]
    names = dict.fromkeys(name for values in flat for name in values)
    found, equal = [], 0
    for name in names:
        if name in NAMES:
            continue
        values = tuple(values.get(name) for values in flat)
        if all(value == values[0] for value in values):
            equal += 1
        else:
            found.append(KeyDifference(name, values, tuple(place_of(run, name) for run in runs)))
    return tuple(found), equal


def _inputs(run: AnyRun) -> dict[str, Any]:
    return {f"run.{name}": run.manifest[name] for name in _INPUTS if name in run.manifest}


def flattened(tree: Any) -> dict[str, Any]:
    """Return the values of a tree of mappings and lists by dotted key. Empty mappings and lists are values."""
    return dict(_leaves(tree, ""))


def with_timing_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values and, beside the name of each installed bank timing, the defaults of its parameters.

    A timing in a file of the user's is not loaded.
    """
    found: dict[str, Any] = {}
    for key, value in values.items():
        if key.endswith(".timing.parameters") and not value:
            continue  # no parameter is set; the defaults say more
        found[key] = value
        if key.endswith(".timing.model"):
            stem = key.removesuffix("model")
            found |= {f"{stem}{name}": default for name, default in _parameters_of(str(value)).items()}
    set_by_user = {key.replace(".timing.parameters.", ".timing."): value for key, value in values.items()}
    return {key: set_by_user.get(key, value) for key, value in found.items() if ".timing.parameters." not in key}


def _parameters_of(model: str) -> Mapping[str, int]:
    if ".py:" in model:
        return {}
    try:
        return timing_class(model).parameters
    except InputError:
        return {}


def _leaves(tree: Any, above: str) -> Iterator[tuple[str, Any]]:
    items = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list | tuple) else ()
    found = False
    for key, value in items:
        found = True
        yield from _leaves(value, f"{above}.{key}" if above else str(key))
    if not found and above:
        yield above, tree


def place_of(run: AnyRun, key: str) -> str:
    """Return where the value of a key was written: its own place or that of a text that stands for a mapping above it."""
    if key.startswith("run."):
        return "asked"
    places: Mapping[str, str] = run.manifest.get("system_places", {})
    if ".timing." in key and not key.endswith(".model"):
        key = key.replace(".timing.", ".timing.parameters.")
        return str(places.get(key, "default"))
    above = key
    while above:
        if above in places:
            return str(places[above])
        above = above.rpartition(".")[0]
    return "default"


def said(value: Any) -> str:
    """Return a value as it is written in a system file."""
    if isinstance(value, bool):
        return str(value).lower()
    return "{}" if isinstance(value, Mapping) else "[]" if isinstance(value, list | tuple) else str(value)
