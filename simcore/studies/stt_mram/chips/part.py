"""The part of the study that trains on chips: contributions, the search behind them, and networks of other kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from simcore.progress import OnProgress
from simcore.studies.form.seeds import named_seeds, spread_over_seeds
from simcore.studies.stt_mram.chips.energy import STAYS, gains, step_of, step_row
from simcore.studies.stt_mram.chips.formats import Format, Task
from simcore.studies.stt_mram.chips.made import Split, Writes, contributions
from simcore.studies.stt_mram.chips.search import LOST_POINTS, Tried, found_split
from simcore.studies.stt_mram.chips.trainings import Run, trained
from workloads.faults.chip import Chip
from workloads.faults.device import MacroDevice
from workloads.faults.placement import Placement
from workloads.learning.setup import Trained
from workloads.networks.images import Image

#: The chips of a short table of contributions: those that combine these.
FEW = ("reference", "baseline", "accumulator", "baseline, errors", "baseline, accumulator", "guard, accumulator, errors")
#: What names a chip's training.
KEYS = ("net", "data", "epochs", "batch", "format", "chip")


@dataclass
class Trainer:
    """Trains chips for one task and format, and keeps a row of each run.

    ``seeds`` is a number: the first so many seeds are those of the search, and as many after them are fresh.
    """

    task: Task
    words: Format
    device: MacroDevice
    seeds: int
    jobs: int = 1
    on_progress: OnProgress | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)

    def train(self, chips: Sequence[Chip | Placement], seeds: Sequence[int], experiment: str) -> None:
        """Add a row for each chip and seed. A loss is against the run without errors from the same seed."""
        wanted: list[Chip | Placement | None] = [None, *chips]
        runs = [Run(self.task, self.words, chip, seed, self.device) for chip in wanted for seed in seeds]
        title = f"{self.task.net}, {self.words.name}"
        found = trained(runs, self.jobs, title, self.on_progress)
        free = {run.seed: result.accuracy_percent for run, result in zip(runs, found, strict=True) if run.chip is None}
        for run, result in zip(runs, found, strict=True):
            self.rows.append(self._row(run, result, free[run.seed], experiment))

    def _row(self, run: Run, result: Trained, free_percent: float, experiment: str) -> dict[str, Any]:
        task, batch = self.task, self.task.setup(self.words).training.batch
        row: dict[str, Any] = {"net": task.net, "data": task.data.name, "epochs": task.epochs, "batch": batch}
        row["format"] = self.words.name
        row |= {"chip": "" if run.chip is None else run.chip.name, "experiment": experiment, "seed": run.seed}
        loss_points = free_percent - result.accuracy_percent
        row |= {"accuracy_percent": result.accuracy_percent, "loss_points": loss_points, "lost": loss_points >= LOST_POINTS}
        row |= {"diverged": result.diverged, "minibatches": result.minibatches}
        row |= {f"{pad}_words": counts.words for pad, counts in result.writes.items()}
        return row | {"failed_bits": sum(counts.failed_bits for counts in result.writes.values())}

    @property
    def first_seeds(self) -> range:
        """Return the seeds from which the search trains, too."""
        return range(self.seeds)

    @property
    def fresh_seeds(self) -> range:
        """Return seeds that no search has seen."""
        return range(self.seeds, 2 * self.seeds)

    def lose(self, chip: Chip, part: str) -> float:
        """Return the mean loss of a chip of the search: from all first seeds in its part "together", else from three."""
        seeds = self.first_seeds if part == "together" else self.first_seeds[:3]
        before = len(self.rows)
        self.train([chip], seeds, part)
        self.tried.append(Tried(chip, part))
        return float(pd.DataFrame([row for row in self.rows[before:] if row["chip"]])["loss_points"].mean())

    def spread(self, experiment: str) -> pd.DataFrame:
        """Return accuracy and loss of each chip of an experiment over its seeds, which are named."""
        rows = [row for row in self.rows if row["experiment"] == experiment and row["chip"]]
        more = {"lost_runs": ("lost", "sum"), "diverged": ("diverged", "sum"), "failed_bits": ("failed_bits", "mean")}
        table = spread_over_seeds(pd.DataFrame(rows), KEYS, more)
        lost = [" ".join(str(row["seed"]) for row in rows if row["lost"] and row["chip"] == chip) for chip in table["chip"]]
        return table.assign(seeds=named_seeds(sorted({row["seed"] for row in rows})), lost_seeds=lost)


@dataclass(frozen=True)
class Measured:
    """What one format gave: its rows of contributions and of chips tried, and the bits that may err."""

    contributions: pd.DataFrame
    tried: pd.DataFrame
    runs: pd.DataFrame
    split: Split


def measure(trainer: Trainer, writes: Writes, image: Image, split: Split | None = None) -> Measured:
    """Return what a format gives. With ``split`` nothing is searched, and no chip is trained again from fresh seeds.

    A quick study and other formats than the machine's own (fp32 master weights) take a few of the chips.
    """
    words = trainer.words
    chosen = found_split(words, writes, trainer.lose) if split is None else split
    made = contributions(words, writes, chosen)
    if split is not None or words.master != "words":
        made = [pair for pair in made if pair[1] in FEW]
    chips = [chip for chip, _ in made]
    trainer.train(chips, trainer.first_seeds, "contribution")
    if split is None:
        trainer.train(chips, trainer.fresh_seeds, "fresh")
    step = step_of(trainer.task.setup(words).training, image)
    table = with_energy(chips, step, trainer.device)
    table["varied_write_energy_gain"] = varied_gains(chips, words, chosen, trainer.device, step)
    table = with_stays(table, chips, step, trainer.device)
    table["combines"] = [combined for _, combined in made]
    table["bits_that_err"] = [chosen.described if "errors" in combined else "" for _, combined in made]
    table = table.merge(trainer.spread("contribution"), on="chip", validate="one_to_one")
    table = table.merge(_fresh(trainer, chips), on="chip", validate="one_to_one")
    return Measured(table, _tried(trainer, chips[0], step), pd.DataFrame(trainer.rows), chosen)


def _fresh(trainer: Trainer, chips: Sequence[Chip]) -> pd.DataFrame:
    """Return the losses from fresh seeds, which are empty where none were trained."""
    columns = ["runs", "seeds", "loss_mean_points", "loss_std_points", "lost_runs", "lost_seeds"]
    if any(row["experiment"] == "fresh" for row in trainer.rows):
        found = trainer.spread("fresh")[["chip", *columns]]
    else:
        none = {"runs": 0, "seeds": "", "loss_mean_points": float("nan"), "loss_std_points": float("nan")}
        none |= {"lost_runs": 0, "lost_seeds": ""}
        found = pd.DataFrame([{"chip": chip.name, **none} for chip in chips])
    return found.rename(columns={name: f"fresh_{name}" for name in columns})


def with_energy(chips: Sequence[Chip], step: Any, device: MacroDevice) -> pd.DataFrame:
    """Return a row per chip: SRAM, gains against the first chip, cycles and energies."""
    rows = [step_row(step, chip, device) for chip in chips]
    told = [
        {"chip": chip.name, "sram_bits_percent": chip.sram_bits_percent(), **gain, **row}
        for chip, row, gain in zip(chips, rows, gains(rows), strict=True)
    ]
    return pd.DataFrame(told)


def with_stays(table: pd.DataFrame, chips: Sequence[Chip], step: Any, device: MacroDevice) -> pd.DataFrame:
    """Return the table of chips with the same energies and gains, ``stays_*``, of steps whose tensors stay in scratchpads.

    Such a step writes far fewer operands. No training injects errors into it.
    """
    rows = [step_row(step, chip, device, STAYS) for chip in chips]
    told = [gain | {key: row.get(key) for key in ("write_uj", "step_uj")} for gain, row in zip(gains(rows), rows, strict=True)]
    return table.join(pd.DataFrame(told, index=table.index).add_prefix("stays_"))


def varied_gains(chips: Sequence[Chip], words: Format, split: Split, device: MacroDevice, step: Any) -> list[float]:
    """Return the gains in write energy of the chips with these names if cells vary, and all writes hold the same error rates.

    The voltages are higher then.
    """
    varied = device.varied
    by_name = {chip.name: chip for chip, _ in contributions(words, Writes(varied), split)}
    rows = [step_row(step, by_name[chip.name], varied) for chip in chips]
    return [gain["write_energy_gain"] for gain in gains(rows)]


def _tried(trainer: Trainer, reference: Chip, step: Any) -> pd.DataFrame:
    """Return the chips of the search with their energies against the reference, which is left out."""
    if not trainer.tried:
        return pd.DataFrame()
    energies = with_energy([reference, *(each.chip for each in trainer.tried)], step, trainer.device).iloc[1:]
    spreads = pd.concat([trainer.spread(part) for part in dict.fromkeys(each.part for each in trainer.tried)])
    return energies.drop_duplicates("chip").merge(spreads, on="chip", validate="one_to_one")
