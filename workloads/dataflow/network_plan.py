"""Lowering of a network: one Program for each layer that takes time, with what stays in scratchpads between layers."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import pairwise

from simcore.program.program import Program
from simcore.spec.system import System
from workloads.dataflow.lowering import AlikeWorks, fusions, lower, lower_sized, with_layer_words
from workloads.dataflow.prefetch import ahead_of, loadable_roles, loads_in_time, with_ahead
from workloads.dataflow.residency.check import StepCheck
from workloads.dataflow.residency.known import KnownPlans
from workloads.dataflow.residency.planning import placements
from workloads.dataflow.residency.tensors import running_layers, step_tensors
from workloads.dataflow.residency.views import LayerPlacement, seen_system, settled
from workloads.network import LayerInstance, Network

#: A layer, its Program (None for a layer that takes no cycles), and the layer into which it is fused, if any.
Lowered = tuple[LayerInstance, Program | None, str | None]


def lower_network(
    network: Network, system: System, *, only: Container[str] | None = None, with_folds: bool = False
) -> list[Lowered]:
    """Return the layers named by ``only``, or all, in order, each with its Program. Raise InputError as ``lower`` does."""
    return list(lower_each(network, system, only=only, with_folds=with_folds))


def lower_each(
    network: Network,
    system: System,
    *,
    only: Container[str] | None = None,
    with_folds: bool = False,
    known: KnownPlans | None = None,
) -> Iterator[Lowered]:
    """Yield the result of :func:`lower_network` layer by layer, so that not all Programs are in memory at once.

    With ``layer_results`` "scratchpads" the whole network is planned, so that a layer moves the same bytes whether all layers are
    wanted or only some. If all are, their Programs are checked. With ``dma.prefetch`` a layer takes over first loads of the one
    that follows it in the network, whether that is wanted or not. ``known`` has what plans for machines like this one found.
    """
    known = known or KnownPlans()
    joined = fusions(network) if system.vector_unit.fuse else {}
    network = network.with_results_written_by(joined)
    if system.dma.prefetch == "none":
        yield from _placed(network, system, joined, only, with_folds, known)
        return
    running = running_layers(network, system, joined)
    names = [instance.name for instance, _ in running]
    near = only
    if only is not None:
        near = {name for at, name in enumerate(names) if any(each in only for each in names[max(0, at - 1) : at + 2])}
        near |= {name for name in network.order() if name not in names and name in only}
    roles = dict(zip(names, loadable_roles(step_tensors(network, joined, running), len(names)), strict=True))
    for lowered in _with_prefetch(_placed(network, system, joined, near, with_folds, known), roles, system):
        if only is None or lowered[0].name in only:
            yield lowered


def _with_prefetch(lowered: Iterable[Lowered], roles: Mapping[str, Container[str]], system: System) -> Iterator[Lowered]:
    """Yield the layers, each of which loads ahead for the next one in ``roles``, which says by layer what may be loaded ahead."""
    following = dict(pairwise(roles))
    held: list[Lowered] = []
    found: list[int] = []
    for instance, program, fused_into in lowered:
        if program is not None and held:
            (first, before, _), *views = held
            assert before is not None
            is_next = following.get(first.name) == instance.name
            loads = loads_in_time(before, program, roles[instance.name], system) if is_next else []
            yield first, with_ahead(before, ahead_of(before, found, program, loads)), None
            yield from views
            held, found = [], [index for _, index, _ in loads]
        if program is not None or held:
            held.append((instance, program, fused_into))
        else:
            yield instance, program, fused_into
    if held:
        (first, before, _), *views = held
        assert before is not None
        yield first, with_ahead(before, ahead_of(before, found, None, [])), None
        yield from views


def _placed(
    network: Network,
    system: System,
    joined: Mapping[str, str],
    only: Container[str] | None,
    with_folds: bool,
    known: KnownPlans,
) -> Iterator[Lowered]:
    """Yield the layers named by ``only``, or all, with what stays in scratchpads between them."""
    if system.layer_results == "main-memory":
        yield from _each(network, system, joined, {}, only, with_folds, AlikeWorks())
        return
    check = StepCheck(network, system, joined)
    placed = placements(network, system, joined, known)
    for instance, program, fused_into in _each(network, system, joined, placed, only, with_folds, known.alike):
        if only is None and program is not None:
            check.layer(instance.name, program)
        yield instance, program, fused_into
    if only is None:
        check.end()


def _each(
    network: Network,
    system: System,
    joined: Mapping[str, str],
    placed: Mapping[str, LayerPlacement],
    only: Container[str] | None,
    with_folds: bool,
    alike: AlikeWorks,
) -> Iterator[Lowered]:
    """Yield each layer with its Program, beside what is ``placed``. ``alike`` has Programs that were made before."""
    for instance in network.instances():
        if only is not None and instance.name not in only:
            continue
        fused_into = joined.get(instance.name)
        if fused_into:
            yield instance, None, fused_into
        elif instance.name in placed:
            yield instance, lower_placed(instance, system, placed[instance.name], with_folds=with_folds, alike=alike), None
        else:
            yield instance, lower(instance, system, with_folds=with_folds, alike=alike), None


def lower_placed(
    instance: LayerInstance,
    system: System,
    placement: LayerPlacement,
    *,
    with_folds: bool = False,
    alike: AlikeWorks | None = None,
) -> Program:
    """Return the Program of a layer beside what stays in the scratchpads. Raise InputError as ``lower`` does."""
    seen = seen_system(with_layer_words(instance, system), placement)
    program = lower_sized(instance, seen, with_folds=with_folds, alike=alike)
    assert program is not None
    return settled(program, system, placement)
