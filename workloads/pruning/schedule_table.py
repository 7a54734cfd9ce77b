"""Schedules from tables: a CSV file with columns ``epoch,fraction`` (and ``layer``), or a YAML mapping of epochs to fractions.

A row holds from its epoch on, until a later row. In the epochs before the first row nothing is pruned.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction
from io import StringIO
from pathlib import Path

from simcore.errors import InputError, did_you_mean, raise_all
from simcore.reading.numbers import shown, whole_number
from simcore.reading.text_file import read_text
from simcore.reading.tree import Entry, plain
from simcore.reading.yaml_tree import read_yaml
from workloads.pruning.schedule import MOST_EPOCHS, Fractions

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
    text = read_text(path)
    rows = list(_csv_rows(text, str(path)) if Path(path).suffix.lower() == ".csv" else _yaml_rows(text, str(path)))
    if not rows:
        raise InputError("expected at least one row: an epoch and a fraction", str(path))
    rows.sort(key=lambda row: row.epoch)

    def fractions(epoch: int, epochs: int, filters: Mapping[str, int]) -> Mapping[str, Fraction]:
        """Return what the last row of each layer says. Raise InputError for rows of no layer or epoch of this training."""
        for row in rows:
            if row.epoch > epochs:
                raise InputError(f"expected epochs of a training of {epochs}, got {row.epoch}", row.where)
            if not any(fnmatchcase(name, row.layer) for name in filters):
                hint = did_you_mean(row.layer, filters)
                raise InputError(f"no layer that may be pruned matches {shown(row.layer)}", row.where, hint)
        return {name: _of_layer(rows, name, epoch) for name in filters}

    return fractions


def _of_layer(rows: list[Row], name: str, epoch: int) -> Fraction:
    """Return a layer's fraction in an epoch. Raise InputError if an earlier row has a greater one."""
    pruned = Fraction(0)
    for row in rows:
        if row.epoch <= epoch and fnmatchcase(name, row.layer):
            if row.fraction < pruned:
                message = f"expected at least {float(pruned):g} pruned of '{name}', as before, got {float(row.fraction):g}"
                raise InputError(message, row.where, "filters do not come back")
            pruned = row.fraction
    return pruned


def _csv_rows(text: str, source: str) -> Iterator[Row]:
    reader = csv.reader(StringIO(text))
    heads = [head.strip() for head in next(reader, [])]
    if sorted(heads) not in (sorted(_COLUMNS), sorted(_COLUMNS[:2])):
        raise InputError(f"expected the columns epoch,fraction or epoch,fraction,layer, got {shown(','.join(heads))}", source)
    for number, cells in enumerate(reader, start=2):
        where = f"{source}:{number}"
        if not cells:
            continue
        if len(cells) != len(heads):
            raise InputError(f"expected {len(heads)} cells, got {len(cells)}", where)
        row = {head: cell.strip() for head, cell in zip(heads, cells, strict=True)}
        yield Row(_epoch(row["epoch"], where), _fraction(row["fraction"], where), row.get("layer", "*"), where)


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
    try:
        fraction = Fraction(str(value)[:40]) if not isinstance(value, bool) else None
    except (ValueError, ZeroDivisionError):
        fraction = None
    if fraction is None or fraction < 0:
        raise InputError(f"expected a pruned fraction of at least 0 and below 1, got {shown(value)}", where)
    if fraction >= 1:
        raise InputError(f"expected less than 100 % pruned, got {shown(value)}: the layer would lose all filters", where)
    return fraction
