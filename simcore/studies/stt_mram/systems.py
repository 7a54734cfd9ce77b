"""Part 4: networks simulated on the systems. Each timing is simulated once, and its energy computed for each class and gating."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from simcore.program.outcome import CAUSE_NAMES
from simcore.progress import OnProgress
from simcore.results import Results
from simcore.simulation import simulate
from simcore.studies.form.spread import spread
from simcore.studies.stt_mram.arrays import classes_of
from simcore.studies.stt_mram.energy_split import energy_by_group_uj
from simcore.studies.stt_mram.settings import BATCHES, KIB, MIB, WORD_BITS, SttMramSettings
from simcore.studies.stt_mram.variants import Variant
from simcore.systolic.alike import alike_in_time
from simcore.systolic.of_results import rates_of, system_of

#: Capacities of each scratchpad of the SRAM systems. Tables that show one size show the preset's.
PRESET_BYTES = MIB
SRAM_BYTES, QUICK_SRAM_BYTES = (PRESET_BYTES, 4 * MIB, 16 * MIB), (PRESET_BYTES, 4 * MIB)
OPTIMIZER = "momentum"


@dataclass(frozen=True)
class Job:
    """One simulation: a network, a pass, and the variants that have the same cycles, of which the first is simulated."""

    network: str
    training: bool
    batch: int
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class SystemRun:
    """The result of a network and pass on a variant: its row of ``systems`` and its rows of ``system_stalls``."""

    network: str
    training: bool
    variant: Variant
    row: dict[str, Any]
    stalls: tuple[dict[str, Any], ...]


def variants_of(settings: SttMramSettings) -> tuple[Variant, ...]:
    """Return every system of the study, class by class. An SRAM system comes before the systems that are compared with it."""
    found = []
    for leakage_class in classes_of(settings.cell):
        for sram_bytes in QUICK_SRAM_BYTES if settings.quick else SRAM_BYTES:
            for cell, iso in (("sram", "none"), (settings.cell, "capacity"), (settings.cell, "area")):
                found += [Variant(leakage_class, sram_bytes, cell, iso, gated) for gated in (False, True)]
    return tuple(found)


def alike(variants: Iterable[Variant]) -> list[tuple[Variant, ...]]:
    """Return the variants in groups with equal cycles."""
    groups: list[list[Variant]] = []
    for variant in variants:
        system = variant.system()
        for group in groups:
            if alike_in_time(group[0].system(), system):
                group.append(variant)
                break
        else:
            groups.append([variant])
    return [tuple(group) for group in groups]


def simulate_systems(settings: SttMramSettings, on_progress: OnProgress | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables ``systems`` (without gains) and ``system_stalls``."""
    variants = variants_of(settings)
    groups = alike(variants)
    jobs = [
        Job(network, training, BATCHES[network], group)
        for network in settings.chosen_networks
        for training in (False, True)
        for group in groups
    ]
    done = spread(run_job, jobs, settings.jobs, "networks", on_progress)
    order = {variant: index for index, variant in enumerate(variants)}
    runs = [run for per_job in done for run in per_job]
    runs.sort(key=lambda run: (settings.chosen_networks.index(run.network), run.training, order[run.variant]))
    return pd.DataFrame([run.row for run in runs]), pd.DataFrame([stall for run in runs for stall in run.stalls])


def run_job(job: Job) -> list[SystemRun]:
    """Return the result of each variant."""
    training = OPTIMIZER if job.training else None
    ran = simulate(job.network, job.variants[0].system(), batch=job.batch, training=training)
    return [_run(job, variant, ran.rated(variant.system())) for variant in job.variants]


def _run(job: Job, variant: Variant, results: Results) -> SystemRun:
    named: dict[str, Any] = {"network": job.network, "pass": "training" if job.training else "inference", "batch": job.batch}
    named |= {"leakage_class": variant.leakage_class, "cell": variant.cell, "iso": variant.iso}
    named |= {"sram_kib": variant.sram_bytes // KIB, "gated": variant.gated}
    of_causes = tuple({**named, "cause": cause, "cycles": cycles} for cause, cycles in stall_cycles(results).items())
    row = {**named, **measured(results), "configuration": variant.configuration}
    return SystemRun(job.network, job.training, variant, row, of_causes)


def stall_cycles(results: Results) -> dict[str, int]:
    """Return the stalled cycles of a run for every cause, including causes without cycles."""
    causes, cycles = results.stalls["cause"], results.stalls["cycles"]
    return {cause: int(cycles[causes == cause].sum()) for cause in CAUSE_NAMES}


def measured(results: Results) -> dict[str, Any]:
    """Return the figures of a run: cycles, traffic, accesses of 128 bits, energy by part, leakage and area."""
    layers, system, rates = results.layers, system_of(results), rates_of(results)
    cycles = results.cycles
    time_ns = cycles * 1e9 / system.core_clock_hz
    accesses = {name: words_of(results, name) for name in ("reads", "writes")}
    row: dict[str, Any] = {"capacity_kib": sum(pad.capacity_bytes for pad in system.scratchpads.values()) // KIB}
    row |= {"area_mm2": rates.banks_mm2, "leakage_mw": rates.leakage_mw, "cycles": cycles, "time_ns": time_ns}
    row |= {"compute_cycles": int(layers["compute_cycles"].sum()), "dram_read_bytes": int(layers["dram_read_bytes"].sum())}
    row |= {"dram_write_bytes": int(layers["dram_write_bytes"].sum())}
    row |= {"accesses_per_ns": sum(accesses.values()) / time_ns, "write_share": accesses["writes"] / sum(accesses.values())}
    return row | energy_split_uj(results)


def words_of(results: Results, column: str) -> float:
    """Return the accesses of a kind ("reads", "writes") in words of 128 bits. An access to a line counts all of its words."""
    widths = {name: 8 * pad.line_bytes / WORD_BITS for name, pad in system_of(results).scratchpads.items()}
    counts = results.banks.groupby("scratchpad")[column].sum()
    return sum(float(counts[name]) * width for name, width in widths.items())


def energy_split_uj(results: Results) -> dict[str, float]:
    """Return the energy in microjoules by group, and the sums of scratchpads, chip and system."""
    spent = energy_by_group_uj(results.energy)
    split = {f"{part}_uj": energy_uj for part, energy_uj in spent.items()}
    scratchpads_uj = spent["leakage"] + spent["read"] + spent["write"]
    sums = {"scratchpads_uj": scratchpads_uj, "chip_uj": scratchpads_uj + spent["mac"] + spent["other"]}
    return split | sums | {"system_uj": sums["chip_uj"] + spent["dram"]}
