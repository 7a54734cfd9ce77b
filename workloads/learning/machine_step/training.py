"""One training run in which errors meet every word that a machine writes. Needs torch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import isfinite

import torch

from simcore.errors import InputError
from simcore.spec.load import load_system
from simcore.spec.system import System
from workloads.faults.pad_memory import BankShare, PadMemory, PadRates
from workloads.faults.step_writes import PADS, step_writes
from workloads.faults.sum_words import SUM_BITS
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


def train_on_machine(
    data: Dataset, setup: MachineSetup, rates: PadRates, seed: int, safe_banks: Mapping[str, int] | None = None
) -> Trained:
    """Train from ``seed`` as the machine of the setup does, with write errors at these rates, and evaluate.

    ``safe_banks`` gives, by scratchpad, how many of its first banks have no errors. ``Trained.writes`` counts by scratchpad. The
    seed sets the initial weights, the order of images and the write errors. Raise InputError for what
    ``train`` and ``step_writes`` refuse, and for a layer that cannot be carried out.
    """
    training = setup.training
    if training.batch > len(data.train_labels):
        message = f"expected at most {len(data.train_labels)} images, the training set, got {training.batch}"
        raise InputError(message, where="batch")
    started = time.perf_counter()
    word = word_format(training.word or "")
    network = network_for(training.net, data.image, data.classes, training.batch)
    step = training_step(network, optimizer="momentum")
    system = load_system(setup.system, setup.overrides, of=System)
    writes = step_writes(step, system)
    shares = _shares(system, word.word_bits, safe_banks or {})
    memory = PadMemory(rates, seed, training.reuse, training.stay_flips, shares)
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


def _shares(system: System, word_bits: int, safe_banks: Mapping[str, int]) -> dict[str, BankShare]:
    """Return the safe banks of each scratchpad. Raise InputError where lines do not go round the banks one by one."""
    found = {}
    for name, pad in system.scratchpads.items():
        safe = safe_banks.get(name, 0)
        if safe and pad.interleaving != "low-order":
            raise InputError(f"expected interleaving low-order, got {pad.interleaving}", where=f"scratchpads.{name}")
        if safe:
            bits = SUM_BITS if name == PADS["psum"] else word_bits
            found[str(name)] = BankShare(pad.banks, 8 * pad.line_bytes // bits, safe)
    return found
