"""The costs that turn the counts of a run into energy, as far as every kind of machine has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from simcore.spec.system import GatingSpec


class Costs(Protocol):
    """The costs that turn the counts of a run into energy.

    ``sources`` says where each number comes from, ``notes`` what a reader must know before trusting it. ``area_mm2`` is the area
    of all banks, or NaN if there are none. ``leakage_class`` is hp, lop or lstp, or None if leakage is not counted. ``gating``
    says how idle banks are cut off from power, or is None if they never are.
    """

    @property
    def sources(self) -> Mapping[str, str]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def area_mm2(self) -> float: ...
    @property
    def leakage_class(self) -> str | None: ...
    @property
    def gating(self) -> GatingSpec | None: ...


@dataclass(frozen=True)
class UnknownCosts:
    """Costs of a machine without banks: no area, no leakage, and only the energy that ``sources`` and ``notes`` describe."""

    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ("not known",)
    area_mm2: float = nan
    leakage_class: str | None = None
    gating: GatingSpec | None = None
