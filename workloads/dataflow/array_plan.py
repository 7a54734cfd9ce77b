"""The plan of one layer on the array: its folds, its tensors in tiles, and its DMA operations.

The closed form that chooses a tiling knows a tensor's bytes, but not the size of its tiles or how well they fill their slots. In
small scratchpads that matters: a tile too many, and a whole tensor is loaded again and again. Where the plan of a tiling moves
another amount than the closed form expects, a few other tilings are therefore planned too. Where it moves more, the same tiling
is tried first with smaller tiles of the ifmap. A fold of a large batch reads a few rows and channels of each of many images. If
the tiles that hold them do not fit, each fold loads again what the one before it evicted. Where all this does not help, tilings
for smaller scratchpads are tried. What serves there serves here, too, so that more capacity hardly ever costs bytes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, replace

from simcore.errors import InputError
from simcore.program.program import Int64Array, Port
from simcore.spec.system import System
from workloads.dataflow.ahead import bytes_per_cycle, tiles_ahead
from workloads.dataflow.dataflow import Dataflow
from workloads.dataflow.folds import build_folds
from workloads.dataflow.ifmap_uses import IfmapTiles
from workloads.dataflow.lead import in_time, steps_of
from workloads.dataflow.operations import RegionPlan, build_operations, moved_bytes, plan_region
from workloads.dataflow.regions import region_rows, shares
from workloads.dataflow.segments import fold_streams
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.smaller import smaller_machines
from workloads.dataflow.tensors import ArrayLayer, Tensor, filters, ifmap, results
from workloads.dataflow.tiling import ALIKE, Tiling, key_of, least_tilings, remember, tilings

#: The tilings that were found by planning several, of each layer, machine and dataflow.
_planned: OrderedDict[tuple[Hashable, ...], Tiling] = OrderedDict()

#: The closed form is exact if a plan moves what it expects within this fraction.
EXACT = 0.02
#: A plan that moves more than so many times what is expected may be worse than one for smaller scratchpads.
UNEXPECTED = ALIKE * (1 + EXACT)
#: The factor by which a tiling for smaller scratchpads may take longer.
LONGER = 1.25
#: Operations of the plans that are tried where a plan moves more than expected, and where it moves less; uses of these plans.
TRIED_OPERATIONS, TRIED_IF_LESS, TRIED_USES = 60_000, 3_000, 2_000_000


@dataclass(frozen=True)
class Tensors:
    """The tensors of a layer, each in tiles in its share of a scratchpad."""

    cut: IfmapTiles
    ifmap: Tensor
    weights: Tensor
    psum: Tensor | None
    ofmap: Tensor


@dataclass(frozen=True)
class ArrayPlan:
    """A layer under one tiling: the plans of its regions, and the ``regions``, ``ops`` and ``queue_start`` of its Program."""

    tiling: Tiling
    layer: ArrayLayer
    tensors: Tensors
    regions_planned: list[RegionPlan]
    regions: Int64Array
    ops: Int64Array
    queue_start: Int64Array

    @property
    def moved_bytes(self) -> int:
        """Return the bytes that the plan moves from and to main memory."""
        return sum(moved_bytes(self.ops).values())

    @property
    def uses(self) -> int:
        """Return the uses of the tiles of all tensors."""
        return sum(len(item.uses) for item in self.regions_planned)

    @property
    def holds_folds(self) -> bool:
        """Return whether the ifmap's share holds the tiles that two folds in sequence read."""
        uses, region = self.tensors.ifmap.uses, self.tensors.ifmap.region
        return region.slots == region.tiles or uses.of_two_runs(self.layer.streams.ifmap.first_element) < region.slots


def plan_array(name: str, shape: ConvShape, system: System, flow: Dataflow) -> ArrayPlan:
    """Return the plan of a layer that moves about the least, and of such plans the one of the fewest steps.

    A plan that takes much longer than the closed form's choice, or than the best of those tried before it, is not among them.
    Raise InputError if a scratchpad cannot hold the data that one element of a stream needs.
    """
    key = key_of(shape, system, flow)
    if key in _planned:
        return _plan(name, shape, system, _planned[key])
    plan = _first_that_fits(name, shape, system, tilings(shape, system, flow))
    expected, moved = plan.tiling.expected_bytes, plan.moved_bytes
    if system.tiling == "whole" or abs(moved - expected) <= EXACT * expected:
        return plan
    plans = [plan]
    if moved > expected and not flow.planar and not plan.holds_folds:
        plans = _with(plans, name, shape, system, [replace(plan.tiling, holds_folds=True)])
    if moved < expected or plans[-1].moved_bytes > ALIKE * expected:
        operations = TRIED_OPERATIONS if moved > expected else TRIED_IF_LESS
        tried = min(operations // len(plans[-1].ops), TRIED_USES // plans[-1].uses)
        others = least_tilings(shape, system, plans[-1].tiling)[:tried]
        plans = _with(plans, name, shape, system, [other for other in others if other != plans[-1].tiling])
    if _least(plans) > UNEXPECTED * expected:
        plans = _or_as_in_smaller(plans, name, shape, system, flow)
    best = _quickest(plans)
    tiling = replace(best.tiling, expected_bytes=best.moved_bytes)
    remember(_planned, key, tiling)
    return replace(best, tiling=tiling)


def _alike(plans: list[ArrayPlan]) -> list[ArrayPlan]:
    """Return the plans that move about the least."""
    return [plan for plan in plans if plan.moved_bytes <= ALIKE * _least(plans)]


def _quickest(plans: list[ArrayPlan]) -> ArrayPlan:
    """Return the plan of the fewest steps."""
    return min(plans, key=lambda plan: (plan.layer.folds.steps, plan.moved_bytes))


def _least(plans: list[ArrayPlan]) -> int:
    """Return the fewest bytes that a plan moves."""
    return min(plan.moved_bytes for plan in plans)


def _or_as_in_smaller(plans: list[ArrayPlan], name: str, shape: ConvShape, system: System, flow: Dataflow) -> list[ArrayPlan]:
    """Return those that move about the least of some plans and of those that move less under a tiling for smaller scratchpads.

    Each row of smaller machines is followed to the first whose tiling moves here about what is expected there. Machines that
    follow are expected to move more. A plan of more steps than ``LONGER`` times the time of the one that would be taken is left
    out: where main memory is not the limit, fewer bytes are no reason to compute far longer.
    """
    quickest = _quickest(plans)
    longest = LONGER * max(quickest.layer.folds.steps, quickest.moved_bytes / bytes_per_cycle(system))
    known = [(plan.tiling.sharing, plan.tiling.loops) for plan in plans]
    for machines in smaller_machines(system):
        for machine in machines:
            tiling = tilings(shape, machine, flow)[0]
            if tiling.expected_bytes >= _least(plans):
                break
            if (tiling.sharing, tiling.loops) in known:
                continue
            known.append((tiling.sharing, tiling.loops))
            with suppress(InputError):
                plan = _plan(name, shape, system, tiling)
                if plan.moved_bytes < _least(plans) and plan.layer.folds.steps <= longest:
                    plans = _alike([*plans, plan])
            if _least(plans) <= ALIKE * tiling.expected_bytes:
                break
    return plans


def _with(plans: list[ArrayPlan], name: str, shape: ConvShape, system: System, found: list[Tiling]) -> list[ArrayPlan]:
    """Return those that move about the least of some plans and of those under more tilings, as far as these can be planned."""
    for tiling in found:
        with suppress(InputError):
            plans = _alike([*plans, _plan(name, shape, system, tiling)])
    return plans


def _first_that_fits(name: str, shape: ConvShape, system: System, found: list[Tiling]) -> ArrayPlan:
    """Return the plan under the first tiling for which scratchpads can hold the data of one element.

    Raise InputError if there is none.
    """
    for tiling in found[:-1]:
        with suppress(InputError):
            return _plan(name, shape, system, tiling)
    return _plan(name, shape, system, found[-1])


def _plan(name: str, shape: ConvShape, system: System, tiling: Tiling) -> ArrayPlan:
    """Return the plan under one tiling."""
    folds = build_folds(shape, tiling.sharing, tiling.loops)
    layer, tensors = _in_shares(ArrayLayer(name, shape, system, folds, fold_streams(folds), {}, tiling.holds_folds), tiling)
    plans = _region_plans(layer, tensors)
    regions = region_rows([item.region for item in plans])
    streams = layer.streams
    by_port = {Port.IFMAP: streams.ifmap, Port.FILTER: streams.filter, Port.OUTPUT: streams.output}
    due = [steps_of(by_port[item.port], item.uses.first[item.placement.use]) for item in plans]
    ops, queue_start = build_operations(plans, regions, due, folds.steps)
    return ArrayPlan(tiling, layer, tensors, plans, regions, ops, queue_start)


def _tensors(layer: ArrayLayer) -> Tensors:
    psum = results(layer, "psum") if layer.folds.accumulates else None
    return Tensors(*ifmap(layer), filters(layer), psum, results(layer, "ofmap"))


def _in_shares(layer: ArrayLayer, tiling: Tiling) -> tuple[ArrayLayer, Tensors]:
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


def _region_plans(layer: ArrayLayer, tensors: Tensors) -> list[RegionPlan]:
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
