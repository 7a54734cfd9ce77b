"""The log of a pruning as a Parquet file: epoch, layer, live_filters, filters; its format and what it is of in its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from simcore.errors import InputError
from simcore.reading.text_file import no_file
from workloads.network import Network
from workloads.pruning.log import PruningLog, checked_log

COLUMNS = ("epoch", "layer", "live_filters", "filters")
#: The key of the file's metadata under which the network's name and digest stand, as JSON.
_KEY = b"simcore pruning log"
#: The form that is written, and those that are read. The first said no number and is otherwise the second.
FORMAT, READABLE = 2, (1, 2)
#: The most rows that are read: 100,000 epochs of a hundred layers.
MOST_ROWS = 10_000_000


def write_log(log: PruningLog, path: Path) -> None:
    """Write the log into a file, in place. Raise OSError if the system refuses it."""
    columns = list(zip(*log.rows(), strict=True))
    table = pa.table(
        {
            "epoch": pa.array(columns[0], pa.int32()),
            "layer": pa.array(columns[1], pa.string()).dictionary_encode(),
            "live_filters": pa.array(columns[2], pa.int32()),
            "filters": pa.array(columns[3], pa.int32()),
        }
    )
    what = {"network": log.network, "digest": log.digest, "epochs": log.epochs, "procedure": log.procedure}
    said = json.dumps({"format": FORMAT, **what})
    with open(path, "wb") as file:
        pq.write_table(table.replace_schema_metadata({_KEY: said.encode()}), file)


def read_log(path: str | Path, network: Network) -> PruningLog:
    """Return the log of the network's pruning in a file.

    Raise InputError for a file that is no such log or is cut off, the log of another network, missing layers or epochs, and live
    filters that grow or that the network cannot have.
    """
    where = str(path)
    if not Path(path).is_file():
        raise no_file(path)
    try:
        with open(path, "rb") as file:
            opened = pq.ParquetFile(file)
            if opened.metadata.num_rows > MOST_ROWS:
                raise InputError(f"expected at most {MOST_ROWS:,} rows, got {opened.metadata.num_rows:,}", where)
            said = _said(opened.schema_arrow.metadata, where)
            columns = opened.read(columns=list(COLUMNS)).to_pydict()
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is cut off or damaged"
        raise InputError(f"expected a log of live filters (Parquet): {reason}", where) from error
    if set(columns) != set(COLUMNS):
        raise InputError(f"expected the columns {', '.join(COLUMNS)}, got {', '.join(columns) or 'none of them'}", where)
    return checked_log(_assembled(said, columns, where), network, where)


def _said(metadata: Mapping[bytes, bytes] | None, where: str) -> dict[str, Any]:
    """Return the network's name and digest, the epochs and the procedure.

    Raise InputError if the metadata do not hold them, or are those of a form that is not known.
    """
    try:
        said = json.loads((metadata or {})[_KEY])
        _require_format(said.get("format", 1), where)
        if all(isinstance(said[name], str) for name in ("network", "digest", "procedure")) and isinstance(said["epochs"], int):
            return dict(said)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        pass
    raise InputError("expected a log of live filters that simcore wrote, got another Parquet file", where)


def _require_format(form: object, where: str) -> None:
    if isinstance(form, bool) or form not in READABLE:
        readable, shown = " or ".join(map(str, READABLE)), form if isinstance(form, int) else "something else"
        raise InputError(f"expected a log of live filters in format {readable}, got format {shown}", where, "update simcore")


def _assembled(said: Mapping[str, Any], columns: Mapping[str, list[Any]], where: str) -> PruningLog:
    """Return the log from its columns. Raise InputError for cells that are empty and for epochs or layers that are missing."""
    live: dict[int, dict[str, int]] = {}
    filters: dict[str, int] = {}
    for epoch, layer, alive, of_layer in zip(*(columns[name] for name in COLUMNS), strict=True):
        if not isinstance(layer, str) or not all(isinstance(value, int) for value in (epoch, alive, of_layer)):
            raise InputError("expected integers and names of layers, got an empty or other cell", where)
        if filters.setdefault(layer, of_layer) != of_layer:
            raise InputError(f"expected {filters[layer]} filters of '{layer}' in every row, got {of_layer}", where)
        if live.setdefault(epoch, {}).setdefault(layer, alive) != alive:
            raise InputError(f"epoch {epoch}: two counts of live filters of '{layer}'", where)
    for epoch in range(1, said["epochs"] + 1):
        lacking = [layer for layer in filters if layer not in live.get(epoch, {})]
        if lacking or epoch not in live:
            message = f"expected epochs 1 to {said['epochs']} of every layer, got none of epoch {epoch}"
            raise InputError(f"{message} of layer '{lacking[0]}'" if lacking else message, where)
    if len(live) > said["epochs"]:
        raise InputError(f"expected epochs 1 to {said['epochs']}, got {max(live)}", where)
    return PruningLog(said["network"], said["digest"], filters, tuple(live[epoch] for epoch in sorted(live)), said["procedure"])
