"""The settings of the study, and the axes and claims that its parts share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simcore.errors import InputError, did_you_mean
from simcore.studies.form.asked import Asked

#: The networks of the paper, in the order of the study's tables.
NETWORKS = ("alexnet", "vgg16", "resnet18")
QUICK_NETWORKS = ("alexnet", "resnet18")
#: Widths of weights and activations.
BITS, QUICK_BITS = (1, 2, 4, 8, 16), (2, 8)
#: Operand pairs that share a column: the parallelism factor.
PAIRS, QUICK_PAIRS = (2, 4, 8), (4,)
#: Micro-programs of the multiplication.
PROGRAMS = ("maj", "simdram")
#: Name of a DRAM standard in this study -> preset on it.
STANDARDS = {"ddr3": "pim-dram-ddr3", "ddr4": "pim-dram-ddr4", "hbm2": "pim-dram-hbm2"}
#: The images of a batch, as the public measurements of the GPU have them.
BATCHES = (1, 16)


@dataclass(frozen=True)
class Claim:
    """A speedup that a version of the paper names, and the yardstick to which it refers ("gpu" or "ideal")."""

    speedup: float
    over: str
    source: str


#: What the abstracts of the two versions of arXiv 2105.03736 say. The study looks for these factors and never assumes them.
CLAIMS = (
    Claim(19.5, "gpu", "arXiv 2105.03736v3"),
    Claim(23.0, "gpu", "arXiv 2105.03736v1"),
    Claim(6.5, "ideal", "arXiv 2105.03736v1"),
)


@dataclass(frozen=True, kw_only=True)
class PimDramSettings(Asked):
    """Settings of the study. ``networks`` None stands for all networks, or two in a quick study.

    Raise InputError for an unknown network, no network or one named twice, and fewer than one process.
    """

    networks: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.networks or ():
            if name not in NETWORKS:
                raise InputError(
                    f"no network of this study is called {name!r}", where="networks", hint=did_you_mean(name, NETWORKS)
                )
        if self.networks is not None and (not self.networks or len(set(self.networks)) < len(self.networks)):
            raise InputError(f"expected different networks, got {', '.join(self.networks) or 'none'}", where="networks")

    @property
    def chosen_networks(self) -> tuple[str, ...]:
        """Return the networks to run."""
        return self.networks or (QUICK_NETWORKS if self.quick else NETWORKS)

    @property
    def main_network(self) -> str:
        """Return the network of the parts that run one alone."""
        return self.chosen_networks[-1]

    def to_dict(self) -> dict[str, Any]:
        """Return the settings for JSON."""
        return {"quick": self.quick, "jobs": self.jobs, "networks": self.chosen_networks}
