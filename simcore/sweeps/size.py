"""What a sweep will take before it runs: a sample of its points is sized, and scaled up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simcore.engine.shortcuts import Shortcuts
from simcore.errors import InputError
from simcore.estimate import DISK_SPREAD, LOAD_S, MEMORY_SPREAD, SECONDS_SPREAD, Range, RunSize, size_of, spread
from simcore.kinds import RunOrder, kind_of
from simcore.simulation import wanted_layers
from simcore.sweeps.folder import LOG
from simcore.sweeps.log import logged
from simcore.sweeps.resolve import Order, Resolver
from simcore.sweeps.space import Space
from simcore.sweeps.wanted import wanted_choices

#: Points that are looked at.
SAMPLE = 300
#: Seconds to begin with processes, and of each point beside its simulation: to name it, to send it, and to write it down.
BEGIN_S, POINT_S = 2.0, 0.006
#: Bytes of a process that simulates points, of the first process beside its points, and of a point in it.
WORKER_BYTES, FIRST_BYTES, POINT_BYTES = 40e6, 180e6, 10e3
#: Bytes on the disk of a table's description of its columns, of a point, and of a layer's row.
TABLE_DISK_BYTES, POINT_DISK_BYTES, LAYER_DISK_BYTES = 35e3, 650.0, 600.0


@dataclass(frozen=True)
class SweepSize:
    """The size of a sweep: its rows, the points among them that are still to be simulated, and what that takes.

    ``looked_at`` points were looked at; the others were taken for points like them.
    """

    rows: int
    to_simulate: int
    looked_at: int
    seconds: Range
    memory_bytes: Range
    disk_bytes: Range


def sweep_size(space: Space, out: Path | None, jobs: int, *, per_layer: bool = False) -> SweepSize:
    """Return what a sweep takes with so many processes. Points that ``out`` holds are done.

    A search is sized as if each trial were a new point. Raise InputError for conditions that cannot be decided, and if no point
    of the sample can be made.
    """
    resolver = Resolver(space.folder)
    choices = list(wanted_choices(space, resolver))
    rows = len(choices) if space.search is None else min(len(choices), space.search.trials * _works(space))
    sample = choices[:: -(-len(choices) // SAMPLE)] if choices else []
    done = _done(out)
    groups, names, sizes, broken = set(), set(), [], None
    for choice in sample:
        try:
            point = resolver.point(choice)
        except InputError as error:
            broken = error
            continue
        if point.name in done or point.name in names:
            continue
        names.add(point.name)
        if point.group not in groups:
            groups.add(point.group)
            sizes.append(_size(point.order))
    if broken is not None and not names and not done:
        raise broken
    factor = rows / max(len(sample), 1)
    return _scaled(rows, len(sample), len(names) * factor, sizes, factor, jobs, per_layer)


def _scaled(
    rows: int, looked_at: int, points: float, sizes: list[RunSize], factor: float, jobs: int, per_layer: bool
) -> SweepSize:
    """Return the size of a sweep of so many points, of which ``sizes`` are those of the sample that are simulated."""
    simulated = factor * sum(size.seconds.likely - LOAD_S for size in sizes)
    seconds = (BEGIN_S if points else 0.0) + (simulated + POINT_S * points) / jobs
    workers = jobs * max((WORKER_BYTES + size.memory_bytes.likely / 4 for size in sizes), default=0.0) if jobs > 1 else 0.0
    layers = sum(size.layers for size in sizes) / max(len(sizes), 1) if per_layer else 0.0
    return SweepSize(
        rows=rows,
        to_simulate=round(points),
        looked_at=looked_at,
        seconds=spread(seconds, SECONDS_SPREAD),
        memory_bytes=spread(FIRST_BYTES + POINT_BYTES * rows + workers, MEMORY_SPREAD),
        disk_bytes=spread(
            TABLE_DISK_BYTES * (2 if per_layer else 1) + rows * (POINT_DISK_BYTES + LAYER_DISK_BYTES * layers), DISK_SPREAD
        ),
    )


def _size(order: Order) -> RunSize:
    kind = kind_of(order.machine)
    wanted = None if order.layers is None else wanted_layers(order.network, order.layers)
    return size_of(kind, order.machine, RunOrder(order.network, wanted, order.engine, Shortcuts()))


def _done(out: Path | None) -> set[str]:
    """Return the names of the points that a sweep's directory holds."""
    if out is None or not (out / LOG).is_file():
        return set()
    return {answer.name for answer in logged(out / LOG) if answer.error is None}


def _works(space: Space) -> int:
    """Return how many searches a space has: one for each work."""
    from simcore.sweeps.pareto import WORK

    found = 1
    for group in space.groups:
        found *= len(group[0].values) if any(axis.key in WORK for axis in group) else 1
    return found
