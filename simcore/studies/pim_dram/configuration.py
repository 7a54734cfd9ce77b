"""Configurations of a DRAM that multiplies, each with a name and a command line that runs it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

from simcore.studies.pim_dram.settings import STANDARDS

#: Overrides that lift every limit on commands.
NO_LIMITS = ("limits.trrd=false", "limits.tfaw=false", "limits.command_bus=false", "limits.refresh=none")
#: Overrides with which nothing but multiplications takes time.
NOTHING_ELSE = ("periphery.enabled=false", "transfers=false")
#: What of a real machine a configuration counts -> its overrides. The order is from the most to the least.
LEVELS = {"all": (), "no-limits": NO_LIMITS, "multiply-only": (*NO_LIMITS, *NOTHING_ELSE)}
PLACEMENTS = ("together", "pipelined")


@dataclass(frozen=True)
class Configuration:
    """A preset with overrides ("key=value"), under a name that is unique in the study.

    ``level`` says what it counts: "all", "no-limits", "multiply-only", or another mixture of effects.
    """

    name: str
    preset: str
    overrides: tuple[str, ...] = ()
    level: str = "all"

    @property
    def system(self) -> str:
        """Return the preset and its overrides as the command line takes them."""
        return " ".join((f"--system {self.preset}", *(f"--set {override}" for override in self.overrides)))

    def command(self, network: str, batch: int = 1) -> str:
        """Return the command line that runs a network on it."""
        return f"simcore run {network} {self.system}" + ("" if batch == 1 else f" --batch {batch}")

    def with_overrides(self, name: str, *overrides: str, level: str | None = None) -> Configuration:
        """Return this configuration with further overrides. A key that is given again takes the new value."""
        kept = dict(override.partition("=")[::2] for override in chain(self.overrides, overrides))
        changed = tuple(f"{key}={value}" for key, value in kept.items())
        return replace(self, name=name, overrides=changed, level=self.level if level is None else level)


@dataclass(frozen=True, kw_only=True)
class Point:
    """A point of the study's grid. ``standard`` is a key of STANDARDS, ``level`` one of LEVELS."""

    standard: str = "ddr4"
    program: str = "maj"
    bits: int = 8
    subarrays: int = 1
    pairs: int = 1
    level: str = "all"
    placement: str = "together"

    @property
    def name(self) -> str:
        """Return the name of the point's configuration."""
        return f"{self.standard}-{self.program}-{self.bits}bit-{self.subarrays}sub-{self.pairs}pair-{self.level}-{self.placement}"

    @property
    def configuration(self) -> Configuration:
        """Return the configuration. It overrides only what differs from the preset."""
        overrides = [
            *(() if self.bits == 8 else precision(self.bits)),
            *((f"active_subarrays={self.subarrays}",) if self.subarrays > 1 else ()),
            *((f"pairs_per_column={self.pairs}",) if self.pairs > 1 else ()),
            *((f"program={self.program}",) if self.program != "maj" else ()),
            *((f"placement={self.placement}",) if self.placement != "together" else ()),
            *LEVELS[self.level],
        ]
        return Configuration(self.name, STANDARDS[self.standard], tuple(overrides), self.level)


def precision(bits: int) -> tuple[str, str]:
    """Return the overrides that make weights and activations so wide."""
    return f"precision.weight_bits={bits}", f"precision.activation_bits={bits}"
