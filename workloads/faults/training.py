"""One training run with write errors: the same result for the same setup, error rates and seed. Needs torch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite

import torch
from torch import nn
from torch.nn import functional

from simcore.errors import InputError
from workloads.faults.buffered import buffered
from workloads.faults.data import Dataset
from workloads.faults.injection import ErrorRates
from workloads.faults.nets import build
from workloads.faults.scratchpad import Scratchpad, Tensor
from workloads.faults.setup import Trained, TrainingSetup
from workloads.faults.words import word_format

#: Images evaluated at once.
_TEST_BATCH = 1000


def train(data: Dataset, setup: TrainingSetup, rates: Mapping[Tensor, ErrorRates], seed: int) -> Trained:
    """Train from ``seed`` with write errors of these rates (of the setup's word) and evaluate.

    The seed sets the first weights, the order of images and the write errors, each by a stream of its own. Raises InputError
    for an unknown network or word format and for a batch larger than the training set.
    """
    if setup.batch > len(data.train_labels):
        raise InputError(f"expected at most {len(data.train_labels)} images, the training set, got {setup.batch}", where="batch")
    started = time.perf_counter()
    with _deterministic():
        torch.manual_seed(seed)
        net = build(setup.net, data.train_images.shape[1:], data.classes)
        pad = Scratchpad(rates, seed, setup.reuse)
        if setup.word is not None:
            net = buffered(net, word_format(setup.word), pad)
        loss, minibatches = _fit(net, data, setup, seed)
        accuracy = _accuracy_percent(net, data)
    wall_s = time.perf_counter() - started
    return Trained(accuracy, loss, not isfinite(loss), minibatches, len(data.test_labels), pad.counts, wall_s)


@contextmanager
def _deterministic() -> Iterator[None]:
    """One thread, deterministic algorithms, torch's own random state: all as they were before afterwards."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)


def _fit(net: nn.Sequential, data: Dataset, setup: TrainingSetup, seed: int) -> tuple[float, int]:
    """Train; the last minibatch's loss and how many minibatches there were. What fills no minibatch is left out of its epoch."""
    images, labels = torch.from_numpy(data.train_images), torch.from_numpy(data.train_labels)
    order = torch.Generator().manual_seed(seed)
    per_epoch = len(labels) // setup.batch
    optimiser = torch.optim.SGD(net.parameters(), lr=setup.learning_rate, momentum=setup.momentum)
    total = setup.epochs * per_epoch
    net.train()
    value, done = float("nan"), 0
    for _ in range(setup.epochs):
        shuffled = torch.randperm(len(labels), generator=order)
        for batch in shuffled[: per_epoch * setup.batch].view(per_epoch, setup.batch):
            optimiser.param_groups[0]["lr"] = setup.learning_rate * (1 - done / total)
            optimiser.zero_grad()
            loss = functional.cross_entropy(net(images[batch]), labels[batch])
            value, done = loss.item(), done + 1
            if not isfinite(value):
                return value, done
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return value, done


def _accuracy_percent(net: nn.Sequential, data: Dataset) -> float:
    """Share of test images whose largest output is that of their class; an output that is not a number is no answer."""
    net.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(data.test_labels), _TEST_BATCH):
            outputs = net(torch.from_numpy(data.test_images[start : start + _TEST_BATCH]))
            expected = torch.from_numpy(data.test_labels[start : start + _TEST_BATCH])
            answered = outputs.isfinite().all(dim=1)
            right += int(((outputs.argmax(dim=1) == expected) & answered).sum())
    return 100.0 * right / len(data.test_labels)
