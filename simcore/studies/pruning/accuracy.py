"""The training half of the study: accuracy against pruned fraction for rankings, procedures and multiples of filters.

Needs the extra ``train``. Every run is a real training on the digits, or on the user's own images.
"""

from __future__ import annotations

from simcore.progress import OnProgress
from simcore.studies.form.part import Part
from simcore.studies.pruning.accuracy_findings import accuracy_findings
from simcore.studies.pruning.accuracy_points import RAMP, AccuracySettings, accuracy_points
from simcore.studies.pruning.accuracy_runs import train_points
from simcore.studies.pruning.accuracy_tables import difference_table, run_table, spread_table
from workloads.learning.extra import needed

#: Table -> meaning of a row.
ACCURACY_TABLES = {
    "accuracy_runs": "a real training: procedure, ranking, pruned fraction, seed; accuracy, and loss against the dense training",
    "accuracy": "a procedure and ranking at a pruned fraction: accuracy, mean and spread over the seeds",
    "accuracy_differences": "one choice against another at a pruned fraction: gain in accuracy seed by seed, with its interval",
}


def study_accuracy(settings: AccuracySettings, on_progress: OnProgress | None = None) -> Part:
    """Train every point with every seed. Equal settings give equal tables, except for ``wall_s``, with any number of processes.

    Raise InputError for bad data and networks, and if the extra ``train`` is missing.
    """
    needed("torch", "training")
    seeds = range(settings.number_of_seeds)
    points = accuracy_points(settings)
    runs = run_table(train_points(points, seeds, settings.data, settings.images, settings.jobs, on_progress))
    accuracy, differences = spread_table(runs), difference_table(runs)
    tables = {"accuracy_runs": runs, "accuracy": accuracy, "accuracy_differences": differences}
    return Part(tables, {"accuracy": accuracy_findings(accuracy, differences)}, _assumptions(settings))


def _assumptions(settings: AccuracySettings) -> tuple[str, ...]:
    setup = settings.setup
    return (
        f"accuracy: {setup.net} on {settings.data.partition(':')[0]}, {setup.epochs} epochs of minibatches of {setup.batch}, "
        f"momentum {setup.momentum}, weight decay {setup.weight_decay}, learning rate {setup.learning_rate} falling to 0; "
        f"seeds 0 to {settings.number_of_seeds - 1}",
        f"pruning while training: each layer loses its fraction linearly between the times {RAMP[1:]} of the training; "
        f"prune-retrain and iterative prune to the same fraction behind the last epoch and retrain for {setup.retrain_epochs} "
        "epochs, at the full learning rate falling to 0 again",
        "filters that go are removed from the network; weights, statistics and momentum of the others stay",
        "test accuracy is that of the last epoch's weights; no image is augmented",
    )
