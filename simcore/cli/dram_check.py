"""``simcore dram check``: the check of a command stream against the rules of a standard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap

import typer

from simcore.cli.console import console, print_json, table, working
from simcore.cli.dram_settings import dram_of, standard_overrides
from simcore.dram.checker import Violation, check_commands
from simcore.dram.commands import Command, read_commands

#: The exit code of ``check`` when a rule is broken. Bad input is 2.
BROKEN = 1
#: Columns of a line that describes a violation.
WIDTH = 100
#: The most violations that are printed; the others are only counted.
MAX_SHOWN = 20


def dram_check_command(path: Path, standard: str, overrides: Sequence[str], as_json: bool) -> None:
    """Print what the checker finds, and exit with 1 if a rule is broken."""
    dram = dram_of(standard, standard_overrides(overrides))
    checked: list[int] = [0]
    with working(not as_json) as tell:
        tell(f"checking {path}")
        violations = check_commands(_counted(read_commands(path, dram), checked), dram)
    if as_json:
        print_json(
            {
                "commands": str(path),
                "standard": standard,
                "checked_commands": checked[0],
                "legal": not violations,
                "violations": [asdict(violation) for violation in violations],
            }
        )
    else:
        _print_report(path, standard, checked[0], violations)
    if violations:
        raise typer.Exit(BROKEN)


def _counted(commands: Iterator[Command], count: list[int]) -> Iterator[Command]:
    for command in commands:
        count[0] += 1
        yield command


def _print_report(path: Path, standard: str, checked: int, violations: Sequence[Violation]) -> None:
    for violation in violations[:MAX_SHOWN]:
        for line in wrap(str(violation), WIDTH, subsequent_indent="  "):
            typer.echo(line)
    if len(violations) > MAX_SHOWN:
        typer.echo(f"and {len(violations) - MAX_SHOWN:,} more; --json lists all")
    if violations:
        rules = Counter(violation.rule for violation in violations)
        console().print(table("Violations", ("rule", "times"), rules.most_common()))
    found = f"{len(violations):,} violation{'' if len(violations) == 1 else 's'}" if violations else "no violation"
    typer.echo(f"{path}: {checked:,} commands of {standard}: {found}")
    if checked == 0:
        typer.echo(f"{path}: warning: it holds no command at all", err=True)
