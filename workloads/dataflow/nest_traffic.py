"""The loop nests of a layer with their traffic, kept for layers of equal shape: they do not depend on what scratchpads hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
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


_kept: OrderedDict[Hashable, NestTraffic] = OrderedDict()


def all_nests(shape: ConvShape, system: System, sharing: Sharing) -> NestTraffic:
    """Return the nests to compare for a layer, with their traffic."""
    key = (shape, sharing, system.array, system.words, system.tiling)
    found = _kept.pop(key, None) or NestTraffic.of(candidates(shape, system, sharing), shape, system, sharing)
    _kept[key] = found
    while sum(map(len, _kept.values())) > MOST_KEPT:
        _kept.popitem(last=False)
    return found
