"""``simcore run``: the tables of the machine's kind, or one JSON object, or one line."""

from __future__ import annotations

import typer

from simcore.cli.console import console, drawn, print_json, rate
from simcore.cli.next_step import next_line
from simcore.cli.options import RunOptions, file_named
from simcore.cli.reporting import report_of_run
from simcore.cli.simulating import simulate_as_asked
from simcore.cli.tracing import timeline_of, traced_of
from simcore.results import Results
from simcore.results.printed import common_tables


def run_command(options: RunOptions) -> None:
    """Simulate and print the results as JSON, as one line, or as tables."""
    if (options.prefill, options.decode, options.decode_every) != (None, None, None):
        from simcore.cli.generating import generate_command

        generate_command(options)
        return
    if options.estimate:
        from simcore.cli.estimating import estimate_command

        estimate_command(options)
        return
    traced = traced_of(options.trace, options.trace_cycles)
    timeline = timeline_of(file_named(options.timeline, "--timeline"), options.cycles, traced)
    with report_of_run(options.report) as write_report:
        results = simulate_as_asked(
            options, check_values=options.check_values, traced=traced, timeline=timeline, commands=options.commands
        )
        write_report(results)
    _tell_of_a_cut(results)
    if options.json:
        print_json(results.to_json())
    elif options.quiet:
        print(summary(results))
    else:
        out = console()
        for shown in results.kind.printed(results) or common_tables(results):
            out.print(drawn(shown))
            out.print()
        for note in results.manifest["network_notes"]:
            out.print(f"Network: {note}.", markup=False)
        for note in results.rates.notes:
            out.print(f"Energy: {note}.", markup=False)
        if results.rates.not_counted:
            out.print(f"Not counted: {'; '.join(results.rates.not_counted)}.", markup=False)
        for line in results.kind.printed_lines(results):
            out.print(line, markup=False)
        out.print(summary(results))
        typer.echo(next_line(results, options), err=True)


def _tell_of_a_cut(results: Results) -> None:
    """Say on stderr if a timeline was cut because it became too large."""
    cut_at = results.manifest.get("traces", {}).get("cut_at_cycle")
    if cut_at is not None:
        hint = "--cycles FIRST:END writes a part of it"
        typer.echo(f"simcore: the timeline ends at cycle {cut_at:,}, where it became too large for viewers; {hint}", err=True)


def summary(results: Results) -> str:
    """Return the run in one line."""
    found = f"{results.network} on {results.system.name}: {results.kind.said_time(results)}"
    if not results.kind.steps_cycles:
        return f"{found}, by formula in {results.wall_s:.2f} s"
    return f"{found}; simulated in {results.wall_s:.2f} s ({rate(results.manifest['simulated_cycles_per_s'])})"
