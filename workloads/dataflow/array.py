"""Lowering of one layer on the array: its streams, tiles and DMA operations become a Program."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simcore.program.compact import CompactTable
from simcore.program.program import Program, Reg, Seg
from simcore.program.segments import Segments
from simcore.spec.system import System
from workloads.dataflow.ahead import memory_bound_by
from workloads.dataflow.array_plan import ArrayPlan, plan_array
from workloads.dataflow.folds import Folds, fold_records
from workloads.dataflow.operations import moved_bytes
from workloads.dataflow.registry import dataflow_named
from workloads.dataflow.segments import NO_SEGMENTS, ifmap_segments, linear_segments
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.sharing import sharings
from workloads.dataflow.tensors import ArrayLayer, Tensor
from workloads.dataflow.work import Words, Work


def _result_segments(
    layer: ArrayLayer, psum: Tensor | None, ofmap: Tensor, psum_region: int
) -> tuple[CompactTable, CompactTable]:
    """Return the segments of the psum port and of the output port."""
    folds, stream = layer.folds, layer.streams.output
    if psum is None:
        return NO_SEGMENTS, linear_segments(stream, psum_region, ofmap.tile, ofmap.chunk)
    last = folds.finishes
    tile, chunk = np.where(last, ofmap.tile, psum.tile), np.where(last, ofmap.chunk, psum.chunk)
    output = linear_segments(stream, np.where(last, psum_region + 1, psum_region), tile, chunk)
    adds = np.flatnonzero(folds.turn > 0)
    after = {Seg.AFTER_WRITE: stream.first_element[folds.before[adds]]}
    return linear_segments(stream.only(adds), psum_region, psum.tile[adds], psum.chunk, after), output


def mapping_efficiency_percent(shape: ConvShape, folds: Folds, system: System) -> float:
    """Return the share of the PEs that hold work, over all folds, in percent.

    The order of evaluation is SCALE-Sim's, so that the value equals its column bit for bit.
    """
    along_rows, along_columns, _ = folds.dataflow.extents(shape)
    sharing = folds.sharing
    places = folds.row_folds * folds.column_folds * sharing.rows * sharing.columns
    efficiency = along_rows * along_columns / places * 100
    turns = sharing.group_folds(shape) * sharing.split.groups
    return efficiency * (shape.groups / turns) * (sharing.split.arrays / system.array.count)


def macs_of_arrays(folds: Folds, count: int) -> list[int]:
    """Return the multiply-accumulates of each of ``count`` arrays."""
    sharing, split = folds.sharing, folds.sharing.split
    dealt = folds.extent(sharing.dealt_side)
    each, others = -(-folds.columns // split.columns), folds.rows * folds.times // dealt
    macs = [0] * count
    for number, (group, part, column) in enumerate(split.places()):
        own = -(-np.maximum(dealt - part, 0) // split.dealt) * np.clip(folds.columns - column * each, 0, each)
        macs[number] = int((others * own * (group < folds.groups)).sum())
    return macs


def _facts(op: str, plan: ArrayPlan) -> dict[str, Any]:
    layer, chosen, plans = plan.layer, plan.tiling, plan.regions_planned
    folds = layer.folds
    names = ("ifmap", "filter", *(("psum",) if folds.accumulates else ()), "ofmap")
    tiling = {
        "loop_order": chosen.loops.described(folds.row_folds, folds.column_folds, folds.blocks),
        "tap_order": chosen.loops.taps,
        "blocks": folds.blocks,
        "block_size": folds.block_size,
        "expected_bytes": chosen.expected_bytes,
        "tiles": {name: item.region.tiles for name, item in zip(names, plans, strict=True)},
        "slots": {name: item.region.slots for name, item in zip(names, plans, strict=True)},
    }
    count = layer.system.array.count
    single = [name for name, item in zip(names, plans, strict=True) if item.is_single_buffered]
    return {
        "op": op,
        "macs": layer.shape.macs,
        **({"macs_of_arrays": macs_of_arrays(folds, count), "split_by": folds.sharing.split_by()} if count > 1 else {}),
        "dataflow": folds.dataflow.name,
        "mapping_efficiency_percent": mapping_efficiency_percent(layer.shape, folds, layer.system),
        "row_folds": folds.row_folds,
        "column_folds": folds.column_folds,
        "folds": len(folds),
        "tiling": tiling,
        "single_buffered": ", ".join(single),
        "memory_bound_by": memory_bound_by(layer.system, single_buffered=bool(single)),
    } | moved_bytes(plan.ops)


@dataclass(frozen=True)
class Product(Work):
    """A convolution that runs on the array, or a matrix product in the form of one (see ``ConvShape``)."""

    shape: ConvShape

    @property
    def macs(self) -> int:
        return self.shape.macs

    @property
    def words(self) -> Words:
        shape = self.shape
        return Words(shape.ifmap_words_at_most(), shape.filters * shape.taps, shape.pixels * shape.filters)

    def steps(self, system: System) -> int:
        """Return the steps that ``stream_starts`` gives if every fold streams its whole dimension."""
        ways = sharings(self.shape, system.array, dataflow_named(system.array.dataflow))
        return min(way.least_steps(self.shape) for way in ways)

    def lower(self, name: str, op: str, system: System, *, with_folds: bool = False) -> Program:
        return lower_shape(name, op, self.shape, system, with_folds=with_folds)


def lower_shape(name: str, op: str, shape: ConvShape, system: System, *, with_folds: bool = False) -> Program:
    """Return the Program of a convolution or matrix product.

    Raise InputError if a scratchpad cannot hold the data that one element of a stream needs.
    """
    flow = dataflow_named(system.array.dataflow)
    plan = plan_array(name, shape, system, flow)
    layer, cut, weights = plan.layer, plan.tensors.cut, plan.tensors.weights
    folds = layer.folds
    reads, output = _result_segments(layer, plan.tensors.psum, plan.tensors.ofmap, psum_region=2)
    return Program(
        name=name,
        dataflow=flow.name,
        roles=replace(flow.roles, behind_wave=flow.sums_leave and system.array.fold_overlap == "wave"),
        steps=folds.steps,
        segments=Segments(
            [
                ifmap_segments(layer.streams.ifmap, 0, folds, shape.group_channels),
                linear_segments(layer.streams.filter, 1, weights.tile, weights.chunk),
                reads,
                output,
            ]
        ),
        geometry=shape.geometry(cut.rows, cut.channels, planar=flow.planar),
        regions=plan.regions,
        ops=plan.ops,
        queue_start=plan.queue_start,
        tiles=int(plan.regions[:, Reg.TILES].sum()),
        slots=int(plan.regions[:, Reg.SLOTS].sum()),
        split=folds.sharing.split,
        folds=fold_records(folds) if with_folds else (),
        facts=_facts(op, plan),
    )
