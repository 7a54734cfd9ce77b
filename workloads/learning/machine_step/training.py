"""One training run in which errors meet every word that a machine writes. Needs torch."""

from __future__ import annotations

import time
from math import isfinite

import torch

from simcore.errors import InputError
from simcore.spec.load import load_system
from simcore.spec.system import System
from workloads.faults.pad_memory import PadMemory, PadRates
from workloads.faults.step_writes import step_writes
from workloads.faults.word_memory import WordMemory
from workloads.faults.words import word_format
from workloads.learning.buffered import put_behind
from workloads.learning.data import Dataset
from workloads.learning.loop import accuracy_percent, deterministic, minibatches
from workloads.learning.machine_step.machine import MachineSetup
from workloads.learning.machine_step.parameters import Rule
from workloads.learning.machine_step.runner import StepRunner
from workloads.learning.module import GraphModule
from workloads.learning.network import network_for, scores_network
from workloads.learning.setup import Trained
from workloads.training import training_step


def train_on_machine(data: Dataset, setup: MachineSetup, rates: PadRates, seed: int) -> Trained:
    """Train from ``seed`` as the machine of the setup does, with write errors at these rates, and evaluate.

    ``Trained.writes`` counts by scratchpad. The seed sets the initial weights, the order of images and the write errors. Raise
    InputError for what ``train`` and ``step_writes`` refuse, and for a layer that cannot be carried out.
    """
    training = setup.training
    if training.batch > len(data.train_labels):
        message = f"expected at most {len(data.train_labels)} images, the training set, got {training.batch}"
        raise InputError(message, where="batch")
    started = time.perf_counter()
    word = word_format(training.word or "")
    network = network_for(training.net, data.image, data.classes, training.batch)
    step = training_step(network, optimizer="momentum")
    writes = step_writes(step, load_system(setup.system, setup.overrides, of=System))
    memory = PadMemory(rates, seed, training.reuse, training.stay_flips)
    with deterministic():
        torch.manual_seed(seed)
        net = GraphModule(scores_network(network))
        runner = StepRunner(net, step, writes, word, memory, setup.master)
        loss, done = float("nan"), 0
        for batch, learning_rate in minibatches(data, training, seed):
            images, labels = torch.from_numpy(data.train_images[batch.numpy()]), torch.from_numpy(data.train_labels)[batch]
            loss, done = runner.step(images, labels, Rule(learning_rate, training.momentum)), done + 1
            if not isfinite(loss):
                break
        put_behind(net, word, WordMemory({}, seed))
        accuracy = accuracy_percent(net, data)
    wall_s = time.perf_counter() - started
    return Trained(accuracy, loss, not isfinite(loss), done, len(data.test_labels), memory.counts, wall_s)
