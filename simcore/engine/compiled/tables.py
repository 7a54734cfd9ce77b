"""The tables of a layer, defined once and passed as one argument to the kernel and from it to each of its functions."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias, get_type_hints

import numpy as np

from simcore.engine.compiled.pointer_type import pointer_type
from simcore.program.program import Int64Array

#: int64 arrays of one and of two dimensions. `array_type` reads the number.
Vector: TypeAlias = Annotated[Int64Array, 1]
Table: TypeAlias = Annotated[Int64Array, 2]


class Tables(NamedTuple):
    """All tables that a kernel reads and writes. ``columns`` names their columns. `no_tables` fills unused fields.

    A function of a kernel takes the Tables first, and names the tables that it uses in its first lines.
    """

    # Tables of the machine, which outlive a layer.
    pads: Table
    banks: Table
    servers: Table
    groups: Table
    params: Vector
    shared: Vector
    states: Vector
    dram: Vector
    # Tables of the Program.
    segments: Table
    geometry: Vector
    regions: Table
    ops: Table
    # Running state: the array's ports and requests; the DMA's queues, operations and bursts; the tiles in their slots.
    scalars: Vector
    ports: Table
    bundles: Table
    requests: Table
    listed: Table
    inflight: Table
    free_writes: Vector
    posted: Vector
    queues: Table
    op_states: Table
    bursts: Table
    burst_lists: Table
    slots: Table
    resident: Vector
    # Room for the lines of one element.
    lines: Vector
    line_slots: Vector
    output_places: Table
    # Counts.
    counts: Table
    port_counts: Table
    stall_cycles: Table
    bank_stall_cycles: Table
    conflict: Table
    busy: Table
    bin_steps: Vector
    bin_start_cycles: Vector
    read_bytes: Vector
    write_bytes: Vector


def dimensions(tables: type) -> dict[str, int]:
    """Return the number of dimensions of each field of a NamedTuple of Vectors and Tables."""
    return {name: hint.__metadata__[0] for name, hint in get_type_hints(tables, include_extras=True).items()}


def numba_type(tables: type) -> Any:
    """Return the numba type of a NamedTuple of Vectors and Tables, for the signature of a kernel."""
    return pointer_type(tables, dimensions(tables))


def table(rows: int, columns: int, fill: int = 0) -> Int64Array:
    """Return an int64 table. It is never empty, because a kernel cannot take a table without rows."""
    return np.full((max(rows, 1), max(columns, 1)), fill, dtype=np.int64)


def vector(length: int, fill: int = 0) -> Int64Array:
    """Return an int64 vector, which is never empty."""
    return np.full(max(length, 1), fill, dtype=np.int64)


def no_tables() -> Tables:
    """Return Tables without contents."""
    return Tables(**{name: np.zeros((1,) * count, dtype=np.int64) for name, count in dimensions(Tables).items()})
