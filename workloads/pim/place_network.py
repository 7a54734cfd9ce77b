"""The placement of a network: each product gets banks and a mapping, everything else goes with the product before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache
from math import prod

from simcore.errors import InputError, did_you_mean
from simcore.pim.mapping.array import Array, MapOptions
from simcore.pim.mapping.dots import Dots
from simcore.pim.mapping.fitting import map_layer
from simcore.pim.mapping.layer_map import LayerMap
from simcore.pim.mapping.sharing import share_banks, stages_of
from simcore.pim.mapping.vector_work import VectorWork
from workloads.dataflow.lowering import require_shape_rule, under_shape_rule
from workloads.network import LayerInstance, Network
from workloads.pim.fused import fused_layers
from workloads.pim.layer_work import layer_work
from workloads.pim.moves import moves_of
from workloads.pim.network_map import PLACEMENTS, NetworkMap, PlacedLayer, Placement, Stage
from workloads.pim.residency import resident_layers

Works = Mapping[str, Dots | VectorWork | None]


def place_network(
    network: Network,
    array: Array,
    options: MapOptions,
    placement: Placement = "together",
    banks_each: int | None = None,
    *,
    shapes: str = "standard",
) -> NetworkMap:
    """Return the places of all layers.

    "together": all banks work on one layer after the other. "pipelined": layers have banks of their own, ``banks_each`` of them,
    or as many as make the slowest layer fastest; images follow each other, and the maps are those of one image. Neighbours share
    banks if there are more layers than banks. Raise InputError if a subarray has too few rows, if there are fewer banks than
    ``banks_each``, if the network multiplies nothing, and for a layer without a rule. With ``shapes`` "scale-sim" convolutions
    follow SCALE-Sim's shape rule, each for itself; a training step cannot.
    """
    if placement not in PLACEMENTS:
        raise InputError(f"no placement '{placement}'", hint=did_you_mean(placement, PLACEMENTS))
    if banks_each is not None and not 1 <= banks_each <= array.banks:
        raise InputError(f"expected 1 to {array.banks} banks for each layer, got {banks_each}")
    images = network.batch if placement == "pipelined" else 1
    network = network.with_batch(1) if placement == "pipelined" else network
    instances = [_ruled(instance, shapes) for instance in network.instances()]
    works: Works = {instance.name: layer_work(instance) for instance in instances}
    dots = {name: work for name, work in works.items() if isinstance(work, Dots)}
    if not dots:
        raise InputError(f"network '{network.name}': expected a layer that multiplies, got none")
    together = placement == "together"
    stages = [Stage(tuple(dots), 0, array.banks)] if together else _stages(dots, array, options, banks_each)
    return _placed(network, instances, works, NetworkMap(placement, array, options, images, (), tuple(stages), (), 0, 0, ()))


def _stages(dots: Mapping[str, Dots], array: Array, options: MapOptions, banks_each: int | None) -> list[Stage]:
    names = list(dots)

    @cache
    def rounds(dots: Dots, banks: int) -> int:
        return map_layer(dots, replace(array, banks=banks), options).rounds

    def time(stage: int, banks: int) -> int:
        return sum(rounds(dots[names[at]], banks) for at in ranges[stage])

    ranges = stages_of([rounds(each, banks_each or 1) for each in dots.values()], array.banks // (banks_each or 1))
    shares = [banks_each] * len(ranges) if banks_each else share_banks(time, len(ranges), array.banks)
    firsts = [sum(shares[:at]) for at in range(len(shares))]
    return [
        Stage(tuple(names[at] for at in each), first, banks) for each, first, banks in zip(ranges, firsts, shares, strict=True)
    ]


@dataclass(frozen=True)
class _Found:
    """What is known of a network's layers, by name: maps, the layers into which others are fused, residents, stages, results."""

    maps: Mapping[str, LayerMap]
    fused: Mapping[str, str]
    resident: Set[str]
    stage_of: Mapping[str, int]
    words: Mapping[str, int]


def _ruled(instance: LayerInstance, shapes: str) -> LayerInstance:
    require_shape_rule(instance, shapes)
    return under_shape_rule(instance, shapes)


def _placed(network: Network, instances: Sequence[LayerInstance], works: Works, empty: NetworkMap) -> NetworkMap:
    """Return the map with its layers, moves and rows."""
    array, options, stages = empty.array, empty.options, empty.stages
    maps: dict[str, LayerMap] = {}
    resident: set[str] = set()
    rows = []
    for stage in stages:
        dots = {name: work for name in stage.layers if isinstance(work := works[name], Dots)}
        found, staying = resident_layers(dots, replace(array, banks=stage.banks), options)
        maps |= found
        resident |= staying
        rows.append(sum(found[name].weight_rows for name in staying))
    words = {instance.name: instance.batch * prod(instance.output_shape) for instance in instances}
    known = _Found(maps, fused_layers(network, maps), resident, _stage_of(network, works, stages), words)
    own = {name: at for name, at in known.stage_of.items() if works[name] is not None and name not in known.fused}
    layers = tuple(_layer(instance, works[instance.name], known) for instance in instances)
    return replace(
        empty,
        layers=layers,
        moves=moves_of(network, own, known.fused),
        weight_rows=max(rows),
        weight_rows_there=options.weight_sets_of(array) * options.weight_bits,
        notes=tuple(_notes(empty, layers, stages)),
    )


def _layer(instance: LayerInstance, work: Dots | VectorWork | None, known: _Found) -> PlacedLayer:
    name, found = instance.name, known.maps.get(instance.name)
    last = [name, *(each for each, root in known.fused.items() if root == name)][-1]
    notes = list(found.notes) if found else []
    if found and found.stays and name not in known.resident:
        notes.append("its weights would fit, but those of other layers fill the rows: loaded for every image")
    return PlacedLayer(
        instance=instance,
        layer_map=found,
        vector=work if isinstance(work, VectorWork) else None,
        fused_into=known.fused.get(name),
        stage=known.stage_of[name],
        resident=name in known.resident,
        result_words=known.words[last] if work is not None and name not in known.fused else 0,
        notes=tuple(notes),
    )


def _stage_of(network: Network, works: Works, stages: Sequence[Stage]) -> dict[str, int]:
    """Return the stage of every layer: a product's own, and that of the last producer of anything else."""
    of_product = {name: at for at, stage in enumerate(stages) for name in stage.layers}
    found: dict[str, int] = {}
    for instance in network.instances():
        before = max((found.get(producer, 0) for producer in instance.producers), default=0)
        found[instance.name] = of_product.get(instance.name, before)
    return found


def _notes(empty: NetworkMap, layers: Sequence[PlacedLayer], stages: Sequence[Stage]) -> list[str]:
    notes = []
    shared = [stage for stage in stages if len(stage.layers) > 1]
    if empty.placement == "pipelined" and shared:
        told = "; ".join(" and ".join(stage.layers) for stage in shared[:3]) + ("; ..." if len(shared) > 3 else "")
        notes.append(f"more layers than banks: {len(shared)} stages have several layers ({told})")
    used = sum(stage.banks for stage in stages)
    if used < empty.array.banks:
        notes.append(f"{used} of {empty.array.banks} banks have a layer")
    loaded = [layer.name for layer in layers if layer.layer_map is not None and not layer.resident]
    if loaded and empty.options.weights == "resident":
        products = sum(layer.layer_map is not None for layer in layers)
        notes.append(f"the weights of {len(loaded)} of {products} layers are loaded for every image: {', '.join(loaded[:5])}")
    return notes
