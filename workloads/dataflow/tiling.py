"""Tiling: the loop nest and the division of the scratchpads with the least main-memory traffic, before anything is planned."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from simcore.program.program import Int64Array, Port
from simcore.spec.system import System
from workloads.dataflow.ahead import bytes_ahead, bytes_in_flight, bytes_per_cycle, rate
from workloads.dataflow.candidates import Candidates, neighbours, steps
from workloads.dataflow.dataflow import Dataflow
from workloads.dataflow.loops import Loops
from workloads.dataflow.nest_traffic import NestTraffic, all_nests
from workloads.dataflow.regions import OUTPUT_BYTES, tenants_of
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.sharing import Sharing, sharings
from workloads.dataflow.tiles import target_bytes
from workloads.dataflow.traffic import Amount, Floats, Reuse, Traffic, running_product

#: Among nests whose traffic is within this factor of the least, the one that takes the fewest cycles is taken.
ALIKE = 1.05
#: Cycles within this factor of the fewest count as equal.
ABOUT = 1.01
#: A part that is just what a tensor needs is taken if it moves less than this fraction of what equal parts move.
CLEARLY = 0.98
#: The most ways to share a layer among arrays for which a tiling is sought: those of the fewest steps.
MOST_WAYS = 3
#: The part of a layer's steps that transfers are expected not to hide, where ways to share it are compared.
NOT_HIDDEN = 0.1
#: The tilings that are planned where the closed form is not exact, and the factor by which they may take longer.
TRIED, MUCH_LONGER = 8, 2
#: Tilings that are remembered.
MOST_KNOWN = 1024
#: Where there are more nests than this, a few are counted first, and those that cannot be faster are not counted.
MANY, FEW = 1000, 8
#: The parts in which a scratchpad is divided among its tensors: at first, and then for the best nests.
COARSE_PARTS, FINE_PARTS, BEST, ROUGHLY = 8, 32, 40, 1.1

_PORTS = {"ifmap": Port.IFMAP, "filter": Port.FILTER, "psum": Port.OUTPUT}


@dataclass(frozen=True)
class Tiling:
    """The loops of a layer, how arrays share it, and the bytes that it is expected to move, in the cycles expected.

    ``wants`` are the bytes that each tensor is to have in its scratchpad, and ``whole`` those that it has in all. With
    ``holds_folds`` tiles of the ifmap are so small that its share holds all those that two folds in sequence read.
    """

    sharing: Sharing
    loops: Loops
    wants: dict[str, int]
    whole: dict[str, int]
    expected_bytes: int
    expected_cycles: float
    holds_folds: bool = False


class _Pads:
    """What each scratchpad can hold of the tensors of one layer."""

    def __init__(self, shape: ConvShape, system: System, sharing: Sharing) -> None:
        self.shape, self.system, self.sharing = shape, system, sharing
        self._groups, self._in_flight = sharing.split.groups, bytes_in_flight(system)
        #: Bytes that main memory moves in a cycle.
        self.rate = bytes_per_cycle(system)
        leaves = sharing.flow.sums_leave and sharing.folds_along(shape)[0] > 1
        words = system.words
        self.results = shape.pixels * shape.filters * words.ofmap_bytes
        self._specs = {str(pad): spec for pad, spec in system.scratchpads.items()}
        tenants = tenants_of(system, ["ifmap", "filter", *(["psum"] if leaves else []), "ofmap"])
        #: The tensors of each scratchpad among which it is to be divided. Results take a few tiles of it.
        self.divided = {pad: [name for name in names if name != "ofmap"] for pad, names in tenants.items()}
        self.home_of_results = next(pad for pad, names in tenants.items() if "ofmap" in names)
        totals = {"ifmap": shape.ifmap_words() * words.ifmap_bytes, "filter": shape.filters * shape.taps * words.filter_bytes}
        sums = self._groups * shape.pixels * shape.group_filters * words.psum_bytes
        self.totals = totals | {"psum": sums, "ofmap": self.results}

    def unit(self, pad: str) -> int:
        """Return the bytes of which a part of a scratchpad is a multiple: a line of each bank, or a line if it has few."""
        spec = self._specs[pad]
        return spec.line_bytes * (spec.banks if spec.capacity_bytes // (spec.line_bytes * spec.banks) >= COARSE_PARTS else 1)

    def for_results(self, pad: str) -> int:
        """Return the bytes of a scratchpad that results get."""
        if pad != self.home_of_results:
            return 0
        unit, capacity = self.unit(pad), self._specs[pad].capacity_bytes
        return -(-min(OUTPUT_BYTES, self.results, capacity // 16) // unit) * unit

    def parts(self, pad: str, most: int) -> tuple[int, Int64Array]:
        """Return into how many parts, at most ``most``, a scratchpad is divided, and the bytes of 1, 2, ... parts."""
        unit = self.unit(pad)
        units = (self._specs[pad].capacity_bytes - self.for_results(pad)) // unit
        count = max(1, min(most, units))
        return count, np.arange(1, count + 1) * units // count * unit

    def entering(self, used: Reuse, part: Amount) -> list[Floats]:
        """Return what enters a tensor's scratchpad (see ``Reuse.entering``) for a group if it gets ``part`` bytes of it.

        Groups that are worked on at once share these bytes.
        """
        on_the_way = bytes_ahead(self._in_flight, part) + target_bytes(part)
        return used.entering(part / self._groups, np.maximum(0.0, part - on_the_way) / self._groups)


def _moved(pads: _Pads, traffic: Traffic, tensor: str, used: Reuse, part: Amount) -> Floats:
    """Return the bytes that move if a tensor gets ``part`` bytes. A partial sum that comes back was stored before."""
    moved = pads.entering(used, part)[-1]
    return 2 * (moved - traffic.total(_PORTS[tensor])) if tensor == "psum" else moved


def tilings(shape: ConvShape, system: System, flow: Dataflow) -> list[Tiling]:
    """Return the best tiling for each way to share the layer among the arrays that is worth a try, in order of preference.

    Each is the tiling of the fewest cycles among those with about the least traffic. Tiling "whole" allows only SCALE-Sim's
    folds. The ways that take about the fewest cycles come first, among them those of the fewest arrays: where main memory is the
    limit, more arrays at once would only wait for more data together.
    """
    *several, alone = sharings(shape, system.array, flow)
    found = [_best_tiling(shape, system, way) for way in (*several[:MOST_WAYS], alone)]
    taken = [tiling.expected_cycles + NOT_HIDDEN * tiling.sharing.least_steps(shape) for tiling in found]
    order = sorted(range(len(found)), key=lambda way: (max(taken[way], ABOUT * min(taken)), found[way].sharing.split.arrays))
    return [found[way] for way in order]


#: The closed form's best tiling of each layer, machine and way to share the layer.
_known: OrderedDict[tuple[Hashable, ...], Tiling] = OrderedDict()


def remember(known: OrderedDict[tuple[Hashable, ...], Tiling], key: tuple[Hashable, ...], tiling: Tiling) -> None:
    """Note a tiling in place of the oldest one, if there are many."""
    known[key] = tiling
    if len(known) > MOST_KNOWN:
        known.popitem(last=False)


def key_of(shape: ConvShape, system: System, chosen: Sharing | Dataflow) -> tuple[Hashable, ...]:
    """Return everything that a tiling depends on if the way to share the layer is chosen, or only the dataflow."""
    pads = tuple((name, pad.capacity_bytes, pad.line_bytes, pad.banks) for name, pad in system.scratchpads.items())
    machine = (system.array, system.words, pads, system.tiling, bytes_in_flight(system), bytes_per_cycle(system), rate(system))
    return (shape, chosen, *machine)


def least_tilings(shape: ConvShape, system: System, instead_of: Tiling) -> list[Tiling]:
    """Return a few tilings of the least expected traffic, the least first, that do not take much longer than another one."""
    sharing = instead_of.sharing
    pads, found = _Pads(shape, system, sharing), all_nests(shape, system, sharing)
    found = _worth_dividing(pads, found.only(steps(found.nests, shape, sharing) <= MUCH_LONGER * instead_of.expected_cycles))
    moved, wants = _least(pads, found.traffic, FINE_PARTS)
    least = found.only(np.lexsort((steps(found.nests, shape, sharing), moved.round()))[:TRIED])
    moved, wants = _least(pads, least.traffic, FINE_PARTS)
    moved = shape.groups * moved + pads.results
    cycles = _cycles(pads, least.traffic, steps(least.nests, shape, sharing), wants, moved)
    found_tilings = [_tiling(pads, least.nests, index, moved, wants, cycles[index]) for index in range(len(least))]
    return [replace(tiling, holds_folds=instead_of.holds_folds) for tiling in found_tilings]


def _best_tiling(shape: ConvShape, system: System, sharing: Sharing) -> Tiling:
    key = key_of(shape, system, sharing)
    known = _known.get(key)
    if known is None:
        pads = _Pads(shape, system, sharing)
        found = _worth_dividing(pads, all_nests(shape, system, sharing))
        index, known = _best(pads, found)
        if system.tiling != "whole":
            near = neighbours(found.nests.only(np.array([index])), shape, sharing)
            known = _best(pads, NestTraffic.of(near, shape, system, sharing))[1]
        remember(_known, key, known)
    return known


def _worth_dividing(pads: _Pads, found: NestTraffic) -> NestTraffic:
    """Return the nests for which scratchpads are divided finely: all of them if tensors share none."""
    shared = any(len(tensors) > 1 for tensors in pads.divided.values())
    return found.only(_promising(pads, found)) if shared else found


def _promising(pads: _Pads, found: NestTraffic) -> Int64Array:
    """Return the nests worth dividing the scratchpads finely for: those of about the least traffic, and of them the shortest."""
    shape, sharing = pads.shape, pads.sharing
    traffic, _ = _least(pads, found.traffic, COARSE_PARTS)
    least = np.lexsort((steps(found.nests, shape, sharing), traffic.round()))[:BEST]
    alike = np.flatnonzero(traffic <= ROUGHLY * traffic.min())
    quick = alike[np.lexsort((traffic[alike].round(), steps(found.nests.only(alike), shape, sharing)))[:BEST]]
    return np.unique(np.concatenate((least, quick)))


def _best(pads: _Pads, found: NestTraffic) -> tuple[int, Tiling]:
    """Return the index of the nest that is taken, and the tiling that it makes."""
    moved, wants = _least(pads, found.traffic, FINE_PARTS)
    moved = pads.shape.groups * moved + pads.results
    alike = np.flatnonzero(moved <= ALIKE * moved.min())
    taken = steps(found.nests.only(alike), pads.shape, pads.sharing)

    def cycles_of(chosen: Int64Array, steps_taken: Int64Array) -> Floats:
        some = {name: size[chosen] for name, size in wants.items()}
        return _cycles(pads, found.traffic.only(chosen), steps_taken, some, moved[chosen])

    if len(alike) > MANY:
        bound = np.maximum(taken, moved[alike] / pads.rate)
        few = np.argsort(bound, kind="stable")[:FEW]
        hopeful = bound <= ABOUT * cycles_of(alike[few], taken[few]).min()
        alike, taken = alike[hopeful], taken[hopeful]
    cycles = cycles_of(alike, taken)
    quick = np.flatnonzero(cycles <= ABOUT * cycles.min())
    best = quick[np.argmin(moved[alike[quick]].round())]
    return int(alike[best]), _tiling(pads, found.nests, int(alike[best]), moved, wants, cycles[best])


def _tiling(pads: _Pads, found: Candidates, index: int, moved: Floats, wants: dict[str, Floats], cycles: float) -> Tiling:
    sizes = {name: int(size[index]) for name, size in wants.items()} | {"ofmap": pads.for_results(pads.home_of_results)}
    whole = {name: pads.totals[name] for name in sizes}
    return Tiling(pads.sharing, found.loops(index), sizes, whole, int(moved[index]), float(cycles))


def _cycles(pads: _Pads, traffic: Traffic, every: Int64Array, wants: dict[str, Floats], moved: Floats) -> Floats:
    """Return the cycles that each nest is expected to take: its steps, or the time in which main memory moves its bytes.

    ``every`` are its steps. They are joined by the time for which the first folds wait for what they load, and for which the last
    results are stored.
    """
    shape, sharing = pads.shape, pads.sharing
    folds = np.concatenate((np.ones((1, len(every))), running_product(traffic.nests.turns)))
    taken = every / (sharing.group_folds(shape) * folds[-1]) * folds
    loaded = sum(np.stack(pads.entering(traffic.reuse(_PORTS[name]), wants[name])) for name in ("ifmap", "filter"))
    stored = traffic.results() * pads.system.words.ofmap_bytes
    waits = sum(np.maximum(0.0, part / (pads.rate / sharing.split.groups) - taken).max(axis=0) for part in (loaded, stored))
    return np.asarray(np.maximum(every + waits, moved / pads.rate))


# The division of a scratchpad ---------------------------------------------------------------------------------------------------


def _least(pads: _Pads, traffic: Traffic, most_parts: int) -> tuple[Floats, dict[str, Floats]]:
    """Return for each nest the bytes moved, with the division of each scratchpad that moves the least, and that division."""
    count = len(traffic.nests)
    moved = np.zeros(count)
    wants: dict[str, Floats] = {}
    for pad, tensors in pads.divided.items():
        parts, sizes = pads.parts(pad, most_parts if len(tensors) > 1 else 1)
        if sum(pads.totals[tensor] for tensor in tensors) <= sizes[-1] or parts < len(tensors):
            moved += sum(traffic.total(_PORTS[tensor]) for tensor in tensors if tensor != "psum")
            wants |= {tensor: np.full(count, float(pads.totals[tensor])) for tensor in tensors}
            continue
        used = {tensor: traffic.reuse(_PORTS[tensor]) for tensor in tensors}

        def cost(tensor: str, part: Amount, used: dict[str, Reuse] = used) -> Floats:
            return _moved(pads, traffic, tensor, used[tensor], part)

        ways = _ways(tensors, sizes, used, pads.unit(pad))
        total = np.zeros((len(ways[tensors[0]]), count)) + sum(cost(tensor, part) for tensor, part in ways.items())
        chosen = _cheapest(total, parts), np.arange(count)
        moved += total[chosen]
        wants |= {tensor: np.broadcast_to(part, total.shape)[chosen] for tensor, part in ways.items()}
    return moved, wants


def _cheapest(total: Floats, parts: int) -> Int64Array:
    """Return the cheapest way for each nest: one of equal parts, unless another one is clearly cheaper.

    Of several that are equally cheap the middle one is taken, which leaves each tensor bytes to spare.
    """
    equal = total[: parts - 1] if parts > 1 else total
    least = equal.min(axis=0)
    cheapest = equal <= least + 0.5
    best = (np.cumsum(cheapest, axis=0) == (cheapest.sum(axis=0) + 1) // 2).argmax(axis=0)
    exact = total.argmin(axis=0)
    return np.asarray(np.where(total.min(axis=0) < CLEARLY * least, exact, best))


def _ways(tensors: list[str], sizes: Int64Array, used: dict[str, Reuse], unit: int) -> dict[str, Floats]:
    """Return the bytes of each tensor of a scratchpad in many ways to divide it, [way, nest] or [way, 1].

    The parts are those of ``sizes`` that fill it; of two tensors one may also get just what a part of the nest needs of it.
    """
    if len(tensors) == 1:
        return {tensors[0]: np.array([[float(sizes[-1])]])}
    counts = np.array([way for way in product(range(1, len(sizes) + 1), repeat=len(tensors)) if sum(way) == len(sizes)])
    found = {tensor: sizes[count - 1].astype(np.float64)[:, None] for tensor, count in zip(tensors, counts.T, strict=True)}
    if len(tensors) > 2:
        return found
    first, second = (np.ceil(used[tensor].largest / unit) * unit for tensor in tensors)
    whole = float(sizes[-1])
    exact = np.clip(np.concatenate((first, whole - second)), unit, whole - unit)
    grid = np.broadcast_to(found[tensors[0]], (len(counts), exact.shape[1]))
    parts = np.concatenate((grid, exact))
    return {tensors[0]: parts, tensors[1]: whole - parts}
