"""Which rows are copied from one subarray of a bank to another, and not moved over the channel's bus."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from simcore.pim.mapping import LayerMap
from simcore.pim_dram.machine import PimMachine

if TYPE_CHECKING:
    from workloads.pim.network_map import Move, NetworkMap, PlacedLayer


@dataclass(frozen=True)
class RowCopies:
    """The tensors of a network that go from one layer to another in the same single bank.

    They are copied if a closed form says that this ends sooner than reading and writing them over the bus.
    """

    machine: PimMachine
    network: NetworkMap

    @property
    def distance(self) -> int:
        """Return the mean distance of two subarrays of a bank, rounded up."""
        return -(-self.machine.bank_subarrays // 3)

    def ends_sooner(self, copies: int, subarrays: int, bursts: int) -> bool:
        """Return whether so many copies over a distance, one after the other, take less time than so many bursts on the bus."""
        spec, timing = self.machine.spec, self.machine.dram.timing
        if not (spec.row_copies and spec.transfers):
            return False
        each = timing["nRAS"] + -(-subarrays // 2) * timing["nLINK"] + timing["nRAS"] + timing["nHALF"] + timing["nRP"]
        return copies * each < bursts * self.machine.dram.burst_cycles

    def words(self, layer: PlacedLayer) -> int:
        """Return the input words of a layer that are copied in its bank. A product takes all its inputs from there, or none."""
        moves = [move for move in self.network.moves if move.consumer == layer.name]
        if layer.layer_map is not None and not all(map(self._stays, moves)):
            return 0
        return sum(move.words for move in moves if self._stays(move))

    def all_stay(self, layer: PlacedLayer) -> bool:
        """Return whether the results of a layer, and of those fused into it, all stay in its bank."""
        last = [layer.name, *(each.name for each in self.network.layers if each.fused_into == layer.name)][-1]
        moves = self._from.get(last, [])
        return bool(moves) and all(self._stays(move) and self._taken(move) for move in moves)

    @cached_property
    def _from(self) -> dict[str, list[Move]]:
        found: dict[str, list[Move]] = {}
        for move in self.network.moves:
            found.setdefault(move.producer, []).append(move)
        return found

    def _taken(self, move: Move) -> bool:
        """Return whether the reader of a tensor takes it in copies."""
        return self.words(self.network.layer(move.consumer)) > 0

    def weights_end_sooner(self, mapped: LayerMap) -> bool:
        """Return whether a copy of a row of weights takes less time than writing it to all banks of a channel of the layer."""
        banks = -(-mapped.banks // self.machine.copies)
        return self.ends_sooner(1, 1, banks * self.machine.row_bursts)

    def why_none(self, layers: Collection[PlacedLayer]) -> str:
        """Return why no row of these layers is copied, as the end of a sentence."""
        spec, names = self.machine.spec, {layer.name for layer in layers}
        if not spec.transfers:
            return "no row crosses the bus in counted time (transfers: false)"
        moves = [move for move in self.network.moves if move.consumer in names and self._in_one_bank(move)]
        if any(map(self._stays, moves)):
            return "layers whose inputs are in their bank have other inputs, too, and take all of them over the bus"
        maps = [layer.layer_map for layer in layers if layer.layer_map is not None and shares_weights(layer.layer_map)]
        if moves or not all(map(self.weights_end_sooner, maps)):
            return "the bus brings those rows sooner that could be copied"
        stay = "the operands of each round cross the bus" if spec.operands == "bus" else "no results stay in a single bank"
        return f"no two subarrays of a bank need the same rows of weights, and {stay}"

    def _stays(self, move: Move) -> bool:
        """Return whether a tensor is copied from one layer to another in the same single bank."""
        bits = move.words * self.machine.spec.precision.activation_bits
        bursts = -(-bits // (8 * self.machine.dram.transaction_bytes))
        rows = -(-move.words // row_words(self.machine))
        return self._in_one_bank(move) and self.ends_sooner(rows, self.distance, 2 * bursts)

    def _in_one_bank(self, move: Move) -> bool:
        """Return whether a tensor goes from one layer to another in the same single bank, so that it could be copied."""
        if move.kind != "same" or self.machine.spec.operands == "bus":
            return False
        producer = self.network.layer(move.producer)
        ends = (self.network.layer(producer.fused_into or producer.name), self.network.layer(move.consumer))
        return all(banks_of_layer(self.network, layer) == 1 for layer in ends)


def shares_weights(mapped: LayerMap) -> bool:
    """Return whether subarrays of a bank need the same rows of weights."""
    return mapped.weight_sets_per_bank < mapped.units_per_bank * mapped.weight_sets_per_unit


def banks_of_layer(network: NetworkMap, layer: PlacedLayer) -> int:
    """Return the banks that a layer takes, of all channels."""
    return network.stages[layer.stage].banks if layer.layer_map is None else layer.layer_map.banks


def row_words(machine: PimMachine) -> int:
    """Return the words of results or inputs in a row."""
    return max(1, machine.columns // machine.spec.precision.activation_bits)
