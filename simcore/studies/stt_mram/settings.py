"""What the study is asked to do, and what its parts have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.arrays.cells import memory_cell
from simcore.errors import InputError, did_you_mean
from simcore.studies.form.asked import Asked
from workloads.faults.placement import Placement

KIB = 1024
MIB = 1024**2

#: Process node of every table; the macros' table has all leakage classes at this node alone.
NODE_NM = 22
#: Leakage classes, leakiest first.
CLASSES = ("hp", "lop", "lstp")
#: Bits of a word access, where macros are compared by themselves.
WORD_BITS = 128
#: The range of energy gains that was claimed for STT-MRAM scratchpads of a training accelerator. The study looks for it.
CLAIMED_GAIN = (15.0, 22.0)
#: The gain in write energy that was claimed for relaxed writes.
CLAIMED_WRITE_GAIN = 2.0

#: Networks the study can run, in the order of its tables, with the images of a batch.
BATCHES = {"lenet5": 16, "alexnet": 4, "resnet18": 2, "vgg16": 1}
QUICK_NETWORKS = ("lenet5", "alexnet")


@dataclass(frozen=True, kw_only=True)
class SttMramSettings(Asked):
    """What to study: ``cell`` is the STT-MRAM of the systems, ``networks`` None all (a quick study: two), ``placements`` to train
    and time beside our own. ``seeds`` are those of each point that is trained.

    Raises InputError for an unknown cell or network, SRAM as the cell, no network or one named twice, and fewer than one process.
    """

    networks: tuple[str, ...] | None = None
    cell: str = "stt-34.5F2"
    placements: tuple[Placement, ...] = ()

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
            raise InputError(f"expected networks, each once, got {', '.join(self.networks) or 'none'}", where="networks")

    @property
    def chosen_networks(self) -> tuple[str, ...]:
        """The networks that run."""
        return self.networks or (QUICK_NETWORKS if self.quick else tuple(BATCHES))

    def to_dict(self) -> dict[str, Any]:
        """What was asked, for JSON."""
        placements = [placement.to_dict() for placement in self.placements]
        asked = {"quick": self.quick, "seeds": self.seeds, "jobs": self.jobs}
        return {**asked, "networks": self.chosen_networks, "cell": self.cell, "placements": placements}
