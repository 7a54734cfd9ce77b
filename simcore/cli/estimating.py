"""``--estimate`` of ``run`` and ``sweep``: what it will take before it runs."""

from __future__ import annotations

from typing import Any

from simcore.cli.console import console, print_json
from simcore.cli.options import RunOptions, network_asked, optimizer_of
from simcore.cli.simulating import precision_of
from simcore.cli.sweep_options import SweepOptions
from simcore.errors import InputError
from simcore.estimate import Range, RunSize, estimate
from simcore.reading.numbers import counted
from simcore.reading.overrides import SetOptions
from simcore.sweeps.size import SweepSize, sweep_size
from simcore.sweeps.space import Space
from simcore.sweeps.sweep import jobs_of

_SECONDS = ((86400.0, "days"), (3600.0, "hours"), (60.0, "min"), (1.0, "s"))
_BYTES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def estimate_command(options: RunOptions) -> None:
    """Print what a run will take."""
    size = estimate(
        network_asked(options),
        options.system,
        engine=options.engine,
        dataflow=options.dataflow,
        layers=options.layers,
        batch=options.batch,
        training=optimizer_of(options.training, options.optimizer),
        overrides=SetOptions([*precision_of(options), *(options.overrides or ())]),
    )
    print_size(size, json=options.json)


def print_size(size: RunSize, *, json: bool) -> None:
    """Print what a run will take, as lines or as one JSON object."""
    ranges = {"seconds": size.seconds, "memory_bytes": size.memory_bytes, "disk_bytes": size.disk_bytes}
    if json:
        print_json({"cycles": size.cycles or None, "layers": size.layers, **{name: _json(each) for name, each in ranges.items()}})
        return
    cycles = f", {size.cycles:,.0f} cycles or more" if size.cycles else ""
    _print(f"{counted(size.layers, 'layer')}{cycles}", ranges)


def estimate_sweep_command(options: SweepOptions, space: Space) -> None:
    """Print what a sweep will take. Raise InputError for a cluster, whose speed is not known here."""
    if options.dask or options.scheduler is not None:
        raise InputError("expected no cluster with --estimate, because its workers are not known", "--estimate", "give --jobs")
    size: SweepSize = sweep_size(space, options.out, jobs_of(options.jobs), per_layer=options.per_layer)
    ranges = {"seconds": size.seconds, "memory_bytes": size.memory_bytes, "disk_bytes": size.disk_bytes}
    if options.json:
        counts = {"rows": size.rows, "to_simulate": size.to_simulate, "looked_at": size.looked_at}
        print_json({**counts, **{name: _json(each) for name, each in ranges.items()}})
        return
    looked = "" if size.looked_at == size.rows else f", from a sample of {size.looked_at:,}"
    _print(f"{counted(size.rows, 'row')}, {size.to_simulate:,} points to simulate{looked}", ranges)


def _print(what: str, ranges: dict[str, Range]) -> None:
    out = console()
    out.print(f"{what}.", markup=False)
    for (name, each), told, units in zip(
        ranges.items(), ("time", "memory", "disk with --out"), (_SECONDS, _BYTES, _BYTES), strict=True
    ):
        del name
        likely, least, most = (in_unit(value, units) for value in (each.likely, each.least, each.most))
        out.print(f"{told}: about {likely}, between {least} and {most}", markup=False)


def in_unit(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """Return a quantity with two digits, in the largest unit of which it has one or more."""
    size, unit = next(((size, unit) for size, unit in units if value >= size), units[-1])
    return f"{float(f'{value / size:.2g}'):g} {unit}"


def _json(each: Range) -> dict[str, Any]:
    return {"least": each.least, "likely": each.likely, "most": each.most}
