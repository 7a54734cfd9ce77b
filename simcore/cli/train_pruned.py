"""``simcore train-pruned``: real training in which filters are pruned, with checkpoints and a log of live filters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from math import isfinite
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from simcore.cli.options import exempt_patterns
from simcore.cli.training_options import TrainPrunedOptions
from simcore.errors import InputError
from simcore.progress import OnProgress

if TYPE_CHECKING:
    from simcore.saving.run_folder import RunFolder
    from workloads.learning.pruning.outcome import PrunedRun
    from workloads.learning.pruning.run import Training
    from workloads.learning.pruning.setup import PrunedTraining

RESULTS = "results.json"


def train_pruned_command(asked: TrainPrunedOptions) -> None:
    """Check all options, train, and print the results."""
    from simcore.cli.console import print_json, progress
    from workloads.learning.data import dataset_from
    from workloads.learning.extra import needed

    seeds = _seeds(asked)
    if asked.resume and (asked.out is None or asked.overwrite):
        got = "none" if asked.out is None else "--overwrite, which removes it"
        raise InputError(f"expected --out, the folder of the run to resume, got {got}", "--resume")
    needed("torch", "training")
    setup = setup_of(asked)
    data = dataset_from(asked.data, asked.images)
    from workloads.learning.pruning.run import Training

    trainings = [Training(data, setup, seed) for seed in seeds]
    with _folder(asked, seeds) as folder, progress(not asked.quiet and not asked.json) as on_progress:
        runs = _trained(trainings, folder, on_progress)
        found = results_of(trainings[0], runs)
        if folder is not None:
            _save(folder, runs, found)
    print_json(found) if asked.json else _print(runs, found, asked)


def setup_of(asked: TrainPrunedOptions) -> PrunedTraining:
    """Return the setup that the options describe. Raise InputError for unknown names and for numbers out of range."""
    from workloads.learning.pruning.setup import PrunedTraining

    return PrunedTraining(
        net=asked.network,
        width=asked.width,
        schedule=asked.schedule,
        procedure=asked.procedure,  # type: ignore[arg-type]  # PrunedTraining checks it
        ranking=asked.ranking,
        scope=asked.scope,  # type: ignore[arg-type]  # PrunedTraining checks it
        exempt=exempt_patterns(asked.exempt),
        round_filters=asked.round_filters,
        epochs=asked.epochs,
        retrain_epochs=asked.retrain_epochs,
        rounds=asked.rounds,
        batch=asked.batch,
        learning_rate=asked.learning_rate,
        momentum=asked.momentum,
        weight_decay=asked.weight_decay,
    )


def _seeds(asked: TrainPrunedOptions) -> range:
    for name, least in (("seed", 0), ("seeds", 1)):
        if getattr(asked, name) < least:
            raise InputError(f"expected at least {least}, got {getattr(asked, name)}", f"--{name}")
    return range(asked.seed, asked.seed + asked.seeds)


def _log_name(seed: int) -> str:
    return f"live-filters-{seed}.parquet"


@contextmanager
def _folder(asked: TrainPrunedOptions, seeds: range) -> Iterator[RunFolder | None]:
    """Claim the folder of --out, and yield it; yield None without --out."""
    from simcore.saving.run_folder import run_folder
    from workloads.learning.pruning.resumable import checkpoint_name

    if asked.out is None:
        yield None
        return
    names = [name for seed in seeds for name in (checkpoint_name(seed), _log_name(seed))]
    with run_folder(asked.out, [*names, RESULTS], resume=asked.resume, overwrite=asked.overwrite) as folder:
        yield folder


def _trained(trainings: Sequence[Training], folder: RunFolder | None, on_progress: OnProgress | None) -> list[PrunedRun]:
    """Train the runs one after the other, with one bar for all of them."""
    from workloads.learning.pruning.resumable import train_resumable
    from workloads.learning.pruning.run import train

    def of_all(index: int) -> OnProgress | None:
        if on_progress is None:
            return None
        return lambda done, total, name: on_progress(index * total + done, len(trainings) * total, name)

    return [
        train(training, of_all(index)) if folder is None else train_resumable(training, folder, of_all(index))
        for index, training in enumerate(trainings)
    ]


def _save(folder: RunFolder, runs: Sequence[PrunedRun], found: dict[str, Any]) -> None:
    """Write the logs of live filters and the results beside the checkpoints."""
    from workloads.pruning.log_file import write_log

    for run in runs:
        folder.put(_log_name(run.seed), partial(write_log, run.log()))
    folder.put(RESULTS, lambda path: path.write_text(json.dumps(found, indent=2, allow_nan=False) + "\n", encoding="utf-8"))
    folder.finish()


def results_of(training: Training, runs: Sequence[PrunedRun]) -> dict[str, Any]:
    """Return the results as plain values. Equal options give equal results, however often a run was ended and resumed."""
    data = training.data
    accuracies = [run.accuracy_percent for run in runs]
    return {
        "settings": asdict(training.setup),
        "data": {"name": data.name, "train_images": len(data.train_labels), "test_images": len(data.test_labels)},
        "macs_per_image": training.start.macs_per_image(),
        "accuracy_percent": {
            "mean": mean(accuracies),
            "std": stdev(accuracies) if len(runs) > 1 else None,
            "min": min(accuracies),
            "max": max(accuracies),
        },
        "runs": [_run(run) for run in runs],
    }


def _run(run: PrunedRun) -> dict[str, Any]:
    rows = [asdict(row) for row in run.rows]
    return {
        "seed": run.seed,
        "accuracy_percent": run.accuracy_percent,
        "pruned_percent": run.pruned_percent,
        "macs_per_image": run.network.macs_per_image(),
        "parameters": run.network.parameters(),
        "diverged": run.diverged,
        "epochs": [row | {"train_loss": row["train_loss"] if isfinite(row["train_loss"]) else None} for row in rows],
    }


def _print(runs: Sequence[PrunedRun], found: dict[str, Any], asked: TrainPrunedOptions) -> None:
    """Print the epochs of the first run and, of several runs, each run; if quiet, only the last line."""
    from simcore.cli.console import console, table
    from simcore.reading.numbers import counted

    out = console()
    if not asked.quiet:
        columns = ("epoch", "stage", "live\nfilters", "MACs of\nan image", "learning\nrate", "train\nloss", "accuracy\n%")
        rows = [
            (
                str(row.epoch),
                row.stage,
                sum(row.live.values()),
                row.macs,
                f"{row.learning_rate:.4f}",
                row.train_loss,
                row.accuracy_percent,
            )
            for row in runs[0].rows
        ]
        out.print(table(f"{asked.network} on {found['data']['name']}, seed {runs[0].seed}", columns, rows, text_columns=2))
        out.print()
    if len(runs) > 1 and not asked.quiet:
        by_run = [(str(run.seed), run.pruned_percent, run.network.macs_per_image(), run.accuracy_percent) for run in runs]
        out.print(table("Runs", ("seed", "pruned\n%", "MACs of\nan image", "accuracy\n%"), by_run))
        out.print()
    accuracy = found["accuracy_percent"]
    spread = "" if accuracy["std"] is None else f" ± {accuracy['std']:.2f}"
    left = 100 * runs[0].network.macs_per_image() / found["macs_per_image"]
    said = f"{_diverged(runs)}{accuracy['mean']:.2f}{spread} % right over {counted(len(runs), 'run')}"
    trained = f"{runs[0].pruned_percent:.1f} % of the filters pruned, {left:.1f} % of the MACs left"
    out.print(f"{said}; {trained}; trained in {sum(run.wall_s for run in runs):.1f} s.", markup=False)


def _diverged(runs: Sequence[PrunedRun]) -> str:
    """Return the words about runs that diverged, in front of the accuracy, which they spoil. They are empty if none did."""
    told = [f"seed {run.seed} in epoch {run.diverged_in}" for run in runs if run.diverged]
    if not told:
        return ""
    if len(runs) == 1:
        return f"diverged in epoch {runs[0].diverged_in}, so the accuracy is that of no trained network: "
    return f"{len(told)} of {len(runs)} runs diverged ({', '.join(told)}), which spoils the mean: "
