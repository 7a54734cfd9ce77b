"""The plan of a network: where its layers lie, and the phases of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simcore.errors import InputError
from simcore.kinds.runs import RunOrder
from simcore.pim.mapping import Array, LayerMap, MapOptions
from simcore.pim.phases import Phase
from simcore.pim_dram.crowding import best_placement
from simcore.pim_dram.machine import PimMachine
from simcore.pim_dram.phases_of import Phases
from simcore.pim_dram.row_copies import RowCopies
from simcore.pim_dram.sequences import Sequences

if TYPE_CHECKING:
    from workloads.pim.network_map import NetworkMap, PlacedLayer


@dataclass(frozen=True)
class PlannedLayer:
    """A layer of the network. Views and layers that are fused into another have no phases.

    ``phases`` run for every image (in the placement "together" for the whole batch); ``once`` before the first.
    """

    placed: PlacedLayer
    phases: tuple[Phase, ...] = ()
    once: tuple[Phase, ...] = ()

    @property
    def name(self) -> str:
        """Return the layer's name."""
        return self.placed.instance.name

    @property
    def mapped(self) -> LayerMap | None:
        """Return the mapping of a product, or None."""
        return self.placed.layer_map

    @property
    def runs(self) -> bool:
        """Return whether the layer takes time."""
        return bool(self.phases)


@dataclass(frozen=True)
class NetworkPlan:
    """The places of all layers, and the plans of those that are wanted, in execution order."""

    placed: NetworkMap
    layers: tuple[PlannedLayer, ...]


def plan_network(machine: PimMachine, order: RunOrder) -> NetworkPlan:
    """Return the plan. Raise InputError for a network that the machine cannot run, and if no wanted layer takes time."""
    from workloads.pim.place_network import place_network

    sequences = Sequences(machine)
    array, options, spec = array_of(machine), options_of(machine, sequences), machine.spec

    def place(subarrays: int) -> NetworkMap:
        fewer = replace(array, subarrays=subarrays)
        return place_network(order.network, fewer, options, spec.placement, spec.banks_per_layer, shapes=spec.shapes)

    placed = best_placement(machine, sequences.round.sequence, place)
    phases = Phases(machine, sequences, placed)
    wanted = [layer for layer in placed.layers if order.wanted is None or layer.name in order.wanted]
    layers = tuple(PlannedLayer(layer, phases.of(layer), phases.once(layer)) for layer in wanted)
    if not any(layer.runs for layer in layers):
        names = ", ".join(layer.name for layer in layers)
        raise InputError(f"none of the layers {names} runs by itself", hint="choose layers that compute")
    notes = (*placed.notes, *_notes(machine, order, placed), *_idle_options(machine, layers, phases.copies))
    return NetworkPlan(replace(placed, notes=notes), layers)


def _notes(machine: PimMachine, order: RunOrder, placed: NetworkMap) -> Iterator[str]:
    """Yield what a reader must know of the whole placement."""
    used, most = placed.array.subarrays, machine.subarrays
    if used < most:
        yield f"{used} of {most} active subarrays of a bank compute at a time, because more would end no sooner under the limits"
    if placed.placement == "pipelined" and order.network.batch > 1:
        yield f"all figures are those of one of the {order.network.batch} images of the batch"


def _idle_options(machine: PimMachine, layers: Sequence[PlannedLayer], copies: RowCopies) -> Iterator[str]:
    """Yield which options of transfers change nothing in these layers, and why."""
    kinds = {phase.kind for layer in layers for phase in (*layer.phases, *layer.once)}
    if machine.spec.row_copies and "copy" not in kinds:
        yield f"no row was copied, because {copies.why_none([layer.placed for layer in layers])}"
    if machine.spec.overlap_transfers and "move" not in kinds:
        why = "no layer moves any" if machine.spec.transfers else "they take no time (transfers: false)"
        yield f"no inputs or results move beside multiplications, because {why}"


def array_of(machine: PimMachine) -> Array:
    """Return the subarrays to which layers are mapped: those of all channels."""
    return Array(
        columns=machine.columns,
        rows=machine.dram.rows_per_subarray,
        banks=machine.banks * machine.channels,
        subarrays=machine.subarrays,
        stored_subarrays=machine.bank_subarrays,
    )


def options_of(machine: PimMachine, sequences: Sequences) -> MapOptions:
    """Return how operands lie in columns, and what the micro-program needs."""
    spec = machine.spec
    return MapOptions(
        weight_bits=spec.precision.weight_bits,
        activation_bits=spec.precision.activation_bits,
        working_rows=sequences.rows - spec.precision.weight_bits,
        program_operations=machine.counts.operations,
        pairs_per_column=spec.pairs_per_column,
        weights=spec.weights,
    )
