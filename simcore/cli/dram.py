"""``simcore dram``: the DRAM simulator as a tool of its own; ``simcore dram check``: the timing checker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from simcore.cli import options
from simcore.cli.group import Group
from simcore.cli.guard import guarded

#: The internal name of the command that serves a trace. Nobody types it.
RUN, CHECK = "TRACE", "check"

EXAMPLES = """\
Examples:

\b
  simcore dram stream.trace --standard ddr4_2400r
  simcore dram stream.trace.gz --standard hbm2_2000 --refresh per-bank --json
  simcore dram stream.trace --standard ddr4_3200aa --scheduler frfcfs-rowhit
      --mapping "row bank bankgroup column" --set rank=2 --set controller.read_queue=64
      --commands commands.csv.gz --requests requests.csv
  simcore dram check commands.csv.gz --standard ddr4_3200aa --set rank=2

If your trace is named check, write ./check. 'simcore list standards' lists the presets; docs/dram.md explains the rest.
"""


class RunOrCheck(Group):
    """A group whose first word is a trace unless it is ``check``. Its help describes both commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the run's name before the arguments if they are a run's."""
        if args and args[0] not in (CHECK, "--help"):
            args = [RUN, *args]
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the usage of both commands, then the options of both, then examples."""
        inner = [(command, type(ctx)(command, info_name=name, parent=ctx)) for name, command in self.commands.items()]
        for command, below in inner:
            command.format_usage(below, formatter)
        self.format_help_text(ctx, formatter)
        for command, below in inner:
            command.format_help_text(below, formatter)
            command.format_options(below, formatter)
        self.format_epilog(ctx, formatter)


class Run(TyperCommand):
    """The run, whose name the help does not show because nobody types it."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the group's name and the run's arguments."""
        formatter.write_usage(ctx.parent.command_path, " ".join(self.collect_usage_pieces(ctx)))


app = typer.Typer(
    cls=RunOrCheck,
    help="Serve a trace of requests from a DRAM, or check a stream of DRAM commands.",
    epilog=EXAMPLES,
    rich_markup_mode=None,
    no_args_is_help=True,
)

StandardOption = Annotated[
    str,
    typer.Option("--standard", metavar="NAME|FILE.yaml|FILE.py:NAME", help="The DRAM; 'simcore list standards' lists presets."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Set a timing in cycles or the count of a level (nRCD=17, rank=2), or a key of the controller "
        "(controller.read_queue=64, controller.row_policy.accesses=8). May be repeated.",
    ),
]
OverridesOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a timing in cycles or the count of a level. May be repeated."),
]


@dataclass(frozen=True)
class DramOptions:
    """The options of ``simcore dram``. None leaves the controller's default."""

    trace: Path
    standard: str
    mapping: str | None
    scheduler: str | None
    row_policy: str | None
    refresh: str | None
    overrides: tuple[str, ...]
    engine: str
    commands: Path | None
    requests: Path | None
    json: bool
    quiet: bool
    no_limit: bool


@app.command(RUN, cls=Run)
@guarded
def run(
    trace: Annotated[
        Path,
        typer.Argument(metavar="TRACE", help="Requests, one per line: EARLIEST_CYCLE R|W HEX_ADDRESS. May be gzipped."),
    ],
    standard: StandardOption,
    mapping: Annotated[
        str | None,
        typer.Option(
            "--mapping",
            metavar="NAME|FIELDS",
            help="RoBaRaCoCh (default), MOP4CLXOR, or the fields of an address, most significant first.",
        ),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="frfcfs|frfcfs-rowhit|fcfs|bank-round-robin", help="Default: frfcfs.")
    ] = None,
    row_policy: Annotated[
        str | None, typer.Option("--row-policy", metavar="open|closed-after|timeout", help="Default: open.")
    ] = None,
    refresh: Annotated[str | None, typer.Option("--refresh", metavar="all-bank|per-bank|none", help="Default: all-bank.")] = None,
    no_refresh: Annotated[bool, typer.Option("--no-refresh", help="The same as --refresh none.")] = False,
    overrides: SetOption = None,
    engine: options.DramEngineOption = "compiled",
    commands: Annotated[
        str | None,
        typer.Option("--commands", metavar="FILE", help="Write the command stream to this CSV file; .gz gzips it."),
    ] = None,
    requests: Annotated[
        str | None,
        typer.Option("--requests", metavar="FILE", help="Write the arrival and departure of each request; .gz gzips it."),
    ] = None,
    json: options.JsonOption = False,
    quiet: options.QuietOption = False,
    no_limit: options.NoMinutesLimitOption = False,
) -> None:
    """TRACE: serve its requests in order, at most one a cycle. Print cycles, bandwidth, latencies, commands, banks and energy."""
    from simcore.cli.dram_run import dram_command, refresh_asked_for

    asked = refresh_asked_for(refresh, no_refresh)
    given = (
        trace,
        standard,
        mapping,
        scheduler,
        row_policy,
        asked,
        tuple(overrides or ()),
        engine or "compiled",
        options.file_named(commands, "--commands"),
        options.file_named(requests, "--requests"),
        json,
        quiet,
        no_limit,
    )
    dram_command(DramOptions(*given))


@app.command(CHECK)
@guarded
def check(
    commands: Annotated[
        Path,
        typer.Argument(
            metavar="COMMANDS", help="A command stream: simcore's or Ramulator's CSV, or DRAMsim3's columns. May be gzipped."
        ),
    ],
    standard: StandardOption,
    overrides: OverridesOption = None,
    json: options.JsonOption = False,
) -> None:
    """check: replay a command stream through the rules of the standard. The exit code is 1 if a rule is broken."""
    from simcore.cli.dram_check import dram_check_command

    dram_check_command(commands, standard, tuple(overrides or ()), json)
