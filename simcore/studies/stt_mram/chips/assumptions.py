"""The assumptions behind the accuracy of chips, which are printed with their tables."""

from __future__ import annotations

from simcore.studies.stt_mram.chips.made import GUARDED_RATE, LOW_RATE
from workloads.faults.device import MacroDevice


def chip_assumptions(device: MacroDevice) -> tuple[str, ...]:
    """Return the assumptions, one sentence each."""
    return (
        "training: small-cnn on digits, minibatches of 64, momentum 0.9, learning rate 0.05 falling to 0",
        "errors are drawn in every word that the step writes on train-sram, as its Programs say: fills from main memory, "
        "results, partial sums of each fold of 32 taps, gradients of weights, weights and moments; nothing stays on chip between "
        "layers, except in the energies stays_*",
        "stored bits do not flip on these chips, and no code corrects them or failed writes",
        "a failed write keeps the old bit at the address where the plan puts the word (shared addresses); words of a tensor "
        "follow each other there in the tensor's order; main memory, biases, normalisations and the scales of fixed-point "
        "tensors have no errors",
        "weights and moments are words of the machine; with fp32 master weights they are also kept in float32, which is neither "
        "counted nor written with errors",
        "partial sums are float32 beside bf16, and 32-bit integers with one scale a product beside fixed16",
        f"errors in low bits: the lower bits of a word are written at an error rate of {LOW_RATE:g}, the others at the nominal "
        f"rate of {device.safe.error_rate:.2g}, or guarded at {GUARDED_RATE:g}; the cheapest "
        "write varies voltage and pulse, up to 8 times the nominal pulse",
        "all cells are alike, except in varied_write_energy_gain: there they vary as their description says, and voltages are "
        "higher, so that the mean error rates stay the same",
        "the place of a maximum in its window lies in the upper bits of its word",
        *device.assumptions,
    )
