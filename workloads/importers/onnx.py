"""ONNX files as networks. The files come directly from the exporter, without a simplifier.

The importer reads only the shapes of weights, not their values. It folds away whatever follows from constants and shapes, whether
weights are initialisers or outputs of nodes. Shapes come from ONNX's own inference, and each layer's own shape is checked against
them. Tensors have all their axes; the batch is one of them, followed from the inputs through every node.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from simcore.errors import InputError, InputErrors
from workloads.importers.finishing import finished, unsupported
from workloads.importers.graph import UNFIT, Graph, GraphNode
from workloads.importers.names import one_line
from workloads.importers.onnx_bytes import BrokenBytesError, read_without_weights
from workloads.importers.onnx_shapes import COMPUTED, find_shapes
from workloads.importers.onnx_sizes import reject_large, settle_sizes, written_sizes
from workloads.importers.operators.table import OPERATORS
from workloads.importers.quantised_words import tensor_sizes
from workloads.importers.translation import NodeProblem, Translation
from workloads.network import Network

#: Larger initialisers are dropped before shape inference, which does not need their values.
KEPT_VALUES = 1024


def load_onnx(
    path: str | Path,
    batch: int | None = None,
    *,
    dims: Mapping[str, int] | None = None,
    skip_unsupported: bool = False,
    fusion: bool = True,
) -> Network:
    """Return the network in an ONNX file. A layer has the name of its node, or else of the node's output.

    ``batch`` replaces the file's batch: the first dimension of every input, or 1 if the file leaves it open. ``dims`` gives sizes
    of other open axes, by name. With ``skip_unsupported`` nodes without a layer take no cycles, and the network's name says so.
    ``fusion`` makes one layer of each function that the exporter wrote as several nodes (see ``fusion.py``).

    Raise InputError if onnx is not installed, if the file is missing or broken or leaves sizes open, if ``batch`` is given and no
    axis is the batch in all of the graph, and for unsupported operators (all of them at once).
    """
    try:
        return _load(_import_onnx(), Path(path), batch, dims or {}, skip_unsupported=skip_unsupported, fusion=fusion)
    except UnicodeDecodeError:
        raise InputError("expected a valid ONNX model, got one with names that are no UTF-8", where=str(path)) from None


def _load(onnx: Any, path: Path, batch: int | None, dims: Mapping[str, int], *, skip_unsupported: bool, fusion: bool) -> Network:
    """Return the network as :func:`load_onnx` does. Raise UnicodeDecodeError for texts that are no UTF-8."""
    where = str(path)
    model = _read_model(onnx, path, where)
    weights = _drop_weights(onnx, model.graph)
    _check(onnx, model, where)
    reject_large(written_sizes(onnx, model.graph), where)
    inputs = [value.name for value in model.graph.input if value.name not in weights]
    try:
        file_batch = settle_sizes(model.graph, inputs, dims, where)
    except InputError as error:
        unknown = _unknown_operators(model.graph)
        if not unknown or skip_unsupported:
            raise
        raise InputErrors([error, unsupported(unknown, where)]) from None
    shapes = find_shapes(onnx, model, weights, where)
    reject_large(((f"tensor '{tensor}'", size) for tensor, shape in shapes.shapes.items() for size in shape), where)
    opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=1)
    nodes = [_graph_node(onnx, node, where) for node in model.graph.node if not set(node.output) <= shapes.constants]
    inputs, results = ([value.name for value in values] for values in (model.graph.input, model.graph.output))
    sizes = tensor_sizes([(node.op_type, node.input, node.output) for node in model.graph.node], shapes.types)
    graph = Graph(nodes, inputs, results, shapes, file_batch, where, "ONNX", opset, sizes)
    return finished(Translation.of(graph), path.stem, batch, skip_unsupported=skip_unsupported, fusion=fusion, file=path)


def _graph_node(onnx: Any, node: Any, where: str) -> GraphNode:
    """Return a node of the file as the translation takes it. Raise InputError for broken attributes."""
    get, name = onnx.helper.get_attribute_value, _layer_name(node)
    try:
        attributes = {attribute.name: get(attribute) for attribute in node.attribute}
    except UNFIT as error:
        message = f"node '{name}' ({node.op_type}): its attributes are not those of the operator ({one_line(error)})"
        raise InputError(message, where=where) from None
    return GraphNode(node.op_type, name, list(node.input), list(node.output), attributes, node.domain in ("", "ai.onnx"))


def _layer_name(node: Any) -> str:
    """Return the name of a node or, if it has none, of its first result."""
    return str(node.name or next(iter(node.output), node.op_type))


def _unknown_operators(graph: Any) -> list[NodeProblem]:
    """Return the nodes whose operator has no layer, whatever its operands are."""
    known = OPERATORS.keys() | COMPUTED
    return [
        (node.op_type, _layer_name(node))
        for node in graph.node
        if node.op_type not in known or node.domain not in ("", "ai.onnx")
    ]


def _import_onnx() -> Any:
    try:
        import onnx
        import onnx.inliner
        import onnx.reference
        import onnx.shape_inference
    except ImportError as error:
        raise InputError("reading ONNX files needs the package onnx", hint="pip install 'simcore[onnx]'") from error
    return onnx


def _read_model(onnx: Any, path: Path, where: str) -> Any:
    """Return the parsed model with its local functions inlined and without the values of large tensors."""
    from google.protobuf.message import DecodeError

    try:
        model = onnx.ModelProto.FromString(read_without_weights(path))
    except OSError as error:
        raise InputError(f"expected an ONNX file, but it cannot be read ({error.strerror})", where=where) from None
    except (DecodeError, BrokenBytesError) as error:
        raise InputError(f"expected an ONNX model, got bytes that do not parse as one ({one_line(error)})", where=where) from None
    if not model.graph.node:
        raise InputError("expected an ONNX model, got a file without any node", where=where)
    return onnx.inliner.inline_local_functions(model) if model.functions else model


def _drop_weights(onnx: Any, graph: Any) -> set[str]:
    """Return the names of the weights. Replace large initialisers and constants by inputs, which keeps the model valid."""
    declared = {value.name for value in graph.input}
    initialisers, nodes = list(graph.initializer), list(graph.node)
    large = []
    del graph.initializer[:], graph.node[:]
    for tensor in initialisers:
        if prod(tensor.dims) <= KEPT_VALUES and tensor.data_location != onnx.TensorProto.EXTERNAL:
            graph.initializer.append(tensor)
        else:
            large.append((tensor.name, tensor))
    for node in nodes:
        values = [attribute.t for attribute in node.attribute if attribute.name == "value"]
        if node.op_type == "Constant" and values and values[0].data_location == onnx.TensorProto.EXTERNAL and node.output:
            large.append((node.output[0], values[0]))
        else:
            graph.node.append(node)
    for name, tensor in large:
        if name not in declared:
            graph.input.append(onnx.helper.make_tensor_value_info(name, tensor.data_type, list(tensor.dims)))
    sparse = {tensor.values.name for tensor in graph.sparse_initializer}
    return {tensor.name for tensor in initialisers} | {name for name, _ in large} | sparse


def _check(onnx: Any, model: Any, where: str) -> None:
    """Raise InputError for an opset that onnx does not know, and for what its checker finds."""
    newest = onnx.defs.onnx_opset_version()
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx") and entry.version > newest:
            hint = "a newer onnx may know it"
            raise InputError(f"expected an opset of at most {newest}, got {entry.version}", where=where, hint=hint)
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, RuntimeError, ValueError) as error:
        raise InputError(f"expected a valid ONNX model, got one that is broken ({one_line(error)})", where=where) from None
