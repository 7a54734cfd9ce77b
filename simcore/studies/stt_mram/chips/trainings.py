"""Training runs of chips: each distinct one is trained once, in this process or in one of several, and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import get_args

import numpy as np

from simcore.progress import OnProgress
from simcore.studies.form.spread import spread
from simcore.studies.stt_mram.chips.formats import Format, Task
from simcore.studies.stt_mram.chips.kept import keep_training, kept_training
from simcore.studies.write_errors.training_runs import DataSource
from workloads.faults.chip import PAD_NAMES, SUM_PAD, Chip
from workloads.faults.device import MacroDevice
from workloads.faults.pad_memory import PadRates
from workloads.faults.placed_system import placed_rates
from workloads.faults.placement import Placement
from workloads.faults.sum_words import SUM_BITS
from workloads.layers.held import TensorKind
from workloads.learning.data import Dataset
from workloads.learning.setup import Trained


@dataclass(frozen=True)
class Run:
    """One training run: a task in a format, from a seed, on a chip or with a placement, or (None) without write errors."""

    task: Task
    words: Format
    chip: Chip | Placement | None
    seed: int
    device: MacroDevice

    @property
    def rates(self) -> PadRates:
        """Return the error rates of the scratchpads."""
        if isinstance(self.chip, Chip):
            return self.chip.rates(self.device)
        if self.chip is not None:
            return placed_rates(self.chip, self.device, self.words.word_bits)
        kinds = (*get_args(TensorKind), None)
        bits = {pad: SUM_BITS if pad == SUM_PAD else self.words.word_bits for pad in PAD_NAMES}
        return {(pad, kind): np.zeros((bits[pad], 2)) for pad in PAD_NAMES for kind in kinds}

    @property
    def array(self) -> tuple[str, ...]:
        """Return the overrides of the machine's array."""
        return self.chip.array if isinstance(self.chip, Chip) else ()

    @property
    def safe_banks(self) -> Mapping[str, int]:
        """Return how many banks of each scratchpad have no errors."""
        return self.chip.sram_banks if isinstance(self.chip, Chip) else {}

    @property
    def key(self) -> str:
        """Return a hash of everything on which the result depends, except the code."""
        told = [asdict(self.task), asdict(self.words), self.array, dict(self.safe_banks), self.seed]
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
        for (pad, kind), each in sorted(self.rates.items(), key=str):
            digest.update(f"{pad} {kind} ".encode() + each.tobytes())
        return digest.hexdigest()


def trained(runs: Sequence[Run], jobs: int, title: str, on_progress: OnProgress | None) -> list[Trained]:
    """Return the result of each run, in order. Equal runs are trained once, and never again by a later study."""
    keys = [run.key for run in runs]
    distinct = dict(zip(keys, runs, strict=True))
    known = {key: found for key in distinct if (found := kept_training(key)) is not None}
    missing = [(key, run) for key, run in distinct.items() if key not in known]
    made = spread(_train, missing, jobs, title, on_progress) if missing else []
    known |= {key: found for (key, _), found in zip(missing, made, strict=True)}
    return [known[key] for key in keys]


def _train(piece: tuple[str, Run]) -> Trained:
    from workloads.learning.machine_step.training import train_on_machine

    key, run = piece
    found = train_on_machine(_loaded(run.task.data), run.task.setup(run.words, run.array), run.rates, run.seed, run.safe_banks)
    keep_training(key, found)
    return found


@lru_cache(maxsize=2)
def _loaded(source: DataSource) -> Dataset:
    return source.load()
