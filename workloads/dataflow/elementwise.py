"""Sums and products of several tensors on the vector unit, computed pair by pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.program.program import GEO_COLUMNS, Op, OpKind, Port, Program, Reg
from simcore.spec.system import System
from workloads.dataflow.operations import note_needs_of_stores
from workloads.dataflow.regions import shares
from workloads.dataflow.vector import Rows, row_chunk, row_segments, row_tensor, vector_program, wants
from workloads.dataflow.work import Words, Work


@dataclass(frozen=True)
class Elementwise(Work):
    """Sum or product of ``operands`` tensors with ``results`` words of results; the operands have ``inputs`` words in total.

    The machine takes the operands pair by pair: each pass adds one more operand (on the filter port) to the result so far. The
    result of a pass goes to main memory and comes back as an operand of the next pass. An operand that broadcasts is fetched in
    full.
    """

    operands: int
    inputs: int
    results: int

    @property
    def words(self) -> Words:
        return Words(self.inputs, 0, self.results)

    @property
    def words_moved(self) -> Words:
        passes = self.operands - 1
        return Words(2 * passes * self.results, 0, passes * self.results)

    def steps(self, system: System) -> int:
        return (self.operands - 1) * -(-self.results // system.vector_unit.lanes)

    def lower(self, name: str, op: str, system: System, *, with_folds: bool = False) -> Program:
        return lower_elementwise(name, op, system, words=self.results, operands=self.operands)


def lower_elementwise(name: str, op: str, system: System, *, words: int, operands: int) -> Program:
    """Return the Program of a sum or product of ``operands`` tensors, each with ``words`` words.

    Each pass adds one operand (on the filter port) to the result so far. The result of a pass goes to main memory and comes back
    as an operand of the next pass. An operand that broadcasts is fetched in full. Raise InputError as :func:`lower_rows` does.
    """
    passes = operands - 1
    shape = Rows(passes, words, system.vector_unit.lanes)
    room = shares(system, wants(system, dict.fromkeys(("ifmap", "filter", "ofmap"), shape.words)))
    sizes = system.words
    places: list[tuple[str, Port, str, int]] = [
        ("ifmap", Port.IFMAP, "ifmap", sizes.ifmap_bytes),
        ("filter", Port.FILTER, "filter", sizes.ifmap_bytes),
        ("ofmap", Port.OUTPUT, "output", sizes.ofmap_bytes),
    ]
    chunk = min(row_chunk(room[tensor], name, tensor, shape, size) for tensor, _, _, size in places)
    tensors = [row_tensor(room[tensor], shape, chunk, size, 1, port, queue) for tensor, port, queue, size in places]
    run = np.arange(passes, dtype=np.int64)
    segments = [row_segments(shape, number, chunk, run, run * shape.vectors) for number in range(3)]
    geometry = np.zeros(GEO_COLUMNS, dtype=np.int64)
    names = [tensor for tensor, _, _, _ in places]
    program = vector_program(name, op, passes * shape.vectors, segments, geometry, [item.plan for item in tensors], names)
    _await_stores(program, -(-shape.vectors // chunk))
    return program


def _await_stores(program: Program, tiles_per_pass: int) -> None:
    """Let the loads of each pass after the first wait for the stores of the previous pass, tile by tile.

    If words of operands and results have one size, the loads read from the addresses of the stores. Otherwise the model assumes
    that the results were copied to another place by the time they are read, at no cost.
    """
    ops, regions = program.ops, program.regions
    stores = np.flatnonzero(ops[:, Op.KIND] == OpKind.STORE)
    store_of_tile = np.zeros(program.tiles, dtype=np.int64)
    store_of_tile[ops[stores, Op.TILE]] = stores
    again = np.flatnonzero((ops[:, Op.REGION] == 0) & (ops[:, Op.TILE] >= tiles_per_pass))
    ops[again, Op.DEP_OP] = store_of_tile[regions[2, Reg.FIRST_TILE] + ops[again, Op.TILE] - tiles_per_pass]
    if regions[0, Reg.WORD_BYTES] == regions[2, Reg.WORD_BYTES]:
        ops[again, Op.ADDRESS] = ops[ops[again, Op.DEP_OP], Op.ADDRESS]
    note_needs_of_stores(ops, program.queue_start, program.steps)
