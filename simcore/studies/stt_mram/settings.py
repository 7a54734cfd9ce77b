"""The settings of the study, and the constants that its parts share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.arrays.cells import memory_cell
from simcore.errors import InputError, did_you_mean
from simcore.studies.form.asked import Asked
from workloads.faults.placement import Placement

if TYPE_CHECKING:
    from simcore.studies.stt_mram.where.configuration import Configuration

KIB = 1024
MIB = 1024**2

#: Process node of every table, the only node for which the table of macros has all leakage classes.
NODE_NM = 22
#: Leakage classes, with the highest leakage first.
CLASSES = ("hp", "lop", "lstp")
#: Bits of a word access in the comparisons of macros.
WORD_BITS = 128
#: The range of energy gains that was claimed for STT-MRAM scratchpads in a training accelerator. The study looks for it.
CLAIMED_GAIN = (15.0, 22.0)
#: The gain in write energy that was claimed for relaxed writes.
CLAIMED_WRITE_GAIN = 2.0

#: The networks that the study can run, in the order of its tables, with the images of a batch.
BATCHES = {"lenet5": 16, "alexnet": 4, "resnet18": 2, "vgg16": 1}
#: The form in which a network is trained: images of 32x32 pixels, except for LeNet-5. A larger step takes the simulator hours.
TRAINED = {"lenet5": "lenet5", "alexnet": "alexnet-32", "resnet18": "resnet18-32", "vgg16": "vgg16-32"}
#: Images of a training step.
TRAINING_BATCH = 32
QUICK_NETWORKS = ("lenet5", "alexnet")


@dataclass(frozen=True, kw_only=True)
class SttMramSettings(Asked):
    """Settings of the study.

    ``cell`` is the STT-MRAM of the systems. ``networks`` None stands for all networks, or two in a quick study. ``placements``
    are trained and timed beside the study's own. ``data`` is the folder of CIFAR-10 for the larger networks, or None for digits.
    ``only`` runs one configuration of the map and nothing else. ``seeds`` is the number of runs of each trained point. Raise
    InputError for an unknown cell or network, SRAM as the cell, no network or one named twice, and fewer than one process.
    """

    networks: tuple[str, ...] | None = None
    cell: str = "stt-34.5F2"
    placements: tuple[Placement, ...] = ()
    data: str | None = None
    only: Configuration | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if memory_cell(self.cell).technology == "sram":
            raise InputError(f"expected a cell of STT-MRAM, got {self.cell!r}", where="cell")
        for name in self.networks or ():
            if name not in BATCHES:
                raise InputError(
                    f"no network of this study is called {name!r}", where="networks", hint=did_you_mean(name, BATCHES)
                )
        if self.networks is not None and (not self.networks or len(set(self.networks)) < len(self.networks)):
            raise InputError(f"expected different networks, got {', '.join(self.networks) or 'none'}", where="networks")

    @property
    def chosen_networks(self) -> tuple[str, ...]:
        """Return the networks to run."""
        return self.networks or (QUICK_NETWORKS if self.quick else tuple(BATCHES))

    def to_dict(self) -> dict[str, Any]:
        """Return the settings for JSON."""
        placements = [placement.to_dict() for placement in self.placements]
        asked = {"quick": self.quick, "seeds": self.seeds, "jobs": self.jobs}
        only = None if self.only is None else self.only.text
        return {
            **asked,
            "networks": self.chosen_networks,
            "cell": self.cell,
            "placements": placements,
            "data": self.data,
            "only": only,
        }
