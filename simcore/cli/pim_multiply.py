"""``simcore pim multiply``: one product per column, its values, counts, commands, time and energy."""

from __future__ import annotations

from typing import Any

from models.pim.variation import SOURCE, failing_share
from simcore.cli.console import console, print_json, table, telling_of_compiling, working
from simcore.cli.dram_settings import standard_overrides
from simcore.cli.options import file_named
from simcore.cli.pim import MultiplyOptions
from simcore.cli.pim_time import LIMIT_S, refuse_long_work
from simcore.engine.micro_programs import run_work
from simcore.engine.names import check_engine
from simcore.errors import InputError, did_you_mean
from simcore.pim.failures import failing
from simcore.pim.find import find_program
from simcore.pim.limits import NO_LIMITS, PimLimits, load_pim_dram
from simcore.pim.program import MicroProgram
from simcore.pim.report import Placed, report
from simcore.pim.saving import command_file
from simcore.pim.values import check_values
from simcore.reading.numbers import counted

_LIMITS = ("tRRD", "tFAW", "command-bus")


def multiply_command(asked: MultiplyOptions) -> None:
    """Check all options, check the values, issue the commands, and print the figures."""
    check_engine(asked.engine)
    limits = limits_of(asked)
    program = find_program(asked.program, "mul")
    recording = program.recorded(asked.bits, asked.by, asked.signed)
    dram = load_pim_dram(asked.standard, limits, standard_overrides(asked.overrides or ()))
    placed = Placed(recording, dram, limits, asked.banks, asked.subarrays, not asked.independent, asked.initialised)
    work, path = placed.work, file_named(asked.commands, "--commands")
    refuse_long_work(work, asked.engine, None if asked.no_limit else LIMIT_S)
    with working(not asked.json) as tell, telling_of_compiling(not asked.json), command_file(dram, path) as save:
        tell("checking values")
        values = check_values(program, asked.bits, asked.by, signed=asked.signed)
        failures = failures_of(program, asked)
        tell("issuing commands")
        outcome = run_work(work, asked.engine, record_commands=path is not None)
        save(outcome.commands)
    found = {**report(program, placed, outcome, values), "failures": failures}
    print_json(found) if asked.json else _print(found)


def limits_of(asked: MultiplyOptions) -> PimLimits:
    """Return the limits that the options leave. Raise InputError for options that contradict each other."""
    without = asked.without or []
    for name in without:
        if name not in _LIMITS:
            raise InputError(f"no limit '{name}'", f"--without {name}", did_you_mean(name, _LIMITS))
    counting = {"aap_activations": asked.aap_activations, "count_rows": asked.count_rows}
    if asked.no_limits:
        if without or asked.power or asked.refresh != "all-bank":
            raise InputError("expected --no-limits alone, because it lifts every limit", "--no-limits")
        return PimLimits(**{**vars(NO_LIMITS), **counting})
    return PimLimits(
        trrd="tRRD" not in without,
        tfaw="tFAW" not in without,
        command_bus="command-bus" not in without,
        power_cycles=asked.power,
        refresh=asked.refresh,  # type: ignore[arg-type]  # PimLimits checks it
        aap_activations=asked.aap_activations,
        count_rows=asked.count_rows,
    )


def failures_of(program: MicroProgram, asked: MultiplyOptions) -> dict[str, Any] | None:
    """Return what failing activations do to products, or None if no variation was given. Raise InputError for an unknown one."""
    if asked.variation is None:
        return None
    if asked.seed < 0:
        raise InputError(f"expected a seed of at least 0, got {asked.seed}", "--seed")
    share = failing_share(asked.variation)
    found = check_values(program, asked.bits, asked.by, signed=asked.signed, sense=failing(share, asked.seed))
    return {
        "variation_percent": asked.variation,
        "failing_columns_percent": 100 * share,
        "wrong_products_percent": 100 * (1 - found.right / found.checked),
        "mean_absolute_error": found.mean_error,
        "source": SOURCE,
    }


def _print(found: dict[str, Any]) -> None:
    out = console()
    whole = found["with_initialisation"]
    names = (("aap", "AAP"), ("ap", "AP"), ("activations", "activations"), ("rows_raised", "rows raised"))
    rows = [(told, found[name], whole[name]) for name, told in names]
    out.print(table(f"{found['program']}: counts", ("", "in a subarray", "with all initialisation"), rows))
    out.print()
    cycles = [("compute", found["compute_cycles"]), *found["stall_cycles"].items(), ("total", found["cycles"])]
    shown = [(name, value, 100 * value / found["cycles"]) for name, value in cycles if value]
    where = f"{counted(found['banks'], 'bank')} x {counted(found['subarrays'], 'subarray')} of {found['standard']}"
    out.print(table(f"Cycles of the last subarray, {where}", ("", "cycles", "%"), shown))
    out.print()
    energy = "unknown" if found["pj"] is None else f"{found['pj'] / 1e6:,.3f} uJ"
    out.print(f"{found['results']:,} products in {found['ns']:,.1f} ns; energy {energy}.", markup=False)
    right = "exact" if found["exact"] else f"wrong: {found['first_wrong']}"
    out.print(f"{found['pairs_checked']:,} pairs of operands checked: {right}.", markup=False)
    failures = found["failures"]
    if failures is not None:
        told = f"{failures['failing_columns_percent']:.2f} % of columns failing for each set of rows"
        wrong = f"{failures['wrong_products_percent']:.2f} % of products wrong"
        out.print(f"With {told}: {wrong}, mean error {failures['mean_absolute_error']:,.1f}.", markup=False)
