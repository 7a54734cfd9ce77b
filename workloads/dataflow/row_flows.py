"""Lowering of element-wise layers whose operands and results move at different rates: gradients of pools, weight updates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.compact import CompactTable
from simcore.program.program import GEO_COLUMNS, Port, Program
from simcore.spec.system import System
from workloads.dataflow.regions import shares
from workloads.dataflow.segments import NO_SEGMENTS
from workloads.dataflow.vector import Rows, row_chunk, row_segments, row_tensor, vector_program, wants

_PORTS = {"ifmap": Port.IFMAP, "filter": Port.FILTER, "ofmap": Port.OUTPUT}


@dataclass(frozen=True)
class Flow:
    """The words that one port moves for each row of a layer: ``length`` words, in each of ``passes`` passes.

    Within a row's steps the first vector is due at step ``offset``, and the next ones follow ``stride`` steps apart. The next
    pass follows immediately.
    """

    length: int
    stride: int = 1
    offset: int = 0
    passes: int = 1


@dataclass(frozen=True)
class Flows:
    """A layer of ``rows`` rows of ``steps`` steps each. ``flows`` has the keys "ifmap" and "filter" (operands) and "ofmap"."""

    rows: int
    steps: int
    flows: dict[str, Flow]


def lower_flows(name: str, op: str, system: System, layer: Flows) -> Program:
    """Return the Program of a layer with these flows. Both operands have the ifmap's word size.

    Raise InputError if a scratchpad is smaller than one tile.
    """
    rows, flows = layer.rows, layer.flows
    lanes, words = system.vector_unit.lanes, system.words
    shapes = {tensor: Rows(rows, flow.length, lanes) for tensor, flow in flows.items()}
    room = shares(system, wants(system, {tensor: shape.words for tensor, shape in shapes.items()}))
    segments: dict[str, CompactTable] = dict.fromkeys(_PORTS, NO_SEGMENTS)
    plans = []
    for number, (tensor, flow) in enumerate(flows.items()):
        shape, port = shapes[tensor], _PORTS[tensor]
        size = words.ofmap_bytes if tensor == "ofmap" else words.ifmap_bytes
        chunk = row_chunk(room[tensor], name, tensor, shape, size)
        queue = "output" if tensor == "ofmap" else tensor
        plans.append(row_tensor(room[tensor], shape, chunk, size, flow.passes, port, queue).plan)
        run = np.arange(rows * flow.passes, dtype=np.int64)
        row, turn = np.divmod(run, flow.passes)
        due = row * layer.steps + flow.offset + turn * shape.vectors * flow.stride
        segments[tensor] = row_segments(shape, number, chunk, row, due, flow.stride)
    geometry = np.zeros(GEO_COLUMNS, dtype=np.int64)
    return vector_program(name, op, rows * layer.steps, list(segments.values()), geometry, plans, list(flows))
