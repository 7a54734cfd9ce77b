"""The costs that turn the counts of a run into energy, as far as every kind of machine has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from simcore.spec.technology import GatingSpec


class Costs(Protocol):
    """The costs that turn the counts of a run into energy.

    ``sources`` says where each number comes from, ``notes`` what a reader must know before trusting it. ``not_counted`` lists
    what is missing from the energy and the area. ``areas`` has the area of each part of the machine in mm2, and is empty if none
    is known. ``leakage_class`` is hp, lop or lstp, or None if leakage is not counted. ``gating`` says how idle banks are cut off
    from power, or is None if they never are.
    """

    @property
    def sources(self) -> Mapping[str, str]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def not_counted(self) -> tuple[str, ...]: ...
    @property
    def areas(self) -> Mapping[str, float]: ...
    @property
    def leakage_class(self) -> str | None: ...
    @property
    def gating(self) -> GatingSpec | None: ...


@dataclass(frozen=True)
class UnknownCosts:
    """Costs of a machine of unknown parts: no area, no leakage, and only the energy that ``sources`` and ``notes`` describe."""

    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ("not known",)
    not_counted: tuple[str, ...] = ()
    areas: Mapping[str, float] = field(default_factory=dict)
    leakage_class: str | None = None
    gating: GatingSpec | None = None
