"""SCALE-Sim's topology files, with one layer per row, as networks of layers that do not feed each other.

A convolution is ``name, ifmap height, ifmap width, filter height, filter width, channels, filters, stride[, stride width][,
N:M],``; a matrix product is ``name, M, N, K[, N:M],``. The header line and the trailing comma may be missing. (SCALE-Sim itself
loses the first layer of a file without a header, and fails on a row without the comma.) A depthwise convolution is a row like any
other. SCALE-Sim expands rows whose name contains "DP" into one row per channel; here names have no meaning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simcore.errors import InputError, raise_all
from simcore.reading.text_file import read_text
from workloads.importers.names import LARGEST_SIZE, free_name
from workloads.layers import Conv, Input, Layer, Linear, Shape
from workloads.network import Network, NetworkBuilder

CONV_FIELDS = "name, ifmap height, ifmap width, filter height, filter width, channels, filters, stride"
GEMM_FIELDS = "name, M, N, K"


@dataclass(frozen=True)
class _Row:
    """A line of the file: its place, and its fields without trailing empty ones."""

    where: str
    fields: tuple[str, ...]

    def error(self, message: str) -> InputError:
        return InputError(message, where=self.where)


def load_topology(path: str | Path, batch: int = 1, *, scale_sim_shapes: bool = True) -> Network:
    """Return the layers of a topology file, in order. A repeated name gets the suffix ``#2``, ``#3``, ...

    Convolutions follow SCALE-Sim's shape rule (see :class:`workloads.layers.Conv`) or, without ``scale_sim_shapes``, the usual
    rule, which rounds down. A matrix product is a linear layer of M rows. Raise InputError for a file that cannot be read, and
    for every bad row, with its line.
    """
    rows = _read_rows(Path(path), str(path))
    gemm = _take_header(rows)
    if not rows:
        raise InputError("expected at least one layer, got none", where=str(path))
    if gemm is None:
        gemm = not any(len(row.fields) > 5 for row in rows)
    builder = NetworkBuilder(Path(path).stem)
    taken: set[str] = set()
    errors = []
    for row in rows:
        try:
            shape, layer = _layer(row, free_name(row.fields[0], taken), gemm)
            layer = layer.with_scale_sim_shapes() if scale_sim_shapes else layer
        except InputError as error:
            errors.append(row.error(error.message))
            continue
        builder.add(layer, [builder.add(Input(free_name(f"{layer.name}.input", taken), shape))])
    raise_all(errors)
    return builder.build(batch)


def _read_rows(path: Path, where: str) -> list[_Row]:
    text = read_text(path, "utf-8-sig")
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = [field.strip() for field in line.split("#")[0].split(",")]
        while fields and not fields[-1]:
            fields.pop()
        if fields and not fields[0].startswith("//"):
            rows.append(_Row(f"{where}:{number}", tuple(fields)))
    return rows


def _take_header(rows: list[_Row]) -> bool | None:
    """Remove a header line. Return whether it announces matrix products, or None if there is no header or it does not say."""
    if not rows or len(rows[0].fields) < 2 or any(re.match(r"[-+]?\d", field) for field in rows[0].fields[1:]):
        return None
    header = rows.pop(0)
    columns = [field.lower() for field in header.fields[1:]]
    if {"m", "n", "k"} <= set(columns):
        if columns[:3] != ["m", "n", "k"]:
            raise header.error(f"expected the columns M, N, K in this order, got {', '.join(header.fields[1:4])}")
        return True
    return False if any("ifmap" in column or "filter" in column for column in columns) else None


def _layer(row: _Row, name: str, gemm: bool) -> tuple[Shape, Layer]:
    """Return the input shape and the layer of a row. Raise InputError for a bad row."""
    fields = _without_sparsity(row)
    wanted, counts = (GEMM_FIELDS, (4,)) if gemm else (CONV_FIELDS, (8, 9))
    if len(fields) not in counts:
        raise row.error(f"expected {' or '.join(map(str, counts))} fields ({wanted}), got {len(fields)}")
    if not name:
        raise row.error("expected a layer name in the first field, got none")
    wrong = [field for field in fields[1:] if _size(field) < 1]
    if wrong:
        raise row.error(f"expected integers >= 1 after the name, got {', '.join(repr(field) for field in wrong)}")
    large = [field for field in fields[1:] if _size(field) > LARGEST_SIZE]
    if large:
        raise row.error(f"expected integers of at most {LARGEST_SIZE} after the name, got {', '.join(map(_cut, large))}")
    sizes = [_size(field) for field in fields[1:]]
    if gemm:
        m, n, k = sizes
        return (m, k), Linear(name, n, bias=False)
    height, width, kernel_height, kernel_width, channels, filters, stride = sizes[:7]
    if kernel_height > height or kernel_width > width:
        raise row.error(f"expected a filter no larger than the ifmap {height}x{width}, got {kernel_height}x{kernel_width}")
    strides = (stride, sizes[7] if len(sizes) > 7 else stride)
    return (channels, height, width), Conv(name, filters, (kernel_height, kernel_width), strides)


def _without_sparsity(row: _Row) -> Sequence[str]:
    """Return the fields without a final ``N:M``. Raise InputError unless it is dense (N = M)."""
    *rest, last = row.fields
    if ":" not in last:
        return row.fields
    n, _, m = last.partition(":")
    if not _size(n) or not _size(m):
        raise row.error(f"expected the sparsity as N:M, got '{last}'")
    if _size(n) != _size(m):
        raise row.error(f"sparsity {last} is not supported, only dense layers (N = M, or no such field)")
    return rest


def _size(field: str) -> int:
    """Return the field as a positive integer, or 0 if it is not one. Spreadsheets write 16 as 16.0.

    A field that is too long to read counts as too large.
    """
    if not re.fullmatch(r"[0-9]+(\.0+)?", field):
        return 0
    digits = field.partition(".")[0].lstrip("0") or "0"
    return int(digits) if len(digits) <= len(str(LARGEST_SIZE)) else LARGEST_SIZE + 1


def _cut(field: str) -> str:
    return repr(field if len(field) <= 40 else f"{field[:37]}...")
