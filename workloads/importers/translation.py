"""Translation of a graph, node by node in order, into the layers of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simcore.errors import InputError
from workloads import layers
from workloads.importers.graph import UNFIT, Graph, GraphNode, without_unread
from workloads.importers.names import one_line
from workloads.importers.onnx_sizes import FileBatch
from workloads.importers.operators.batch import images
from workloads.importers.operators.node import Axes, Batch, LostBatchError, Node, Operator, Tensor, UnsupportedError, per_image
from workloads.importers.operators.table import OPERATORS
from workloads.importers.quantised_words import Stored
from workloads.layers import Input, Layer, Shape
from workloads.network import Network, NetworkBuilder

#: What to say of branches and loops that are still there.
COMPUTED_CONTROL = {"If": "If with a computed condition", "Loop": "Loop with a computed or large number of turns"}

#: What is unsupported, and the node's name.
NodeProblem = tuple[str, str]


class Translation:
    """One pass over the nodes, which turns each node that a result needs into layers.

    ``problems`` are the nodes without a layer, ``unread`` names those that no result needs. ``count`` is the batch. ``lost`` says
    why no axis is the batch in all of the graph; it is None if one is. ``tensors`` has the tensor that each layer gives, and
    ``weight_bytes`` the sizes of words of weights, as far as a quantised graph gives them.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph, self.unread = without_unread(graph)
        self.found, self.where = graph.found, graph.where
        self.count, self.lost, self.at = graph.batch.count, graph.batch.missing, graph.batch.axes
        self.builder = NetworkBuilder("graph")
        self.made: dict[str, Shape] = {}
        self.copies: dict[str, int] = {}
        self.weights: dict[str, str] = {}
        self.producer: dict[str, str] = {}
        self.batches: dict[str, Batch | None] = {}
        self.problems: list[NodeProblem] = []
        self.tensors: dict[str, str] = {}
        self.weight_bytes: dict[str, int] = {}

    @classmethod
    def of(cls, graph: Graph) -> Translation:
        """Return the translation of all nodes. A batch of several images that cannot be followed is no batch.

        Raise InputError for shapes that do not fit and for a node that reads an output without a layer.
        """
        try:
            made = cls(graph)
            made._translate()
        except LostBatchError as lost:
            made = cls(replace(graph, batch=FileBatch(1, {}, missing=str(lost))))
            made._translate()
        return made

    def network(self, name: str) -> Network:
        """Return the layers as a Network with the file's batch."""
        self.builder.name = name
        return self.builder.build(self.count)

    def word_bytes(self) -> dict[str, int]:
        """Return the sizes of words of layers' results, as far as a quantised graph gives them."""
        stored = Stored(self.graph.nodes, set(self.graph.results), self.graph.word_bytes)
        found = {name: stored.size(tensor) for name, tensor in self.tensors.items()} if self.graph.word_bytes else {}
        return {name: size for name, size in found.items() if size is not None}

    # The layers so far (Writer) -----------------------------------------------------------------------------------------------

    def add(self, layer: Layer, sources: Sequence[str]) -> str:
        """Add a layer and return its name."""
        self.made[layer.name] = layer.infer([self.made[source] for source in sources])
        return self.builder.add(layer, sources)

    def shape(self, name: str) -> Shape:
        """Return the shape of an added layer's result."""
        return self.made[name]

    def free(self, name: str) -> str:
        """Return ``name``, or the first of ``name#2``, ``name#3``, ... that no layer has."""
        found = name
        while found in self.made:
            self.copies[name] = self.copies.get(name, 1) + 1
            found = f"{name}#{self.copies[name]}"
        return found

    def stands_for(self, name: str, tensor: str) -> None:
        """Note that a layer gives a tensor of the graph. The first tensor that it gives is the one that is stored."""
        self.tensors.setdefault(name, tensor)

    def first_with(self, tensor: str, name: str) -> str | None:
        """Return the layer that had these weights first, or None, and note that ``name`` has them, if it is the first."""
        known = self.weights.get(tensor)
        self.weights.setdefault(tensor, name)
        return known

    # The nodes ----------------------------------------------------------------------------------------------------------------

    def _translate(self) -> None:
        nodes = [node for node in self.graph.nodes if not set(node.outputs) <= self.found.constants]
        read = {tensor for node in nodes for tensor in node.inputs} - self.found.constants
        for name in self.graph.inputs:
            if name in read:
                self._input(name)
        for node in nodes:
            try:
                self._node(node)
            except InputError as error:
                raise error if error.where == self.where else InputError(str(error), where=self.where) from None
            except UNFIT as error:
                message = f"node '{node.name}' ({node.op}): its operands or attributes are not those of the operator"
                raise InputError(f"{message} ({one_line(error)})", where=self.where) from None

    def _input(self, name: str) -> None:
        batch = self.at.get(name)
        if name not in self.found.shapes:
            raise InputError(f"input '{name}': expected a tensor with a shape", where=self.where)
        self.batches[name] = batch
        self.producer[name] = self.add(Input(self.free(name), per_image(self.found.shapes[name], batch, self.count) or (1,)), [])
        self.stands_for(self.producer[name], name)

    def _node(self, node: GraphNode) -> None:
        """Translate a node, or note that it has no layer and put a view in its place."""
        operator = OPERATORS.get(node.op) if node.own_domain else None
        try:
            if operator is None:
                raise UnsupportedError(COMPUTED_CONTROL.get(node.op, node.op))
            made, before = self._prepared(node), len(self.made)
            self._follow(operator, made)
            names = operator.layers(made)
            self._note_weights(node, list(self.made)[before:])
        except UnsupportedError as reason:
            self.problems.append((str(reason), node.name))
            self._skip(node)
            return
        for index, name in enumerate(names[: len(node.outputs)]):
            if name and node.outputs[index]:
                self._compare(name, made, index)
                self.producer[node.outputs[index]] = name
                self.stands_for(name, node.outputs[index])
                self.batches[node.outputs[index]] = made.axes.results[index]

    def _note_weights(self, node: GraphNode, made: Sequence[str]) -> None:
        """Note the size of words of a node's weights, its constants of two axes and more, for the layers that it made."""
        sizes = self.graph.word_bytes
        weights = [each for each in node.inputs if each in self.found.constants and len(self.found.shapes.get(each, ())) > 1]
        known = [sizes[tensor] for tensor in weights if tensor in sizes]
        if known:
            self.weight_bytes |= dict.fromkeys(made, max(known))

    def _prepared(self, node: GraphNode) -> Node:
        return Node(
            name=self.free(node.name),
            op=node.op,
            attributes=node.attributes,
            operands=tuple(self._operand(tensor) for tensor in node.inputs),
            sources=tuple("" if tensor in self.found.constants else self._source(node, tensor) for tensor in node.inputs),
            outputs=self._results(node),
            count=self.count,
            opset=self.graph.opset,
            writer=self,
        )

    def _results(self, node: GraphNode) -> tuple[Shape, ...]:
        """Return the shapes of the results, () for absent ones. The first one that is there must have a known shape."""
        first = next((tensor for tensor in node.outputs if tensor), "")
        self._known(first)
        return tuple(self.found.shapes.get(tensor, ()) if tensor else () for tensor in node.outputs)

    def _follow(self, operator: Operator, node: Node) -> None:
        """Set where the node reads and gives the batch. Where it cannot be told, the node has none."""
        try:
            axes = operator.axes(node)
            node.axes = Axes(
                axes.operands, [at if shape else None for shape, at in zip(node.outputs, axes.results, strict=False)]
            )
            for index in range(len(axes.operands)):
                node.shape(index)
            for index in range(len(node.axes.results)):
                node.result(index)
        except LostBatchError as lost:
            if self.count > 1:
                raise
            if operator.axes is images:
                raise UnsupportedError(f"{node.op} whose axis 0 is not the batch") from None
            self.lost = self.lost or str(lost)
            node.axes = Axes([None] * len(node.operands), [None] * len(node.outputs))

    def _skip(self, node: GraphNode) -> None:
        """Put a view without cycles in the place of a node, for each result of known shape.

        Axis 0 of a result is its batch if it is that of an operand and the extent is the same.
        """
        read = [tensor for tensor in node.inputs if tensor in self.producer]
        has_batch = any(self.batches[tensor] == Batch(0) for tensor in read)
        for tensor in node.outputs:
            if tensor and tensor in self.found.shapes:
                shape = self.found.shapes[tensor]
                batch = Batch(0) if has_batch and shape[:1] == (self.count,) else None
                layer = layers.Skipped(self.free(node.name), per_image(shape, batch, self.count), node.op)
                self.producer[tensor] = self.add(layer, [self.producer[source] for source in read])
                self.batches[tensor] = batch
                if batch is None:
                    self.lost = self.lost or f"node '{node.name}' is unsupported"

    def _compare(self, name: str, node: Node, index: int) -> None:
        """Raise InputError if a layer's own shape is not the one that the graph's writer infers."""
        expected, got = node.result(index), self.made[name]
        if got != expected and (expected, got) != ((), (1,)):
            raise InputError(f"{self.graph.writer} infers the shape {expected}, the layer gives {got}", where=f"layer '{name}'")

    def _operand(self, tensor: str) -> Tensor:
        constant = tensor in self.found.constants
        if not tensor:
            return Tensor("", (), constant=True, present=False)
        value = self.found.values.get(tensor)
        trained = tensor not in self.found.fixed
        return Tensor(tensor, self._known(tensor), self.batches.get(tensor), constant, value=value, trained=trained)

    def _source(self, node: GraphNode, tensor: str) -> str:
        if tensor not in self.producer:
            message = f"node '{node.name}' reads '{tensor}', a second output, which is not supported"
            raise InputError(message, where=self.where)
        return self.producer[tensor]

    def _known(self, tensor: str) -> Shape:
        if tensor not in self.found.shapes:
            raise UnsupportedError("a tensor whose shape does not follow from the inputs")
        return self.found.shapes[tensor]
