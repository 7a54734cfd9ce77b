"""The energy of a yardstick: that of the bytes that main memory moves, where a figure for it is given."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.kinds.costs import UnknownCosts
from simcore.results import LayerRun
from simcore.yardsticks.spec import BandwidthSpec


@dataclass(frozen=True)
class MemoryCosts(UnknownCosts):
    """``pj_per_byte``: energy of a byte of main memory, None where it is not known. Nothing else is known of a yardstick."""

    pj_per_byte: float | None = None

    def parts(self, run: LayerRun) -> dict[str, float]:
        """The energy of a layer by part, in picojoules."""
        if self.pj_per_byte is None:
            return {}
        outcome = run.outcome
        moved = 0 if outcome is None else int(outcome.dma_read_bytes.sum() + outcome.dma_write_bytes.sum())
        return {"dram_pj": moved * self.pj_per_byte}


def memory_costs(memory: BandwidthSpec) -> MemoryCosts:
    """The costs of a yardstick with this main memory."""
    figure = memory.pj_per_byte
    if figure is None:
        return MemoryCosts(notes=("not known, for want of a figure with a source (memory.pj_per_byte)",))
    notes = ("that of main memory alone; no figure for the compute is known",)
    return MemoryCosts({"dram": f"{figure.kind}: {figure.source}"}, notes, pj_per_byte=figure.value)
