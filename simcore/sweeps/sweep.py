"""``sweep``: simulate the points of a space, or search it, and return one table. A sweep that was ended goes on where it was."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcore.errors import InputError
from simcore.progress import OnProgress
from simcore.results.manifest import git_revision, versions
from simcore.saving.json_text import parsed
from simcore.sweeps.code_version import code_version
from simcore.sweeps.folder import LAYERS, LOG, MANIFEST, TABLE, require_sweep, sweep_folder
from simcore.sweeps.layers_file import write_layers
from simcore.sweeps.objectives import Objective, objective
from simcore.sweeps.pareto import front_of, usable
from simcore.sweeps.reading import read_space
from simcore.sweeps.session import Session, all_of
from simcore.sweeps.simulating import Settings
from simcore.sweeps.space import Space
from simcore.sweeps.table import check_cells, point_table, write_table
from simcore.sweeps.workers import Runner, in_this_process, local_workers

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SpaceLike = str | Path | Mapping[str, Any] | Space


@dataclass(frozen=True)
class Sweep:
    """The points of a sweep that are known.

    ``table`` has one row for each point: its name, the value of each of ``axes``, what went wrong (``error``), and the totals of
    its run. ``counts`` says how many rows and points there are, how many of them failed, and how many this session simulated.
    ``path`` is the sweep's directory, or None if it was not kept.
    """

    table: pd.DataFrame
    axes: tuple[str, ...]
    objectives: tuple[Objective, ...]
    counts: Mapping[str, int]
    path: Path | None = None

    @cached_property
    def pareto(self) -> pd.DataFrame:
        """The rows on the Pareto front of the objectives, of each network and other work by itself."""
        return front_of(self.table, self.objectives)

    @property
    def compared(self) -> tuple[Objective, ...]:
        """The objectives that the front compares: those given, or those of cycles, energy and area that are known."""
        return tuple(usable(self.table, self.objectives))

    def figure(self) -> Figure:
        """Return the front as a figure. Raise InputError without matplotlib (extra ``plot``) or a second objective."""
        from simcore.sweeps.figure import pareto_figure

        return pareto_figure(self)

    @staticmethod
    def load(directory: str | Path) -> Sweep:
        """Return the sweep in a directory, as its last session left it at its end. Raise InputError if there is none."""
        return load_sweep(Path(directory))

    def __repr__(self) -> str:
        return f"<Sweep: {len(self.table):,} rows, {self.counts['failed']:,} points failed>"


def sweep(
    space: SpaceLike,
    out: str | Path | None = None,
    *,
    jobs: int | None = None,
    fresh: bool = False,
    settings: Settings | None = None,
    scheduler: str | None = None,
    progress: OnProgress | None = None,
) -> Sweep:
    """Simulate the points of a space, or those that its search tries, and return them as a table.

    ``space`` is a YAML file, a mapping with the same keys, or a Space (docs/sweeps.md). ``out`` is a directory that keeps every
    point the moment it is simulated; points that it holds are not simulated again, unless ``fresh`` empties it first. ``jobs`` is
    the number of processes, by default one per core; 1 simulates in this process. ``scheduler`` is the address of a Dask
    scheduler, whose workers simulate instead; "local" starts a Dask cluster of ``jobs`` processes on this computer.

    A point that cannot be simulated is a row with an ``error``, and is tried again in the next session. Raise InputError for a
    space that is none, for a directory that cannot be used, and if no point can be made.
    """
    given = space if isinstance(space, Space) else read_space(space)
    wanted = settings or Settings()
    with ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory()) if out is None else None
        folder = stack.enter_context(sweep_folder(Path(place) / "sweep" if place is not None else out or "", fresh=fresh))
        runner = stack.enter_context(_runner(jobs_of(jobs), wanted, scheduler))
        session = Session(given, folder, runner, wanted, progress, simulates_here=scheduler in (None, "local"))
        if given.search is None:
            all_of(session)
        else:
            from simcore.sweeps.search import explore

            explore(session, given.search)
        return _finished(session, None if out is None else Path(out))


def load_sweep(directory: Path) -> Sweep:
    """Return the sweep in a directory. Raise InputError if it holds none, or one that no session has finished yet."""
    import pandas as pd

    require_sweep(directory)
    if not (directory / TABLE).is_file() or not (directory / MANIFEST).is_file():
        raise InputError("no session of this sweep has come to its end", str(directory), "run the same command again")
    try:
        manifest = parsed((directory / MANIFEST).read_bytes())
        with open(directory / TABLE, "rb") as file:
            table = pd.read_parquet(file)
        check_cells(table)
        objectives = tuple(objective(text, str(directory)) for text in manifest["objectives"])
        return Sweep(table, _axes_of(manifest, table), objectives, _counts_of(manifest), directory)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"expected the table of a sweep, got a damaged one: {reason}", str(directory)) from error


def _axes_of(manifest: Mapping[str, Any], table: pd.DataFrame) -> tuple[str, ...]:
    axes = tuple(manifest["axes"])
    if not all(isinstance(axis, str) and axis in table for axis in axes):
        raise ValueError("its axes are no columns of its table")
    return axes


def _counts_of(manifest: Mapping[str, Any]) -> dict[str, int]:
    counts = dict(manifest["counts"])
    if "failed" not in counts or not all(type(count) is int for count in counts.values()):
        raise ValueError("its counts are no counts")
    return counts


def with_objectives(space: Space, objectives: Sequence[str]) -> Space:
    """Return the space with other objectives, or as it is for none. Raise InputError for a text that names none."""
    return replace(space, objectives=tuple(objective(text, "--objective") for text in objectives)) if objectives else space


def _runner(jobs: int, settings: Settings, scheduler: str | None) -> AbstractContextManager[Runner]:
    if scheduler is not None:
        from simcore.sweeps.cluster import dask_workers

        return dask_workers(scheduler, jobs, settings)
    return in_this_process(settings) if jobs == 1 else local_workers(jobs, settings)


def jobs_of(jobs: int | None) -> int:
    """Return the number of processes: by default that of the cores that this process may use. Raise InputError below 1."""
    if jobs is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if jobs < 1:
        raise InputError(f"expected at least 1 process, got {jobs}", "--jobs")
    return jobs


def _finished(session: Session, path: Path | None) -> Sweep:
    """Write the tables and the manifest, and return the sweep."""
    session.tell()
    axes = tuple(axis.key for axis in session.space.axes)
    table = point_table(session.choices, axes, session.done, session.failed)
    found = Sweep(table, axes, session.space.objectives, session.state(), path)
    if path is not None:
        folder = session.folder
        folder.put(TABLE, lambda file: write_table(table, file))
        if session.settings.per_layer:
            names = [name for name, _ in session.choices]
            folder.put(LAYERS, lambda file: write_layers(folder.path / LOG, names, file))
        folder.put_text(MANIFEST, json.dumps(_manifest(found), indent=2) + "\n")
    return found


def _manifest(found: Sweep) -> dict[str, Any]:
    return {
        "axes": list(found.axes),
        "objectives": [str(each) for each in found.objectives],
        "counts": dict(found.counts),
        "code": code_version(),
        "versions": dict(versions()),
        "git_revision": git_revision(),
    }
