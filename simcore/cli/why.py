"""``simcore why``: the largest losses of a run in words, and below each the changes that were tried, the best first."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.text import Text

from simcore.cli.console import console, print_json, progress, table, telling_of_compiling
from simcore.cli.options import WhyOptions, network_asked, optimizer_of
from simcore.cli.reporting import report_of_run
from simcore.cli.simulating import precision_of
from simcore.reading.overrides import SetOptions
from simcore.run_time import LIMIT_S
from simcore.why import Finding, Trial, Why, why

#: The most changes that are printed below a loss.
MOST_SHOWN = 6


def why_command(options: WhyOptions) -> None:
    """Find the losses, try the changes, and print both as text or as one JSON object."""
    with report_of_run(options.report) as write_report:
        found = _found(options)
        if options.report is not None:
            from simcore.report.tried import TriedRun

            write_report(TriedRun(found))
    if options.json:
        print_json(why_json(found))
    else:
        _print(found)


def _found(options: WhyOptions) -> Why:
    """Simulate the run and the changes."""
    optimizer = optimizer_of(options.training, options.optimizer)
    with progress(not options.json) as on_progress, telling_of_compiling(not options.json):
        return why(
            network_asked(options),
            options.system,
            overrides=SetOptions([*precision_of(options), *(options.overrides or ())]),
            dataflow=options.dataflow,
            layers=options.layer,
            batch=options.batch,
            training=optimizer,
            limit_s=None if options.no_limit else LIMIT_S,
            progress=on_progress,
        )


def why_json(found: Why) -> dict[str, Any]:
    """Return the losses and the trials as plain JSON values. ``more_area_mm2`` is null for what has no area."""
    results = found.results
    return {
        "network": results.network,
        "system": results.system.name,
        "kind": results.kind.name,
        "cycles": results.time_cycles,
        "compute_cycles": results.kind.computing_cycles(results),
        "says": list(results.kind.why_lines(results)),
        "losses": [_finding(finding, results.time_cycles) for finding in found.findings],
        "simulated_changes": found.simulated,
    }


def _finding(finding: Finding, cycles: int) -> dict[str, Any]:
    loss = finding.loss
    return {
        "cause": loss.cause,
        "place": loss.place or None,
        "cycles": loss.cycles,
        "percent": _percent(loss.cycles, cycles),
        "says": list(loss.says),
        "changes": [_trial(trial, cycles) for trial in finding.trials],
        "together": None if finding.together is None else _trial(finding.together, cycles),
    }


def _trial(trial: Trial, cycles: int) -> dict[str, Any]:
    return {
        "set": list(trial.change.overrides),
        "was": trial.change.was,
        "cycles": trial.cycles,
        "saved_cycles": trial.saved_cycles,
        "saved_percent": _percent(trial.saved_cycles, cycles),
        "more_area_mm2": None if math.isnan(trial.more_area_mm2) else trial.more_area_mm2,
    }


def _percent(cycles: int, total: int) -> float:
    return 100.0 * cycles / max(total, 1)


def _print(found: Why) -> None:
    out, results = console(), found.results
    cycles, compute = results.time_cycles, results.kind.computing_cycles(results)
    waits = cycles - compute
    shares = [f"{_percent(part, cycles):.1f} %" for part in (compute, waits)]
    time = f"{results.network} on {results.system.name} takes {results.kind.said_time(results)}."
    where = f"In {compute:,} of {cycles:,} cycles ({shares[0]}) it computes, in {waits:,} ({shares[1]}) it waits."
    out.print(f"{time} {where}", markup=False)
    for line in results.kind.why_lines(results):
        out.print(line, markup=False)
    for number, finding in enumerate(found.findings, start=1):
        out.print()
        _print_finding(out, number, finding, cycles)
    out.print()
    out.print(f"{found.simulated} changed systems were simulated. -: no area is counted for the change.", markup=False)


def _print_finding(out: Console, number: int, finding: Finding, cycles: int) -> None:
    loss = finding.loss
    head = f"{number}. {loss.name}: {loss.cycles:,} cycles, {_percent(loss.cycles, cycles):.1f} % of the run"
    out.print(Text(head, style="bold"))
    for line in loss.says:
        out.print(line, markup=False)
    useful = [trial for trial in finding.trials if trial.saved_cycles > 0]
    if useful:
        rows = [_row(trial, cycles) for trial in useful[:MOST_SHOWN]]
        out.print(table("", ("change", "was", "cycles", "saved", "saved %", "mm2"), rows, text_columns=2))
    if finding.together is not None and finding.together.saved_cycles > useful[0].saved_cycles:
        saved = finding.together.saved_cycles
        out.print(f"All changes that save cycles, together: {saved:,} cycles saved, {_percent(saved, cycles):.2f} %.")
    useless = [trial.change.key for trial in finding.trials if trial.saved_cycles <= 0]
    if useless:
        out.print(f"No cycle saved by {', '.join(useless)}.", markup=False)


def _row(trial: Trial, cycles: int) -> tuple[object, ...]:
    percent = _percent(trial.saved_cycles, cycles)
    area = None if math.isnan(trial.more_area_mm2) else trial.more_area_mm2
    return " ".join(trial.change.overrides), trial.change.was or "-", trial.cycles, trial.saved_cycles, percent, area
