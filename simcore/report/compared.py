"""A comparison in the form of a report: the explanation, and tables of keys, metrics and layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simcore.compare import Comparison
from simcore.compare.rows import Row
from simcore.compare.words import explained
from simcore.report.columns import column_object

#: Columns of a table: name and values. Two may have one name.
Columns = list[tuple[str, list[Any]]]


def compared_object(found: Comparison) -> dict[str, Any]:
    """Return the comparison as plain JSON values."""
    keys = found.keys
    others = range(1, len(found.names))
    columns: Columns = [("key", [one.key for one in keys])]
    columns += [(name, [one.says[at] for one in keys]) for at, name in enumerate(found.names)]
    columns += [(f"{name}, written at", [one.places[at] for one in keys]) for at, name in enumerate(found.names)]
    return {
        "names": list(found.names),
        "says": [explained(found, at) for at in others],
        "equal_keys": found.equal_keys,
        "keys": _table("keys that differ", columns),
        "metrics": _numbers("metrics", ("metric",), found, [row for row in found.metrics if row.most]),
        "layers": _numbers("layers", ("layer",), found, [row for row in found.layers if row.most]),
        "places": _numbers("cycles by cause and place", ("cause", "place"), found, [row for row in found.places if row.most]),
    }


def _numbers(title: str, heads: Sequence[str], found: Comparison, rows: Sequence[Row]) -> dict[str, Any]:
    columns: Columns = [(head, [row.name[at] for row in rows]) for at, head in enumerate(heads)]
    columns += [(name, [row.values[at] for row in rows]) for at, name in enumerate(found.names)]
    for at in range(1, len(found.names)):
        columns.append((f"{found.names[at]}, change", [row.change(at) for row in rows]))
        columns.append((f"{found.names[at]}, %", [row.percent(at) for row in rows]))
    return _table(title, columns)


def _table(name: str, columns: Columns) -> dict[str, Any]:
    rows = len(columns[0][1])
    made = [column_object(column, values, {}) for column, values in columns]
    return {"name": name, "rows": rows, "kept": rows, "columns": made}
