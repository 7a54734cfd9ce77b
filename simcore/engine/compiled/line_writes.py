"""Writes per line in the compiled engine, counted after a layer by a walk over its Program, not grant by grant.

Every element of the output port enters the write buffer once, and every burst of a load is written once. The Program and the slot
of each tile therefore determine which lines are written, and how often. To know the slots, the layer kernel notes when each
operation of the DMA took its slot, in output elements. This count is exact for any plan and any timing.

Partial sums go to the same lines fold after fold, so the walk visits equal segments once (ResNet18 on edge-sram: one element in
ten).
"""

from __future__ import annotations

import numpy as np

from simcore.engine.compiled import columns as c
from simcore.engine.compiled import slices
from simcore.engine.compiled.counting import POSITIONS, Counting
from simcore.engine.compiled.kernels import COUNT_LAYER
from simcore.engine.compiled.tables import Tables, table, vector
from simcore.machine.line_writes import LineWrites
from simcore.program.program import Int64Array, Op, OpKind, Port, Program, Seg


def _moves(program: Program, op_states: Int64Array) -> Int64Array:
    """Return the operations that gave a tile of the output port a slot, in the order in which they started."""
    written = np.zeros(len(program.regions), dtype=bool)
    written[program.segments.ports[Port.OUTPUT].columns[Seg.REGION]] = True
    found = np.flatnonzero(written[program.ops[:, Op.REGION]] & (program.ops[:, Op.KIND] != OpKind.STORE))
    return found[np.argsort(op_states[found, c.OP_STARTED], kind="stable")]


def add_line_writes(layer: Tables, program: Program, counted: LineWrites) -> None:
    """Add the writes of a layer that has run."""
    moves = _moves(program, layer.op_states)
    tables = layer._replace(
        segments=program.segments[Port.OUTPUT],
        ports=table(c.ARRAY_PORTS, c.PORT_COLUMNS),
        resident=vector(program.tiles, c.NONE),
    )
    moved_at = layer.op_states[moves, c.OP_OUTPUTS]
    counting = Counting(counted.flat, counted.first_rows, moves, moved_at, position=vector(POSITIONS))
    while not COUNT_LAYER(tables, counting, slices.SLICE_US):
        pass
