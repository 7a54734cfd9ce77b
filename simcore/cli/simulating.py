"""What ``run`` and ``banks`` have in common: simulate as asked, and save where asked."""

from __future__ import annotations

import sys

from simcore.cli.console import progress
from simcore.cli.options import RunOptions
from simcore.results import Results, check_destination
from simcore.simulation import simulate


def simulate_as_asked(options: RunOptions) -> Results:
    """Run the simulation. An output directory that cannot be written is refused before the run, not after it."""
    if options.out is not None:
        check_destination(options.out, overwrite=options.overwrite)
    _tell_of_compiling(options)
    with progress(not (options.quiet or options.json)) as on_progress:
        results = simulate(
            options.network,
            options.system,
            engine=options.engine,
            dataflow=options.dataflow,
            layers=options.layers,
            batch=options.batch,
            overrides=options.overrides,
            progress=on_progress,
        )
    if options.out is not None:
        results.save(options.out, overwrite=options.overwrite)
    return results


def _tell_of_compiling(options: RunOptions) -> None:
    """Say on stderr, at a terminal, why the first run after an installation takes longer."""
    if options.engine == "compiled" and not options.quiet and sys.stderr.isatty():
        from simcore.engine.compiled.cache import is_cold

        if is_cold():
            print("compiling the engine: once after installation, about 20 s", file=sys.stderr)
