"""When loads must begin so that the array need not wait for them, and placements that let them begin by then.

A plan has a demand: the bytes that must have been loaded by each step. Main memory moves them at a rate. Seen from the end, a
load must begin so early that it, and all loads that are needed after it, are done in time. Where many loads are needed within a
short time, their slots must be released long before: the tiles that are kept must then be fewer, or others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from simcore.program.program import Int64Array
from simcore.spec.system import System
from workloads.dataflow.ahead import bytes_in_flight, most_tiles_ahead, rate, tiles_ahead
from workloads.dataflow.operations import RegionPlan
from workloads.dataflow.plan_kernels import compiled_pays, plan_kernel
from workloads.dataflow.planner import Lead, place
from workloads.dataflow.segments import Stream
from workloads.dataflow.uses import Uses

Floats = npt.NDArray[np.float64]

#: If main memory takes so many times as long as the array, it has loads to serve at any time, and only fewer bytes help.
_ALWAYS_BEHIND = 2.0
#: A burst that has arrived is written into its lines and seen by the array within about this many cycles.
_HANDLING_CYCLES = 8


@dataclass(frozen=True)
class Loads:
    """Loads of tiles: the cycle in which each is ``needed``, and the cycles that main memory ``takes`` to move it."""

    needed: Floats
    takes: Floats


def _keys_up_to(keys: Int64Array | Floats, values: Int64Array | Floats, side: Literal["left", "right"]) -> Int64Array:
    """Return what ``np.searchsorted`` returns, where ``values`` are sorted, too. The fewer are searched for among the others."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    before, end = (int(np.searchsorted(keys, value, side=side)) for value in (values[0], values[-1]))
    among = keys[before:end]
    if len(values) <= len(among):
        return np.asarray(before + np.searchsorted(among, values, side=side))
    ends = np.searchsorted(values, among, side="right" if side == "left" else "left")
    return np.repeat(np.arange(before, end + 1), np.diff(ends, prepend=0, append=len(values)))


@dataclass(frozen=True)
class Demand:
    """All loads in the order in which they are ``needed``, and the cycle ``before`` which one more, needed then, must have moved.

    ``before`` has one more entry: nothing follows a load that is needed after all others.
    """

    needed: Floats
    before: Floats

    @staticmethod
    def of(among: Sequence[Loads]) -> Demand:
        """Return the demand of some loads. Main memory moves one at a time, in the order in which they are needed."""
        needed = np.concatenate([each.needed for each in among])
        order = np.argsort(needed, kind="stable")
        needed, takes = needed[order], np.concatenate([each.takes for each in among])[order]
        moved = np.cumsum(takes)
        spare = np.minimum.accumulate((needed - moved)[::-1])[::-1]
        return Demand(needed, np.append(spare + moved - takes, np.inf))

    def begins(self, loads: Loads, latency_cycles: float) -> Floats:
        """Return what :func:`latest_begins` returns."""
        others = self.before[_keys_up_to(self.needed, loads.needed, "left")]
        begins = np.minimum(loads.needed, others) - loads.takes - latency_cycles
        return np.asarray(np.minimum.accumulate(begins[::-1])[::-1])


def latest_begins(loads: Loads, among: Sequence[Loads], latency_cycles: float) -> Floats:
    """Return the cycle in which each of ``loads``, as one more than ``among``, must begin so that all are done in time.

    Main memory moves one load at a time, in the order in which they are needed, which is that of ``loads``. Each is done
    ``latency_cycles`` later. No load begins later than one that is needed after it.
    """
    return Demand.of(among).begins(loads, latency_cycles)


def steps_of(stream: Stream, elements: Int64Array) -> Int64Array:
    """Return the step in which each element of a stream is due. ``elements`` are sorted."""
    first = stream.first_element
    fold = _keys_up_to(first, elements, "right") - 1
    return np.asarray(stream.due[fold] + elements - first[fold])


def elements_before(stream: Stream, steps: Floats) -> Int64Array:
    """Return how many elements of a stream are due before each step. ``steps`` are sorted."""
    fold = np.maximum(_keys_up_to(stream.due, steps, "right") - 1, 0)
    passed = np.floor(steps).astype(np.int64) - stream.due[fold]
    return np.asarray(stream.first_element[fold] + np.clip(passed, 0, stream.count[fold]))


def begins_compiled(uses: Uses, stream: Stream, demand: Demand, takes: Floats, times: Floats) -> Int64Array:
    """Return the elements before which a load for each use must begin, in compiled code.

    ``takes`` are the cycles for which main memory moves each tile. ``times`` are the cycles per step, and main memory's latency.
    """
    found, folds = np.empty_like(uses.first), np.stack((stream.first_element, stream.due, stream.count), axis=1)
    floats = [np.ascontiguousarray(each).view(np.int64) for each in (takes, demand.needed, demand.before, times)]
    takes_, needed, before, times_ = floats
    plan_kernel("use_loops", "latest_begins")(uses.first, uses.tile, takes_, needed, before, folds, times_, found)
    return found


def in_time(plans: list[RegionPlan], streams: list[Stream], system: System, steps: int, stored_bytes: int) -> list[RegionPlan]:
    """Return the plans, those placed anew of which a load could not begin in time. ``streams`` release the slots of each.

    ``steps`` are those of the layer, in which ``stored_bytes`` of results move, too. Partial sums that leave are counted here.
    """
    loaded = [int(each.region.tile_bytes[each.loaded].sum()) for each in plans]
    moved = sum(loaded) + stored_bytes + sum(each.spilled_bytes for each in plans)
    # If memory is the limit, the steps of the array take so much longer.
    cycles_per_step = max(1.0, moved / rate(system) / steps)
    if sum(loaded) == 0 or cycles_per_step >= _ALWAYS_BEHIND:
        return plans
    # Stores take their part of the rate throughout.
    per_byte = moved / sum(loaded) / rate(system)
    latency_cycles = bytes_in_flight(system) / rate(system) + _HANDLING_CYCLES

    def loads(plan: RegionPlan, stream: Stream, use: Int64Array) -> Loads:
        needed = steps_of(stream, plan.uses.first[use]) * cycles_per_step
        takes = plan.region.tile_bytes[plan.uses.tile[use]] * per_byte
        return Loads(needed.astype(np.float64), takes.astype(np.float64))

    demand = Demand.of([loads(plan, stream, plan.loading_uses) for plan, stream in zip(plans, streams, strict=True)])

    def begins(plan: RegionPlan, stream: Stream) -> Int64Array:
        """Return the elements before which a load for each use must begin."""
        if compiled_pays(len(plan.uses)):
            takes = np.asarray(plan.region.tile_bytes * per_byte, dtype=np.float64)
            return begins_compiled(plan.uses, stream, demand, takes, np.array([cycles_per_step, latency_cycles]))
        cycles = demand.begins(loads(plan, stream, np.arange(len(plan.uses), dtype=np.int64)), latency_cycles)
        return elements_before(stream, cycles / cycles_per_step)

    return [
        _placed(plan, begins(plan, stream), system) if plan.has_a_choice else plan
        for plan, stream in zip(plans, streams, strict=True)
    ]


def _placed(plan: RegionPlan, begins: Int64Array, system: System) -> RegionPlan:
    """Return the plan, placed anew if a load waits for an element that is not among the first ``begins`` of its use."""
    placement = plan.placement
    if (placement.released < begins[placement.use])[plan.fresh[placement.use] == 0].all():
        return plan
    capacity, tile = plan.region.share.capacity_bytes, int(plan.region.tile_bytes.max())
    lead = Lead(tiles_ahead(system, capacity, tile), most_tiles_ahead(capacity, tile), begins)
    return replace(plan, placement=place(plan.uses, plan.region.slots, lead))
