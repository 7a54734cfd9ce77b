"""Write energy against accuracy: each placement is trained, and the words that it wrote are charged with their energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from simcore.studies.write_errors.accuracy_tables import spread_table
from simcore.studies.write_errors.candidate_placements import Candidates
from simcore.studies.write_errors.plan import Plan
from simcore.studies.write_errors.training_runs import Point
from workloads.faults.device import WriteDevice
from workloads.faults.placement import Placement, TensorWrites, training_rates
from workloads.faults.word_memory import TENSORS
from workloads.faults.words import word_format
from workloads.layers.held import TensorKind
from workloads.learning.setup import TrainingSetup

#: Error rate of the lower bits in placements that split the words of every tensor at the same bit.
SPLIT_RATE = 3e-1

Resolved = Mapping[str, Mapping[TensorKind, TensorWrites]]


@dataclass(frozen=True)
class Tolerance:
    """The errors that each kind of tensor tolerates: the highest rate in all bits, and how many lower bits may err often."""

    rates: Mapping[TensorKind, float]
    low_bits: Mapping[TensorKind, int]


def candidates(plan: Plan, made: Candidates, tolerance: Tolerance) -> list[Placement]:
    """Return the placements to try: fixed ones, and ones fitted to the tolerance of each kind of tensor in the sweep."""
    found = [made.safe, made.all_sram(), *(made.uniform(rate) for rate in plan.uniform_rates)]
    found += [made.uniform_short(rate) for rate in plan.pulse_rates]
    found += [made.low_bits(0.75, rate, made.all_sram().safe, "SRAM") for rate in plan.low_bit_rates]
    return found + _fitted(plan, made, tolerance)


def _fitted(plan: Plan, made: Candidates, tolerance: Tolerance) -> list[Placement]:
    """Return the placements that are fitted to what each kind of tensor tolerated.

    A tensor that tolerated no error rate in all its bits may still tolerate a high one in its lower bits, so each of them has
    placements that split its words.
    """
    low_rate = plan.sweeps[0].bit_rate or SPLIT_RATE
    half = dict.fromkeys(TENSORS, word_format(plan.sweeps[0].setup.word or "").low_bits)
    found = [made.graded(f"low bits {rate:.0e}, rest safe", dict.fromkeys(TENSORS, 0.0), half, rate) for rate in plan.split_rates]
    for name, rates in (("", tolerance.rates), (", rates / 10", {tensor: rate / 10 for tensor, rate in tolerance.rates.items()})):
        found.append(made.graded(f"by tensor and half{name}", rates, half, SPLIT_RATE))
        found.append(made.graded(f"by tensor and bit{name}", rates, tolerance.low_bits, low_rate))
        if any(rates.values()):
            found += [made.by_tensor(f"by tensor{name}", rates), made.by_tensor_short(f"by tensor{name}, short pulse", rates)]
    return found


def resolve_all(
    placements: Sequence[Placement], setup: TrainingSetup, device: WriteDevice
) -> dict[str, dict[TensorKind, TensorWrites]]:
    """Return error rates and energies of the words by name of the placement."""
    bits = word_format(setup.word or "fixed16").word_bits
    return {placement.name: placement.resolve(bits, device) for placement in placements}


def placement_points(resolved: Resolved, setup: TrainingSetup, experiment: str = "placement") -> list[Point]:
    """Return one point per placement."""
    return [Point(experiment, setup, training_rates(writes), {"placement": name}) for name, writes in resolved.items()]


def placement_table(runs: pd.DataFrame, resolved: Resolved, safe: str, experiment: str = "placement") -> pd.DataFrame:
    """Return one row per placement: accuracy, loss, and write energy of a training step relative to the placement ``safe``.

    Words of each kind of tensor count as often as the run wrote them. Energies are in picojoules per word, and NaN if a placement
    gives an error rate without an energy.
    """
    words = runs[runs["experiment"] == experiment][[f"{tensor}_words" for tensor in TENSORS]].sum()
    share = {tensor: float(words[f"{tensor}_words"] / words.sum()) for tensor in TENSORS}
    mean = {name: sum(share[tensor] * writes[tensor].pj_per_word for tensor in TENSORS) for name, writes in resolved.items()}
    rows = []
    for name, writes in resolved.items():
        row: dict[str, object] = {"placement": name}
        row |= {"write_pj_per_word": mean[name], "relative_write_energy": mean[name] / mean[safe]}
        bits = len(next(iter(writes.values())).error_rates)
        row["sram_bits_percent"] = 100 * sum(share[tensor] * writes[tensor].sram_bits for tensor in TENSORS) / bits
        row |= {f"{tensor}_pj_per_word": writes[tensor].pj_per_word for tensor in TENSORS}
        row |= {f"{tensor}_pulse_ns": writes[tensor].pulse_ns for tensor in TENSORS}
        row |= {f"{tensor}_highest_error_rate": float(writes[tensor].error_rates.max()) for tensor in TENSORS}
        rows.append(row)
    spread = spread_table(runs, experiment, ("net", "word", "reuse", "placement"))
    return pd.DataFrame(rows).merge(spread, on="placement", validate="one_to_one").sort_values("relative_write_energy")
