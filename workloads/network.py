"""A network: a directed graph of layers with a batch size, checked when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import networkx as nx

from simcore.errors import InputError, did_you_mean
from workloads.graph_checks import checked_graph
from workloads.layer_words import RESULT, LayerWords, layer_words
from workloads.layers import Input, Layer, Shape

#: A larger number of images is taken as a typing error, because its tensors would not fit into any memory.
LARGEST_BATCH = 65536


@dataclass(frozen=True)
class LayerInstance:
    """One layer with its shapes in the network. Shapes are those of one image; counts are those of the whole batch.

    ``words`` are sizes of words that the graph gives, or None where all tensors have the machine's own.
    """

    name: str
    layer: Layer
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    batch: int
    producers: tuple[str, ...]
    words: LayerWords | None = None

    @property
    def macs(self) -> int:
        """Return the multiply-accumulates of the batch."""
        return self.batch * self.layer.macs(self.input_shapes)

    @property
    def parameters(self) -> int:
        """Return the number of trained parameters, which all images of a batch share."""
        return self.layer.parameters(self.input_shapes)


class Network:
    """A checked, frozen graph of layers.

    ``graph`` is a ``networkx.DiGraph``. A node is a layer's name and carries ``layer``. An edge carries ``shape``, the tensor's
    shape without the batch, and ``operands``, its positions among the consumer's inputs. ``notes`` are sentences, without their
    point, about what a reader of the graph left out or assumed.
    """

    def __init__(
        self, name: str, graph: nx.DiGraph[str], batch: int = 1, *, file: Path | None = None, notes: Sequence[str] = ()
    ) -> None:
        """Check ``graph`` (see :func:`from_graph` for its form). ``file`` is the one from which it was read, for manifests.

        Raise InputError for a bad graph or batch.
        """
        if not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
            raise InputError(f"expected a batch of at least 1 image, got {batch!r}", where=f"network '{name}'")
        if batch > LARGEST_BATCH:
            raise InputError(f"expected a batch of at most {LARGEST_BATCH} images, got {batch}", where=f"network '{name}'")
        self.name = name
        self.batch = batch
        self.file = file
        self.notes = tuple(notes)
        self.graph = checked_graph(graph, where=f"network '{name}'")
        self._instances = self._instantiate()

    def __repr__(self) -> str:
        return f"<Network {self.name}: {len(self.graph)} layers, batch {self.batch}>"

    def layer(self, name: str) -> Layer:
        """Return the layer of that name. Raise InputError with the nearest name if there is none."""
        if name not in self.graph:
            raise InputError(f"no layer '{name}'", where=f"network '{self.name}'", hint=did_you_mean(name, self.graph))
        found: Layer = self.graph.nodes[name]["layer"]
        return found

    def order(self) -> list[str]:
        """Return the layer names in execution order: producers first, otherwise in the order of insertion into the graph."""
        return list(self.graph)

    def instances(self) -> list[LayerInstance]:
        """Return the layers in execution order, each with its shapes, without the inputs, which take no time."""
        return list(self._instances)

    def select(self, patterns: str | Sequence[str]) -> list[LayerInstance]:
        """Return the instances whose name matches any shell-like pattern. Raise InputError for a pattern without a match."""
        wanted = [patterns] if isinstance(patterns, str) else list(patterns)
        names = [instance.name for instance in self._instances]
        for pattern in wanted:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise InputError(
                    f"no layer matches '{pattern}'", where=f"network '{self.name}'", hint=did_you_mean(pattern, names)
                )
        return [instance for instance in self._instances if any(fnmatchcase(instance.name, pattern) for pattern in wanted)]

    def macs(self) -> int:
        """Return the multiply-accumulates of the whole batch."""
        return self.batch * self.macs_per_image()

    def macs_per_image(self) -> int:
        """Return the multiply-accumulates of one image."""
        return sum(instance.layer.macs(instance.input_shapes) for instance in self._instances)

    def parameters(self) -> int:
        """Return the number of trained parameters."""
        return sum(instance.parameters for instance in self._instances)

    def with_batch(self, batch: int) -> Network:
        """Return the same network for another number of images."""
        return Network(self.name, self.graph, batch, file=self.file, notes=self.notes)

    def with_graph(self, graph: nx.DiGraph[str]) -> Network:
        """Return a network of another graph that stands for the same one: with its name, batch, file and notes."""
        return Network(self.name, graph, self.batch, file=self.file, notes=self.notes)

    def has_own_words(self) -> bool:
        """Return whether the graph gives sizes of words, as a quantised one does."""
        return any(instance.words is not None for instance in self._instances)

    def with_results_written_by(self, joined: Mapping[str, str]) -> Network:
        """Return the network in which a layer writes the words of those that joined it. ``joined`` has the layer of each."""
        if not joined or not self.has_own_words():
            return self
        graph = nx.DiGraph(self.graph)
        for name, root in joined.items():
            graph.nodes[root][RESULT] = graph.nodes[name].get(RESULT)
        return self.with_graph(graph)

    def with_scale_sim_shapes(self) -> Network:
        """Return the same network with SCALE-Sim's shape rule in every convolution; later layers follow the resulting shapes."""
        graph = nx.DiGraph(self.graph)
        for name in graph:
            graph.nodes[name]["layer"] = graph.nodes[name]["layer"].with_scale_sim_shapes()
        return self.with_graph(graph)

    def _instantiate(self) -> tuple[LayerInstance, ...]:
        instances = []
        shapes: dict[str, Shape] = {}
        for name in self.graph:
            layer: Layer = self.graph.nodes[name]["layer"]
            operands = {
                position: edge[0] for edge in self.graph.in_edges(name) for position in self.graph.edges[edge]["operands"]
            }
            producers = tuple(operands[position] for position in sorted(operands))
            inputs = tuple(shapes[producer] for producer in producers)
            shapes[name] = layer.infer(inputs)
            if not isinstance(layer, Input):
                words = layer_words(self.graph.nodes[name], [self.graph.nodes[producer] for producer in producers])
                instances.append(LayerInstance(name, layer, inputs, shapes[name], self.batch, producers, words))
        return tuple(instances)


def from_graph(graph: nx.DiGraph[str], name: str = "network", batch: int = 1) -> Network:
    """Return a Network made from the user's own ``networkx.DiGraph``.

    Each node carries its layer: ``graph.add_node("conv1", layer=Conv("conv1", 64, kernel=3))``. An edge may carry ``operand``,
    its position among the consumer's inputs (or ``operands``, several positions). Without a position, inputs come in the order in
    which the edges were added. ``word_bytes`` and ``weight_bytes`` of a node are the sizes of words of its result and weights,
    where they differ from the machine's. Raise InputError for a cycle, a node without a layer, a missing or surplus input, a
    duplicate name and shapes that do not fit.
    """
    return Network(name, graph, batch)


class NetworkBuilder:
    """Builds a network layer by layer. Each ``add`` returns the layer's name, for use as an input of later layers."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._graph: nx.DiGraph[str] = nx.DiGraph()
        self._last: str | None = None

    def add(self, layer: Layer, inputs: Iterable[str] | None = None) -> str:
        """Append a layer that reads ``inputs``, or the last layer. Raise InputError for an unknown input or a taken name."""
        where = f"network '{self.name}'"
        if layer.name in self._graph:
            raise InputError(f"two layers named '{layer.name}'", where=where)
        follows = [] if isinstance(layer, Input) or self._last is None else [self._last]
        operands: dict[str, list[int]] = {}
        for position, producer in enumerate(follows if inputs is None else inputs):
            if producer not in self._graph:
                hint = did_you_mean(producer, self._graph)
                raise InputError(f"layer '{layer.name}' reads '{producer}', which does not exist", where=where, hint=hint)
            operands.setdefault(producer, []).append(position)
        self._graph.add_node(layer.name, layer=layer)
        for producer, positions in operands.items():
            self._graph.add_edge(producer, layer.name, operands=tuple(positions))
        self._last = layer.name
        return layer.name

    def layer(self, name: str) -> Layer:
        """Return a layer that was added."""
        found: Layer = self._graph.nodes[name]["layer"]
        return found

    def build(self, batch: int = 1, notes: Sequence[str] = ()) -> Network:
        """Return the checked network. Raise InputError as :class:`Network` does."""
        return Network(self.name, self._graph, batch, notes=notes)
