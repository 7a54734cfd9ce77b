"""The weights of a network that a machine trains: words in main memory, and what stays in the vector unit. Needs torch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workloads.faults.words import WordFormat
from workloads.learning.machine_step.machine import Master
from workloads.learning.machine_step.stored import Stored, stored


@dataclass(frozen=True)
class Rule:
    """The update of a minibatch: stochastic gradient descent with momentum."""

    learning_rate: float
    momentum: float


class Weights:
    """The weights of a convolution or linear layer with their momentum, as words, and its bias, which stays in the unit."""

    def __init__(self, module: nn.Conv2d | nn.Linear, word: WordFormat, master: Master) -> None:
        self.module, self.word, self.master = module, word, master
        self.stored = stored(module.weight, word)
        self.moment = stored(torch.zeros_like(module.weight), word)
        self.exact_moment = torch.zeros_like(module.weight)
        self.bias_moment = None if module.bias is None else torch.zeros_like(module.bias)

    def updated(self, weights: Stored, moment: Stored, gradient: Tensor, rule: Rule) -> tuple[Stored, Stored]:
        """Return the words of new weights and moments, from the words and the gradient that the unit reads."""
        if self.master == "fp32":
            self.exact_moment.mul_(rule.momentum).add_(gradient)
            self.module.weight.data.sub_(rule.learning_rate * self.exact_moment)
            return stored(self.module.weight, self.word), stored(self.exact_moment, self.word)
        changed = moment.values(self.word) * rule.momentum + gradient
        return stored(weights.values(self.word) - rule.learning_rate * changed, self.word), stored(changed, self.word)

    def keep(self, weights: Stored, moment: Stored) -> None:
        """Take what an update left in main memory."""
        self.stored, self.moment = weights, moment
        if self.master == "words":
            self.module.weight.data.copy_(weights.values(self.word))

    def update_bias(self, gradient: Tensor, rule: Rule) -> None:
        """Update the bias from the gradient of the output, batch first."""
        if self.bias_moment is not None and self.module.bias is not None:
            found = gradient.sum(dim=[axis for axis in range(gradient.dim()) if axis != 1])
            _step(self.module.bias, self.bias_moment, found, rule)


class NormMoments:
    """The momentum of the scale and shift of a batch normalisation."""

    def __init__(self, module: nn.BatchNorm2d | nn.BatchNorm1d) -> None:
        self.module = module
        self.moments = (torch.zeros_like(module.weight), torch.zeros_like(module.bias))

    def update(self, gradients: tuple[Tensor, Tensor], rule: Rule) -> None:
        """Update scale and shift."""
        for values, moment, gradient in zip((self.module.weight, self.module.bias), self.moments, gradients, strict=True):
            _step(values, moment, gradient, rule)


def _step(values: Tensor, moment: Tensor, gradient: Tensor, rule: Rule) -> None:
    moment.mul_(rule.momentum).add_(gradient)
    values.data.sub_(rule.learning_rate * moment)
