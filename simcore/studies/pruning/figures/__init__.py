"""The figures of the study, drawn with matplotlib."""

from __future__ import annotations

from simcore.studies.form.catalogue import Drawing
from simcore.studies.pruning.figures.accuracy import draw_accuracy
from simcore.studies.pruning.figures.runs import draw_epochs, draw_filters, draw_writes
from simcore.studies.pruning.figures.savings import draw_counts, draw_rounded, draw_savings

#: Figure -> the tables that it needs, and the function that draws it.
DRAWINGS: dict[str, Drawing] = {
    "filters": (("filters",), draw_filters),
    "counts": (("counts",), draw_counts),
    "savings": (("machines",), draw_savings),
    "epochs": (("epochs",), draw_epochs),
    "rounded": (("rounded",), draw_rounded),
    "writes": (("writes",), draw_writes),
    "accuracy": (("accuracy",), draw_accuracy),
}
