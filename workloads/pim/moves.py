"""What moves between banks: every tensor that a layer reads and another has written, found through views and fused layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from workloads.network import Network
from workloads.pim.network_map import HOST, Move, MoveKind


def moves_of(network: Network, stages: Mapping[str, int], fused: Mapping[str, str]) -> tuple[Move, ...]:
    """Return the moves in execution order. ``stages`` has the layers that compute in their own right.

    A layer of ``fused`` takes what its bank is just giving, and a view takes nothing.
    """
    instances = {instance.name: instance for instance in network.instances()}
    shapes = {name: network.graph.nodes[name]["layer"] for name in network.graph if name not in instances}

    def words(name: str) -> int:
        shape = instances[name].output_shape if name in instances else shapes[name].infer(())
        return network.batch * prod(shape)

    def sources(name: str) -> Iterator[str]:
        """Yield the tensors that a tensor consists of: a view has those of its operands."""
        if name not in instances or name in stages or name in fused:
            yield name
            return
        for producer in instances[name].producers:
            yield from sources(producer)

    def move(producer: str, consumer: str, to: int) -> Move:
        root = fused.get(producer, producer)
        start = stages.get(root, HOST)
        return Move(producer, consumer, words(producer), _kind(start, to), 0 if HOST in (start, to) else to - start)

    found = []
    for instance in instances.values():
        for producer in instance.producers if instance.name in stages else ():
            found += [move(source, instance.name, stages[instance.name]) for source in sources(producer)]
    for name in network.graph:
        if network.graph.out_degree(name) == 0:
            found += [move(source, "host", HOST) for source in sources(name)]
    return tuple(found)


def _kind(start: int, end: int) -> MoveKind:
    if start == HOST:
        return "input"
    if end == HOST:
        return "output"
    if start == end:
        return "same"
    return "next" if end == start + 1 else "skip"
