"""The phases of a placed layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simcore.pim.mapping import LayerMap
from simcore.pim.phases import Phase
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.sequences import Sequences

if TYPE_CHECKING:
    from workloads.pim.network_map import NetworkMap, PlacedLayer


@dataclass(frozen=True)
class Phases:
    """Makes the phases of the layers of a network. Every channel takes an equal share of the banks that have work."""

    machine: PimMachine
    sequences: Sequences
    network: NetworkMap

    def of(self, layer: PlacedLayer) -> tuple[Phase, ...]:
        """Return the phases of every image."""
        if layer.layer_map is None or layer.fused_into is not None:
            return ()
        return tuple(self._multiply(layer.layer_map))

    def once(self, layer: PlacedLayer) -> tuple[Phase, ...]:
        """Return the phases before the first image."""
        return ()

    def _multiply(self, mapped: LayerMap) -> list[Phase]:
        banks = -(-mapped.banks // self.machine.channels)
        made = self.sequences.round
        return [
            Phase("multiply", made.sequence, made.counts, piece.rounds, banks, mapped.units_per_bank, piece.times)
            for piece in mapped.pieces
        ]
