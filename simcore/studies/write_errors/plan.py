"""The points that the study of write errors trains in each experiment, for a quick and for a full study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from simcore.studies.write_errors.accuracy_tables import ERROR_FREE
from simcore.studies.write_errors.training_runs import Point
from workloads.faults.injection import ErrorRates, error_rates
from workloads.faults.word_memory import TENSORS
from workloads.faults.words import word_format
from workloads.layers.held import TensorKind
from workloads.learning.setup import TrainingSetup


@dataclass(frozen=True)
class Sweep:
    """A net and word format with the swept values: error rates per tensor, and one rate for single bit positions."""

    setup: TrainingSetup
    rates: tuple[float, ...]
    bit_rate: float | None = None
    bits: tuple[int, ...] = ()
    bit_seeds: int = 1


@dataclass(frozen=True)
class Plan:
    """The sweeps, main one first, and the rates of the other experiments.

    ``low_rates`` are rates at which all tensors err at once. The last four are rates of placements: uniform by voltage, uniform
    by pulse, low bits beside SRAM, and low bits beside safe ones.
    """

    sweeps: tuple[Sweep, ...]
    low_rates: tuple[float, ...]
    reuse_rates: tuple[float, ...]
    uniform_rates: tuple[float, ...]
    pulse_rates: tuple[float, ...]
    low_bit_rates: tuple[float, ...]
    split_rates: tuple[float, ...]


def quick_plan(setup: TrainingSetup) -> Plan:
    """Return a plan with only the main net, few rates, and every fourth bit with one seed."""
    bits = _every(_bits(setup), 4)
    return Plan((Sweep(setup, (1e-5, 1e-3, 1e-1), 1e-1, bits),), (1e-6,), (), (1e-3, 1e-2), (1e-2,), (1e-2,), (1e-1,))


def full_plan(setup: TrainingSetup) -> Plan:
    """Return a plan with more rates, every bit, the other word format (bf16 or fixed16), the other net, and addresses."""
    other_word = "fixed16" if setup.word == "bf16" else "bf16"
    other_net = "small-cnn" if setup.net == "vgg-like" else "vgg-like"
    second, third = replace(setup, word=other_word), replace(setup, net=other_net)
    sweeps = (
        Sweep(setup, (1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1), 1e-1, tuple(range(_bits(setup))), 3),
        Sweep(second, (1e-6, 1e-5, 1e-4, 1e-3, 1e-2), 1e-3, tuple(range(_bits(second)))),
        Sweep(third, (1e-3, 1e-2, 1e-1)),
    )
    uniform = (1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2)
    return Plan(sweeps, (1e-8, 1e-7, 1e-6), (1e-3, 1e-2, 1e-1), uniform, (1e-5, 1e-3, 1e-2), (1e-2, 1e-1), (1e-2, 1e-1, 3e-1))


def error_free_points(plan: Plan) -> list[Point]:
    """Return each net and word without errors, and the main net in float32, which shows the cost of quantisation."""
    setups = [sweep.setup for sweep in plan.sweeps]
    setups.append(replace(setups[0], word=None))
    return [Point(ERROR_FREE, setup, _rates(setup, {})) for setup in setups]


def low_rate_points(plan: Plan) -> list[Point]:
    """Return points with errors in all tensors at once, at rates at which training should show no loss."""
    setup = plan.sweeps[0].setup
    return [
        Point(
            "low-rate", setup, _rates(setup, dict.fromkeys(TENSORS, rate)), {"tensor": "all", "bits": "all", "error_rate": rate}
        )
        for rate in plan.low_rates
    ]


def error_rate_points(plan: Plan) -> list[Point]:
    """Return points with errors in one kind of tensor, with all bits at one rate."""
    return [point for sweep in plan.sweeps for point in _one_tensor("error-rate", sweep.setup, sweep.rates)]


def reuse_points(plan: Plan) -> list[Point]:
    """Return points of the main net with the other way of using addresses."""
    setup = plan.sweeps[0].setup
    return _one_tensor("reuse", replace(setup, reuse="own" if setup.reuse == "shared" else "shared"), plan.reuse_rates)


def bit_points(sweep: Sweep) -> list[Point]:
    """Return points with errors in one bit position of one kind of tensor, at one rate."""
    if sweep.bit_rate is None:
        return []
    return [
        Point(
            "bit",
            sweep.setup,
            _rates(sweep.setup, {tensor: sweep.bit_rate}, [bit]),
            {"tensor": tensor, "bits": str(bit), "error_rate": sweep.bit_rate},
        )
        for tensor in TENSORS
        for bit in sweep.bits
    ]


def _one_tensor(experiment: str, setup: TrainingSetup, rates: Sequence[float]) -> list[Point]:
    return [
        Point(experiment, setup, _rates(setup, {tensor: rate}), {"tensor": tensor, "bits": "all", "error_rate": rate})
        for tensor in TENSORS
        for rate in rates
    ]


def _rates(
    setup: TrainingSetup, rates: dict[TensorKind, float], bits: Sequence[int] | None = None
) -> dict[TensorKind, ErrorRates]:
    return {tensor: error_rates(_bits(setup), rates.get(tensor, 0.0), bits) for tensor in TENSORS}


def _bits(setup: TrainingSetup) -> int:
    return 16 if setup.word is None else word_format(setup.word).word_bits


def _every(word_bits: int, step: int) -> tuple[int, ...]:
    """Return every ``step``-th bit position counted from the most significant one, in ascending order."""
    return tuple(range(word_bits - 1, -1, -step))[::-1]
