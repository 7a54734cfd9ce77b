"""``simcore sweep``: run a sweep, and print its Pareto front and what failed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import typer

from simcore.cli.console import console, print_json, progress, table, telling_of_compiling
from simcore.cli.guard import BAD_INPUT
from simcore.cli.sweep_options import SweepOptions
from simcore.errors import InputError
from simcore.reading.numbers import counted
from simcore.run_time import LIMIT_S
from simcore.sweeps.folder import FIGURES
from simcore.sweeps.reading import read_space
from simcore.sweeps.simulating import Settings
from simcore.sweeps.sweep import Sweep, sweep, with_objectives

if TYPE_CHECKING:
    import pandas as pd

#: The most rows of the front, and of failures, that are printed; the table in --out has all.
MOST_ROWS, MOST_FAILURES = 40, 5


def sweep_command(options: SweepOptions) -> None:
    """Run the sweep. The exit code is that of bad input if a point failed."""
    scheduler = _scheduler(options)
    if options.plot:
        _require_plots(options)
    space = with_objectives(read_space(options.space), options.objective or ())
    if options.estimate:
        from simcore.cli.estimating import estimate_sweep_command

        estimate_sweep_command(options, space)
        return
    settings = Settings(options.per_layer, None if options.no_limit else LIMIT_S)
    wanted = not (options.quiet or options.json)
    with progress(wanted) as on_progress, telling_of_compiling(wanted):
        found = sweep(
            space,
            options.out,
            jobs=options.jobs,
            fresh=options.fresh,
            settings=settings,
            scheduler=scheduler,
            progress=on_progress,
        )
    if options.plot:
        _plot(found)
    if options.json:
        print_json(sweep_json(found))
    else:
        _print(found, options.quiet)
    if found.counts["failed"]:
        _tell_failures(found)
        raise typer.Exit(BAD_INPUT)


def sweep_json(found: Sweep) -> dict[str, Any]:
    """Return the sweep as plain JSON values: counts, objectives, all rows, and the names of the points on the front."""
    return {
        "counts": dict(found.counts),
        "axes": list(found.axes),
        "objectives": [str(each) for each in found.compared],
        "pareto": found.pareto["point"].tolist(),
        "rows": _rows(found.table),
    }


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): _number(value) for key, value in row.items()} for row in plain.to_dict("records")]


def _number(value: Any) -> Any:
    """Return a value as JSON can hold it. An infinite number becomes null."""
    plain = value.item() if hasattr(value, "item") else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def _scheduler(options: SweepOptions) -> str | None:
    if options.dask and options.scheduler is not None:
        raise InputError("expected --dask or --scheduler, got both", "--dask")
    return "local" if options.dask else options.scheduler


def _require_plots(options: SweepOptions) -> None:
    """Raise InputError, before the sweep, if its figure has no place or cannot be drawn."""
    from simcore.results.figures.style import require_matplotlib

    if options.out is None:
        raise InputError("expected --out DIR with --plot, because the figure is written there", "--plot")
    require_matplotlib()


def _plot(found: Sweep) -> None:
    from simcore.results.figures.style import save_figure

    assert found.path is not None
    save_figure(found.figure(), found.path / FIGURES[0])


def _print(found: Sweep, quiet: bool) -> None:
    """Print the front unless quiet, and always one line that sums the sweep up."""
    out = console()
    front = found.pareto
    metrics = [each.metric for each in found.compared]
    if not quiet and len(front):
        columns = [*found.axes, *metrics]
        rows = [tuple(_cell(row[name]) for name in columns) for row in _rows(front[columns].head(MOST_ROWS))]
        shown = [(*(str(cell) for cell in row[: len(found.axes)]), *row[len(found.axes) :]) for row in rows]
        title = f"Pareto front of {', '.join(str(each) for each in found.compared)}"
        out.print(table(title, columns, shown, text_columns=len(found.axes)))
        if len(front) > MOST_ROWS:
            out.print(f"... and {len(front) - MOST_ROWS:,} more rows.", markup=False)
        out.print()
    out.print(_summary(found, len(front)), markup=False)


def _cell(value: Any) -> Any:
    return "-" if value is None else value


def _summary(found: Sweep, best: int) -> str:
    counts = found.counts
    parts = [counted(counts["points"], "point"), f"{counts['simulated']:,} simulated now", f"{best:,} on the Pareto front"]
    if counts["rows"] > counts["points"]:
        parts.insert(0, counted(counts["rows"], "row"))
    if counts["failed"]:
        parts.append(f"{counts['failed']:,} failed")
    where = f"; table: {found.path}/points.parquet" if found.path is not None else ""
    return f"{', '.join(parts)}{where}"


def _tell_failures(found: Sweep) -> None:
    """Tell on stderr why points failed: the different reasons, of which the first few."""
    reasons = found.table["error"].dropna().value_counts(sort=False)
    for reason, count in list(reasons.items())[:MOST_FAILURES]:
        typer.echo(f"simcore: {counted(int(count), 'row')} failed: {reason}", err=True)
    if len(reasons) > MOST_FAILURES:
        typer.echo(f"simcore: and {len(reasons) - MOST_FAILURES:,} more reasons", err=True)
