"""The energy of a yardstick: the bytes that main memory moves times a figure, if there is one."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.kinds.costs import UnknownCosts
from simcore.results import LayerRun
from simcore.yardsticks.spec import BandwidthSpec


@dataclass(frozen=True)
class MemoryCosts(UnknownCosts):
    """The costs of main memory. ``pj_per_byte`` is its energy per byte, None if unknown. A yardstick has no other costs."""

    pj_per_byte: float | None = None

    def parts(self, run: LayerRun) -> dict[str, float]:
        """Return the energy of a layer by part, in picojoules."""
        if self.pj_per_byte is None:
            return {}
        outcome = run.outcome
        moved = 0 if outcome is None else int(outcome.dma_read_bytes.sum() + outcome.dma_write_bytes.sum())
        return {"dram_pj": moved * self.pj_per_byte}


def memory_costs(memory: BandwidthSpec) -> MemoryCosts:
    """Return the costs of a yardstick with this main memory."""
    figure = memory.pj_per_byte
    if figure is None:
        return MemoryCosts(notes=("unknown, because memory.pj_per_byte gives no figure with a source",))
    missing = ("everything but the bytes that main memory moves",)
    return MemoryCosts({"dram": f"{figure.kind}: {figure.source}"}, (), missing, pj_per_byte=figure.value)
