"""The rows of all layers of all points, as one Parquet file. Few of them are in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from simcore.sweeps.log import layer_places, layers_at
from simcore.sweeps.table import POINT

#: Rows that are in memory at a time.
_ROWS = 20_000


def write_layers(log: Path, points: Iterable[str], path: Path) -> None:
    """Write the rows of the layers of these points, in their order, each point once. The first column names the point."""
    places, types, names = layer_places(log)
    ordered = [name for name in dict.fromkeys(points) if name in places]
    columns = pa.schema([(POINT, pa.string()), *((column, _type(found)) for column, found in types.items())])
    with open(path, "wb") as target, open(log, "rb") as source, pq.ParquetWriter(target, columns) as writer:
        rows = ({POINT: name, **row} for name in ordered for row in layers_at(source, places[name], names))
        for part in _parts(rows):
            writer.write_table(pa.Table.from_pylist(part, schema=columns))


def _parts(rows: Iterator[dict[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    part: list[Mapping[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == _ROWS:
            yield part
            part = []
    if part:
        yield part


def _type(found: set[type]) -> pa.DataType:
    if str in found:
        return pa.string()
    if found <= {bool, type(None)} and bool in found:
        return pa.bool_()
    return pa.int64() if int in found and float not in found else pa.float64()
