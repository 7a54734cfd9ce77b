"""The assumptions behind the numbers of the study, which are printed with them."""

from __future__ import annotations

from simcore.studies.write_errors.candidate_placements import Candidates
from simcore.studies.write_errors.settings import WriteErrorSettings


def assumptions(settings: WriteErrorSettings, made: Candidates) -> tuple[str, ...]:
    """Return the assumptions, one sentence each."""
    setup, device = settings.setup, settings.device
    addresses = {
        "own": "every layer's tensor has its own addresses, so a word overwrites the last minibatch's word of the same index",
        "shared": "the layers share one region per kind of tensor, so a word overwrites what the previous layer left there",
    }
    return (
        f"training: {setup.net} on {settings.data.name}, {setup.epochs} epochs of minibatches of {setup.batch}, momentum "
        f"{setup.momentum}, learning rate {setup.learning_rate} falling to 0; seeds 0 to {settings.number_of_seeds - 1}",
        f"words: {setup.word}; a fixed-point tensor without stated fraction bits has one power-of-two scale, which each write "
        "chooses anew and which has no errors",
        "a failed write keeps the old bit, and only a bit that flips can fail; the scratchpad starts as zeros",
        f"addresses ({setup.reuse}): {addresses[setup.reuse]}",
        "activations are written once and read by forward pass and weight gradient; weights are written once per minibatch, and "
        "errors once",
        "master weights, biases, normalisation, weight gradients and sums are float32 and free of errors",
        "test accuracy is that of the final master weights in words of the same format, read without errors",
        f"safe MRAM: write error rate {device.safe.error_rate:.2g} at {device.safe.pulse_ns:g} ns, "
        f"{made.safe.safe.voltage_v} V; relaxed MRAM: the same pulse at a lower voltage, or a shorter one at the same voltage",
        *device.assumptions,
    )
