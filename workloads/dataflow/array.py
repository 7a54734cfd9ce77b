"""Lowering of one layer on the array: its streams, tiles and DMA operations become a Program."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simcore.errors import InputError
from simcore.program.program import SEG_COLUMNS, Int64Array, Port, Program, Reg, Seg
from simcore.spec.system import System
from workloads.dataflow.ahead import memory_bound_by, tiles_ahead
from workloads.dataflow.folds import Folds, build_folds, fold_records
from workloads.dataflow.ifmap_uses import IfmapTiles
from workloads.dataflow.lead import in_time
from workloads.dataflow.operations import RegionPlan, build_operations, moved_bytes, plan_region
from workloads.dataflow.regions import region_rows, shares
from workloads.dataflow.registry import dataflow_named
from workloads.dataflow.segments import fold_streams, ifmap_segments, linear_segments
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.sharing import sharings
from workloads.dataflow.tensors import ArrayLayer, Tensor, filters, ifmap, results
from workloads.dataflow.tiling import Tiling, tilings
from workloads.dataflow.work import Words, Work


def _result_segments(layer: ArrayLayer, psum: Tensor | None, ofmap: Tensor, psum_region: int) -> tuple[Int64Array, Int64Array]:
    """Return the segments of the psum port and of the output port."""
    folds, stream = layer.folds, layer.streams.output
    if psum is None:
        return np.zeros((0, SEG_COLUMNS), dtype=np.int64), linear_segments(stream, psum_region, ofmap.tile, ofmap.chunk)
    last = folds.finishes
    tile, chunk = np.where(last, ofmap.tile, psum.tile), np.where(last, ofmap.chunk, psum.chunk)
    output = linear_segments(stream, np.where(last, psum_region + 1, psum_region), tile, chunk)
    reads = linear_segments(stream, psum_region, psum.tile, psum.chunk)
    adds = folds.turn > 0
    reads[adds, Seg.AFTER_WRITE] = stream.first_element[folds.before[adds]]
    return reads[adds], output


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


def _facts(op: str, layer: ArrayLayer, chosen: Tiling, plans: list[RegionPlan], ops: Int64Array) -> dict[str, Any]:
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
    } | moved_bytes(ops)


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


@dataclass(frozen=True)
class _Tensors:
    """The tensors of a layer, each in tiles in its share of a scratchpad."""

    cut: IfmapTiles
    ifmap: Tensor
    weights: Tensor
    psum: Tensor | None
    ofmap: Tensor


def _tensors(layer: ArrayLayer) -> _Tensors:
    psum = results(layer, "psum") if layer.folds.accumulates else None
    return _Tensors(*ifmap(layer), filters(layer), psum, results(layer, "ofmap"))


def _in_shares(layer: ArrayLayer, tiling: Tiling) -> tuple[ArrayLayer, _Tensors]:
    """Return the layer with its shares, and its tensors.

    If a share of the tiling is too small for one element, divide scratchpads by the sizes of the tensors. Raise InputError if
    that does not help.
    """
    layer = replace(layer, shares=shares(layer.system, tiling.wants))
    try:
        return layer, _tensors(layer)
    except InputError:
        layer = replace(layer, shares=shares(layer.system, tiling.whole))
        return layer, _tensors(layer)


def _laid_out(name: str, shape: ConvShape, system: System, found: list[Tiling]) -> tuple[ArrayLayer, _Tensors, Tiling]:
    """Return a layer with its tensors under the first tiling for which scratchpads can hold the data of one element.

    Raise InputError if there is none.
    """
    for tiling in found[:-1]:
        with suppress(InputError):
            return _under(name, shape, system, tiling)
    return _under(name, shape, system, found[-1])


def _under(name: str, shape: ConvShape, system: System, tiling: Tiling) -> tuple[ArrayLayer, _Tensors, Tiling]:
    folds = build_folds(shape, tiling.sharing, tiling.loops)
    return *_in_shares(ArrayLayer(name, shape, system, folds, fold_streams(folds), {}), tiling), tiling


def _plans(layer: ArrayLayer, tensors: _Tensors) -> list[RegionPlan]:
    """Return the plans of all tensors, sorted by region."""

    def ahead(tensor: Tensor) -> int:
        share = tensor.region.share
        return tiles_ahead(layer.system, share.capacity_bytes, int(tensor.region.tile_bytes.max()))

    cut, weights, psum, ofmap = tensors.ifmap, tensors.weights, tensors.psum, tensors.ofmap
    found = [
        plan_region(cut.region, cut.uses, Port.IFMAP, "ifmap", ahead=ahead(cut)),
        plan_region(weights.region, weights.uses, Port.FILTER, "filter", ahead=ahead(weights)),
    ]
    if psum is not None:
        found.append(plan_region(psum.region, psum.uses, Port.OUTPUT, "psum", ahead=ahead(psum), spills=True))
    streams = [layer.streams.ifmap, layer.streams.filter, layer.streams.output][: len(found)]
    stored = int(ofmap.region.tile_bytes.sum())
    return [
        *in_time(found, streams, layer.system, layer.folds.steps, stored),
        plan_region(ofmap.region, ofmap.uses, Port.OUTPUT, "output", kept=True),
    ]


def lower_shape(name: str, op: str, shape: ConvShape, system: System, *, with_folds: bool = False) -> Program:
    """Return the Program of a convolution or matrix product.

    Raise InputError if a scratchpad cannot hold the data that one element of a stream needs.
    """
    flow = dataflow_named(system.array.dataflow)
    layer, tensors, tiling = _laid_out(name, shape, system, tilings(shape, system, flow))
    folds = layer.folds
    cut, weights, psum, ofmap = tensors.cut, tensors.weights, tensors.psum, tensors.ofmap
    plans = _plans(layer, tensors)
    regions = region_rows([item.region for item in plans])
    ops, queue_start = build_operations(plans, regions)
    reads, output = _result_segments(layer, psum, ofmap, psum_region=2)
    return Program(
        name=name,
        dataflow=flow.name,
        roles=replace(flow.roles, behind_wave=flow.sums_leave and system.array.fold_overlap == "wave"),
        steps=folds.steps,
        segments=(
            ifmap_segments(layer.streams.ifmap, 0, folds, shape.group_channels),
            linear_segments(layer.streams.filter, 1, weights.tile, weights.chunk),
            reads,
            output,
        ),
        geometry=shape.geometry(cut.rows, cut.channels, planar=flow.planar),
        regions=regions,
        ops=ops,
        queue_start=queue_start,
        tiles=int(regions[:, Reg.TILES].sum()),
        slots=int(regions[:, Reg.SLOTS].sum()),
        split=folds.sharing.split,
        folds=fold_records(folds) if with_folds else (),
        facts=_facts(op, layer, tiling, plans, ops),
    )
