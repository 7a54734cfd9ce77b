"""The tensors of a network's layers: who writes each, who reads it, and through which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simcore.spec.system import System
from workloads.dataflow.array import Product
from workloads.dataflow.elementwise import Elementwise
from workloads.dataflow.lowering import work_of
from workloads.dataflow.row_work import RowWork, StateUpdate
from workloads.dataflow.rules.table import rule_of
from workloads.dataflow.windows import Windows
from workloads.dataflow.work import Work
from workloads.network import LayerInstance, Network

#: A layer that takes cycles, and its Work.
Running = tuple[LayerInstance, Work]


@dataclass(frozen=True)
class Use:
    """Layer ``at``, counting those that take cycles, reads or writes a tensor as ``role``: ifmap, filter or ofmap.

    ``part`` is the part of an assembled tensor that it uses, or None for all of it. ``copies`` counts the tensors of one size
    that lie interleaved in the layer: the weights and moments of an update.
    """

    at: int
    role: str
    part: int | None = None
    copies: int = 1


@dataclass(frozen=True)
class StepTensor:
    """A tensor of the network. Without ``writes`` it comes from main memory: an input, or weights.

    An assembled tensor has several writes: layers write its parts, and a view joins them. A tensor that ``leaves`` must lie in
    main memory in the end, because the network returns it or because a layer cannot read it from a scratchpad.
    """

    name: str
    writes: tuple[Use, ...]
    reads: tuple[Use, ...]
    leaves: bool


@dataclass
class _Found:
    """What is known of the tensors while the layers are visited."""

    writes: dict[str, Use] = field(default_factory=dict)
    reads: dict[tuple[str, ...], list[Use]] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)


def weights_of(owner: str) -> str:
    """Return the name of the tensor of a layer's weights."""
    return f"weights of {owner}"


def running_layers(network: Network, system: System, joined: Mapping[str, str]) -> list[Running]:
    """Return the layers that take cycles, each with its work. ``joined`` maps layers to those into which they are fused."""
    works = ((instance, work_of(instance, system.shapes)) for instance in network.instances() if instance.name not in joined)
    return [(instance, work) for instance, work in works if work is not None]


def step_tensors(network: Network, joined: Mapping[str, str], running: Sequence[Running]) -> list[StepTensor]:
    """Return the tensors of a network. ``joined`` maps layers to the layer into which they are fused."""
    names = _names(network, joined, running)
    weighted = {instance.name for instance, work in running if isinstance(work, Product) and instance.parameters}
    found = _Found()
    for at, (instance, work) in enumerate(running):
        roles = _operands(network, instance, work, weighted)
        for role, (source, copies) in roles.items():
            found.reads.setdefault(names.get(source, (source,)), []).append(Use(at, role, copies=copies))
        taken = {source for source, _ in roles.values()}
        found.leaving |= {name for producer in instance.producers if producer not in taken for name in names[producer]}
        if has_places(work):
            found.writes[instance.name] = Use(at, "ofmap")
    ends = [instance.name for instance in network.instances() if network.graph.out_degree(instance.name) == 0]
    found.leaving |= {name for end in ends for name in names[end]}
    return _assembled(found)


def _names(network: Network, joined: Mapping[str, str], running: Sequence[Running]) -> dict[str, tuple[str, ...]]:
    """Return for each layer the tensors of which its result consists: one, or several where a view joins them."""
    own = {instance.name for instance, _ in running}
    names: dict[str, tuple[str, ...]] = {name: (name,) for name in network.order()}
    for instance in network.instances():
        if instance.name in joined:
            names[instance.name] = (joined[instance.name],)
        elif instance.name not in own:
            names[instance.name] = tuple(name for producer in instance.producers for name in names[producer])
    return names


def has_places(work: Work) -> bool:
    """Return whether a layer's operands and result can stay. The passes of a sum of several go through main memory."""
    return isinstance(work, Product | Windows | RowWork) or (isinstance(work, Elementwise) and work.operands == 2)


def _operands(network: Network, instance: LayerInstance, work: Work, weighted: set[str]) -> dict[str, tuple[str, int]]:
    """Return by role what a layer reads, a result or weights, and how many tensors lie interleaved, as far as that is known."""
    producers, reads_ifmap = instance.producers, rule_of(instance.layer).reads_ifmap
    if isinstance(work, StateUpdate) and len(producers) == 1:
        owner = _owner(network, producers[0])
        state = {"ifmap": (weights_of(owner), work.tensors)} if owner in weighted else {}
        return {**state, "filter": (producers[0], 1)}
    if not has_places(work) or not reads_ifmap or len(producers) > 2:
        return {}
    roles = {role: (producer, 1) for role, producer in zip(("ifmap", "filter"), producers, strict=False)}
    owner = _owner(network, instance.name)
    if isinstance(work, Product) and len(producers) == 1 and owner in weighted:
        roles["filter"] = (weights_of(owner), 1)
    return roles


def _owner(network: Network, name: str) -> str:
    """Return the layer whose weights a layer uses: itself, that of which it is a gradient, or that with which it shares them."""
    layer = network.layer(name)
    user = getattr(layer, "of", layer)
    return str(getattr(user, "shares", "") or getattr(user, "name", name))


def _assembled(found: _Found) -> list[StepTensor]:
    """Return the tensors. Parts that one view joins become one tensor, if they are in no other view."""
    views = [names for names in found.reads if len(names) > 1]
    counted = [name for names in views for name in names]
    good = [names for names in views if all(name in found.writes and counted.count(name) == 1 for name in names)]
    in_view = {name for names in good for name in names}
    leaving = found.leaving | {name for names in views if names not in good for name in names}
    made = []
    for names in good:
        writes = tuple(Use(found.writes[name].at, "ofmap", part) for part, name in enumerate(names))
        reads = found.reads[names] + [
            Use(use.at, use.role, part, use.copies) for part, name in enumerate(names) for use in found.reads.get((name,), [])
        ]
        made.append(_tensor(" + ".join(names), writes, reads, leaves=not leaving.isdisjoint(names)))
    alone = {names[0] for names in found.reads if len(names) == 1} | found.writes.keys()
    for name in sorted(alone - in_view):
        writes = (found.writes[name],) if name in found.writes else ()
        made.append(_tensor(name, writes, found.reads.get((name,), []), leaves=name in leaving))
    return made


def _tensor(name: str, writes: tuple[Use, ...], reads: Sequence[Use], *, leaves: bool) -> StepTensor:
    return StepTensor(name, writes, tuple(sorted(reads, key=lambda use: use.at)), leaves)
