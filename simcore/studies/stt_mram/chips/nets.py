"""Larger networks, on chips like those of the small one: a VGG and a ResNet with a fraction of their channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from simcore.progress import OnProgress
from simcore.studies.stt_mram.chips.energy import step_of
from simcore.studies.stt_mram.chips.formats import FORMATS, Task
from simcore.studies.stt_mram.chips.made import Split, Writes, contributions
from simcore.studies.stt_mram.chips.part import Trainer, with_energy, with_stays
from simcore.studies.stt_mram.chips.search import together, tolerated_split
from simcore.studies.stt_mram.settings import SttMramSettings
from simcore.studies.write_errors.training_runs import DataSource
from workloads.faults.chip import OPERAND_PADS, Chip
from workloads.faults.device import MacroDevice

#: Digits with repeated pixels, where there are no files of CIFAR.
DIGITS_16 = DataSource("digits-16")
#: Training images of CIFAR-10 that are used.
CIFAR_IMAGES = 5000
#: Networks of at most 10 million multiply-accumulates an image, and the epochs after which the spread of accuracy is small.
NETS = (("vgg8-narrow16", 4), ("resnet20-narrow4", 8))
NET_SEEDS = 5
#: What the first and the last chip of a network combine. The chips between them combine what the last one does.
FIRST, LAST = "reference", "guard, accumulator, errors"
#: The names of their runs, and of those of the chips between them.
NET, NET_SEARCH = "net", "net search"


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
    """Return rows for each network in the machine's own format, and the single runs.

    A network begins with the lower bits that were found with the small one. As long as these lose too much from three seeds, each
    operand gives up a level. The rows are the reference, the chips that lost too much, and the chip that is kept.
    """
    words, rows, runs = FORMATS[0], [], []
    for task in tasks:
        trainer = Trainer(task, words, device, settings.seeds or NET_SEEDS, settings.jobs, on_progress)
        rows.append(_rows(trainer, writes, splits[words.name]))
        runs.append(pd.DataFrame(trainer.rows))
    return pd.concat(rows, ignore_index=True), pd.concat(runs)


def _rows(trainer: Trainer, writes: Writes, small: Split) -> pd.DataFrame:
    kept = tolerated_split(trainer.words, writes, small, trainer.lose, NET_SEARCH)
    made = {combined: chip for chip, combined in contributions(trainer.words, writes, kept)}
    given_up = [each.chip for each in trainer.tried if each.chip.name != together(trainer.words, writes, kept).name]
    trainer.train([made[FIRST], made[LAST]], trainer.first_seeds, NET)
    chips = [made[FIRST], *given_up, made[LAST]]
    image = trainer.task.data.load().image
    step = step_of(trainer.task.setup(trainer.words).training, image)
    table = with_stays(with_energy(chips, step, trainer.device), chips, step, trainer.device)
    table["combines"] = [FIRST, *[LAST] * (len(chips) - 1)]
    table["bits_that_err"] = ["", *(_operand_bits(chip) for chip in chips[1:])]
    spreads = [trainer.spread(NET), *([trainer.spread(NET_SEARCH)] if given_up else [])]
    return table.merge(pd.concat(spreads), on="chip", validate="one_to_one")


def _operand_bits(chip: Chip) -> str:
    return Split({pad: chip.pads[pad].low_bits for pad in OPERAND_PADS}).described
