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
    "refresh, bank by bank": ("limits.refresh=per-bank",),
    "refresh, bank by bank, lock-step": ("limits.refresh=per-bank", "lock_step=true"),
    "lock-step": ("lock_step=true",),
    "periphery": ("periphery.enabled=true",),
    "transfers": ("transfers=true",),
    "transfers, operands too": ("transfers=true", "operands=bus"),
    "transfers, weights too": ("transfers=true", "weights=reloaded"),
    "transfers, weights too, row copies": ("transfers=true", "weights=reloaded", "row_copies=true"),
    "transfers beside products": ("transfers=true", "overlap_transfers=true"),
}
#: The effects that only some machines can have: a DRAM with refreshes of single banks, several subarrays of a bank at work, a
#: pipeline.
BY_BANK = ("refresh, bank by bank", "refresh, bank by bank, lock-step")
SEVERAL, PIPELINE = "transfers, weights too, row copies", "transfers beside products"
EVERYWHERE = tuple(effect for effect in EFFECTS if effect not in (*BY_BANK, SEVERAL, PIPELINE))
#: The effects of a real machine, in the order in which the ladder switches them on.
LADDER = ("initial rows", "tRRD", "tFAW", "command bus", "refresh", "lock-step", "periphery", "transfers")


@dataclass(frozen=True)
class Step:
    """An effect that is switched on upon a base: alone, or after those before it in the ladder."""

    base: str
    effect: str
    ladder: bool
    configuration: Configuration


@dataclass(frozen=True)
class Base:
    """A configuration without any effect, its networks, and the effects that are switched on alone and one after the other."""

    configuration: Configuration
    networks: tuple[str, ...]
    alone: tuple[str, ...] = EVERYWHERE
    ladder: tuple[str, ...] = LADDER


def bases(settings: PimDramSettings) -> list[Base]:
    """Return the bases.

    They are the preset at 8 bits (quick: 2 bits, the main network alone), a pipeline at 2 bits with 16 subarrays of a bank at
    work, and for refreshes HBM2, the only standard here with refreshes of single banks.
    """
    without = (*NO_LIMITS, *NOTHING_ELSE, "lock_step=false", "initialised=false")
    bits = 2 if settings.quick else 8
    overrides = (*(precision(bits) if bits < 8 else ()), *without)
    plain = Configuration(f"ddr4-{bits}bit-1sub-without", "pim-dram-ddr4", overrides, "without")
    stack = Configuration(f"hbm2-{bits}bit-1sub-without", "pim-dram-hbm2", overrides, "without")
    main = (settings.main_network,)
    by_bank = Base(stack, main, ("refresh", *BY_BANK), ())
    if settings.quick:
        return [Base(plain, main), by_bank]
    pipeline = Base(feasible(2, 16), main, (*EVERYWHERE, SEVERAL, PIPELINE))
    return [Base(plain, settings.chosen_networks), pipeline, by_bank]


def steps(settings: PimDramSettings) -> Iterator[tuple[str, Step]]:
    """Yield network and step: the base, every effect alone, and the ladder, for every base."""
    for base in bases(settings):
        for network in base.networks:
            yield from ((network, step) for step in _steps_on(base))


def _steps_on(base: Base) -> Iterator[Step]:
    plain = base.configuration
    yield Step(plain.name, "none", False, plain)
    for effect in base.alone:
        changed = plain.with_overrides(f"{plain.name}+{_short(effect)}", *EFFECTS[effect], level="one effect")
        yield Step(plain.name, effect, False, changed)
    made = plain
    for count, effect in enumerate(base.ladder, start=1):
        level = "all" if count == len(base.ladder) else f"first {count} effects"
        made = made.with_overrides(f"{plain.name}+first-{count}-effects", *EFFECTS[effect], level=level)
        yield Step(plain.name, effect, True, made)


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
    """Return, per base and effect, the least and greatest slowdown over the networks, alone and at the end of a ladder."""
    found = []
    last = [row for row in records(ladder) if row["effect"] == LADDER[-1]]
    for (base,), rows in groups(records(effects), "base"):
        by_effect = groups((row for row in rows if row["effect"] != "none"), "effect")
        alone = [{"effect": effect, **ends(of, "slowdown")} for (effect,), of in by_effect]
        together = [row for row in last if row["base"] == base]
        found.append({"base": base, "alone": alone, "together": ends(together, "slowdown") if together else None})
    return found
