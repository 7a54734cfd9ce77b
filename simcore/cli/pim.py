"""``simcore pim``: DRAM that computes, from micro-programs or from PIMeval's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from simcore.cli import options
from simcore.cli.dram import OverridesOption
from simcore.cli.group import Group
from simcore.cli.guard import guarded
from simcore.cli.options import taking

app = typer.Typer(
    cls=Group,
    help="Compute inside DRAM: a micro-program with its values, counts, commands and time (multiply), or PIMeval's table (op).",
    no_args_is_help=True,
    rich_markup_mode=None,
)

EXAMPLES = """\
Examples:

\b
  simcore pim multiply --bits 8 --program maj
  simcore pim multiply --bits 8 --program simdram --standard ddr4_2666 --banks 16 --commands mul.csv.gz
  simcore pim multiply --bits 4 --no-limits --program mine.py:PROGRAM --json

'simcore dram check mul.csv.gz --standard pim-ddr4_2666' checks the stream; docs/pim-dram.md explains the rest.
"""


@dataclass(frozen=True)
class MultiplyOptions:
    """The options of ``simcore pim multiply``."""

    bits: Annotated[int, typer.Option("--bits", metavar="N", help="Bits of the first operand.")]
    by: Annotated[int | None, typer.Option("--by", metavar="M", help="Bits of the second operand. Default: as many.")] = None
    signed: Annotated[bool, typer.Option("--signed", help="Operands in two's complement.")] = False
    program: Annotated[str, typer.Option("--program", metavar="maj|simdram|FILE.py:NAME", help="The micro-program.")] = "maj"
    standard: Annotated[
        str, typer.Option("--standard", metavar="NAME|FILE.yaml", help="The DRAM; 'simcore list pim' lists presets.")
    ] = "pim-ddr4_2666"
    overrides: OverridesOption = None
    banks: Annotated[int, typer.Option("--banks", metavar="N", help="Banks that compute at the same time.")] = 1
    subarrays: Annotated[int, typer.Option("--subarrays", metavar="N", help="Subarrays of each bank that compute.")] = 1
    independent: Annotated[bool, typer.Option("--independent", help="Each bank goes its own pace; default: lock-step.")] = False
    refresh: Annotated[str, typer.Option("--refresh", metavar="all-bank|per-bank|none", help="Refreshes.")] = "all-bank"
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="tRRD|tFAW|command-bus", help="Lift a limit on activations. May be repeated."),
    ] = None
    no_limits: Annotated[bool, typer.Option("--no-limits", help="Lift all limits, refreshes too.")] = False
    power: Annotated[int, typer.Option("--power", metavar="CYCLES", help="Allow 32 activations in so many cycles; 0: any.")] = 0
    aap_activations: Annotated[int, typer.Option("--aap-activations", metavar="1|2", help="What an AAP counts as.")] = 1
    count_rows: Annotated[
        bool, typer.Option("--count-rows", help="Several rows raised together count as as many activations, not as one.")
    ] = False
    initialised: Annotated[
        bool, typer.Option("--initialised", help="Also issue the operations that the published count leaves out.")
    ] = False
    variation: Annotated[
        float | None, typer.Option("--variation", metavar="PERCENT", help="Also check values with activations that fail.")
    ] = None
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the failing columns.")] = 0
    engine: options.DramEngineOption = "compiled"
    commands: Annotated[
        str | None, typer.Option("--commands", metavar="FILE", help="Write the command stream to this CSV file; .gz gzips it.")
    ] = None
    no_limit: options.NoMinutesLimitOption = False
    json: options.JsonOption = False


@app.command(epilog=EXAMPLES)
@guarded
@taking(MultiplyOptions)
def multiply(asked: MultiplyOptions) -> None:
    """Multiply inside DRAM: check the values on bit planes, then issue the commands of one multiplication per column."""
    from simcore.cli.pim_multiply import multiply_command

    multiply_command(asked)


@app.command()
@guarded
def op(
    operation: Annotated[str, typer.Argument(metavar="add|sub|and|mul", help="The operation.")],
    bits: Annotated[int, typer.Option("--bits", metavar="N", help="Bits of an element.")],
    elements: Annotated[int, typer.Option("--elements", metavar="M", help="Number of elements.")],
    system: Annotated[str, typer.Option("--system", metavar="NAME", help="The system, whose geometry the options change.")] = (
        "pimeval-ddr4"
    ),
    ranks: Annotated[int | None, typer.Option("--ranks", metavar="N", help="Ranks.")] = None,
    banks: Annotated[int | None, typer.Option("--banks", metavar="N", help="Banks of a rank.")] = None,
    subarrays: Annotated[int | None, typer.Option("--subarrays", metavar="N", help="Subarrays of a bank.")] = None,
    rows: Annotated[int | None, typer.Option("--rows", metavar="N", help="Rows of a subarray.")] = None,
    columns: Annotated[int | None, typer.Option("--columns", metavar="N", help="Columns of a subarray.")] = None,
    commands: options.CommandsOption = None,
    json: options.JsonOption = False,
) -> None:
    """Time an operation on many elements by PIMeval's BitSIMD table: no limits, a row access takes tRAS + tRP."""
    from simcore.cli.pim_op import op_command

    given = {"ranks": ranks, "banks": banks, "subarrays": subarrays, "rows": rows, "columns": columns}
    geometry = {name: value for name, value in given.items() if value is not None}
    op_command(operation, bits, elements, name=system, geometry=geometry, commands=commands, as_json=json)
