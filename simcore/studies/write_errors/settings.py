"""What the study is asked to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from simcore.errors import InputError
from simcore.studies.form.asked import Asked
from simcore.studies.write_errors.training_runs import DataSource
from workloads.faults.device import MacroDevice, WriteDevice
from workloads.faults.placement import Placement
from workloads.faults.words import word_format
from workloads.learning.setup import TrainingSetup

#: Epochs of a quick study, where none are asked for.
QUICK_EPOCHS = 8


@dataclass(frozen=True, kw_only=True)
class WriteErrorSettings(Asked):
    """What to study: ``seeds`` runs of each point (at least 3 for a spread), placements beside our own.

    Raises InputError for fewer than 2 seeds, fewer than one process, and for a word format that does not exist.
    """

    setup: TrainingSetup = field(default_factory=TrainingSetup)
    data: DataSource = field(default_factory=DataSource)
    placements: tuple[Placement, ...] = ()
    device: WriteDevice = field(default_factory=MacroDevice)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seeds is not None and self.seeds < 2:
            raise InputError(f"expected at least 2 seeds, for a spread, got {self.seeds}", where="seeds")
        if self.setup.word is None:
            raise InputError("expected a word format: float32 lies in no scratchpad of this study", where="word")
        word_format(self.setup.word)

    @property
    def number_of_seeds(self) -> int:
        """Runs of each point: as asked, else 3 for a quick study and 5 for a full one."""
        return self.seeds if self.seeds is not None else 3 if self.quick else 5

    def to_dict(self) -> dict[str, Any]:
        """What was asked, for JSON."""
        asked = {"quick": self.quick, "seeds": self.number_of_seeds, "jobs": self.jobs}
        return {**asked, "training": asdict(self.setup), "data": asdict(self.data), "device": list(self.device.assumptions)}
