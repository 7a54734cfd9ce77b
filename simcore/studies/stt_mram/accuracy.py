"""Part 6: training with errors in every write of the machine, on chips whose scratchpads stay the same for the whole step.

Needs the extra ``train``. The chip that gives a training run its error rates is also the machine that runs its step.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from simcore.errors import InputError
from simcore.machine.machine import build_machine
from simcore.progress import OnProgress
from simcore.spec import System, load_system
from simcore.studies.form.part import Part
from simcore.studies.stt_mram.chips.assumptions import chip_assumptions
from simcore.studies.stt_mram.chips.findings import contribution_findings, front, net_findings
from simcore.studies.stt_mram.chips.formats import FORMATS, Format, Task
from simcore.studies.stt_mram.chips.made import QUICK_SPLITS, Writes
from simcore.studies.stt_mram.chips.nets import measure_nets, net_tasks
from simcore.studies.stt_mram.chips.part import Measured, Trainer, measure
from simcore.studies.stt_mram.energy_split import energy_by_group_uj
from simcore.studies.stt_mram.placed_step import PlacedStep, simulate_placed_step
from simcore.studies.stt_mram.settings import NODE_NM, WORD_BITS, SttMramSettings
from simcore.studies.stt_mram.systems import OPTIMIZER
from simcore.studies.stt_mram.variants import PRESET
from simcore.studies.write_errors.training_runs import DataSource
from workloads.faults.device import MacroDevice
from workloads.faults.placed_system import placed_system
from workloads.faults.placement import Placement
from workloads.faults.word_memory import TENSORS
from workloads.faults.words import word_format
from workloads.layers.held import TensorKind
from workloads.learning.extra import needed
from workloads.learning.network import network_for
from workloads.learning.setup import TrainingSetup
from workloads.networks.images import DIGIT
from workloads.training import training_step

#: Leakage class of the macros with relaxed writes, as in part 2.
LEAKAGE_CLASS = "lop"
#: Number of classes of digits.
CLASSES = 10
#: Name of a gain -> column that it compares.
_GAINS = {"write_energy": "step_write_uj", "energy": "step_uj", "cycles": "step_cycles"}
#: Epochs and seeds of a full and of a quick study.
EPOCHS, QUICK_EPOCHS, SEEDS, QUICK_SEEDS = 6, 3, 5, 2


def study_accuracy(settings: SttMramSettings, on_progress: OnProgress | None) -> Part:
    """Train on chips with errors in every write, in each number format, and run the training step of each chip.

    A quick study takes known lower bits instead of searching them, two formats, and the small network alone. Placements of the
    user's are trained in the machine's own format. Raise InputError if the extra ``train`` is missing.
    """
    needed("torch", "training")
    setup = TrainingSetup()
    device = MacroDevice(cell=settings.cell, node_nm=NODE_NM, leakage_class=LEAKAGE_CLASS, word_bits=WORD_BITS)
    for placement in settings.placements:
        _check(placement, setup, device)
    nets_of = net_tasks(settings.data)
    if settings.data is not None:
        nets_of[0].data.load()
    writes = Writes(device)
    measured = [_measured(words, writes, device, settings, on_progress) for words in FORMATS[: 2 if settings.quick else None]]
    table, tried = (pd.concat([getattr(each, name) for each in measured]) for name in ("contributions", "tried"))
    both = pd.concat([tried, table]) if len(tried) else table
    chips = both.assign(front=front(both.reset_index(drop=True)).to_numpy())
    tables = {"accuracy_contributions": table, "accuracy_chips": chips}
    found: dict[str, Any] = {"contributions": contribution_findings(table)}
    runs = [each.runs for each in measured]
    if not settings.quick:
        splits = {each.contributions["format"].iloc[0]: each.split for each in measured}
        nets, of_nets = measure_nets(nets_of, splits, writes, device, settings, on_progress)
        tables["accuracy_nets"], found["nets"] = nets, net_findings(nets)
        runs.append(of_nets)
    tables["accuracy_runs"] = pd.concat(runs)
    placements, without = _placements(settings, setup, device, writes, on_progress)
    tables["placements"] = placements
    told = tuple(f"accuracy: {line}" for line in (*chip_assumptions(device), *without))
    return Part(tables, {"accuracy": found}, told)


def _placements(
    settings: SttMramSettings, setup: TrainingSetup, device: MacroDevice, writes: Writes, on_progress: OnProgress | None
) -> tuple[pd.DataFrame, list[str]]:
    """Return the table of placements, of which the first is safe, and a line for each one without a machine."""
    placements = (Placement("safe", writes.nominal), *settings.placements)
    trainer = _trainer(FORMATS[0], device, settings, on_progress)
    trainer.train(placements, trainer.first_seeds, "placement")
    steps, without = placed_steps(placements, setup, device, on_progress)
    trained = trainer.spread("placement").rename(columns={"chip": "placement"})
    return _with_steps(trained, steps), without


def _measured(
    words: Format, writes: Writes, device: MacroDevice, settings: SttMramSettings, on_progress: OnProgress | None
) -> Measured:
    trainer = _trainer(words, device, settings, on_progress)
    return measure(trainer, writes, DIGIT, QUICK_SPLITS[words.word] if settings.quick else None)


def _trainer(words: Format, device: MacroDevice, settings: SttMramSettings, on_progress: OnProgress | None) -> Trainer:
    task = Task("small-cnn", DataSource(), QUICK_EPOCHS if settings.quick else EPOCHS)
    seeds = settings.seeds or (QUICK_SEEDS if settings.quick else SEEDS)
    return Trainer(task, words, device, seeds, settings.jobs, on_progress)


def _check(placement: Placement, setup: TrainingSetup, device: MacroDevice) -> None:
    """Raise InputError for a placement for which no machine can be built, before anything is trained."""
    held: dict[str, TensorKind | None] = dict(zip(("ifmap", "filter", "ofmap"), TENSORS, strict=True))
    word_bits = word_format(setup.word or "").word_bits
    build_machine(placed_system(load_system(PRESET, of=System), placement, held, device, word_bits))


def placed_steps(
    placements: tuple[Placement, ...], setup: TrainingSetup, device: MacroDevice, on_progress: OnProgress | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Return one row per placement: cycles, stalls and energy of a training step of the setup's net and batch, on the preset.

    Also return a line for each placement without a row, because the cell has no macros with the words that the placement needs.
    """
    step = training_step(network_for(setup.net, DIGIT, CLASSES, setup.batch), optimizer=OPTIMIZER)
    word_bits = word_format(setup.word or "").word_bits
    system = load_system(PRESET, of=System)
    rows, without = [], []
    for done, placement in enumerate(placements):
        if on_progress is not None:
            on_progress(done, len(placements), "placed steps")
        try:
            placed = simulate_placed_step(step, system, placement, device, word_bits)
        except InputError as error:
            without.append(f"placement '{placement.name}' was not run on a machine: {error.message}")
        else:
            rows.append({"placement": placement.name, **_step_row(placed)})
    return pd.DataFrame(rows), without


def _step_row(step: PlacedStep) -> dict[str, Any]:
    row: dict[str, Any] = {"step_cycles": step.cycles}
    row |= {f"step_{cause}_cycles": step.stall_cycles(cause) for cause in ("write_backpressure", "write_conflict")}
    row |= {f"step_{group}_uj": energy_uj for group, energy_uj in energy_by_group_uj(step.energy).items()}
    return row | {"step_uj": 1e-6 * step.energy_pj}


def _with_steps(placements: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Return the placements with their steps. ``step_*_gain`` is the step of the first, all-safe placement over this one's."""
    safe = steps.iloc[0]
    gains = {f"step_{name}_gain": safe[column] / steps[column] for name, column in _GAINS.items()}
    return placements.merge(steps.assign(**gains), on="placement", how="left", validate="one_to_one")
