"""The settings of the study."""

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

#: Epochs of a quick study, unless the user chooses another number.
QUICK_EPOCHS = 8


@dataclass(frozen=True, kw_only=True)
class WriteErrorSettings(Asked):
    """Settings of the study: ``seeds`` runs of each point, and placements to try beside the study's own.

    Raise InputError for fewer than 2 seeds, fewer than one process, and for an unknown word format.
    """

    setup: TrainingSetup = field(default_factory=TrainingSetup)
    data: DataSource = field(default_factory=DataSource)
    placements: tuple[Placement, ...] = ()
    device: WriteDevice = field(default_factory=MacroDevice)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seeds is not None and self.seeds < 2:
            raise InputError(f"expected at least 2 seeds, because a spread needs them, got {self.seeds}", where="seeds")
        if self.setup.word is None:
            raise InputError("expected a word format, because no scratchpad of this study holds float32", where="word")
        word_format(self.setup.word)

    @property
    def number_of_seeds(self) -> int:
        """Return the runs of each point: as given, or 3 for a quick study and 5 for a full one."""
        return self.seeds if self.seeds is not None else 3 if self.quick else 5

    def to_dict(self) -> dict[str, Any]:
        """Return the settings for JSON."""
        asked = {"quick": self.quick, "seeds": self.number_of_seeds, "jobs": self.jobs}
        return {**asked, "training": asdict(self.setup), "data": asdict(self.data), "device": list(self.device.assumptions)}
