"""Copies of tensors that their readers cannot fetch as they lie in memory.

A reader fetches rows of neighbouring words, and a view costs nothing as long as the words that the reader needs together are such
rows. A transposition that takes words out of their rows needs a copy, unless its reader is a product of two activations, which
takes rows or columns. See docs/onnx.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import networkx as nx

from workloads import layers
from workloads.importers.layouts import (
    Layout,
    as_image,
    in_order,
    innermost,
    lies_along,
    order_of,
    part,
    repeated,
    reshaped_rows,
    run,
    transposed,
)
from workloads.importers.names import free_name
from workloads.layers import Layer, Shape
from workloads.network import Network

#: Layers that read and write images pixel by pixel, with the channels of each side by side.
OF_IMAGES = (layers.Conv, layers.ConvTransposePhase, layers.Pool, layers.GlobalPool, layers.Resample, layers.LRN)
#: Layers whose result lies as their first operand does.
KEEPING = (
    *(layers.Activation, layers.BatchNorm, layers.Add, layers.Softmax, layers.LayerNorm, layers.GroupNorm),
    *(layers.Identity, layers.Dropout),
)
#: Layers that write the axes of their result in the order in which those of their first operand lie.
ORDERED = (layers.Copy, layers.Concat, layers.Reduce, layers.Resample)


def with_copies(network: Network) -> Network:
    """Return the network with a layer ``copy`` behind each tensor that some reader cannot fetch as it lies."""
    return _Pass(network).run()


class _Pass:
    """One pass over the layers in order. ``layouts`` are those of the results, None for constants, which lie as needed."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.shapes: dict[str, Shape] = {name: network.graph.nodes[name]["shape"] for name in network.graph}
        self.layouts: dict[str, Layout | None] = {}
        self.copied: dict[tuple[str, Layout], str] = {}
        self.reads: dict[tuple[str, int], str] = {}
        self.taken = set(network.graph)
        self.producers = {instance.name: instance.producers for instance in network.instances()}

    def run(self) -> Network:
        """Find the copies, and return the network with them."""
        for name in self.network.order():
            layer = self.network.layer(name)
            self.layouts[name] = self._result(name, layer, self.producers.get(name, ()))
        if not self.copied:
            return self.network
        return self.network.with_graph(self._rebuilt())

    # Results ------------------------------------------------------------------------------------------------------------------

    def _result(self, name: str, layer: Layer, producers: Sequence[str]) -> Layout | None:
        """Return the layout of a layer's result, after noting the copies that it needs."""
        shape = self.shapes[name]
        if isinstance(layer, layers.Constant):
            return None
        if isinstance(layer, layers.Input):
            return as_image(shape) if self._enters_as_image(name) else in_order(shape)
        found = [self._fetched(name, layer, position, producer) for position, producer in enumerate(producers)]
        if isinstance(layer, layers.Phases) or (isinstance(layer, OF_IMAGES) and len(shape) == 3):
            return as_image(shape)
        known = [(layout, self.shapes[at]) for layout, at in zip(found, producers, strict=True) if layout is not None]
        return self._derived(layer, shape, known)

    def _enters_as_image(self, name: str) -> bool:
        """Return whether an input of the network comes to a layer of images as it is: then it lies as an image does."""
        ahead, seen = [name], {name}
        while ahead:
            for reader in self.network.graph.successors(ahead.pop()):
                layer = self.network.layer(reader)
                if isinstance(layer, OF_IMAGES):
                    return True
                if reader not in seen and isinstance(layer, (*KEEPING, *ORDERED, layers.Reshape, layers.Part)):
                    seen.add(reader)
                    ahead.append(reader)
        return False

    def _derived(self, layer: Layer, shape: Shape, operands: Sequence[tuple[Layout, Shape]]) -> Layout | None:
        """Return the layout of a result that lies as an operand does, or as its own shape says."""
        if not operands:
            return None if isinstance(layer, layers.ShapeOnly) else in_order(shape)
        layout, before = operands[0]
        if isinstance(layer, layers.Transpose):
            return transposed(layout, layer.order)
        if isinstance(layer, layers.Part):
            return part(layout, before, shape) or in_order(shape)
        if isinstance(layer, layers.Repeat):
            return repeated(layout, before, shape)
        if isinstance(layer, layers.Reshape | layers.Flatten):
            return reshaped_rows(layout, shape) or in_order(shape)
        if isinstance(layer, KEEPING) and len(operands) == 1 and before == shape:
            return layout
        if isinstance(layer, (*KEEPING, *ORDERED)):
            whole = max(operands, key=lambda operand: prod(operand[1]))[0]
            return in_order(shape, order_of(whole) if len(whole) == len(shape) else None)
        return in_order(shape)

    # Readers ------------------------------------------------------------------------------------------------------------------

    def _fetched(self, name: str, layer: Layer, position: int, producer: str) -> Layout | None:
        """Return the layout of an operand as a layer fetches it, which is that of a copy if it cannot fetch it as it is."""
        layout, shape = self.layouts[producer], self.shapes[producer]
        if layout is None:
            return None
        beside = self._beside(name, position, producer)
        if self._can_fetch(name, layer, producer, layout, beside):
            return layout
        order = None if beside is None else order_of(beside)
        wanted = as_image(shape) if isinstance(layer, OF_IMAGES) else in_order(shape, order)
        known = self.copied.setdefault((producer, wanted), "")
        if not known:
            known = self.copied[producer, wanted] = free_name(f"{producer}.copy", self.taken)
        self.reads[name, position] = known
        return wanted

    def _can_fetch(self, name: str, layer: Layer, producer: str, layout: Layout, beside: Layout | None) -> bool:
        """Return whether the words that a layer needs together are rows of neighbouring words."""
        last = len(self.shapes[producer]) - 1
        if isinstance(layer, OF_IMAGES):
            return run(layout, [0]) != 1
        if isinstance(layer, layers.Linear):
            return run(layout, [last]) != 1
        if isinstance(layer, layers.MatMul):
            return run(layout, [last]) != 1 or run(layout, [last - 1]) != 1
        if isinstance(layer, layers.Add | layers.Concat):
            inner = None if beside is None else innermost(beside)
            return inner is None or lies_along(layout, inner)
        if isinstance(layer, layers.Reshape | layers.Flatten):
            return reshaped_rows(layout, self.shapes[name]) is not None
        return True

    def _beside(self, name: str, position: int, producer: str) -> Layout | None:
        """Return the layout of an operand's first neighbour, if both have all axes of the result with several values each."""
        rank, layer = len(self.shapes[name]), self.network.layer(name)
        for other in self.producers.get(name, ())[:position]:
            known, shapes = self.layouts[other], (self.shapes[other], self.shapes[producer])
            whole = all(len(shape) == rank and (1 not in shape or 1 in self.shapes[name]) for shape in shapes)
            if isinstance(layer, layers.Add | layers.Concat) and known is not None and whole and innermost(known) is not None:
                return known
        return None

    # The network --------------------------------------------------------------------------------------------------------------

    def _rebuilt(self) -> nx.DiGraph[str]:
        graph: nx.DiGraph[str] = nx.DiGraph()
        copies = {name: producer for (producer, _), name in self.copied.items()}
        for name in self.network.order():
            graph.add_node(name, layer=self.network.layer(name))
            for copy in [copy for copy, producer in copies.items() if producer == name]:
                graph.add_node(copy, layer=layers.Copy(copy, self.shapes[name]))
                graph.add_edge(name, copy, operands=(0,))
        for name, producers in self.producers.items():
            operands: dict[str, list[int]] = {}
            for position, producer in enumerate(producers):
                operands.setdefault(self.reads.get((name, position), producer), []).append(position)
            for source, positions in operands.items():
                graph.add_edge(source, name, operands=tuple(positions))
        return graph
