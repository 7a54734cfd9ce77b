"""The space of a sweep: which networks, systems, run options and keys vary, together or crossed, and under which conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import TypeAlias

from simcore.reading.tree import Entry
from simcore.sweeps.conditions import Condition
from simcore.sweeps.objectives import Objective

#: Names of the axes that are no keys of a System. Run options are written ``run.batch``.
NETWORK, SYSTEM, RUN = "network", "system", "run."
#: The arguments of ``simulate`` that a sweep may vary.
RUN_OPTIONS = ("engine", "dataflow", "layers", "batch", "training")

#: What a point chose: the value of each axis, and of what is fixed.
Choice: TypeAlias = Mapping[str, Entry]


@dataclass(frozen=True)
class Axis:
    """Something that varies: ``network``, ``system``, ``run.OPTION`` or a key of the System, with its values in order."""

    key: str
    values: tuple[Entry, ...]
    where: str


@dataclass(frozen=True)
class Search:
    """A search that tries some points instead of all: how many for each workload, and how they are proposed.

    ``at_once`` points are proposed together, so that processes can share them; the number of processes changes nothing.
    """

    trials: int
    sampler: str = "tpe"
    seed: int = 0
    at_once: int = 10


@dataclass(frozen=True)
class Space:
    """The points of a sweep. ``groups`` are crossed; the axes of one group vary together and have equally many values.

    ``fixed`` holds for every point. A point belongs to the sweep if all ``conditions`` hold. ``folder`` is where relative paths
    begin, or None for the working directory.
    """

    groups: tuple[tuple[Axis, ...], ...]
    fixed: Choice
    conditions: tuple[Condition, ...] = ()
    objectives: tuple[Objective, ...] = ()
    search: Search | None = None
    folder: Path | None = None

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Return all axes in the order in which they were written."""
        return tuple(axis for group in self.groups for axis in group)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the number of values of each group."""
        return tuple(len(group[0].values) for group in self.groups)

    @property
    def combinations(self) -> int:
        """Return the number of points before any condition."""
        return prod(self.sizes)

    def choice(self, indices: tuple[int, ...]) -> Choice:
        """Return what the point at these indices, one for each group, chose."""
        chosen = {axis.key: axis.values[index] for group, index in zip(self.groups, indices, strict=True) for axis in group}
        return {**self.fixed, **chosen}

    def choices(self) -> Iterator[Choice]:
        """Yield all points before any condition. The last group varies fastest."""
        return (self.choice(indices) for indices in product(*map(range, self.sizes)))
