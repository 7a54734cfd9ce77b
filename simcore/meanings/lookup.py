"""``explain``: from a name to everything that it means."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from simcore.errors import LONGEST_NAME, InputError
from simcore.kinds import MachineKind, kind_names, machine_kind
from simcore.meanings.dram_names import is_same_timing, rules, timings
from simcore.meanings.headings import GROUPS, spoken
from simcore.meanings.keys import INDEX, NAME, Key, all_keys
from simcore.meanings.parts import PORTS, SCRATCHPADS
from simcore.meanings.pim import COMMANDS, FIGURES
from simcore.results.glossary import all_terms

_TIMINGS, _RULES = "Timings of DRAM standards", "Rules of DRAM standards"
#: How many names an unknown name is compared to in the message.
_NEAREST = 3


@dataclass(frozen=True)
class Meaning:
    """One meaning of a name. ``group`` says what the name is; ``unit`` is the unit of its values, "" for names.

    ``details`` are sentences about the values of a key (which it takes, its default, and whether cycles depend on it) and about a
    stall cause (which keys may remove it).
    """

    name: str
    group: str
    unit: str
    text: str
    details: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def all_meanings() -> tuple[Meaning, ...]:
    """Return every name with each of its meanings, group by group."""
    against = _keys_against()
    terms = [term for of_name in all_terms().values() for term in of_name]
    found = [Meaning(term.name, term.group, term.unit, term.text, against.get(term.name, ())) for term in terms]
    for group, headings in GROUPS.items():
        found += [Meaning(name, group, unit, text) for name, (unit, text) in headings.items()]
    found += [Meaning(name, "Scratchpads", "", text) for name, text in SCRATCHPADS.items()]
    found += [Meaning(name, "Ports", "", text) for name, text in PORTS.items()]
    found += [Meaning(name, "Figures of simcore pim", unit, text) for name, (unit, text) in FIGURES.items()]
    found += [Meaning(name, "Commands of DRAM standards", "", text) for name, text in COMMANDS.items()]
    found += [_of_key(item) for item in all_keys()]
    found += [Meaning(name, _TIMINGS, "cycles", text) for name, text in timings()]
    return (*found, *(Meaning(name, _RULES, "cycles", text) for name, text in rules()))


def _keys_against() -> dict[str, tuple[str, ...]]:
    """Return, by cause, a sentence with the keys of all kinds of machine that may remove the cause."""
    found: dict[str, dict[str, None]] = {}
    for kind in _kinds():
        for cause in kind.causes:
            found.setdefault(cause, {}).update(dict.fromkeys(kind.keys_against(cause)))
    said = "Keys that may remove it ('simcore why' tries them): "
    return {cause: (f"{said}{', '.join(keys)}.",) for cause, keys in found.items() if keys}


def _kinds() -> Iterator[MachineKind[Any, Any]]:
    for name in kind_names():
        with suppress(InputError):
            yield machine_kind(name)


def explain(name: str) -> list[Meaning]:
    """Return every meaning of a key, column, cause, heading, scratchpad, port, or timing or rule of a DRAM.

    A key may be given by its path, with or without the names of the user's own, or by the end of its path. Raise InputError with
    the nearest names for an unknown one.
    """
    known = all_meanings()
    wanted = _plain(name)
    found = [meaning for meaning in known if _is_called(meaning, wanted)]
    found += [meaning for meaning in _keys_ending(wanted) if meaning not in found]
    if found:
        return found
    hint = _nearest_names(wanted, known) or "'simcore explain' lists all"
    raise InputError(f"expected the name of a key, column, stall cause, heading or DRAM timing, got {name!r}", hint=hint)


def _plain(name: str) -> str:
    return spoken(name).casefold()


def _is_called(meaning: Meaning, wanted: str) -> bool:
    if meaning.group in (_TIMINGS, _RULES):
        return _plain(meaning.name) == wanted or is_same_timing(meaning.name, wanted)
    if wanted.startswith("area ") and wanted.endswith(", mm2"):
        return meaning.name == "area_mm2"
    energy = wanted.removeprefix("energy ").removesuffix(", uj").partition(" (")[0]
    return _plain(meaning.name) in (wanted, f"{energy}_pj")


def _keys_ending(wanted: str) -> Iterator[Meaning]:
    steps = wanted.split(".")
    for item in all_keys():
        end = item.steps[-len(steps) :]
        if len(end) == len(steps) and _plain(end[-1]) == steps[-1] and all(map(_fits, end, steps)):
            yield _of_key(item)


def _fits(step: str, given: str) -> bool:
    return step in (NAME, INDEX) or _plain(step) == given


def _of_key(item: Key) -> Meaning:
    only = f", with {item.only_with}" if item.only_with else ""
    group = f"Keys of {item.whose}{only}"
    if item.changes_cycles is None:
        return Meaning(item.path, group, item.unit, item.meaning)
    default = "the key is needed" if item.default == "needed" else f"default: {item.default}"
    effect = "cycles can depend on it" if item.changes_cycles else "no cycle depends on it"
    details = (f"Values: {item.values.replace('`', '')}; {default}.", f"Effect: {effect}.")
    return Meaning(item.path, group, item.unit, item.meaning, details)


def _nearest_names(wanted: str, known: Iterable[Meaning]) -> str | None:
    if len(wanted) > LONGEST_NAME:
        return None
    names = {_plain(meaning.name): meaning.name for meaning in known}
    names |= {_plain(item.steps[-1]): item.steps[-1] for item in all_keys() if _plain(item.steps[-1]) not in names}
    *others, last = [f"'{names[match]}'" for match in difflib.get_close_matches(wanted, names, n=_NEAREST)] or [""]
    return f"did you mean {' or '.join([', '.join(others), last] if others else [last])}?" if last else None
