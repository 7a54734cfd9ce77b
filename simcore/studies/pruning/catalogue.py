"""The study's tables and figures, with one line each for the index and the documentation."""

from __future__ import annotations

from collections.abc import Mapping

from simcore.studies.form.catalogue import Catalogue, Drawing
from simcore.studies.pruning.accuracy import ACCURACY_TABLES

#: Table (a CSV file and a key of results.json) -> meaning of a row.
TABLES = {
    "counts": "a network under a schedule: computations and accesses saved, without any machine, and whether they are as claimed",
    "machines": "a procedure under a schedule on a system: cycles, joules and accesses of the whole training, and what is saved",
    "layer_savings": "a layer in a step, pruned at the end against dense: computations and cycles saved, and why they differ",
    "epochs": "an epoch under a schedule on a system: its computations, cycles and energy",
    "filters": "a layer in an epoch under a schedule: its live filters",
    "rounded": "a multiple to which filters are pruned, on one system: computations, cycles and joules saved of a dense training",
    "writes": "a procedure under a schedule on a system with scratchpads: writes, their energy, trainings until one is worn out",
    **ACCURACY_TABLES,
}

#: Figure (a file in figures/) -> what it shows.
FIGURES = {
    "filters": "live filters per layer and epoch, as a share of the layer's filters",
    "counts": "computations saved by schedule and network, with the claimed figure",
    "savings": "computations, cycles and joules saved, by system and schedule",
    "epochs": "cycles of each epoch as a share of a dense epoch, by system",
    "rounded": "computations and cycles saved when filters are pruned to multiples",
    "writes": "writes to the scratchpads in a whole training, by system and procedure",
    "accuracy": "accuracy against the pruned fraction, by ranking and procedure, with the deviation over the seeds",
}


def _drawings() -> Mapping[str, Drawing]:
    from simcore.studies.pruning.figures import DRAWINGS

    return DRAWINGS


CATALOGUE = Catalogue("pruning", "Filters pruned while training", TABLES, FIGURES, _drawings)
