"""The shared part of ``run`` and ``banks``: simulate with the given options, and save to the given directory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from simcore.cli.console import progress, telling_of_compiling
from simcore.cli.options import SimulateOptions, WhyOptions, file_named, network_asked, optimizer_of
from simcore.cli.tracing import TracedOptions
from simcore.errors import InputError
from simcore.reading.overrides import SetOptions
from simcore.results import Results
from simcore.run_time import LIMIT_S
from simcore.saving import results_directory
from simcore.simulation import simulate
from simcore.spec.load import kind_of_source

if TYPE_CHECKING:
    from simcore.results.perfetto.order import TimelineOrder
    from simcore.results.trace_files import TraceOrder


def simulate_as_asked(
    options: SimulateOptions,
    *,
    check_values: bool = False,
    traced: TracedOptions | None = None,
    timeline: TimelineOrder | None = None,
    commands: str | None = None,
) -> Results:
    """Run the simulation. If the output directory cannot be written, raise InputError before the run, not after it."""
    if traced is not None and options.out is None:
        raise InputError("expected --out DIR with --trace, because the trace is written there", "--trace")
    if options.plot:
        _require_plots(options)
    with results_directory(options.out, overwrite=options.overwrite) as save:
        folder = save.during_the_run() if traced is not None else None
        trace = None if traced is None or folder is None else traced.into(folder, told_as=options.out)
        results = _simulate(options, check_values, trace or timeline, file_named(commands, "--commands"))
        save(partial(results.write_into, figures=options.plot))
    return results


def _require_plots(options: SimulateOptions) -> None:
    """Raise InputError, before a long run, if its figures have no place or cannot be drawn."""
    from simcore.results.figures.style import require_matplotlib

    if options.out is None:
        raise InputError("expected --out DIR with --plot, because the figures are written there", "--plot")
    require_matplotlib()


def _simulate(
    options: SimulateOptions, check_values: bool, trace: TraceOrder | TimelineOrder | None, commands: Path | None
) -> Results:
    optimizer = optimizer_of(options.training, options.optimizer)
    wanted = not (options.quiet or options.json)
    with progress(wanted) as on_progress, telling_of_compiling(wanted):
        return simulate(
            network_asked(options),
            options.system,
            engine=options.engine,
            dataflow=options.dataflow,
            layers=options.layers,
            batch=options.batch,
            training=optimizer,
            overrides=SetOptions([*precision_of(options), *(options.overrides or ())]),
            check_values=check_values,
            limit_s=None if options.no_limit else LIMIT_S,
            progress=on_progress,
            trace=trace,
            commands=commands,
        )


def precision_of(options: SimulateOptions | WhyOptions) -> Sequence[str]:
    """Return the overrides that ``--precision`` stands for. Raise InputError for a machine without a precision in bits."""
    return () if options.precision is None else kind_of_source(options.system).precision_overrides(options.precision)
