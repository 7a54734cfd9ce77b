"""The arguments and options of ``simcore sweep``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from simcore.cli import options

SpaceArgument = Annotated[str, typer.Argument(metavar="SPACE.yaml", help="The points: networks, systems and keys that vary.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Keep every point here, and go on from the points that are here.")
]
JobsOption = Annotated[int | None, typer.Option("--jobs", metavar="N", help="Number of processes. Default: one per core.")]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Simulate on the workers of this Dask scheduler.")
]
DaskOption = Annotated[bool, typer.Option("--dask", help="Simulate on a Dask cluster of --jobs processes on this computer.")]
ObjectiveOption = Annotated[
    list[str] | None,
    typer.Option("--objective", metavar="METRIC", help="Compare points by this metric, or by max:METRIC. May be repeated."),
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Forget the points that --out holds, and simulate all of them.")]
PerLayerOption = Annotated[bool, typer.Option("--per-layer", help="Keep a row for each layer of each point, too.")]
PlotOption = Annotated[bool, typer.Option("--plot", help="Draw the Pareto front into --out, as SVG.")]


@dataclass(frozen=True)
class SweepOptions:
    """The options of ``simcore sweep``."""

    space: SpaceArgument
    out: OutOption = None
    jobs: JobsOption = None
    scheduler: SchedulerOption = None
    dask: DaskOption = False
    objective: ObjectiveOption = None
    fresh: FreshOption = False
    per_layer: PerLayerOption = False
    plot: PlotOption = False
    json: options.JsonOption = False
    quiet: options.QuietOption = False
    estimate: options.EstimateOption = False
    no_limit: options.NoLimitOption = False
