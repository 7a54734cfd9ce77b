"""The commands and their options. Each command calls a module of its own."""

from __future__ import annotations

from typing import Annotated

import typer

import simcore
from simcore.cli import dram, options, pim
from simcore.cli.group import Group
from simcore.cli.guard import guarded
from simcore.cli.interruption import interrupted_in_time
from simcore.cli.memory_app import memory_app
from simcore.cli.options import RunOptions, SimulateOptions, WhyOptions, taking
from simcore.cli.prune import PruneOptions
from simcore.cli.streams import standard_streams
from simcore.cli.study_app import study_app
from simcore.cli.sweep_options import SweepOptions
from simcore.cli.termination import ended_by_signal
from simcore.cli.training_options import TrainPrunedOptions

app = typer.Typer(
    cls=Group,
    name="simcore",
    help="Simulate a neural network on an accelerator: cycles, stalls, bank conflicts and energy.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)
app.add_typer(memory_app, name="memory")
app.add_typer(study_app, name="study")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"simcore {simcore.__version__}")
        raise typer.Exit


@app.callback()
def _simcore(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    pass


@app.command()
@guarded
@taking(RunOptions)
def run(asked: RunOptions) -> None:
    """Simulate a network and print the cycles, stalls and traffic of every layer."""
    from simcore.cli.run import run_command

    run_command(asked)


@app.command()
@guarded
@taking(SimulateOptions)
def banks(asked: SimulateOptions) -> None:
    """Simulate a network and print the accesses and conflicts of every bank, with a heat map of conflicts over time."""
    from simcore.cli.banks import banks_command

    banks_command(asked)


@app.command()
@guarded
@taking(WhyOptions)
def why(asked: WhyOptions) -> None:
    """Say where the cycles of a run are lost, and what each change of one key saves: every change is simulated."""
    from simcore.cli.why import why_command

    why_command(asked)


@app.command()
@guarded
def report(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Directories of runs and studies, or NETWORK@SYSTEM.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE.html", help="The file to write.")] = "report.html",
    no_limit: options.NoLimitOption = False,
) -> None:
    """Write one HTML file with figures and tables of runs and studies, side by side. It needs no network and no other file."""
    from simcore.cli.reporting import report_command

    report_command(runs, out, no_limit)


@app.command()
@guarded
def serve(
    directory: Annotated[str, typer.Argument(metavar="DIR", help="The directory below which runs are saved.")] = ".",
    port: Annotated[int, typer.Option("--port", metavar="N", help="The port; 0 takes a free one.")] = 8180,
) -> None:
    """Show the runs, studies and sweeps that are saved below a directory in a browser on this computer."""
    from simcore.cli.serving import serve_command

    serve_command(directory, port)


@app.command()
@guarded
def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Saved directories, or NETWORK@SYSTEM to simulate.")],
    fail_if: Annotated[
        list[str] | None,
        typer.Option("--fail-if", metavar="CONDITION", help="Exit with 1 if met, such as 'cycles>+2%'. May be repeated."),
    ] = None,
    no_limit: options.NoLimitOption = False,
    json: options.JsonOption = False,
) -> None:
    """Say what differs between runs and why: keys, cycles by cause and place, metrics in percent, layers.

    Everything is compared with the first run.
    """
    from simcore.cli.comparing import compare_command

    compare_command(runs, fail_if or (), no_limit, json)


@app.command()
@guarded
@taking(SweepOptions)
def sweep(asked: SweepOptions) -> None:
    """Simulate every point of a space of networks, systems and keys, or search it, and print the best of them.

    A sweep that was ended in any way goes on where it was when the command is given again.
    """
    from simcore.cli.sweeping import sweep_command

    sweep_command(asked)


@app.command()
@guarded
@taking(PruneOptions)
def prune(asked: PruneOptions) -> None:
    """Sum up a training whose filters are pruned, against a dense one and one that is pruned and retrained at the end."""
    from simcore.cli.prune import prune_command

    prune_command(asked)


app.add_typer(dram.app, name="dram")
app.add_typer(pim.app, name="pim")


@app.command("list")
@guarded
def list_known(
    what: Annotated[str, typer.Argument(metavar="systems|kinds|networks|...", help="What to list.")],
    directory: Annotated[str | None, typer.Argument(metavar="DIR", help="Where to look for runs. Default: here.")] = None,
    json: options.JsonOption = False,
) -> None:
    """List the names you can use, or the runs that are saved below a directory.

    The names are systems, kinds, networks, memories, cells, dataflows, standards (of DRAM), pim (DRAM that computes) or studies.
    """
    from simcore.cli.listing import list_command

    list_command(what, json, directory)


@app.command()
@guarded
def check(
    model: Annotated[str, typer.Argument(metavar="FILE.py:NAME", help="Your own bank timing model or micro-program.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter of the model. May be repeated."),
    ] = None,
    json: options.JsonOption = False,
) -> None:
    """Check a bank timing of your own in plain Python, then compiled, then in both engines, on random traffic.

    A micro-program is checked for its use of rows and, on every pair of operands up to 6 bits, for its values.
    """
    from simcore.cli.checking import check_command

    check_command(model, settings or (), json)


@app.command()
@guarded
def validate(
    system: Annotated[str, typer.Argument(metavar="SYSTEM.yaml")],
    no_code: Annotated[
        bool, typer.Option("--no-code", help="Execute no Python file that the system names, and say what stays unchecked.")
    ] = False,
    json: options.JsonOption = False,
) -> None:
    """Check a system file and print all its errors at once.

    A system file may name Python files of bank timings and DRAM tables. The check executes them unless --no-code is given.
    """
    from simcore.cli.validation import validate_command

    validate_command(system, json, no_code)


@app.command()
@guarded
def explain(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    json: options.JsonOption = False,
) -> None:
    """Explain a key of a file, a column, stall cause, heading, scratchpad, port or DRAM timing; without a name, explain all."""
    from simcore.cli.explaining import explain_command

    explain_command(name, json)


@app.command("train-pruned")
@guarded
@taking(TrainPrunedOptions)
def train_pruned(asked: TrainPrunedOptions) -> None:
    """Train a network for real while its filters are pruned, with checkpoints and a log of live filters (extra train)."""
    from simcore.cli.train_pruned import train_pruned_command

    train_pruned_command(asked)


@app.command()
@guarded
def demo(out: options.OutOption = None, overwrite: options.OverwriteOption = False, quiet: options.QuietOption = False) -> None:
    """Compare ResNet18 on edge-sram and on edge-stt: how many cycles slower writes cost, and where."""
    from simcore.cli.demo import demo_command

    demo_command(out, overwrite, quiet)


def main() -> None:
    """Entry point of the console script."""
    with standard_streams(), ended_by_signal(), interrupted_in_time():
        app(prog_name="simcore")
