"""ONNX files as networks. The files come directly from the exporter, without a simplifier.

The importer reads only the shapes of weights, not their values. It folds away whatever follows from constants and shapes, whether
weights are initialisers or outputs of nodes. Shapes come from ONNX's own strict inference, and each layer's own shape is checked
against them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import prod
from pathlib import Path
from typing import Any

from simcore.errors import InputError, raise_all
from workloads.importers.names import LARGEST_SIZE, free_name
from workloads.importers.onnx_operators import OPERATORS, SKIPPED, Node, Operand, UnsupportedError, per_image
from workloads.layers import Input, Layer, Shape
from workloads.network import Network, NetworkBuilder

#: Larger initialisers are dropped before shape inference, which does not need their values.
KEPT_VALUES = 64


def load_onnx(path: str | Path, batch: int | None = None) -> Network:
    """Return the network in an ONNX file. A layer has the name of its node, or else of the node's output.

    ``batch`` replaces the file's batch, which is the first dimension of every input, or 1 if the file leaves it open. Raise
    InputError if onnx is not installed, if the file is missing or broken or leaves other sizes open, and for unsupported
    operators (all of them listed).
    """
    where = str(path)
    onnx = _import_onnx()
    model = _read_model(onnx, Path(path), where)
    weights = _drop_weights(onnx, model.graph)
    _check(onnx, model, where)
    constants = _constant_tensors(onnx, model.graph, weights)
    operations = [node for node in model.graph.node if not set(node.output) <= constants and node.op_type not in SKIPPED]
    _reject([(node.op_type, _layer_name(node)) for node in operations if not _is_supported(node)], where)
    _reject_large(_written_sizes(onnx, model.graph, operations), where)
    file_batch = _settle_batch(model.graph, constants, where)
    shapes = _infer_shapes(onnx, model, where)
    _reject_large(((f"tensor '{tensor}'", size) for tensor, shape in shapes.items() for size in shape), where)
    translation = _Translation(onnx, shapes, constants, file_batch or 1, where)
    network = translation.network(model.graph, Path(path).stem)
    return network.with_batch(batch if batch is not None else file_batch or 1)


def _import_onnx() -> Any:
    try:
        import onnx
        import onnx.inliner
        import onnx.shape_inference
    except ImportError as error:
        raise InputError("reading ONNX files needs the package onnx", hint="pip install 'simcore[onnx]'") from error
    return onnx


def _read_model(onnx: Any, path: Path, where: str) -> Any:
    """Return the parsed model with its local functions inlined."""
    from google.protobuf.message import DecodeError

    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"expected an ONNX file, but it cannot be read ({error.strerror})", where=where) from None
    try:
        model = onnx.ModelProto.FromString(content)
    except DecodeError as error:
        raise InputError(
            f"expected an ONNX model, got bytes that do not parse as one ({_one_line(error)})", where=where
        ) from None
    if not model.graph.node:
        raise InputError("expected an ONNX model, got a file without any node", where=where)
    return onnx.inliner.inline_local_functions(model) if model.functions else model


def _drop_weights(onnx: Any, graph: Any) -> set[str]:
    """Return the names of the initialisers. Replace the large ones by inputs, which keeps the model valid and makes it small."""
    declared = {value.name for value in graph.input}
    initialisers = list(graph.initializer)
    del graph.initializer[:]
    for tensor in initialisers:
        if prod(tensor.dims) <= KEPT_VALUES and tensor.data_location != onnx.TensorProto.EXTERNAL:
            graph.initializer.append(tensor)
        elif tensor.name not in declared:
            graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))
    return {tensor.name for tensor in initialisers} | {tensor.values.name for tensor in graph.sparse_initializer}


def _check(onnx: Any, model: Any, where: str) -> None:
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, RuntimeError, ValueError) as error:
        raise InputError(f"expected a valid ONNX model, got one that is broken ({_one_line(error)})", where=where) from None


def _constant_tensors(onnx: Any, graph: Any, weights: set[str]) -> set[str]:
    """Return the tensors that do not depend on the network's inputs, or only on their shapes."""
    constants = {"", *weights}
    for node in graph.node:
        has_body = any(attribute.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS) for attribute in node.attribute)
        if node.op_type in ("Shape", "Size") or (not has_body and set(node.input) <= constants):
            constants.update(node.output)
    return constants


def _is_supported(node: Any) -> bool:
    return node.op_type in OPERATORS and node.domain in ("", "ai.onnx")


def _reject(problems: Iterable[tuple[str, str]], where: str) -> None:
    """Raise one InputError that lists every (what, node name) problem, grouped by what."""
    nodes: dict[str, list[str]] = defaultdict(list)
    for what, name in problems:
        nodes[what].append(name)
    if nodes:
        listed = "; ".join(f"{what} ({len(names)}x: {', '.join(names)})" for what, names in sorted(nodes.items()))
        supported = ", ".join(sorted({*OPERATORS, *SKIPPED}))
        raise InputError(f"unsupported operators: {listed}", where=where, hint=f"supported: {supported}")


def _settle_batch(graph: Any, constants: set[str], where: str) -> int | None:
    """Set an open batch dimension to 1 and return the file's batch, or None if it was open. Raise InputError for other open
    sizes.
    """
    errors = []
    batches = set()
    for value in graph.input:
        if value.name in constants:
            continue
        for axis, dimension in enumerate(value.type.tensor_type.shape.dim):
            if not dimension.HasField("dim_value") and axis > 0:
                called = f" ('{dimension.dim_param}')" if dimension.dim_param else ""
                message = (
                    f"input '{value.name}': dimension {axis}{called} has no size; only the batch, dimension 0, may be left open"
                )
                errors.append(InputError(message, where=where, hint="export the model with fixed sizes"))
            elif axis == 0:
                batches.add(dimension.dim_value or None)
                dimension.dim_value = dimension.dim_value or 1
    raise_all(errors)
    if len(batches) > 1:
        listed = " and ".join(sorted("open" if batch is None else str(batch) for batch in batches))
        raise InputError(f"expected the inputs to agree on dimension 0, the batch; got {listed}", where=where)
    return batches.pop() if batches else None


def _written_sizes(onnx: Any, graph: Any, operations: Iterable[Any]) -> Iterator[tuple[str, int]]:
    """Yield every size that the file states (dimensions, strides, paddings and the like) with its description."""
    for value in graph.input:
        for dimension in value.type.tensor_type.shape.dim:
            yield f"input '{value.name}'", dimension.dim_value
    for tensor in graph.initializer:
        yield from ((f"weights '{tensor.name}'", size) for size in tensor.dims)
    for node in operations:
        for attribute in node.attribute:
            if attribute.type in (onnx.AttributeProto.INT, onnx.AttributeProto.INTS):
                yield from ((f"{attribute.name} of node '{_layer_name(node)}'", size) for size in (attribute.i, *attribute.ints))


def _reject_large(sizes: Iterable[tuple[str, int]], where: str) -> None:
    for what, size in sizes:
        if abs(size) > LARGEST_SIZE:
            raise InputError(f"{what}: expected sizes of at most {LARGEST_SIZE}, got {size}", where=where)


def _infer_shapes(onnx: Any, model: Any, where: str) -> dict[str, Shape]:
    """Return the shape of every tensor with known sizes, including the batch."""
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")  # the file's own shape may still leave the batch open
    try:
        graph = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError) as error:
        raise InputError(f"its tensor shapes do not fit together ({_one_line(error)})", where=where) from None
    shapes: dict[str, Shape] = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dimensions = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape") and all(dimension.HasField("dim_value") for dimension in dimensions):
            shapes[value.name] = tuple(dimension.dim_value for dimension in dimensions)
    return shapes


class _Translation:
    """One pass over the nodes in order, which turns each node into layers."""

    def __init__(self, onnx: Any, shapes: dict[str, Shape], constants: set[str], batch: int, where: str) -> None:
        self.onnx = onnx
        self.shapes = shapes
        self.constants = constants
        self.batch = batch
        self.where = where
        self.producer: dict[str, str] = {}
        self.taken: set[str] = set()

    def network(self, graph: Any, name: str) -> Network:
        """Return the graph as a Network with the file's batch."""
        operations = [node for node in graph.node if not set(node.output) <= self.constants]
        read = {tensor for node in operations for tensor in node.input} - self.constants
        builder = NetworkBuilder(name)
        for value in graph.input:
            if value.name in read:
                self.producer[value.name] = builder.add(
                    Input(free_name(value.name, self.taken), self._known_shape(value.name)[1:])
                )
        for node, layers in zip(operations, self._translate_all(operations), strict=True):
            sources = [self._source(node, tensor) for tensor in node.input if tensor not in self.constants]
            for layer in layers:
                sources = [builder.add(layer, sources)]
            self.producer[node.output[0]] = sources[0]
        return builder.build(self.batch)

    def _translate_all(self, operations: list[Any]) -> list[list[Layer]]:
        """Return the layers of each node, which are none for a skipped node. Raise one InputError for all unsupported nodes."""
        translated, problems = [], []
        for node in operations:
            try:
                translated.append([] if node.op_type in SKIPPED else self._translate(node))
            except UnsupportedError as reason:
                problems.append((str(reason), _layer_name(node)))
            except InputError as error:
                raise InputError(str(error), where=self.where) from None
        _reject(problems, self.where)
        return translated

    def _translate(self, node: Any) -> list[Layer]:
        operands = tuple(self._operand(tensor) for tensor in node.input)
        attributes = {attribute.name: self.onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        output = self._known_shape(node.output[0])
        name = free_name(_layer_name(node), self.taken)
        layers = OPERATORS[node.op_type](Node(name, node.op_type, attributes, operands, output, self.batch))
        self._compare(layers, [per_image(operand.shape, self.batch) for operand in operands if not operand.constant], output)
        return layers

    def _compare(self, layers: list[Layer], inputs: list[Shape], output: Shape) -> None:
        shapes = inputs
        for layer in layers:
            shapes = [layer.infer(shapes)]
        expected = per_image(output, self.batch)
        if shapes[0] != expected:
            raise InputError(f"ONNX infers the shape {expected}, the layer gives {shapes[0]}", where=f"layer '{layers[-1].name}'")

    def _operand(self, tensor: str) -> Operand:
        if not tensor:
            return Operand((), constant=True, present=False)
        return Operand(self._known_shape(tensor), constant=tensor in self.constants)

    def _source(self, node: Any, tensor: str) -> str:
        if tensor not in self.producer:
            raise InputError(
                f"node '{_layer_name(node)}' reads '{tensor}', a second output, which is not supported", where=self.where
            )
        return self.producer[tensor]

    def _known_shape(self, tensor: str) -> Shape:
        if tensor not in self.shapes:
            raise InputError(f"the shape of tensor '{tensor}' does not follow from the inputs")
        return self.shapes[tensor]


def _layer_name(node: Any) -> str:
    return str(node.name or node.output[0])


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
