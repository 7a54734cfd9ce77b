"""The settings of the study, and the networks, schedules and machines that its parts share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simcore.errors import InputError
from simcore.studies.form.asked import Asked

#: What the paper's abstract says is saved of computations and of memory accesses, in percent of a dense training that is pruned
#: at its end and retrained for 10 epochs. The study looks for it and never assumes it.
CLAIMED_PERCENT, RETRAIN_EPOCHS = 41.0, 10
#: A saving counts as the claimed one if it rounds to it.
CLAIM_WITHIN = 0.5

#: Network -> (data set whose images and classes it has, images of a training epoch).
NETWORKS = {
    "vgg16-32": ("CIFAR-10", 50_000),
    "vgg16-32-100": ("CIFAR-100", 50_000),
    "vgg16": ("ImageNet", 1_281_167),
    "resnet18-32": ("CIFAR-10", 50_000),
    "resnet18": ("ImageNet", 1_281_167),
}
QUICK_NETWORKS = ("vgg16-32", "resnet18-32")
#: Schedules whose computations and accesses are counted. The last two are those of a published implementation of another paper
#: for VGG16 on CIFAR-10 and CIFAR-100 (purdue-nrl/Gradual-Channel-Pruning-using-FRS); no schedule of the paper itself is known.
SCHEDULES = (
    *("linear:0.5", "linear:0.5@0.2-0.8", "cubic:0.5", "one-shot:0.5@0.5", "one-shot:0.5@0.25"),
    *("linear:0.8", "linear:0.8@0.2-0.8", "linear:0.8@0.25-1", "cubic:0.8", "one-shot:0.8@0.5"),
    *("every:n=15,x=160,until=150", "every:n=15,x=100,until=150"),
)
EPOCHS = (60, 200)
#: Minibatch of the counts, in which weights are moved once.
COUNTED_BATCH = 128

#: The machines of the study: (system, what it stands for).
SYSTEMS = ("edge-sram", "edge-stt", "train-sram", "train-stt", "pim-dram-ddr4", "pim-dram-hbm2")
QUICK_SYSTEMS = ("edge-sram", "edge-stt", "train-stt", "pim-dram-ddr4")
#: Multiples to which filters are pruned; 1 leaves them as the schedule says.
MULTIPLES, QUICK_MULTIPLES = (1, 8, 16, 32), (1, 32)
ROUNDED_ON = "edge-sram"


@dataclass(frozen=True, kw_only=True)
class PruningSettings(Asked):
    """Settings of the savings half. ``systems`` None stands for all systems of the study, or four in a quick one.

    Raise InputError for fewer than one process, and for no system or one named twice.
    """

    systems: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.systems is not None and (not self.systems or len(set(self.systems)) < len(self.systems)):
            raise InputError(f"expected different systems, got {', '.join(self.systems) or 'none'}", where="systems")

    @property
    def chosen_systems(self) -> tuple[str, ...]:
        """Return the systems to run."""
        return self.systems or (QUICK_SYSTEMS if self.quick else SYSTEMS)

    @property
    def counted_networks(self) -> tuple[str, ...]:
        """Return the networks whose computations and accesses are counted."""
        return QUICK_NETWORKS if self.quick else tuple(NETWORKS)

    @property
    def counted_epochs(self) -> tuple[int, ...]:
        """Return the lengths of the trainings that are counted."""
        return EPOCHS[-1:] if self.quick else EPOCHS

    @property
    def simulated_network(self) -> str:
        """Return the network that is simulated."""
        return "vgg8-16" if self.quick else "vgg16-32"

    @property
    def simulated_batch(self) -> int:
        """Return the images of a simulated minibatch."""
        return 4 if self.quick else 8

    @property
    def simulated_schedules(self) -> tuple[str, ...]:
        """Return the schedules that are simulated, which prune only now and then, so that there are few networks."""
        every = 50 if self.quick else 10
        some = (f"linear:0.5,every={every}", "one-shot:0.5@0.5")
        return some if self.quick else (*some, f"linear:0.8,every={2 * every}")

    @property
    def multiples(self) -> tuple[int, ...]:
        """Return the multiples to which filters are pruned."""
        return QUICK_MULTIPLES if self.quick else MULTIPLES

    def to_dict(self) -> dict[str, Any]:
        """Return the settings for JSON."""
        return {
            "quick": self.quick,
            "jobs": self.jobs,
            "systems": self.chosen_systems,
            "network": self.simulated_network,
            "batch": self.simulated_batch,
        }
