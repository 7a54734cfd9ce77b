"""The commands under ``simcore memory``. The name of a cell works like a command, as ``wer`` does."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from simcore.cli import options
from simcore.cli.group import Group
from simcore.cli.guard import guarded

MACRO = "macro"


class CellOrCommand(Group):
    """``simcore memory sram 2MiB`` is short for ``simcore memory macro sram 2MiB``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the first word names, or ``macro`` if it names none."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = [MACRO, *args]
        return super().resolve_command(ctx, args)


memory_app = typer.Typer(
    cls=CellOrCommand,
    help="Print a memory macro (simcore memory sram 2MiB), a cell (simcore memory cell) or a write error rate (... wer).",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@memory_app.command(MACRO)
@guarded
def macro(
    cell: Annotated[
        str,
        typer.Argument(
            metavar="CELL", help="sram, stt-34.5F2, stt-40F2, stt-54F2, stt-14F2, stt-75F2, or a description: FILE.yaml."
        ),
    ],
    capacity: Annotated[str, typer.Argument(metavar="CAPACITY", help="From 32KiB to 64MiB.")],
    node: options.NodeOption = 22,
    leakage_class: options.LeakageClassOption = "lop",
    word_bits: Annotated[int, typer.Option("--word-bits", metavar="N", help="Bits of one access.")] = 128,
    target: Annotated[
        str,
        typer.Option(
            "--optimise", metavar="read-edp|read-latency|write-edp|area|leakage", help="Figure that the macro is optimised for."
        ),
    ] = "read-edp",
    iso: Annotated[
        str | None, typer.Option("--iso", metavar="area|capacity", help="Compare with a macro of equal area or capacity.")
    ] = None,
    against: Annotated[str | None, typer.Option("--against", metavar="CELL", help="Cell of that other macro.")] = None,
    voltage: Annotated[
        float | None, typer.Option("--voltage", metavar="V", help="Write voltage, instead of the cell's own.")
    ] = None,
    pulse_ns: Annotated[
        float | None, typer.Option("--pulse-ns", metavar="NS", help="Write pulse, instead of the cell's own.")
    ] = None,
    clock: Annotated[
        str | None, typer.Option("--clock", metavar="FREQUENCY", help="Also print latencies in cycles of this clock.")
    ] = None,
    json: options.JsonOption = False,
) -> None:
    """Print area, latency, energy and leakage of a memory macro; `simcore memory CELL CAPACITY` does the same."""
    from simcore.cli.memory import MacroOptions, macro_command

    macro_command(
        MacroOptions(cell, capacity, node, leakage_class, word_bits, target, iso, against, voltage, pulse_ns, clock, json)
    )


@memory_app.command("cell")
@guarded
def cell(
    name: Annotated[str, typer.Argument(metavar="CELL", help="A cell of `simcore list cells`, or a description: FILE.yaml.")],
    json: options.JsonOption = False,
) -> None:
    """Print what a cell's description states, what follows from it, and where its figures contradict each other."""
    from simcore.cli.memory_cell import cell_command

    cell_command(name, json)


@memory_app.command("wer")
@guarded
def wer(
    delta: Annotated[
        float | None,
        typer.Option("--delta", metavar="N", help="Thermal stability: energy barrier / kT; default: the cell's, or 60."),
    ] = None,
    overdrive: Annotated[
        float | None, typer.Option("--overdrive", metavar="I", help="Write current over critical current.")
    ] = None,
    voltage: Annotated[
        float | None, typer.Option("--voltage", metavar="V", help="Write voltage of the cell or junction.")
    ] = None,
    cell: Annotated[
        str | None, typer.Option("--cell", metavar="CELL", help="Use this cell, by default at its own voltage and pulse.")
    ] = None,
    tau: Annotated[float | None, typer.Option("--tau", metavar="T", help="Write pulse in units of tau_D.")] = None,
    pulse_ns: Annotated[float | None, typer.Option("--pulse-ns", metavar="NS", help="Write pulse in ns.")] = None,
    target: Annotated[
        float | None, typer.Option("--target", metavar="RATE", help="Find the pulse that reaches this error rate.")
    ] = None,
    direction: Annotated[
        str | None, typer.Option("--direction", metavar="p-to-ap|ap-to-p", help="Consider only this direction.")
    ] = None,
    asymmetry: Annotated[
        float | None,
        typer.Option("--asymmetry", metavar="R", help="Critical current of P->AP over that of AP->P; default: the cell's, or 1."),
    ] = None,
    sigma: Annotated[float, typer.Option("--sigma", metavar="S", help="Relative spread of the overdrive among cells.")] = 0.0,
    method: Annotated[
        str,
        typer.Option("--method", metavar="best|refined|table|fokker-planck|butler|sun", help="How to compute the error rate."),
    ] = "best",
    json: options.JsonOption = False,
) -> None:
    """Print the write error rate of a junction or a cell, or the pulse that reaches an error rate."""
    from simcore.cli.write_errors import WriteErrorOptions, write_error_command

    write_error_command(
        WriteErrorOptions(delta, overdrive, voltage, cell, tau, pulse_ns, target, direction, asymmetry, sigma, method, json)
    )
