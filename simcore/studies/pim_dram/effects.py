"""What each real effect costs: one switched on at a time, and all of them one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from simcore.studies.pim_dram.cases import Case, CaseRun, Runs
from simcore.studies.pim_dram.configuration import NO_LIMITS, NOTHING_ELSE, Configuration, precision
from simcore.studies.pim_dram.feasibility import feasible
from simcore.studies.pim_dram.records import Row, ends, groups, records
from simcore.studies.pim_dram.settings import PimDramSettings
from simcore.studies.pim_dram.yardsticks import speedups

#: Period of the power limit in cycles: half the activations that tFAW of DDR4-2666 allows.
POWER_CYCLES = 448
#: Effect -> the overrides that switch it on. The bases have none of them.
EFFECTS: dict[str, tuple[str, ...]] = {
    "initial rows": ("initialised=true",),
    "tRRD": ("limits.trrd=true",),
    "tFAW": ("limits.tfaw=true",),
    "tFAW, AAP as two": ("limits.tfaw=true", "limits.aap_activations=2"),
    "tFAW, each row": ("limits.tfaw=true", "limits.count_rows=true"),
    "power": (f"limits.power_cycles={POWER_CYCLES}",),
    "command bus": ("limits.command_bus=true",),
    "refresh": ("limits.refresh=all-bank",),
    "lock-step": ("lock_step=true",),
    "periphery": ("periphery.enabled=true",),
    "transfers": ("transfers=true",),
    "transfers, operands too": ("transfers=true", "operands=bus"),
    "transfers, weights too": ("transfers=true", "weights=reloaded"),
}
#: The effects of a real machine, in the order in which the ladder switches them on.
LADDER = ("initial rows", "tRRD", "tFAW", "command bus", "refresh", "lock-step", "periphery", "transfers")


@dataclass(frozen=True)
class Step:
    """An effect that is switched on upon a base: alone, or after those before it in the ladder."""

    base: str
    effect: str
    ladder: bool
    configuration: Configuration


def bases(settings: PimDramSettings) -> list[tuple[Configuration, tuple[str, ...]]]:
    """Return the configurations without any effect, each with its networks.

    The preset at 8 bits (quick: 2 bits, the main network alone), and a pipeline at 2 bits with 16 subarrays of a bank at work.
    """
    without = (*NO_LIMITS, *NOTHING_ELSE, "lock_step=false", "initialised=false")
    bits = 2 if settings.quick else 8
    overrides = (*(precision(bits) if bits < 8 else ()), *without)
    plain = Configuration(f"ddr4-{bits}bit-1sub-without", "pim-dram-ddr4", overrides, "without")
    main = (settings.main_network,)
    return [(plain, main)] if settings.quick else [(plain, settings.chosen_networks), (feasible(2, 16), main)]


def steps(settings: PimDramSettings) -> Iterator[tuple[str, Step]]:
    """Yield network and step: the base, every effect alone, and the ladder, for every base."""
    for base, networks in bases(settings):
        for network in networks:
            yield from ((network, step) for step in _steps_on(base))


def _steps_on(base: Configuration) -> Iterator[Step]:
    yield Step(base.name, "none", False, base)
    for effect, overrides in EFFECTS.items():
        yield Step(base.name, effect, False, base.with_overrides(f"{base.name}+{_short(effect)}", *overrides, level="one effect"))
    made = base
    for count, effect in enumerate(LADDER, start=1):
        level = "all" if count == len(LADDER) else f"first {count} effects"
        made = made.with_overrides(f"{base.name}+first-{count}-effects", *EFFECTS[effect], level=level)
        yield Step(base.name, effect, True, made)


def _short(effect: str) -> str:
    return effect.replace(",", "").replace(" ", "-")


def effect_cases(settings: PimDramSettings) -> list[Case]:
    """Return the simulations of both tables."""
    return [Case(network, step.configuration) for network, step in steps(settings)]


def effect_tables(settings: PimDramSettings, runs: Runs, yardsticks: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return ``effects`` (each alone) and ``ladder`` (one after the other): time per image, slowdown, stalls by cause."""
    rows: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    first_ms = before_ms = 0.0
    for network, step in steps(settings):
        run, configuration = runs[Case(network, step.configuration).key], step.configuration
        ms = run.figures["ms_per_image"]
        if step.effect == "none":
            first_ms = before_ms = ms
        row: dict[str, Any] = {"network": network, "base": step.base, "effect": step.effect}
        row |= {"latency_ms": run.figures["latency_ms"], "ms_per_image": ms, "slowdown": ms / first_ms}
        if step.ladder:
            row |= {"slowdown_by_this": ms / before_ms}
            before_ms = ms
        row |= _stalls(run) | dict(speedups(network, ms, yardsticks))
        rows[step.ladder].append({**row, "configuration": configuration.name, "command": configuration.command(network)})
    return {"effects": pd.DataFrame(rows[False]), "ladder": pd.DataFrame(rows[True])}


def _stalls(run: CaseRun) -> dict[str, float]:
    return {f"stall_{cause}_percent": 100 * count / run.figures["cycles"] for cause, count in run.stalls.items()}


def effect_findings(effects: pd.DataFrame, ladder: pd.DataFrame) -> list[Row]:
    """Return, per base and effect, the least and greatest slowdown over the networks, alone and at the end of the ladder."""
    found = []
    last = [row for row in records(ladder) if row["effect"] == LADDER[-1]]
    for (base,), rows in groups(records(effects), "base"):
        by_effect = groups((row for row in rows if row["effect"] != "none"), "effect")
        alone = [{"effect": effect, **ends(of, "slowdown")} for (effect,), of in by_effect]
        found.append({"base": base, "alone": alone, "together": ends((row for row in last if row["base"] == base), "slowdown")})
    return found
