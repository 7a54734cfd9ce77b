"""What the study trains: rankings and procedures at several pruned fractions, and layers that keep multiples of filters."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simcore.errors import InputError
from simcore.studies.form.asked import Asked
from simcore.studies.pruning.accuracy_runs import Point
from workloads.learning.pruning.setup import PrunedTraining

RANKINGS = ("l1", "mean-activation", "random")
#: Pruned fractions at which the rankings are compared, in a quick and in a full study.
QUICK_FRACTIONS, FRACTIONS = (0.5, 0.8), (0.5, 0.65, 0.8, 0.9)
#: Pruned fractions at which the procedures are compared.
MAIN_FRACTIONS = (0.5, 0.8)
#: Pruned fractions and multiples at which the cost of --round-filters is measured.
ROUNDED, MULTIPLE = (0.65, 0.8), 8
#: Epochs of a quick and of a full study, unless the user chooses others.
QUICK_EPOCHS, EPOCHS = 10, 20
#: The part of the training in which filters are pruned.
RAMP = "@0.2-0.8"


@dataclass(frozen=True, kw_only=True)
class AccuracySettings(Asked):
    """Settings of the training half of the study. Raise InputError for fewer than 2 seeds."""

    net: str = "vgg-like"
    data: str = "digits"
    images: int | None = None
    epochs: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seeds is not None and self.seeds < 2:
            raise InputError(f"expected at least 2 seeds, because a spread needs them, got {self.seeds}", where="seeds")

    @property
    def number_of_seeds(self) -> int:
        """Return the runs of each point: as given, or 3 for a quick study and 6 for a full one."""
        return self.seeds if self.seeds is not None else 3 if self.quick else 6

    @property
    def setup(self) -> PrunedTraining:
        """Return the setup of the dense training, from which all others are made."""
        epochs = self.epochs if self.epochs is not None else QUICK_EPOCHS if self.quick else EPOCHS
        return PrunedTraining(net=self.net, schedule="linear:0", epochs=epochs)


def accuracy_points(settings: AccuracySettings) -> list[Point]:
    """Return the points of the study, the dense training first."""
    dense = settings.setup
    points = [Point("dense", 0.0, dense)]
    for fraction in QUICK_FRACTIONS if settings.quick else FRACTIONS:
        points += [Point("rankings", fraction, _pruned(dense, fraction, ranking=ranking)) for ranking in RANKINGS]
    if settings.quick:
        return [*points, *_procedures(dense, 0.8, {"prune-retrain": ("l1",)}), *_rounded(dense, (0.8,))]
    for fraction in MAIN_FRACTIONS:
        points += _procedures(dense, fraction, {"prune-retrain": RANKINGS, "iterative": ("l1",)})
    return [*points, *_rounded(dense, ROUNDED)]


def _procedures(dense: PrunedTraining, fraction: float, procedures: dict[str, tuple[str, ...]]) -> list[Point]:
    """Return points of these procedures and rankings, and that of pruning while training to which they are compared."""
    wanted = {"while-training": ("l1",), **procedures}
    return [
        Point("procedures", fraction, _pruned(dense, fraction, procedure=procedure, ranking=ranking))
        for procedure, rankings in wanted.items()
        for ranking in rankings
    ]


def _rounded(dense: PrunedTraining, fractions: tuple[float, ...]) -> list[Point]:
    """Return points with and without multiples of filters."""
    return [
        Point("multiples", fraction, _pruned(dense, fraction, round_filters=multiple))
        for fraction in fractions
        for multiple in (None, MULTIPLE)
    ]


def _pruned(dense: PrunedTraining, fraction: float, **changed: object) -> PrunedTraining:
    return replace(dense, schedule=f"linear:{fraction}{RAMP}", **changed)  # type: ignore[arg-type]
