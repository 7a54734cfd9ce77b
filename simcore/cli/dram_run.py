"""``simcore dram TRACE``: a DRAM serves a trace, and the command prints the figures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import typer

from simcore.cli.console import console, print_json, telling_of_compiling, working
from simcore.cli.dram import DramOptions
from simcore.cli.dram_settings import CONTROLLER, controller_of, dram_of, standard_overrides
from simcore.cli.dram_time import LIMIT_S, refuse_long_trace
from simcore.dram.controller import ControllerSpec
from simcore.dram.controller_check import check_controller
from simcore.dram.mapping import address_mapping
from simcore.dram.outcome import DramOutcome
from simcore.dram.saving import stream_files
from simcore.dram.standard import load_standard
from simcore.dram.statistics import dram_statistics
from simcore.dram.tables import ResolvedDram
from simcore.dram.trace import DramTrace
from simcore.engine.dram_traces import load_engine, read_trace, run_trace
from simcore.engine.names import check_engine
from simcore.errors import InputError


@dataclass(frozen=True)
class TimedRun:
    """The outcome of the simulation, and the seconds to read the trace and to simulate it."""

    outcome: DramOutcome
    parse_s: float
    simulate_s: float

    @property
    def requests_per_s(self) -> float:
        """Return the requests per second of the simulation itself, which are 0 for an empty trace."""
        return len(self.outcome.op) / self.simulate_s


def refresh_asked_for(refresh: str | None, no_refresh: bool) -> str | None:
    """Return ``--refresh`` and ``--no-refresh`` as one value. Raise InputError if they contradict each other."""
    if no_refresh and refresh not in (None, "none"):
        raise InputError(f"expected --refresh {refresh} or --no-refresh, got both")
    return "none" if no_refresh else refresh


def dram_command(options: DramOptions) -> None:
    """Check all options, run the trace, save the files and print the figures."""
    of_controller = [text for text in options.overrides if text.strip().startswith(CONTROLLER)]
    names = ("mapping", "scheduler", "row_policy", "refresh")
    controller = controller_of({name: getattr(options, name) for name in names}, of_controller)
    overrides = standard_overrides([text for text in options.overrides if text not in of_controller])
    dram = dram_of(options.standard, overrides)
    check_engine(options.engine)
    check_controller(dram, controller)
    address_mapping(dram, controller.mapping)
    with stream_files(dram, options.trace, options.commands, options.requests) as save:
        run = _timed_run(options, dram, controller, save)
    if len(run.outcome.op) == 0:
        typer.echo(f"{options.trace}: warning: it holds no request at all", err=True)
    if options.json:
        print_json(as_json(options, overrides, controller, run))
    elif options.quiet:
        print(summary(options, run))
    else:
        _print_tables(options, run)


def _timed_run(
    options: DramOptions, dram: ResolvedDram, controller: ControllerSpec, save: Callable[[DramOutcome], None]
) -> TimedRun:
    wanted = not (options.quiet or options.json)
    with working(wanted) as tell, telling_of_compiling(wanted):
        tell(f"reading {options.trace}")
        started = time.perf_counter()
        trace = read_trace(options.trace, options.engine)
        parse_s = time.perf_counter() - started
        refuse_long_trace(trace, dram, controller, options.engine, None if options.no_limit else LIMIT_S)
        tell(f"loading the {options.engine} engine")
        _load(options.engine, dram, controller)
        tell(f"simulating {len(trace):,} requests")
        started = time.perf_counter()
        outcome = run_trace(dram, trace, controller, options.engine, record_commands=options.commands is not None)
        simulate_s = time.perf_counter() - started
        tell("writing")
        save(outcome)
    return TimedRun(outcome, parse_s, simulate_s)


def _load(engine: str, dram: ResolvedDram, controller: ControllerSpec) -> None:
    """Do everything that happens only once in a process, so that it is not timed as simulation."""
    load_engine(engine)
    none = np.zeros(0, dtype=np.int64)
    run_trace(dram, DramTrace(none, none, none), controller, engine)


def as_json(options: DramOptions, overrides: dict[str, int], controller: ControllerSpec, run: TimedRun) -> dict[str, Any]:
    """Return what was run, how fast, and all figures."""
    return {
        "trace": str(options.trace),
        "standard": options.standard,
        "overrides": overrides,
        "controller": controller.model_dump(),
        "engine": options.engine,
        "parse_s": run.parse_s,
        "simulate_s": run.simulate_s,
        "requests_per_s": run.requests_per_s,
        **dram_statistics(run.outcome),
    }


def summary(options: DramOptions, run: TimedRun) -> str:
    """Return the run in one line."""
    speed = f"{run.simulate_s:.3f} s ({run.requests_per_s:,.0f} requests/s)"
    return f"{options.trace.name} on {options.standard}: {run.outcome.cycles:,} cycles; simulated in {speed}"


def _print_tables(options: DramOptions, run: TimedRun) -> None:
    from simcore.cli.dram_tables import bank_lines, tables_of

    out = console()
    figures = dram_statistics(run.outcome)
    for shown in tables_of(figures, run.outcome.dram, load_standard(options.standard).preset):
        out.print(shown)
        out.print()
    out.print(bank_lines(figures, run.outcome.dram))
    out.print()
    if figures["energy_note"]:
        out.print(f"Energy: {figures['energy_note']}.", markup=False)
    out.print(summary(options, run), markup=False)
