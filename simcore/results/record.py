"""The records behind the tables: one per layer of the network, in the order in which the layers ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simcore.program.outcome import Outcome
from simcore.program.program import Int64Array, Port


@dataclass(frozen=True)
class LayerRun:
    """One layer and the engine's measurements of it.

    ``outcome`` is None for a layer that never ran by itself, because it was fused into the layer ``fused_into`` or moves no data.
    ``facts`` are those of the plan (``Program.facts``), such as ``mapping_efficiency_percent`` and ``pass``, the pass of a
    training step. ``values`` is "equal" if the PEs' results were checked, "none: ..." if there was nothing to check, and None if
    no check was asked for.
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
        """The pass of a training step to which the layer belongs. Inference is ``forward``."""
        return str(self.facts.get("pass", "forward"))

    def per_port(self, array: str, port: Port) -> int:
        """Return one cell of ``Outcome.port_words``, ``port_lines`` or ``port_elements``; 0 for a layer that did not run."""
        if self.outcome is None:
            return 0
        counts: Int64Array = getattr(self.outcome, array)
        return int(counts[port])
