"""Training with stored bits that flip by heat and reads, over the thermal stability. Needs the extra ``train``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Any

import pandas as pd

from models.arrays.cells import memory_cell
from models.arrays.write import DEFAULT_DESIGN
from models.cells.description import OPERATING_K
from models.cells.storage import junction_with
from simcore.progress import OnProgress
from simcore.simulation import simulate
from simcore.studies.form.part import Part
from simcore.studies.form.seeds import named_seeds
from simcore.studies.stt_mram.kept import kept_pads
from simcore.studies.stt_mram.pulses import LEAKAGE_CLASS, SRAM_BYTES
from simcore.studies.stt_mram.settings import SttMramSettings
from simcore.studies.stt_mram.systems import OPTIMIZER
from simcore.studies.stt_mram.thermal import mean_flips
from simcore.studies.stt_mram.variants import Variant
from simcore.studies.write_errors.accuracy_tables import ERROR_FREE, run_table, spread_table
from simcore.studies.write_errors.settings import WriteErrorSettings
from simcore.studies.write_errors.training_runs import DataSource, Point, running
from simcore.systolic.storage import KeptPad
from workloads.faults.injection import ErrorRates, error_rates
from workloads.faults.stay import StayFlips
from workloads.faults.word_memory import TENSORS
from workloads.faults.words import word_format
from workloads.layers.held import TensorKind
from workloads.learning.network import network_for
from workloads.learning.setup import TrainingSetup
from workloads.networks.images import DIGIT
from workloads.training import training_step

STABILITIES, QUICK_STABILITIES = (20, 25, 30, 35, 40, 45, 50), (30, 40, 50)
#: Seeds of a full study; seeds and epochs of a quick one.
SEEDS, QUICK_SEEDS, QUICK_EPOCHS = 5, 2, 4
#: What reads do to stored bits. The read current drives junctions out of the parallel state, which stands for 0 or for 1.
READS_FLIP = ("0 to 1", "1 to 0")
#: Number of classes of digits.
CLASSES = 10
#: A mean loss of fewer percentage points counts as none that matters.
TOLERATED_LOSS_POINTS = 1.0


def study_accuracy_stays(settings: SttMramSettings, on_progress: OnProgress | None) -> Part:
    """Return the table ``accuracy_stays`` with its findings. Raise InputError if the extra ``train`` is missing."""
    setup = TrainingSetup(epochs=QUICK_EPOCHS) if settings.quick else TrainingSetup()
    pads = step_pads(setup, settings.cell)
    named = [_case(settings.cell, stability, pads, what) for stability in _stabilities(settings) for what in READS_FLIP]
    points = [_point(setup, settings.cell, each) for each in named]
    free = Point(ERROR_FREE, setup, _rates(setup, 0.0))
    seeds = range(WriteErrorSettings(seeds=settings.seeds or (QUICK_SEEDS if settings.quick else SEEDS)).number_of_seeds)
    data = DataSource()
    with running(data, settings.jobs, on_progress) as runner:
        runs = run_table(runner.train([free, *points], list(seeds)))
    told = spread_table(runs, "stay").rename(columns={"error_rate": "stay_error_rate", "placement": "reads_flip"})
    keys = ["reads_flip", "stay_error_rate"]
    table = pd.DataFrame(named).merge(told.drop(columns=["tensor", "bits"]), on=keys, validate="one_to_one")
    table = table.assign(data=data.name, epochs=setup.epochs, batch=setup.batch, seeds=named_seeds(seeds))
    return Part({"accuracy_stays": table}, {"accuracy_stays": stay_findings(table)})


def _stabilities(settings: SttMramSettings) -> tuple[int, ...]:
    return QUICK_STABILITIES if settings.quick else STABILITIES


def _case(cell: str, stability: float, pads: list[KeptPad], reads_flip: str) -> dict[str, Any]:
    """Return what names a row of the table."""
    zero, one = flips_at(cell, stability, pads, reads_flip)
    row: dict[str, Any] = {"thermal_stability": stability, "temperature_k": OPERATING_K, "reads_flip": reads_flip}
    return row | {"zero_flip_rate": zero, "one_flip_rate": one, "stay_error_rate": (zero + one) / 2}


def step_pads(setup: TrainingSetup, cell: str) -> list[KeptPad]:
    """Return how words stay in a training step of the setup's net and batch on the study's machine of this cell."""
    variant = Variant(leakage_class=LEAKAGE_CLASS, sram_bytes=SRAM_BYTES, cell=cell, iso="capacity")
    step = training_step(network_for(setup.net, DIGIT, CLASSES, setup.batch), optimizer=OPTIMIZER)
    return kept_pads(simulate(step, variant.system()))


def flips_at(cell: str, stability: float, pads: list[KeptPad], reads_flip: str) -> StayFlips:
    """Return the flips of stored bits with this thermal stability at 300 K, as means over all bits that the step writes."""
    described = memory_cell(cell).described
    parallel, antiparallel = mean_flips(described, junction_with(described, stability), pads)
    return (parallel, antiparallel) if reads_flip == READS_FLIP[0] else (antiparallel, parallel)


def _point(setup: TrainingSetup, cell: str, case: Mapping[str, Any]) -> Point:
    """Return a point with the cell's own write errors and the case's flips in all tensors."""
    labels = {"tensor": "all", "bits": "all", "error_rate": case["stay_error_rate"], "placement": case["reads_flip"]}
    rates = _rates(setup, DEFAULT_DESIGN.nominal_error_rate(memory_cell(cell)))
    return Point("stay", replace(setup, stay_flips=(case["zero_flip_rate"], case["one_flip_rate"])), rates, labels)


def _rates(setup: TrainingSetup, rate: float) -> dict[TensorKind, ErrorRates]:
    return {tensor: error_rates(word_format(setup.word or "").word_bits, rate) for tensor in TENSORS}


def stay_findings(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, for each thing that reads may do, the least stability of which on no mean loss reaches a point, and the next.

    Either is None where there is none.
    """
    found = []
    for reads_flip in READS_FLIP:
        rows = table[table["reads_flip"] == reads_flip].sort_values("thermal_stability", ascending=False).to_dict("records")
        good = list(takewhile(lambda row: row["loss_mean_points"] < TOLERATED_LOSS_POINTS, rows))
        told: dict[str, Any] = {name: rows[0][name] for name in ("net", "data", "word", "epochs", "batch", "seeds", "reads_flip")}
        told["tolerated"] = _told(good[-1]) if good else None
        found.append(told | {"lost": _told(rows[len(good)]) if len(good) < len(rows) else None})
    return found


def _told(row: Mapping[Any, Any]) -> dict[str, float]:
    keys = ("thermal_stability", "stay_error_rate", "loss_mean_points", "loss_std_points", "runs")
    return {key: float(row[key]) for key in keys}
