"""The phases of a placed layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from simcore.pim.mapping import LayerMap
from simcore.pim.phases import Phase, PhaseKind
from simcore.pim.sequence import Transfer
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.row_copies import RowCopies, banks_of_layer, row_words, shares_weights
from simcore.pim_dram.sequences import Piece, Sequences

if TYPE_CHECKING:
    from workloads.pim.network_map import NetworkMap, PlacedLayer


@dataclass(frozen=True)
class Phases:
    """Makes the phases of the layers of a network. Work is shared evenly by the banks of all channels that take part.

    Words lie in rows as wide as activations. Rows that a layer without a product reads or writes are those of its banks.
    """

    machine: PimMachine
    sequences: Sequences
    network: NetworkMap

    def of(self, layer: PlacedLayer) -> tuple[Phase, ...]:
        """Return the phases of every image (of the batch in the placement "together")."""
        if layer.fused_into is not None or (layer.layer_map is None and layer.vector is None):
            return ()
        product = [] if layer.layer_map is None else self._product(layer, layer.layer_map)
        return (*self._copied_inputs(layer), *self._inputs(layer), *product, *self._vector(layer), *self._results(layer))

    def once(self, layer: PlacedLayer) -> tuple[Phase, ...]:
        """Return the phases before the first image: weights that stay are written."""
        if layer.layer_map is None or not layer.resident:
            return ()
        return tuple(self._weights(layer.layer_map, layer.layer_map.weight_sets_per_unit, 1))

    # Products -----------------------------------------------------------------------------------------------------------------

    def _product(self, layer: PlacedLayer, mapped: LayerMap) -> list[Phase]:
        phases: list[Phase] = []
        for piece in mapped.pieces:
            if not layer.resident:
                phases += self._weights(mapped, piece.weight_sets, piece.times)
            phases.append(self._phase("multiply", self.sequences.round, piece.rounds, mapped, piece.times))
        return phases

    def _weights(self, mapped: LayerMap, sets: int, times: int) -> list[Phase]:
        """Return how so many weight sets come to each subarray: over the bus, or once for each bank and from there in copies."""
        if not self.machine.spec.transfers:
            return []
        units, bits = mapped.units_per_bank, mapped.options.weight_bits
        moved, needed = self.sequences.moved("WR", self.machine.row_bursts), units * sets
        different = min(needed, -(-sets * mapped.weight_sets_per_bank // mapped.weight_sets_per_unit))
        whole = self._phase("weights", moved, sets * bits, mapped, times)
        if not shares_weights(mapped) or not self.copies.weights_end_sooner(mapped):
            return [whole]
        # Each subarray that computes copies from its neighbour. One at a time has the bus anyway.
        copied = self._phase("copy", self.sequences.copied(1), (needed - different) * bits, mapped, times)
        phases = replace(whole, repeats=different * bits, subarrays=1), replace(copied, subarrays=1)
        return [phase for phase in phases if phase.repeats]

    def _phase(self, kind: PhaseKind, made: Piece, repeats: int, mapped: LayerMap, times: int) -> Phase:
        banks = -(-mapped.banks // self.machine.copies)
        return Phase(kind, made.sequence, made.counts, repeats, banks, mapped.units_per_bank, times)

    # Periphery ----------------------------------------------------------------------------------------------------------------

    def _vector(self, layer: PlacedLayer) -> list[Phase]:
        """Return the work of the vector unit: a layer's own, that of layers fused into it, and the quantisation of results."""
        if not self.machine.spec.periphery.enabled:
            return []
        banks = self._banks(layer)
        operations = -(-self.word_operations(layer) // self._all(banks))
        cycles = self.machine.periphery_cycles(-(-operations // self.machine.spec.periphery.vector_words_per_cycle))
        written = self._rows(layer.result_words, banks)
        if layer.vector is None:
            return self._held("vector", written, cycles, banks, write=True)
        read = self._rows(layer.vector.read_words, banks)
        passing = self.machine.periphery_cycles(-(-self._row_words // self.machine.spec.periphery.vector_words_per_cycle))
        return [
            *self._held("vector", read, cycles, banks, write=False),
            *self._held("vector", written, written * passing, banks, write=True),
        ]

    def word_operations(self, layer: PlacedLayer) -> int:
        """Return the operations on words of a layer and of those that are fused into it; each result is quantised once."""
        chain = [each for each in self.network.layers if each.name == layer.name or each.fused_into == layer.name]
        return layer.result_words + sum(each.vector.word_operations for each in chain if each.vector is not None)

    def _held(self, kind: PhaseKind, rows: int, cycles: int, banks: int, *, write: bool) -> list[Phase]:
        """Return rows that are held for ``cycles`` in all, each as long, rounded up."""
        return [self._own(kind, self.sequences.held(0, -(-cycles // rows), write=write), rows, banks)] if rows else []

    # Transfers ----------------------------------------------------------------------------------------------------------------

    def _inputs(self, layer: PlacedLayer) -> list[Phase]:
        """Return how a layer's inputs come to its banks, unless they come over the bus in each round, or are copied there."""
        if layer.layer_map is None:
            assert layer.vector is not None
            return self._moves("WR", layer.vector.read_words - self.copies.words(layer), self._banks(layer))
        if self.machine.spec.operands == "bus" or self.copies.words(layer):
            return []
        words = layer.layer_map.input_words_per_bank
        return self._moves("WR", words * self._all(self._banks(layer)), self._banks(layer))

    def _results(self, layer: PlacedLayer) -> list[Phase]:
        return [] if self.copies.all_stay(layer) else self._moves("RD", layer.result_words, self._banks(layer))

    def _copied_inputs(self, layer: PlacedLayer) -> list[Phase]:
        """Return the copies of rows of inputs that are in the layer's bank already, from wherever they lie in the bank."""
        rows = -(-self.copies.words(layer) // self._row_words)
        return [self._own("copy", self.sequences.copied(self.copies.distance), rows, 1)] if rows else []

    def _moves(self, command: Transfer, words: int, banks: int) -> list[Phase]:
        if not self.machine.spec.transfers or not words:
            return []
        bits = -(-words // self._all(banks)) * self.machine.spec.precision.activation_bits
        full, rest = divmod(-(-bits // (8 * self.machine.dram.transaction_bytes)), self.machine.row_bursts)
        made = ((full, self.machine.row_bursts), (1, rest))
        return [self._own("move", self.sequences.moved(command, bursts), rows, banks) for rows, bursts in made if rows and bursts]

    # Shares -------------------------------------------------------------------------------------------------------------------

    def _own(self, kind: PhaseKind, made: Piece, repeats: int, banks: int) -> Phase:
        """Return a phase of one subarray of each bank: bus and periphery serve one at a time."""
        return Phase(kind, made.sequence, made.counts, repeats, banks, 1)

    def _banks(self, layer: PlacedLayer) -> int:
        """Return the banks that a layer takes of each of the channels that do the same."""
        return -(-banks_of_layer(self.network, layer) // self.machine.copies)

    def _all(self, banks: int) -> int:
        return banks * self.machine.copies

    @cached_property
    def copies(self) -> RowCopies:
        """Return which tensors are copied within their bank."""
        return RowCopies(self.machine, self.network)

    @property
    def _row_words(self) -> int:
        return row_words(self.machine)

    def _rows(self, words: int, banks: int) -> int:
        """Return the rows of so many words in each bank."""
        return -(-words // (self._all(banks) * self._row_words))
