"""What the tables are made from: one record per layer of the network, in the order in which the layers ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simcore.program.outcome import Outcome
from simcore.program.program import Int64Array, Port


@dataclass(frozen=True)
class LayerRun:
    """One layer and what the engine measured of it.

    ``outcome`` is None for a layer that never ran by itself: it was folded into the layer named ``fused_into``, or moves no data.
    ``facts`` are the plan's (``Program.facts``): ``mapping_efficiency_percent`` is read from them, and ``pass``, the pass of a
    training step. ``values`` is "equal" where the PEs' results were checked, "none: ..." where there are none to check, and None
    where nothing was asked.
    """

    name: str
    op: str
    macs: int
    outcome: Outcome | None
    facts: Mapping[str, Any]
    fused_into: str | None = None
    values: str | None = None

    @property
    def pass_name(self) -> str:
        """The pass of a training step that the layer belongs to; inference is all ``forward``."""
        return str(self.facts.get("pass", "forward"))

    def per_port(self, array: str, port: Port) -> int:
        """One cell of ``Outcome.port_words``, ``port_lines`` or ``port_elements``; 0 for a layer that did not run."""
        if self.outcome is None:
            return 0
        counts: Int64Array = getattr(self.outcome, array)
        return int(counts[port])
