"""Computations and accesses of a whole training without any machine: every tensor is moved once in every pass."""

from __future__ import annotations

from simcore.pruning.run_cost import Amounts, saving_percent
from simcore.pruning.training import DENSE, PROCEDURES, PRUNED, RETRAINED, Training

NAMES = ("macs", "weight_accesses", "activation_accesses")


def operations_of(training: Training) -> dict[str, Amounts]:
    """Return, by procedure, multiply-accumulates and words of weights and activations; ``accesses`` are both together.

    Every distinct network counts with its own numbers, also those that are not simulated.
    """
    from workloads.pruning.ideal import ideal_step

    steps = []
    for network in training.networks:
        layers = ideal_step(network)
        steps.append({name: sum(getattr(layer, name) for layer in layers) for name in NAMES})
    found: dict[str, Amounts] = {}
    for procedure in PROCEDURES:
        epochs = training.epochs(procedure)
        amounts = {
            name: sum(count * training.minibatches * steps[place][name] for place, count in epochs.items()) for name in NAMES
        }
        found[procedure] = {**amounts, "accesses": amounts["weight_accesses"] + amounts["activation_accesses"]}
    return found


def operation_savings(operations: dict[str, Amounts]) -> dict[str, Amounts]:
    """Return what pruning while training saves of each count, in percent of each other procedure."""
    return {f"of_{other}": saving_percent(operations[other], operations[PRUNED]) for other in (RETRAINED, DENSE)}
