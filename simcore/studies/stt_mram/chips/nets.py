"""Larger networks, on chips that were found with the small one: a VGG and a ResNet with a fraction of their channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from simcore.progress import OnProgress
from simcore.studies.stt_mram.chips.energy import step_of
from simcore.studies.stt_mram.chips.formats import FORMATS, Task
from simcore.studies.stt_mram.chips.made import Split, Writes, contributions
from simcore.studies.stt_mram.chips.part import Trainer, with_energy
from simcore.studies.stt_mram.settings import SttMramSettings
from simcore.studies.write_errors.training_runs import DataSource
from workloads.faults.device import MacroDevice

#: Digits with repeated pixels, where there are no files of CIFAR.
DIGITS_16 = DataSource("digits-16")
#: Training images of CIFAR-10 that are used.
CIFAR_IMAGES = 5000
#: Networks of at most 10 million multiply-accumulates an image, and the epochs that they take.
NETS = (("vgg8-narrow16", 4), ("resnet20-narrow4", 4))
NET_SEEDS = 5
#: The chips that are trained: those that combine these.
COMBINED = ("reference", "guard, accumulator, errors")


def net_tasks(folder: str | None) -> tuple[Task, ...]:
    """Return the networks to train, on the first images of CIFAR-10 in a folder, or on digits without one."""
    data = DIGITS_16 if folder is None else DataSource("cifar10", folder, CIFAR_IMAGES)
    return tuple(Task(net, data, epochs) for net, epochs in NETS)


def measure_nets(
    tasks: Sequence[Task],
    splits: Mapping[str, Split],
    writes: Writes,
    device: MacroDevice,
    settings: SttMramSettings,
    on_progress: OnProgress | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row for each network and chip in the machine's own format, and the single runs."""
    words = FORMATS[0]
    rows, runs = [], []
    for task in tasks:
        trainer = Trainer(task, words, device, settings.seeds or NET_SEEDS, settings.jobs, on_progress)
        made = [pair for pair in contributions(words, writes, splits[words.name]) if pair[1] in COMBINED]
        trainer.train([chip for chip, _ in made], trainer.first_seeds, "net")
        image = task.data.load().image
        table = with_energy([chip for chip, _ in made], step_of(task.setup(words).training, image), device)
        table["combines"] = [combined for _, combined in made]
        rows.append(table.merge(trainer.spread("net"), on="chip", validate="one_to_one"))
        runs.append(pd.DataFrame(trainer.rows))
    return pd.concat(rows), pd.concat(runs)
