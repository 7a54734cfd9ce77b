"""Part 4: networks simulated on the systems. Each timing is simulated once, and its energy computed for each class and gating."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from models.cells.storage import Protection
from simcore.program.outcome import CAUSE_NAMES
from simcore.progress import OnProgress
from simcore.results import Results
from simcore.simulation import network_for
from simcore.studies.form.planned_once import simulate_planned_once
from simcore.studies.form.spread import spread
from simcore.studies.stt_mram.arrays import classes_of
from simcore.studies.stt_mram.energy_split import energy_by_group_uj, energy_by_part_uj
from simcore.studies.stt_mram.settings import BATCHES, CLASSES, KIB, MIB, TRAINED, TRAINING_BATCH, WORD_BITS, SttMramSettings
from simcore.studies.stt_mram.variants import ARRAY, CLOCK_MHZ, Variant
from simcore.systolic.alike import cycle_content, plan_content
from simcore.systolic.of_results import rates_of, system_of
from simcore.systolic.storage import KeptPad, protected_rates, protections

#: Capacities of each scratchpad of the SRAM systems. Tables that show one size show the preset's.
PRESET_BYTES = MIB
SRAM_BYTES, QUICK_SRAM_BYTES = (PRESET_BYTES, 4 * MIB, 16 * MIB), (PRESET_BYTES, 4 * MIB)
OPTIMIZER = "momentum"


@dataclass(frozen=True, order=True)
class Point:
    """What a run depends on beside network, pass, class and memory: capacity of each SRAM scratchpad, batch, array and clock."""

    sram_kib: int
    batch: int
    array: int = ARRAY
    clock_mhz: int = CLOCK_MHZ


@dataclass(frozen=True)
class Job:
    """The runs of a network and pass at a point, on the memories of several classes, each gated and not."""

    network: str
    training: bool
    point: Point
    classes: tuple[str, ...]
    cell: str

    def variants(self) -> Iterator[Variant]:
        """Yield the systems, class by class. An SRAM system comes before the systems that are compared with it."""
        point = self.point
        for leakage_class in self.classes:
            for cell, iso in (("sram", "none"), (self.cell, "capacity"), (self.cell, "area")):
                for gated in (False, True):
                    yield Variant(leakage_class, point.sram_kib * KIB, cell, iso, gated, point.array, point.clock_mhz)


@dataclass(frozen=True)
class SystemRun:
    """The result of a network and pass on a variant: its row of ``systems`` and its rows of ``system_stalls``."""

    row: dict[str, Any]
    stalls: tuple[dict[str, Any], ...]


def study_jobs(settings: SttMramSettings) -> list[Job]:
    """Return the jobs of the tables of systems: inference in small batches, training steps in the batch of training."""
    sizes = QUICK_SRAM_BYTES if settings.quick else SRAM_BYTES
    classes = classes_of(settings.cell)
    return [
        Job(*run, Point(sram_bytes // KIB, batch), classes, settings.cell)
        for name in settings.chosen_networks
        for run, batch in (((name, False), BATCHES[name]), ((TRAINED[name], True), TRAINING_BATCH))
        for sram_bytes in sizes
    ]


def of_study(table: pd.DataFrame, settings: SttMramSettings) -> pd.DataFrame:
    """Return the rows of the tables of systems, without those of the map alone, ordered by network, pass and class."""
    of_jobs = {(job.network, job.training, *_columns(job.point).values()) for job in study_jobs(settings)}
    columns = zip(table["network"], table["pass"] == "training", *(table[key] for key in _POINT), strict=True)
    kept: pd.DataFrame = table[[key in of_jobs for key in columns]]
    runs = kept.groupby(["network", "pass"], sort=False).ngroup()
    class_by_class = np.lexsort((kept["leakage_class"].map(CLASSES.index), runs))
    return kept.iloc[class_by_class].reset_index(drop=True)


_POINT = ("sram_kib", "batch", "array", "clock_mhz")


def _columns(point: Point) -> dict[str, int]:
    return {key: getattr(point, key) for key in _POINT}


def simulate_jobs(
    jobs: Iterable[Job], settings: SttMramSettings, on_progress: OnProgress | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of ``systems`` (without gains) and of ``system_stalls``, job by job."""
    done = spread(run_job, list(jobs), settings.jobs, "networks", on_progress)
    runs = [run for per_job in done for run in per_job]
    return pd.DataFrame([run.row for run in runs]), pd.DataFrame([stall for run in runs for stall in run.stalls])


def run_job(job: Job) -> list[SystemRun]:
    """Return the result of each variant, in their order. Variants that take the same cycles are simulated once."""
    variants = list(job.variants())
    systems = {variant: variant.system() for variant in variants}
    contents = {variant: cycle_content(system) for variant, system in systems.items()}
    first = {contents[variant]: systems[variant] for variant in reversed(variants)}
    simulated = sorted(first.items(), key=lambda each: plan_content(each[1]))
    network = network_for(job.network, simulated[0][1], job.point.batch, OPTIMIZER if job.training else None)
    ran = simulate_planned_once(network, [system for _, system in simulated])
    results = {content: found for (content, _), found in zip(simulated, ran, strict=True)}
    return [_run(job, variant, results[contents[variant]].rated(system)) for variant, system in systems.items()]


def _run(job: Job, variant: Variant, results: Results) -> SystemRun:
    named: dict[str, Any] = {"network": job.network, "pass": "training" if job.training else "inference"}
    named |= {"batch": job.point.batch, "array": variant.array, "clock_mhz": variant.clock_mhz}
    named |= {"leakage_class": variant.leakage_class, "cell": variant.cell, "iso": variant.iso}
    named |= {"sram_kib": variant.sram_bytes // KIB, "gated": variant.gated}
    of_causes = tuple({**named, "cause": cause, "cycles": cycles} for cause, cycles in stall_cycles(results).items())
    return SystemRun({**named, **measured(results), "configuration": variant.configuration}, of_causes)


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
    found = protections(system, results.runs, results.line_wear)
    leakage_mw = protected_rates(system, rates, found).leakage_mw
    row |= {"area_mm2": rates.banks_mm2, "leakage_mw": leakage_mw, "cycles": cycles, "time_ns": time_ns}
    row |= {"compute_cycles": int(layers["compute_cycles"].sum()), "dram_read_bytes": int(layers["dram_read_bytes"].sum())}
    row |= {"dram_write_bytes": int(layers["dram_write_bytes"].sum())}
    row |= {"accesses_per_ns": sum(accesses.values()) / time_ns, "write_share": accesses["writes"] / sum(accesses.values())}
    return row | _kept(found) | energy_split_uj(results)


def _kept(found: Sequence[tuple[KeptPad, Protection]]) -> dict[str, Any]:
    """Return what keeps the stored bits of a run: the strongest protection, what stays wrong, and the time that scrubs take."""
    names = {protection.name for _, protection in found}
    return {
        "protection": next((name for name in ("scrub", "code", "none") if name in names), ""),
        "stored_error_rate": max((protection.error_rate for _, protection in found), default=nan),
        "scrub_port_percent": max((pad.bank_percent(protection) for pad, protection in found), default=nan),
        "reads_of_a_word": max((pad.stay.reads for pad, _ in found), default=nan),
        "longest_stay_us": max((1e6 * pad.stay.seconds for pad, _ in found), default=nan),
    }


def words_of(results: Results, column: str) -> float:
    """Return the accesses of a kind ("reads", "writes") in words of 128 bits. An access to a line counts all of its words."""
    widths = {name: 8 * pad.line_bytes / WORD_BITS for name, pad in system_of(results).scratchpads.items()}
    counts = results.banks.groupby("scratchpad")[column].sum()
    return sum(float(counts[name]) * width for name, width in widths.items())


def energy_split_uj(results: Results) -> dict[str, float]:
    """Return the energy in microjoules by group and finer part, and the sums of scratchpads, chip and system."""
    spent = energy_by_group_uj(results.energy)
    split = {f"{part}_uj": energy_uj for part, energy_uj in (spent | energy_by_part_uj(results.energy)).items()}
    scratchpads_uj = spent["leakage"] + spent["read"] + spent["write"] + spent["kept"]
    sums = {"scratchpads_uj": scratchpads_uj, "chip_uj": scratchpads_uj + spent["mac"] + spent["other"]}
    return split | sums | {"system_uj": sums["chip_uj"] + spent["dram"]}
