"""Schedules from tables: a CSV file with columns ``epoch,fraction`` (and ``layer``), or a YAML mapping of epochs to fractions.

A row holds from its epoch on, until a later row. In the epochs before the first row nothing is pruned.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction
from functools import lru_cache
from io import StringIO
from pathlib import Path

from simcore.errors import InputError, did_you_mean, raise_all
from simcore.reading.numbers import shown, whole_number
from simcore.reading.text_file import read_text
from simcore.reading.tree import Entry, plain
from simcore.reading.yaml_tree import read_yaml
from workloads.pruning.schedule import MOST_EPOCHS, Fractions
from workloads.pruning.schedule_text import decimal

_COLUMNS = ("epoch", "fraction", "layer")


@dataclass(frozen=True)
class Row:
    """From ``epoch`` on, ``fraction`` of the filters is pruned in the layers that match ``layer``. ``where`` is its line."""

    epoch: int
    fraction: Fraction
    layer: str
    where: str


def table_schedule(path: str | Path) -> Fractions:
    """Return the schedule in a table. Raise InputError for a file that is none, and for fractions that fall or reach 1."""
    text = read_text(path).removeprefix("\ufeff")  # which some editors put before a text
    rows = list(_csv_rows(text, str(path)) if Path(path).suffix.lower() == ".csv" else _yaml_rows(text, str(path)))
    if not rows:
        raise InputError("expected at least one row: an epoch and a fraction", str(path))
    rows.sort(key=lambda row: row.epoch)

    @lru_cache(maxsize=1)  # the epochs of a training ask for the same layers
    def steps_of(epochs: int, layers: tuple[str, ...]) -> Mapping[str, Sequence[Row]]:
        return _rows_by_layer(rows, epochs, layers)

    def fractions(epoch: int, epochs: int, filters: Mapping[str, int]) -> Mapping[str, Fraction]:
        """Return what the last row of each layer says. Raise InputError for rows of no layer or epoch of this training."""
        return {name: _pruned(own, epoch) for name, own in steps_of(epochs, tuple(filters)).items()}

    return fractions


def _rows_by_layer(rows: Iterable[Row], epochs: int, layers: Sequence[str]) -> Mapping[str, Sequence[Row]]:
    """Return the rows of each layer, by epoch. Raise InputError for rows of no layer or epoch, and for fractions that fall."""
    found: dict[str, list[Row]] = {name: [] for name in layers}
    matched: dict[str, list[str]] = {}
    for row in rows:
        if row.epoch > epochs:
            raise InputError(f"expected epochs of a training of {epochs}, got {row.epoch}", row.where)
        if row.layer not in matched:
            matched[row.layer] = [name for name in layers if fnmatchcase(name, row.layer)]
        if not matched[row.layer]:
            hint = did_you_mean(row.layer, layers)
            raise InputError(f"no layer that may be pruned matches {shown(row.layer)}", row.where, hint)
        for name in matched[row.layer]:
            before = _pruned(found[name], row.epoch)
            if row.fraction < before:
                message = f"expected at least {float(before):g} pruned of '{name}', as before, got {float(row.fraction):g}"
                raise InputError(message, row.where, "filters do not come back")
            found[name].append(row)
    return found


def _pruned(rows: Sequence[Row], epoch: int) -> Fraction:
    """Return the fraction of a layer in an epoch, from its own rows."""
    place = bisect_right(rows, epoch, key=lambda row: row.epoch)
    return rows[place - 1].fraction if place else Fraction(0)


def _csv_rows(text: str, source: str) -> Iterator[Row]:
    lines = _cells(text, source)
    _, heads = next(lines, ("", []))
    if sorted(heads) not in (sorted(_COLUMNS), sorted(_COLUMNS[:2])):
        raise InputError(f"expected the columns epoch,fraction or epoch,fraction,layer, got {shown(','.join(heads))}", source)
    for where, cells in lines:
        if len(cells) != len(heads):
            raise InputError(f"expected {len(heads)} cells, got {len(cells)}", where)
        row = dict(zip(heads, cells, strict=True))
        yield Row(_epoch(row["epoch"], where), _fraction(row["fraction"], where), row.get("layer", "*"), where)


def _cells(text: str, source: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the place and the stripped cells of each line that has some. Raise InputError for a text that is no CSV."""
    reader = csv.reader(StringIO(text), strict=True)
    try:
        for cells in reader:
            if cells:
                yield f"{source}:{reader.line_num}", [cell.strip() for cell in cells]
    except csv.Error as error:
        raise InputError(f"expected cells with commas between them, got: {error}", f"{source}:{reader.line_num}") from error


def _yaml_rows(text: str, source: str) -> Iterator[Row]:
    root, errors = read_yaml(text, source)
    raise_all(errors)
    for epoch, entry in _mapping(root).items():
        number = _epoch(epoch, entry.key_where)
        of_layers = _mapping(entry) if isinstance(entry.value, dict) else {"*": entry}
        for layer, item in of_layers.items():
            yield Row(number, _fraction(plain(item.value), item.where), layer, item.where)


def _mapping(entry: Entry) -> dict[str, Entry]:
    if not isinstance(entry.value, dict):
        raise InputError(f"expected a mapping of epochs to fractions, got {shown(plain(entry.value))}", entry.where)
    return entry.value


def _epoch(text: str, where: str) -> int:
    epoch = whole_number(text)
    if epoch is None or not 1 <= epoch <= MOST_EPOCHS:
        raise InputError(f"expected an epoch from 1 to {MOST_EPOCHS}, got {shown(text)}", where)
    return epoch


def _fraction(value: object, where: str) -> Fraction:
    """Return a fraction. Raise InputError unless it is at least 0 and below 1."""
    fraction = None if isinstance(value, bool) else decimal(str(value))
    if fraction is None:
        raise InputError(f"expected a pruned fraction of at least 0 and below 1, got {shown(value)}", where)
    if fraction >= 1:
        raise InputError(f"expected less than 100 % pruned, got {shown(value)}: the layer would lose all filters", where)
    return fraction
