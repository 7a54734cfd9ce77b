"""The loop nests of a layer with their traffic, kept for layers of equal shape: they do not depend on what scratchpads hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from simcore.spec.system import System
from workloads.dataflow.candidates import Candidates, candidates, nests
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.sharing import Sharing
from workloads.dataflow.traffic import Traffic

#: The most nests that are kept, of all layers together. Each takes about one KiB.
MOST_KEPT = 1 << 18


@dataclass(frozen=True)
class NestTraffic:
    """Some loop nests, and their traffic under any division of the scratchpads."""

    nests: Candidates
    traffic: Traffic

    @staticmethod
    def of(found: Candidates, shape: ConvShape, system: System, sharing: Sharing) -> NestTraffic:
        """Return nests with their traffic."""
        return NestTraffic(found, Traffic(shape, system, sharing, nests(found, shape, sharing)))

    def only(self, chosen: npt.NDArray[Any]) -> NestTraffic:
        """Return some of the nests, by their indices or by a mask."""
        return NestTraffic(self.nests.only(chosen), self.traffic.only(chosen))

    def __len__(self) -> int:
        return len(self.nests)


class KeptNests:
    """Nests by key, of which those that were not asked for longest make room where there are more than ``most`` of them.

    How many are kept is counted as they come and go: planning asks thousands of times, and counting all again took longer than
    planning in a process that had planned many small layers.
    """

    def __init__(self, most: int) -> None:
        self._found: OrderedDict[Hashable, NestTraffic] = OrderedDict()
        self._most, self._nests = most, 0

    def of(self, key: Hashable, make: Callable[[], NestTraffic]) -> NestTraffic:
        """Return the nests under a key, which ``make`` makes if they are not kept."""
        found = self._found.get(key)
        if found is not None:
            self._found.move_to_end(key)
            return found
        found = self._found[key] = make()
        self._nests += len(found)
        while self._nests > self._most:
            self._nests -= len(self._found.popitem(last=False)[1])
        return found


_kept = KeptNests(MOST_KEPT)


def all_nests(shape: ConvShape, system: System, sharing: Sharing) -> NestTraffic:
    """Return the nests to compare for a layer, with their traffic."""
    key = (shape, sharing, system.array, system.words, system.tiling)
    return _kept.of(key, lambda: NestTraffic.of(candidates(shape, system, sharing), shape, system, sharing))
