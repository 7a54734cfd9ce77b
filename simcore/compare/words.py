"""What differs between two runs and why, in at most ten lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from simcore.compare.comparison import Comparison
from simcore.compare.configuration import KeyDifference
from simcore.compare.rows import COMPUTE, Row
from simcore.errors import InputError
from simcore.kinds import machine_kind
from simcore.results.glossary import TERMS

#: The most lines, and the most places, layers, parts and keys that a line or a text names.
MOST_LINES, _MOST_PLACES, _MOST_LAYERS, _MOST_PARTS, _MOST_KEYS, _MOST_GROUPS = 10, 3, 2, 3, 3, 2
#: A place is named if it makes up this share of the sum of all changes.
_LEAST_SHARE = 0.02


def explained(found: Comparison, number: int = 1) -> list[str]:
    """Return what the run of that number does otherwise than the first one: times, places, layers, energy, area and keys."""
    lines = [
        _time(found, number),
        *_places(found, number),
        *_layers(found, number),
        *_costs(found, number),
        *_keys(found, number),
    ]
    return lines[:MOST_LINES]


def _time(found: Comparison, number: int) -> str:
    row = next(row for row in found.metrics if row.name == ("time_cycles",))
    cycles = [int(value or 0) for value in row.values]
    first, other = found.names[0], found.names[number]
    networks = [found.runs[0].network, found.runs[number].network]
    on = networks[0] if networks[0] == networks[1] else f"{networks[1]} against {networks[0]}"
    if cycles[number] == cycles[0]:
        return f"{on}: {other} and {first} both take {cycles[0]:,} cycles."
    than = f"{signed(cycles[number] - cycles[0])} cycles{_percent(row, number)}"
    return f"{on}: {other} takes {cycles[number]:,} cycles, {first} {cycles[0]:,}: {than}.{_seconds(found, number)}"


def _seconds(found: Comparison, number: int) -> str:
    """Return the times, if the cycles of the two runs are not equally long."""
    row = next((row for row in found.metrics if row.name == ("time_ns",)), None)
    clocks = [found.runs[at].facts["core_clock_hz"] for at in (0, number)]
    if row is None or clocks[0] == clocks[1]:
        return ""
    first, other = ((row.values[at] or 0.0) / 1e3 for at in (0, number))
    return f" Their clocks differ: {other:,.1f} against {first:,.1f} us{_percent(row, number)}."


def _places(found: Comparison, number: int) -> Iterator[str]:
    """Yield a line for each of the places whose cycles differ most, with the keys of that place that differ.

    What a cause means is said once.
    """
    changes = [(row, row.change(number) or 0.0) for row in found.places]
    total = sum(abs(change) for _, change in changes)
    large = sorted((pair for pair in changes if abs(pair[1]) > _LEAST_SHARE * total), key=lambda pair: -abs(pair[1]))
    told: set[str] = {COMPUTE}
    said = ""
    for row, change in large[:_MOST_PLACES]:
        cause, place = row.name
        name = cause if not place else f"{cause} in {place}"
        meaning = "" if cause in told else f" {_meaning(found, cause)}"
        told.add(cause)
        keys = _keys_of(found, place, number)
        its = listed([_change(one, number) for one in keys], _MOST_KEYS)
        why = "" if not keys else "; its keys differ alike" if its == said else f"; its {its}"
        said = its
        yield f"{name}: {signed(change)} cycles, {_value(row, 0)} -> {_value(row, number)}{why}.{meaning}"


def _layers(found: Comparison, number: int) -> Iterator[str]:
    both = [row for row in found.layers if row.change(number) is not None]
    changed = sorted((row for row in both if row.change(number)), key=lambda row: -abs(row.change(number) or 0.0))
    if changed:
        told = [f"{row.name[0]} {signed(row.change(number) or 0.0)}{_percent(row, number)}" for row in changed]
        yield f"Layers: {len(changed)} of {len(both)} differ, most {' and '.join(told[:_MOST_LAYERS])}."
    alone = [sum(row.values[at] is not None for row in found.layers) - len(both) for at in (0, number)]
    if any(alone):
        yield f"Layers that only one of them has: {found.names[0]} {alone[0]}, {found.names[number]} {alone[1]}."


def _costs(found: Comparison, number: int) -> Iterator[str]:
    """Yield a line on energy and area, as far as they are known and differ."""
    said = [*_energy(found, number), *_area(found, number)]
    if said:
        yield f"{'; '.join(said)}."


def _energy(found: Comparison, number: int) -> Iterator[str]:
    energy = next((row for row in found.metrics if row.name == ("energy_pj",)), None)
    if energy is not None and energy.change(number):
        parts = sorted(found.energies, key=lambda row: -abs((row.values[number] or 0.0) - (row.values[0] or 0.0)))
        told = [f"{row.name[0]} {signed(((row.values[number] or 0.0) - (row.values[0] or 0.0)) / 1e6, 2)}" for row in parts]
        said = f"{(energy.values[0] or 0) / 1e6:,.2f} -> {(energy.values[number] or 0) / 1e6:,.2f} uJ{_percent(energy, number)}"
        yield f"Energy: {said}, most {', '.join(told[:_MOST_PARTS])}"


def _area(found: Comparison, number: int) -> Iterator[str]:
    area = next((row for row in found.metrics if row.name == ("area_mm2",)), None)
    if area is not None and area.change(number):
        yield f"area: {area.values[0] or 0:,.3f} -> {area.values[number] or 0:,.3f} mm2{_percent(area, number)}"


def _keys(found: Comparison, number: int) -> Iterator[str]:
    differing = [one for one in found.keys if one.values[number] != one.values[0]]
    if not differing:
        yield f"Keys: all {found.equal_keys:,} keys are equal."
        return
    told = grouped(differing, number)
    yield f"Keys: {found.equal_keys:,} are equal, {len(differing)} differ: {listed(told, _MOST_GROUPS)}."


def grouped(keys: Sequence[KeyDifference], number: int) -> list[str]:
    """Return the changes as texts. Keys of scratchpads that change alike are one text, and keys of one mapping another."""
    middles: dict[tuple[str, str, str], list[str]] = {}
    for one in keys:
        head, middle, tail = _parts(one.key)
        middles.setdefault((head, tail, f"{one.says[0]} -> {one.says[number]}"), []).append(middle)
    texts: dict[str, list[str]] = {}
    for (head, tail, change), alike in middles.items():
        middle = alike[0] if len(alike) == 1 else f"{{{','.join(alike)}}}"
        above, _, last = ".".join(part for part in (head, middle, tail) if part).rpartition(".")
        texts.setdefault(above, []).append(f"{last} {change}")
    return [f"{above}: {listed(changes, _MOST_KEYS)}" if above else ", ".join(changes) for above, changes in texts.items()]


def _parts(key: str) -> tuple[str, str, str]:
    """Return the parts of a key before, at and after the name of a scratchpad; of another key the whole as its end."""
    parts = key.split(".")
    return (parts[0], parts[1], ".".join(parts[2:])) if parts[0] == "scratchpads" and len(parts) > 2 else ("", "", key)


def _keys_of(found: Comparison, place: str, number: int) -> list[KeyDifference]:
    """Return the keys of a place that differ and that both runs have."""
    keys = [one for one in found.keys if place and place in one.key.split(".") and one.values[0] != one.values[number]]
    return [one for one in keys if one.values[0] is not None and one.values[number] is not None]


def _change(one: KeyDifference, number: int) -> str:
    return f"{one.key.rpartition('.')[2]} {one.says[0]} -> {one.says[number]}"


def _meaning(found: Comparison, cause: str) -> str:
    """Return what a cause means to the kinds of machine of the runs, else in common; a column may have the same name."""
    known = {name: term for name, term in TERMS.items() if term.group == "Stall causes"}
    for run in found.runs:
        with suppress(InputError):
            known |= {term.name: term for term in machine_kind(run.facts["kind"]).terms()}
    if cause not in known:
        return "It is a cause of its kind of machine."
    return known[cause].text.split(". ")[0].rstrip(".").replace("`", "") + "."


def _value(row: Row, number: int) -> str:
    return f"{int(row.values[number] or 0):,}"


def _percent(row: Row, number: int) -> str:
    percent = row.percent(number)
    return "" if percent is None else f" ({percent:+.1f} %)"


def signed(value: float, digits: int = 0) -> str:
    """Return a change with its sign and separated thousands."""
    return f"{value:+,.{digits}f}"


def listed(texts: Sequence[str], most: int) -> str:
    """Return the first texts, and how many more there are."""
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return f"{', '.join(texts[:most])}{more}"
