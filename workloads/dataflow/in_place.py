"""Tensors that stay in their scratchpad between two layers: the reader does not load them, and the writer does not store them.

The scratchpads of ifmap and ofmap exchange roles: the next layer reads its ifmap from the scratchpad into which a layer wrote its
ofmap. So the two scratchpads must be alike, and the whole tensor must fit into either.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simcore.program.program import Int64Array, Op, OpKind, Program, Reg
from workloads.dataflow.operations import moved_bytes


def ifmap_fits(program: Program) -> bool:
    """Return whether the scratchpad holds the whole first operand: each of its tiles is loaded once, into a slot of its own."""
    loads = _of(program, 0, OpKind.LOAD)
    ops = program.ops[loads]
    waits = (ops[:, Op.DEP_OP] >= 0) | (ops[:, Op.DEP_PORT] >= 0)
    return len(loads) > 0 and not waits.any() and len(np.unique(ops[:, Op.SLOT])) == len(loads)


def ofmap_fits(program: Program) -> bool:
    """Return whether the scratchpad holds the whole result until the layer ends and no load waits for a part of it."""
    last = len(program.regions) - 1
    stores = _of(program, last, OpKind.STORE)
    holds = program.regions[last, Reg.SLOTS] >= program.regions[last, Reg.TILES]
    return bool(holds) and len(stores) > 0 and not np.isin(program.ops[:, Op.DEP_OP], stores).any()


def same_words(writer: Program, reader: Program) -> bool:
    """Return whether the reader's first operand can be the writer's result: words of the same size, and no more of them."""
    written, read = writer.regions[-1, Reg.WORD_BYTES], reader.regions[0, Reg.WORD_BYTES]
    stored = writer.ops[_of(writer, len(writer.regions) - 1, OpKind.STORE), Op.BYTES].sum()
    return bool(written == read and reader.ops[_of(reader, 0, OpKind.LOAD), Op.BYTES].sum() <= stored)


def in_place(program: Program, *, ifmap: bool = False, ofmap: bool = False) -> Program:
    """Return the Program with its first operand in the scratchpad from the start, with its result left there, or both.

    ``facts["in_place"]`` records which. A tile that is already there takes its slot at once and moves nothing (an ACQUIRE).
    """
    made = program
    if ifmap:
        ops = program.ops.copy()
        ops[_of(program, 0, OpKind.LOAD), Op.KIND] = int(OpKind.ACQUIRE)
        made = replace(made, ops=ops)
    if ofmap:
        made = _without(made, _of(made, len(made.regions) - 1, OpKind.STORE))
    had = program.facts.get("in_place", {"ifmap": False, "ofmap": False})
    facts = {**made.facts, **moved_bytes(made.ops), "in_place": {"ifmap": had["ifmap"] or ifmap, "ofmap": had["ofmap"] or ofmap}}
    return replace(made, facts=facts)


def _of(program: Program, region: int, kind: OpKind) -> Int64Array:
    """Return the indices of the operations of one kind on a region."""
    return np.flatnonzero((program.ops[:, Op.REGION] == region) & (program.ops[:, Op.KIND] == kind))


def _without(program: Program, gone: Int64Array) -> Program:
    """Return the Program without the operations ``gone``, for which no other operation may wait."""
    stays = np.ones(len(program.ops), dtype=bool)
    stays[gone] = False
    number = np.cumsum(stays) - 1
    ops = program.ops[stays].copy()
    waits = ops[:, Op.DEP_OP] >= 0
    ops[waits, Op.DEP_OP] = number[ops[waits, Op.DEP_OP]]
    before = np.concatenate(([0], np.cumsum(stays)))
    return replace(program, ops=ops, queue_start=before[program.queue_start].astype(np.int64))
