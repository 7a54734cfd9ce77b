"""One training run with write errors. The same setup, error rates and seed give the same result. Needs torch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import isfinite

import torch

from simcore.errors import InputError
from workloads.faults.injection import ErrorRates
from workloads.faults.word_memory import WordMemory
from workloads.faults.words import word_format
from workloads.layers.held import TensorKind
from workloads.learning.buffered import put_behind
from workloads.learning.data import Dataset
from workloads.learning.loop import accuracy_percent, deterministic, fit
from workloads.learning.module import GraphModule
from workloads.learning.network import network_for, scores_network
from workloads.learning.setup import Trained, TrainingSetup


def train(data: Dataset, setup: TrainingSetup, rates: Mapping[TensorKind, ErrorRates], seed: int) -> Trained:
    """Train from ``seed`` with write errors at these rates (of the setup's word) and the setup's flips, and evaluate.

    The seed sets the initial weights, the order of images and the write errors, each through a separate stream. Raise InputError
    for an unknown network or word format, for a network that does not fit the images or that torch cannot train, and for a batch
    larger than the training set.
    """
    if setup.batch > len(data.train_labels):
        raise InputError(f"expected at most {len(data.train_labels)} images, the training set, got {setup.batch}", where="batch")
    started = time.perf_counter()
    with deterministic():
        torch.manual_seed(seed)
        net = GraphModule(scores_network(network_for(setup.net, data.image, data.classes)))
        pad = WordMemory(rates, seed, setup.reuse, setup.stay_flips)
        if setup.word is not None:
            put_behind(net, word_format(setup.word), pad)
        loss, minibatches = fit(net, data, setup, seed)
        accuracy = accuracy_percent(net, data)
    wall_s = time.perf_counter() - started
    return Trained(
        accuracy,
        loss,
        not isfinite(loss),
        minibatches,
        len(data.test_labels),
        {str(kind): counts for kind, counts in pad.counts.items()},
        wall_s,
    )
