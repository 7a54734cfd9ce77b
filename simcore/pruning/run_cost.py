"""The cost of a whole training on one machine, by procedure and by layer, and what pruning saves of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from simcore.pruning.step_cost import AMOUNTS, StepCost
from simcore.pruning.training import DENSE, PROCEDURES, PRUNED, RETRAINED, Training

Amounts = Mapping[str, int | float | None]


@dataclass(frozen=True)
class RunCost:
    """The costs of the simulated networks of a training on one machine, ``steps`` by their place in ``Training.networks``."""

    training: Training
    system: str
    kind: str
    steps: Mapping[int, StepCost]

    @cached_property
    def totals(self) -> Mapping[str, Amounts]:
        """Return the amounts of each procedure, and ``time_s``; None for what the machine does not have."""
        clock_hz = self.steps[0].clock_hz
        found = {}
        for procedure in PROCEDURES:
            amounts = {name: self._sum(procedure, lambda step, name=name: step.totals[name]) for name in AMOUNTS}
            found[procedure] = {**amounts, "time_s": (amounts["cycles"] or 0) / clock_hz}
        return found

    @cached_property
    def layers(self) -> dict[str, dict[str, Amounts]]:
        """Return the amounts of each procedure and layer of the network, over all passes. Their sums are ``totals``."""
        names = list(dict.fromkeys(layer.of for layer in self.steps[0].layers))
        of_steps = {place: _by_layer(step) for place, step in self.steps.items()}
        return {procedure: {name: self._layer(procedure, of_steps, name) for name in names} for procedure in PROCEDURES}

    def _layer(self, procedure: str, of_steps: Mapping[int, Mapping[str, Amounts]], layer: str) -> Amounts:
        weights = self.training.weights(procedure)
        return {name: weighted((weights[place], of_steps[place][layer][name]) for place in weights) for name in AMOUNTS}

    def _sum(self, procedure: str, value: Any) -> int | float | None:
        return weighted((weight, value(self.steps[place])) for place, weight in self.training.weights(procedure).items())

    @cached_property
    def savings(self) -> dict[str, Amounts]:
        """Return what pruning while training saves of each amount, in percent of each other procedure."""
        return {f"of_{other}": saving_percent(self.totals[other], self.totals[PRUNED]) for other in (RETRAINED, DENSE)}

    @cached_property
    def energy_parts_pj(self) -> dict[str, dict[str, int | float | None]]:
        """Return the energy of each procedure by part."""
        parts = list(self.steps[0].energy_parts_pj)
        return {
            procedure: {part: self._sum(procedure, lambda step, part=part: step.energy_parts_pj.get(part)) for part in parts}
            for procedure in PROCEDURES
        }


def _by_layer(step: StepCost) -> dict[str, Amounts]:
    """Return the amounts of each layer of the network, over all passes of a step."""
    found: dict[str, dict[str, Any]] = {}
    for layer in step.layers:
        amounts = found.setdefault(layer.of, dict.fromkeys(AMOUNTS))
        for name in AMOUNTS:
            value = getattr(layer, name)
            if value is not None:
                amounts[name] = value + (amounts[name] or 0)
    return dict(found)


def weighted(parts: Iterable[tuple[Fraction, int | float | None]]) -> int | float | None:
    """Return the sum of weight x value, exactly if all values are integers; None if no value is known."""
    total: Fraction | float = Fraction(0)
    seen = False
    for weight, value in parts:
        if value is not None:
            seen = True
            total = total + (weight * value if isinstance(value, int) else float(weight) * value)
    if not seen:
        return None
    return total.numerator if isinstance(total, Fraction) and total.denominator == 1 else float(total)


def saving_percent(before: Amounts, after: Amounts) -> dict[str, float | None]:
    """Return by how many percent each amount is smaller ``after`` than ``before``; None where it is unknown or was 0."""
    found: dict[str, float | None] = {}
    for name, value in before.items():
        other = after[name]
        found[name] = None if not value or other is None else 100.0 * (1 - other / value)
    return found
