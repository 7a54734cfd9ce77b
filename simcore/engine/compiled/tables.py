"""The tables of a layer, defined once and passed as one argument to the kernel and from it to each of its functions."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, NamedTuple, TypeAlias, get_type_hints

import numpy as np

from simcore.engine.compiled import columns as c
from simcore.program.program import OP_COLUMNS, REG_COLUMNS, SEG_COLUMNS, Int64Array
from simcore.timing.machine_code import array_words

#: int64 arrays of one and of two dimensions. A third word gives the number of columns where all tables of a field have the same.
Vector: TypeAlias = Annotated[Int64Array, 1]
Table: TypeAlias = Annotated[Int64Array, 2]


class Tables(NamedTuple):
    """All tables that a kernel reads and writes. ``columns`` names their columns. `no_tables` fills unused fields.

    A function of a kernel takes the Tables first, and names the tables that it uses in its first lines.
    """

    # Tables of the machine, which outlive a layer.
    pads: Annotated[Int64Array, 2, c.PAD_COLUMNS]
    banks: Annotated[Int64Array, 2, c.BANK_COLUMNS]
    servers: Annotated[Int64Array, 2, c.SERVER_COLUMNS]
    groups: Annotated[Int64Array, 2, c.GROUP_COLUMNS]
    params: Vector
    shared: Vector
    states: Vector
    dram: Vector
    # Tables of the Program.
    segments: Annotated[Int64Array, 2, SEG_COLUMNS]
    geometry: Vector
    regions: Annotated[Int64Array, 2, REG_COLUMNS]
    ops: Annotated[Int64Array, 2, OP_COLUMNS]
    # Running state: the array's ports and requests; the DMA's queues, operations and bursts; the tiles in their slots.
    scalars: Vector
    ports: Annotated[Int64Array, 2, c.PORT_COLUMNS]
    bundles: Annotated[Int64Array, 2, c.BUNDLE_COLUMNS]
    requests: Annotated[Int64Array, 2, c.REQUEST_COLUMNS]
    listed: Table
    inflight: Table
    free_writes: Vector
    posted: Vector
    queues: Annotated[Int64Array, 2, c.QUEUE_COLUMNS]
    op_states: Annotated[Int64Array, 2, c.OP_COLUMNS]
    bursts: Annotated[Int64Array, 2, c.BURST_COLUMNS]
    burst_lists: Table
    slots: Annotated[Int64Array, 2, c.SLOT_COLUMNS]
    resident: Vector
    # Room for the lines of one element.
    lines: Vector
    line_slots: Vector
    output_places: Table
    # Counts. ``counters`` holds all of them but those of the timeline (`conflict`, `busy`), one table after another.
    counters: Vector
    counts: Annotated[Int64Array, 2, c.COUNT_COLUMNS]
    port_counts: Annotated[Int64Array, 2, c.PORT_COUNT_COLUMNS]
    stall_cycles: Table
    bank_stall_cycles: Table
    scratchpad_stall_cycles: Table
    wait_cycles: Table
    buffer_cycles: Table
    conflict: Table
    busy: Table
    bin_steps: Vector
    bin_start_cycles: Vector
    read_bytes: Vector
    write_bytes: Vector
    # The trace of accesses that are not yet handed over.
    trace: Annotated[Int64Array, 2, c.TRACE_COLUMNS]


@lru_cache(maxsize=16)
def layouts(tables: type) -> dict[str, tuple[int, ...]]:
    """Return for each field of a NamedTuple of Vectors and Tables its dimensions and, where they are fixed, its columns."""
    return {name: hint.__metadata__ for name, hint in get_type_hints(tables, include_extras=True).items()}


def numba_type(tables: type) -> Any:
    """Return the numba type of a NamedTuple of Vectors and Tables, for the signature of a kernel."""
    from simcore.engine.compiled.pointer_type import TablesType

    return TablesType(tables, layouts(tables))


def words_of(tables: tuple[Int64Array, ...]) -> Int64Array:
    """Return the words that describe the arrays of a NamedTuple, one array after another; a kernel takes their address.

    Raise TypeError for an array of other dimensions, or of another number of columns, than its field has.
    """
    words: list[int] = []
    for (name, (dimensions, *columns)), array in zip(layouts(type(tables)).items(), tables, strict=True):
        if array.ndim != dimensions or (columns and array.shape[1] != columns[0]):
            raise TypeError(f"{name}: expected {dimensions} dimensions and columns {columns}, got shape {array.shape}")
        words += array_words(array)
    return np.array(words, dtype=np.int64)


def table(rows: int, columns: int, fill: int = 0) -> Int64Array:
    """Return an int64 table. It is never empty, because a kernel cannot take a table without rows."""
    return np.full((max(rows, 1), max(columns, 1)), fill, dtype=np.int64)


def vector(length: int, fill: int = 0) -> Int64Array:
    """Return an int64 vector, which is never empty."""
    return np.full(max(length, 1), fill, dtype=np.int64)


def no_tables() -> Tables:
    """Return Tables without contents."""
    shapes = {name: (1,) * layout[0] if len(layout) == 1 else (1, layout[1]) for name, layout in layouts(Tables).items()}
    return Tables(**{name: np.zeros(shape, dtype=np.int64) for name, shape in shapes.items()})
