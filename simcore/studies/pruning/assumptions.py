"""What the savings half assumes, one sentence each."""

from __future__ import annotations

from simcore.pruning.result import CONVENTION
from simcore.studies.pruning.settings import COUNTED_BATCH, EPOCHS, RETRAIN_EPOCHS, PruningSettings


def assumptions(settings: PruningSettings) -> tuple[str, ...]:
    """Return the sentences."""
    return (
        "the paper's schedule, epochs and counting are not known: its abstract gives 41 % against a dense training, pruned at "
        f"its end and retrained for {RETRAIN_EPOCHS} epochs, and the study says which declared schedules give that figure",
        f"schedules: {CONVENTION}",
        "all convolutions are pruned, also the first; layers whose outputs are added lose the same filters",
        "computations are multiply-accumulates of convolutions and linear layers in the forward pass and both gradients; the "
        "first layer needs no gradient of the image",
        f"accesses without a machine: every pass moves weights, input and output once, in minibatches of {COUNTED_BATCH}",
        f"simulated: {settings.simulated_network}, {EPOCHS[-1]} epochs of 50,000 images in minibatches of "
        f"{settings.simulated_batch}, plain stochastic gradient descent",
        "accesses on a machine are words at the ports of its array; DRAM that multiplies has no such ports",
        "the busiest line of a memory is written at most as often as the sum over all steps of each step's busiest line",
    )
