"""The simulations of the study: a network on a configuration. Parts that need the same simulation share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simcore.pim.phases import PHASE_KINDS
from simcore.progress import OnProgress
from simcore.simulation import simulate
from simcore.studies.form.spread import spread
from simcore.studies.pim_dram.configuration import Configuration
from simcore.studies.pim_dram.layer_rows import bank_rows, layer_rows, mean_utilisation

if TYPE_CHECKING:
    from simcore.results import Results


@dataclass(frozen=True)
class Case:
    """A network on a configuration. Cases with equal ``key`` are one simulation."""

    network: str
    configuration: Configuration

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """Return what decides the result."""
        return self.network, self.configuration.preset, tuple(sorted(self.configuration.overrides))


@dataclass(frozen=True)
class CaseRun:
    """What was measured, as plain values. ``figures`` are those of the whole run; ``layers`` and ``banks`` have a row each."""

    figures: Mapping[str, Any]
    stalls: Mapping[str, int] = field(default_factory=dict)
    phases: Mapping[str, int] = field(default_factory=dict)
    energy_pj: Mapping[str, float] = field(default_factory=dict)
    layers: tuple[Mapping[str, Any], ...] = ()
    banks: tuple[Mapping[str, Any], ...] = ()


Runs = Mapping[tuple[str, str, tuple[str, ...]], CaseRun]


def run_cases(cases: Iterable[Case], jobs: int, on_progress: OnProgress | None) -> dict[Any, CaseRun]:
    """Return what each different simulation measured, by `Case.key`."""
    unique = {case.key: case for case in cases}
    # Neighbours in this order share phases and kernels; each process takes the next when it is free.
    done = spread(run_case, list(unique.values()), jobs, "networks on DRAM", on_progress)
    return dict(zip(unique, done, strict=True))


def run_case(case: Case) -> CaseRun:
    """Run one simulation."""
    configuration = case.configuration
    return measured(simulate(case.network, configuration.preset, overrides=configuration.overrides))


def measured(results: Results) -> CaseRun:
    """Return the figures of a run.

    ``latency_ms`` is the time of one image from its input to its result; ``ms_per_image`` is the time between the results of two
    images that follow each other, which is shorter if layers are pipelined. Energies are those of one image.
    """
    parts = results.to_json()
    ms_per_cycle = 1e3 / results.system.core_clock_hz
    pipeline = parts.get("pipeline") or {}
    interval_cycles = pipeline.get("interval_cycles", results.cycles)
    figures: dict[str, Any] = {"latency_ms": pipeline.get("latency_cycles", results.cycles) * ms_per_cycle}
    figures |= {"ms_per_image": interval_cycles * ms_per_cycle}
    figures |= {"cycles": results.cycles, "compute_cycles": int(results.layers["compute_cycles"].sum())}
    figures |= {"macs": int(results.layers["macs"].sum())}
    energy = dict(zip(results.energy["part"], results.energy["energy_pj"], strict=True))
    layers = layer_rows(results)
    figures |= {"uj_per_image": 1e-6 * sum(energy.values())} | mean_utilisation(layers)
    return CaseRun(
        figures=figures | {name: parts["commands"].get(name, 0) for name in ("ACT", "RD", "WR", "REF")},
        stalls={cause: int(results.layers[f"stall_{cause}_cycles"].sum()) for cause in results.kind.causes},
        phases={kind: int(parts["phases"].get(kind, 0)) for kind in PHASE_KINDS},
        energy_pj=energy,
        layers=tuple(layers),
        banks=tuple(bank_rows(results, interval_cycles)),
    )
