"""The cost of one training step of one network on one machine, layer by layer, as plain numbers that can be kept on disk."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from simcore.saving.json_text import parsed

#: The amounts of a layer that a training sums up. Words are accesses of scratchpads; they are None on machines without any.
AMOUNTS = (
    "macs",
    "weight_accesses",
    "activation_accesses",
    "weight_dram_bytes",
    "activation_dram_bytes",
    "dram_bytes",
    "cycles",
    "compute_cycles",
    "energy_pj",
    "write_pj",
)


@dataclass(frozen=True)
class LayerCost:
    """One layer of a training step. ``of`` is the layer of the network whose values or gradients it computes.

    ``mapped_cycles`` are the cycles of its multiply-accumulates on the processing elements that hold work: with macs / peak they
    tell how much of the array is filled. ``stall_cycles`` has the waits by cause. ``write_pj`` is the part of ``energy_pj`` that
    writes to scratchpads take. An amount is None if the machine does not have it.
    """

    name: str
    of: str
    op: str
    pass_name: str
    macs: int
    cycles: int
    compute_cycles: int
    mapped_cycles: float | None
    stall_cycles: Mapping[str, int]
    weight_accesses: int | None
    activation_accesses: int | None
    weight_dram_bytes: int | None
    activation_dram_bytes: int | None
    dram_bytes: int
    energy_pj: float | None
    write_pj: float | None


@dataclass(frozen=True)
class StepCost:
    """A training step. ``time_cycles`` are the cycles that it takes, which are those of all layers unless layers overlap.

    ``peak`` are the multiply-accumulates per cycle of the machine, or None if nothing limits them. ``energy_parts_pj`` has the
    energy by part. ``wear`` has a row per scratchpad: writes of all its banks, and the most writes of one line.
    """

    layers: tuple[LayerCost, ...]
    time_cycles: int
    clock_hz: int
    peak: float | None
    energy_parts_pj: Mapping[str, float]
    wear: tuple[Mapping[str, Any], ...] = ()

    @property
    def nbytes(self) -> int:
        """Return about the bytes of memory, for a store."""
        return 600 * len(self.layers)

    @cached_property
    def totals(self) -> Mapping[str, float | None]:
        """Return the sum of each amount over the layers; cycles are those that the step takes. None if no layer has it."""
        found = {name: total(getattr(layer, name) for layer in self.layers) for name in AMOUNTS}
        return {**found, "cycles": self.time_cycles}

    def to_bytes(self) -> bytes:
        """Return the cost as JSON. ``from_bytes`` gives an equal cost."""
        return json.dumps(asdict(self), allow_nan=False).encode()

    @classmethod
    def from_bytes(cls, text: bytes) -> StepCost:
        """Return the cost in a text. Raise ValueError, KeyError or TypeError for another text."""
        found = parsed(text)
        layers = tuple(LayerCost(**row) for row in found.pop("layers"))
        return cls(layers=layers, wear=tuple(found.pop("wear")), **found)


def total(values: Any) -> Any:
    """Return the sum of those values that are not None, or None if there are none."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def known(value: float) -> float | None:
    """Return a number as Python's own, or None for not-a-number."""
    return None if math.isnan(value) else float(value)


def owner(name: str, network_layers: Sequence[str]) -> str:
    """Return the layer of the network to which a layer of its training step belongs; the step's own name if to none."""
    whole = set(network_layers)
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        begin = ".".join(parts[:end])
        if begin in whole:
            return begin
    return name
