"""Part 6: training with write errors, with the cycles and energy of a training step for each placement that was trained.

Needs the extra ``train``. The placement that gives a training run its error rates also defines the machine that runs its step.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from simcore.errors import InputError
from simcore.machine.machine import build_machine
from simcore.progress import OnProgress
from simcore.spec import System, load_system
from simcore.studies.form.part import Part
from simcore.studies.stt_mram.energy_split import energy_by_group_uj
from simcore.studies.stt_mram.placed_step import PlacedStep, simulate_placed_step
from simcore.studies.stt_mram.settings import NODE_NM, WORD_BITS, SttMramSettings
from simcore.studies.stt_mram.systems import OPTIMIZER
from simcore.studies.stt_mram.variants import PRESET
from simcore.studies.write_errors.settings import QUICK_EPOCHS, WriteErrorSettings
from simcore.studies.write_errors.study import train_with_errors
from workloads.faults.device import MacroDevice
from workloads.faults.placed_system import placed_system
from workloads.faults.placement import Placement
from workloads.faults.word_memory import TENSORS
from workloads.faults.words import word_format
from workloads.layers.held import TensorKind
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
#: Table of this study -> table of the study of write errors.
_TAKEN = {"accuracy_low_rates": "low_rates", "accuracy_error_rates": "error_rates", "accuracy_bits": "bits"}


def study_accuracy(settings: SttMramSettings, on_progress: OnProgress | None) -> Part:
    """Train with write errors, then run the training step of the trained net on the machine of each placement.

    Raise InputError if the extra ``train`` is missing.
    """
    setup = TrainingSetup(epochs=QUICK_EPOCHS) if settings.quick else TrainingSetup()
    device = MacroDevice(cell=settings.cell, node_nm=NODE_NM, leakage_class=LEAKAGE_CLASS, word_bits=WORD_BITS)
    for placement in settings.placements:
        _check(placement, setup, device)
    asked = WriteErrorSettings(
        quick=settings.quick,
        seeds=settings.seeds,
        jobs=settings.jobs,
        setup=setup,
        device=device,
        placements=settings.placements,
    )
    study, tried = train_with_errors(asked, on_progress)
    steps, without = placed_steps(tried, setup, device, on_progress)
    placements = _with_steps(study.tables["placements"], steps)
    tables = {name: study.tables[taken] for name, taken in _TAKEN.items()}
    tables |= {"placements": placements, "placement_confirmation": study.tables["confirmation"]}
    told = tuple(f"accuracy: {line}" for line in (*study.assumptions, *without))
    return Part(tables, {"accuracy": accuracy_findings(study, placements)}, told)


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


def accuracy_findings(study: Part, placements: pd.DataFrame) -> dict[str, Any]:
    """Return the findings of the study of write errors, and the savings of its best placement without SRAM, or None.

    ``words_gain`` is the saving in the energy of the words that the training wrote; ``step_*_gain`` are savings on the machine.
    """
    taken = ("low_rates", "sensitivity_order", "tolerated_error_rates", "tolerant_low_bits", "tolerated_loss_points")
    best = study.findings["best_placements"][0]["found"]
    if best is not None:
        row = placements[placements["placement"] == best["placement"]].iloc[0]
        gains = {f"step_{name}_gain": float(row[f"step_{name}_gain"]) for name in _GAINS}
        best = {**best, "words_gain": 1 / best["relative_write_energy"], "leakage_class": LEAKAGE_CLASS, **gains}
    return {**{key: study.findings[key] for key in taken}, "best_without_sram": best}
