"""``simcore check`` of a micro-program for DRAM that computes."""

from __future__ import annotations

from typing import Any

import typer

from simcore.cli.console import print_json
from simcore.errors import InputError
from simcore.extensions.model_file import load_value
from simcore.pim import MicroProgram
from simcore.pim.check import COUNTED_BITS, ProgramReport, check_program


def micro_program(target: str) -> MicroProgram | None:
    """Return the micro-program that ``FILE.py:NAME`` names, or None if it names none."""
    try:
        found = load_value(target, MicroProgram, "micro-program") if ".py:" in target else None
    except InputError:
        return None  # the check of bank timings says what is wrong
    return found if isinstance(found, MicroProgram) else None


def check_micro_program(program: MicroProgram, target: str, as_json: bool) -> bool:
    """Print the report. Return whether the program has no problem."""
    report = check_program(program)
    if as_json:
        print_json(_as_json(report, target))
    elif report.counts is None or report.published is None:
        last = report.tried[-1]
        typer.echo(f"{target}, {last.n} x {last.m} bits{' signed' * last.signed}: {last.problem}", err=True)
    else:
        checked = sum(each.checked for each in report.tried)
        typer.echo(f"{program.name}: no problem in {checked:,} operands of {len(report.tried)} widths")
        told = f"{COUNTED_BITS} bits: {report.published.aap} AAP and {report.published.ap} AP"
        typer.echo(f"{told} ({report.counts.aap} and {report.counts.ap} with all initialisation)")
    return report.ok


def _as_json(report: ProgramReport, target: str) -> dict[str, Any]:
    tried = [
        {"bits": [each.n, each.m], "signed": each.signed, "checked": each.checked, "problem": each.problem}
        for each in report.tried
    ]
    counts = None
    if report.counts is not None and report.published is not None:
        counts = {"bits": COUNTED_BITS, "aap": report.published.aap, "ap": report.published.ap}
        counts |= {"aap_with_initialisation": report.counts.aap, "ap_with_initialisation": report.counts.ap}
    return {"model": target, "ok": report.ok, "tried": tried, "counts": counts}
