"""The training loop. The same network, data, setup and seed give the same result. Needs torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite

import torch
from torch import nn
from torch.nn import functional

from workloads.learning.data import Dataset
from workloads.learning.setup import TrainingSetup

#: Number of images evaluated at once.
_TEST_BATCH = 1000


@contextmanager
def deterministic() -> Iterator[None]:
    """Use one thread, deterministic algorithms and a separate torch random state, then restore the previous settings."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)


def minibatches(data: Dataset, setup: TrainingSetup, seed: int) -> Iterator[tuple[torch.Tensor, float]]:
    """Yield the indices of the images of each minibatch, with its learning rate.

    The seed sets the order of the images. Images that do not fill a minibatch are left out of that epoch.
    """
    order = torch.Generator().manual_seed(seed)
    per_epoch = len(data.train_labels) // setup.batch
    total = setup.epochs * per_epoch
    for epoch in range(setup.epochs):
        shuffled = torch.randperm(len(data.train_labels), generator=order)
        for number, batch in enumerate(shuffled[: per_epoch * setup.batch].view(per_epoch, setup.batch)):
            yield batch, setup.learning_rate * (1 - (epoch * per_epoch + number) / total)


def fit(net: nn.Module, data: Dataset, setup: TrainingSetup, seed: int) -> tuple[float, int]:
    """Train, and return the last minibatch's loss and the number of minibatches. A loss that is not finite ends the training."""
    optimiser = torch.optim.SGD(net.parameters(), lr=setup.learning_rate, momentum=setup.momentum)
    net.train()
    value, done = float("nan"), 0
    for batch, learning_rate in minibatches(data, setup, seed):
        optimiser.param_groups[0]["lr"] = learning_rate
        value, done = step(net, optimiser, data, batch), done + 1
        if not isfinite(value):
            break
    return value, done


def step(net: nn.Module, optimiser: torch.optim.Optimizer, data: Dataset, batch: torch.Tensor) -> float:
    """Train once on the images with these indices, and return their loss. If it is not finite, the weights do not change."""
    images, labels = torch.from_numpy(data.train_images[batch.numpy()]), torch.from_numpy(data.train_labels)[batch]
    optimiser.zero_grad()
    loss = functional.cross_entropy(net(images), labels)
    value = loss.item()
    if isfinite(value):
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return value


def accuracy_percent(net: nn.Module, data: Dataset) -> float:
    """Return the share of test images whose largest output is that of their class, in percent.

    An image with an output that is not finite counts as wrong.
    """
    net.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(data.test_labels), _TEST_BATCH):
            outputs = net(torch.from_numpy(data.test_images[start : start + _TEST_BATCH]))
            expected = torch.from_numpy(data.test_labels[start : start + _TEST_BATCH])
            answered = outputs.isfinite().all(dim=1)
            right += int(((outputs.argmax(dim=1) == expected) & answered).sum())
    return 100.0 * right / len(data.test_labels)
