"""Results that stay in a scratchpad from one layer to the next, in a System that allows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from simcore.program.program import Program
from workloads.dataflow.in_place import ifmap_fits, in_place, ofmap_fits, same_words
from workloads.dataflow.rules.table import rule_of
from workloads.network import LayerInstance, Network

#: A layer, its Program (None for a layer that takes no cycles), and the layer into which it is fused, if any.
Lowered = tuple[LayerInstance, Program | None, str | None]

#: Stands for the reader of a tensor that leaves the network.
_OUTSIDE = "the network's output"


def handed_on(lowered: Iterable[Lowered], network: Network, joined: Mapping[str, str]) -> Iterator[Lowered]:
    """Yield the layers in order, with results handed on in their scratchpads.

    If the next layer reads a result and the result fits, that layer reads it in place. If no other layer reads it, it is not
    stored to main memory either. "Next" refers to the whole network: a layer that is left out of the run also counts, because it
    would have used the scratchpads.
    """
    tensors, readers = _tensors(network, joined)
    behind = _right_behind(network, joined)
    writer: LayerInstance | None = None
    written: Program | None = None
    views: list[Lowered] = []
    for instance, program, root in lowered:
        if program is None:
            views.append((instance, program, root))
            continue
        if writer is not None and written is not None:
            reads = behind.get(writer.name) == instance.name and tensors.get(instance.producers[0]) == writer.name
            if reads and _stays(writer, written, program):
                alone = readers[writer.name] == [(instance.name, 0)]
                written, program = in_place(written, ofmap=alone), in_place(program, ifmap=True)
            yield writer, written, None
        yield from views
        writer, written, views = instance, program, []
    if writer is not None:
        yield writer, written, None
    yield from views


def _right_behind(network: Network, joined: Mapping[str, str]) -> dict[str, str]:
    """Map each layer that takes cycles to the next such layer, if the ifmap of the latter is its first operand."""
    running = [each for each in network.instances() if each.name not in joined and rule_of(each.layer).work is not None]
    return {
        before.name: after.name for before, after in pairwise(running) if after.producers and rule_of(after.layer).reads_ifmap
    }


def _stays(writer: LayerInstance, written: Program, program: Program) -> bool:
    """Return whether the result has the order that readers expect and fits both where it is written and where it is read."""
    return rule_of(writer.layer).hands_on and ofmap_fits(written) and ifmap_fits(program) and same_words(written, program)


def _tensors(
    network: Network, joined: Mapping[str, str]
) -> tuple[dict[str, str | None], dict[str | None, list[tuple[str, int]]]]:
    """Return the owner of each layer's result, and the readers of each owner's result as (layer, operand position).

    The owner of a result is the layer itself, the layer into which it is fused, or the layer of which it is a view. A view of
    several operands (a concatenation) counts as a reader of each of them, and its own result has no owner.
    """
    tensors: dict[str, str | None] = {}
    readers: dict[str | None, list[tuple[str, int]]] = {}
    for instance in network.instances():
        name, producers = instance.name, instance.producers
        is_view = rule_of(instance.layer).work is None
        if name in joined:
            tensors[name] = joined[name]
        elif is_view and len(producers) == 1:
            tensors[name] = tensors.get(producers[0])
        else:
            tensors[name] = None if is_view else name
            for position, producer in enumerate(producers):
                readers.setdefault(tensors.get(producer), []).append((name, position))
        if network.graph.out_degree(name) == 0:
            readers.setdefault(tensors[name], []).append((_OUTSIDE, 0))
    return tensors, readers


def with_what_stays(program: Program, facts: Mapping[str, object]) -> Program:
    """Return a Program that was lowered again, with operands and results in place as the ``facts`` of the first Program say."""
    stays = facts.get("in_place")
    return in_place(program, **stays) if isinstance(stays, dict) else program
