"""Tiling: the loop nest and the division of the scratchpads with the least main-memory traffic, before anything is planned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from simcore.program.program import Int64Array, Port
from simcore.spec.system import System
from workloads.dataflow.ahead import bytes_ahead, bytes_per_cycle
from workloads.dataflow.candidates import Candidates, candidates, neighbours, nests, steps
from workloads.dataflow.dataflow import Dataflow
from workloads.dataflow.loops import Loops
from workloads.dataflow.regions import OUTPUT_BYTES, tenants_of
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.sharing import Sharing, sharings
from workloads.dataflow.tiles import target_bytes
from workloads.dataflow.traffic import Amount, Floats, Nests, Reuse, Traffic

#: Among nests whose traffic is within this factor of the least, the one that takes the fewest cycles is taken.
ALIKE = 1.05
#: Cycles within this factor of the fewest count as equal.
ABOUT = 1.01
#: The parts in which a scratchpad is divided among its tensors: at first, and then for the best nests.
COARSE_PARTS, FINE_PARTS, BEST, ROUGHLY = 8, 32, 40, 1.1
#: The most ways to share a layer among arrays for which a tiling is sought: those of the fewest steps.
MOST_WAYS = 3
#: The part of a layer's steps that transfers are expected not to hide, where ways to share it are compared.
NOT_HIDDEN = 0.1

_PORTS = {"ifmap": Port.IFMAP, "filter": Port.FILTER, "psum": Port.OUTPUT}


@dataclass(frozen=True)
class Tiling:
    """The loops of a layer, how arrays share it, and the bytes that it is expected to move, in the cycles expected.

    ``wants`` are the bytes that each tensor is to have in its scratchpad, and ``whole`` those that it has in all.
    """

    sharing: Sharing
    loops: Loops
    wants: dict[str, int]
    whole: dict[str, int]
    expected_bytes: int
    expected_cycles: float


class _Pads:
    """What each scratchpad can hold of the tensors of one layer."""

    def __init__(self, shape: ConvShape, system: System, sharing: Sharing) -> None:
        self.shape, self.system, self.sharing, self.traffic = shape, system, sharing, Traffic(shape, system, sharing)
        self._groups = sharing.split.groups
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

    def moved(self, tensor: str, used: Reuse, part: Amount) -> Floats:
        """Return the bytes that move if a tensor gets ``part`` bytes. A partial sum that comes back was stored before."""
        moved: Floats = self.entering(used, part)[-1]
        return 2 * (moved - self.traffic.total(_PORTS[tensor])) if tensor == "psum" else moved

    def entering(self, used: Reuse, part: Amount) -> Floats:
        """Return what enters a tensor's scratchpad (see ``Reuse.moved``) for a group if the tensor gets ``part`` bytes of it.

        Groups that are worked on at once share these bytes.
        """
        on_the_way = bytes_ahead(self.system, part) + target_bytes(part)
        return used.moved(part / self._groups, np.maximum(0.0, part - on_the_way) / self._groups)


@dataclass(frozen=True, eq=False)
class _Same:
    """A System that equals only itself, so that a tiling is found again without a comparison of all its keys."""

    system: System

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.system is self.system

    def __hash__(self) -> int:
        return id(self.system)


def tilings(shape: ConvShape, system: System, flow: Dataflow) -> list[Tiling]:
    """Return the best tiling for each way to share the layer among the arrays that is worth a try, in order of preference.

    Each is the tiling of the fewest cycles among those with about the least traffic. Tiling "whole" allows only SCALE-Sim's
    folds. The ways that take about the fewest cycles come first, among them those of the fewest arrays: where main memory is the
    limit, more arrays at once would only wait for more data together.
    """
    *several, alone = sharings(shape, system.array, flow)
    found = [_best_tiling(shape, _Same(system), way) for way in (*several[:MOST_WAYS], alone)]
    taken = [tiling.expected_cycles + NOT_HIDDEN * tiling.sharing.least_steps(shape) for tiling in found]
    order = sorted(range(len(found)), key=lambda way: (max(taken[way], ABOUT * min(taken)), found[way].sharing.split.arrays))
    return [found[way] for way in order]


@lru_cache(maxsize=256)
def _best_tiling(shape: ConvShape, same: _Same, sharing: Sharing) -> Tiling:
    system = same.system
    pads = _Pads(shape, system, sharing)
    found = candidates(shape, system, sharing)
    if any(len(tensors) > 1 for tensors in pads.divided.values()):
        found = found.only(_promising(pads, found))
    index, tiling = _best(pads, found)
    if system.tiling == "whole":
        return tiling
    return _best(pads, neighbours(found.only(np.array([index])), shape, sharing))[1]


def _promising(pads: _Pads, found: Candidates) -> Int64Array:
    """Return the nests worth dividing the scratchpads finely for: those of about the least traffic, and of them the shortest."""
    shape, sharing = pads.shape, pads.sharing
    traffic, _ = _least(pads, nests(found, shape, sharing), COARSE_PARTS)
    least = np.lexsort((steps(found, shape, sharing), traffic.round()))[:BEST]
    alike = np.flatnonzero(traffic <= ROUGHLY * traffic.min())
    quick = alike[np.lexsort((traffic[alike].round(), steps(found.only(alike), shape, sharing)))[:BEST]]
    return np.unique(np.concatenate((least, quick)))


def _best(pads: _Pads, found: Candidates) -> tuple[int, Tiling]:
    """Return the index of the nest that is taken, and the tiling that it makes."""
    traffic, wants = _least(pads, nests(found, pads.shape, pads.sharing), FINE_PARTS)
    moved = pads.shape.groups * traffic + pads.results
    alike = np.flatnonzero(moved <= ALIKE * moved.min())
    cycles = _cycles(pads, found.only(alike), {name: size[alike] for name, size in wants.items()}, moved[alike])
    quick = alike[cycles <= ABOUT * cycles.min()]
    chosen = int(quick[np.argmin(moved[quick].round())])
    sizes = {name: int(size[chosen]) for name, size in wants.items()} | {"ofmap": pads.for_results(pads.home_of_results)}
    whole = {name: pads.totals[name] for name in sizes}
    expected = float(cycles[alike == chosen][0])
    return chosen, Tiling(pads.sharing, found.loops(chosen), sizes, whole, int(moved[chosen]), expected)


def _cycles(pads: _Pads, found: Candidates, wants: dict[str, Floats], moved: Floats) -> Floats:
    """Return the cycles that each nest is expected to take: its steps, or the time in which main memory moves its bytes.

    Steps are joined by the time for which the first folds wait for what they load, and for which the last results are stored.
    """
    shape, sharing, per_cycle = pads.shape, pads.sharing, bytes_per_cycle(pads.system) / pads.sharing.split.groups
    shared, every = nests(found, shape, sharing), steps(found, shape, sharing)
    folds = np.concatenate((np.ones((1, len(found))), np.cumprod(shared.turns, axis=0)))
    taken = every / (sharing.group_folds(shape) * folds[-1]) * folds
    loaded = sum(pads.entering(pads.traffic.reuse(_PORTS[name], shared), wants[name]) for name in ("ifmap", "filter"))
    stored = pads.traffic.results(shared) * pads.system.words.ofmap_bytes
    waits = sum(np.maximum(0.0, part / per_cycle - taken).max(axis=0) for part in (loaded, stored))
    return np.asarray(np.maximum(every + waits, moved / bytes_per_cycle(pads.system)))


def _least(pads: _Pads, shared: Nests, most_parts: int) -> tuple[Floats, dict[str, Floats]]:
    """Return for each nest the bytes moved, with the division of each scratchpad that moves the least, and that division."""
    moved, wants = np.zeros(len(shared)), {}
    for pad, tensors in pads.divided.items():
        count, sizes = pads.parts(pad, most_parts if len(tensors) > 1 else 1)
        used = {tensor: pads.traffic.reuse(_PORTS[tensor], shared) for tensor in tensors}
        if sum(pads.totals[tensor] for tensor in tensors) <= sizes[-1] or count < len(tensors):
            for tensor in tensors:
                moved += pads.moved(tensor, used[tensor], pads.totals[tensor])
                wants[tensor] = np.full(len(shared), pads.totals[tensor])
            continue
        amounts = [np.stack([pads.moved(tensor, used[tensor], float(size)) for size in sizes]) for tensor in tensors]
        chosen = _divided(amounts, count)
        for tensor, amount, index in zip(tensors, amounts, chosen, strict=True):
            moved += amount[index, np.arange(len(shared))]
            wants[tensor] = sizes[index]
    return moved, wants


def _divided(amounts: list[Floats], parts: int) -> list[Int64Array]:
    """Return for each tensor and nest the index of its size, such that the parts fill the scratchpad and the sum is least."""
    ways = np.array([way for way in product(range(1, parts + 1), repeat=len(amounts)) if sum(way) == parts]) - 1
    best = np.zeros(amounts[0].shape[1], dtype=np.int64)
    least = np.full(amounts[0].shape[1], np.inf)
    for index, way in enumerate(ways):
        cost = sum(amount[part] for amount, part in zip(amounts, way, strict=True))
        better = cost < least - 0.5
        best, least = np.where(better, index, best), np.where(better, cost, least)
    return [ways[best, position] for position in range(len(amounts))]
