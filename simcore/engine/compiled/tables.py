"""The tables of a layer, defined once and passed as one argument: to the kernel, and from it to each of its functions."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias, get_type_hints

import numpy as np

from simcore.engine.compiled.pointer_type import pointer_type
from simcore.program.program import Int64Array

#: An int64 array of one dimension, of two; `array_type` reads the number.
Vector: TypeAlias = Annotated[Int64Array, 1]
Table: TypeAlias = Annotated[Int64Array, 2]


class Tables(NamedTuple):
    """All that a kernel reads and writes; ``columns`` names the columns. A kernel that needs fewer is given `no_tables`' others.

    A function of a kernel takes the Tables first, and names those that it uses in its first lines.
    """

    # The machine's: they outlive a layer.
    pads: Table
    banks: Table
    servers: Table
    groups: Table
    params: Vector
    shared: Vector
    states: Vector
    dram: Vector
    # The Program's.
    segments: Table
    geometry: Vector
    regions: Table
    ops: Table
    # What is under way: the array's ports and the requests; the DMA's queues, operations and bursts; tiles in their slots.
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
    # What is counted.
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
    """The number of dimensions of each field of a NamedTuple of Vectors and Tables."""
    return {name: hint.__metadata__[0] for name, hint in get_type_hints(tables, include_extras=True).items()}


def numba_type(tables: type) -> Any:
    """What numba calls a NamedTuple of Vectors and Tables, for the signature of a kernel."""
    return pointer_type(tables, dimensions(tables))


def table(rows: int, columns: int, fill: int = 0) -> Int64Array:
    """An int64 table; never empty, because a kernel cannot take a table without rows."""
    return np.full((max(rows, 1), max(columns, 1)), fill, dtype=np.int64)


def vector(length: int, fill: int = 0) -> Int64Array:
    """An int64 vector, never empty."""
    return np.full(max(length, 1), fill, dtype=np.int64)


def no_tables() -> Tables:
    """Tables with nothing in them."""
    return Tables(**{name: np.zeros((1,) * count, dtype=np.int64) for name, count in dimensions(Tables).items()})
