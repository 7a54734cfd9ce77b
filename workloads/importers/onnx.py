"""ONNX files as networks. The files come directly from the exporter, without a simplifier.

The importer reads only the shapes of weights, not their values. It folds away whatever follows from constants and shapes, whether
weights are initialisers or outputs of nodes. Shapes come from ONNX's own inference, and each layer's own shape is checked against
them. Tensors have all their axes; the batch is one of them, followed from the inputs through every node.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path
from typing import Any

from simcore.errors import InputError, InputErrors
from workloads.importers.fusion import fused
from workloads.importers.onnx_bytes import BrokenBytesError, read_without_weights
from workloads.importers.onnx_shapes import find_shapes, one_line
from workloads.importers.onnx_sizes import reject_large, settle_sizes, written_sizes
from workloads.importers.onnx_translation import NodeProblem, Translation, unknown_operators
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
        network = _load(_import_onnx(), Path(path), batch, dims or {}, skip_unsupported)
    except UnicodeDecodeError:
        raise InputError("expected a valid ONNX model, got one with names that are no UTF-8", where=str(path)) from None
    return fused(network) if fusion else network


def _load(onnx: Any, path: Path, batch: int | None, dims: Mapping[str, int], skip_unsupported: bool) -> Network:
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
        unknown = unknown_operators(model.graph)
        if not unknown or skip_unsupported:
            raise
        raise InputErrors([error, _unsupported(unknown, where)]) from None
    shapes = find_shapes(onnx, model, weights, where)
    reject_large(((f"tensor '{tensor}'", size) for tensor, shape in shapes.shapes.items() for size in shape), where)
    translation = Translation.of(onnx, model, shapes, file_batch, where)
    if translation.problems and not skip_unsupported:
        raise _unsupported(translation.problems, where)
    if batch not in (None, translation.count) and translation.lost is not None:
        raise InputError(f"expected no --batch for a graph without one batch axis ({translation.lost})", where=where)
    if not translation.made:
        raise InputError("expected nodes that compute something from the inputs, got none", where=where)
    name = path.stem
    if translation.problems:
        count = len(translation.problems)
        name = f"{name}, without {count} unsupported node{'s' if count > 1 else ''}"
    network = translation.network(name)
    return Network(name, network.graph, network.batch if batch is None else batch, file=path)


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


def _unsupported(problems: Iterable[NodeProblem], where: str) -> InputError:
    """Return one InputError that counts all problems by kind and names three nodes of each."""
    nodes: dict[str, list[str]] = defaultdict(list)
    for what, name in problems:
        nodes[what].append(name)
    listed = "; ".join(
        f"{what} ({len(names)}x: {', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for what, names in sorted(nodes.items())
    )
    hint = "docs/onnx.md lists what is supported; --skip-unsupported runs the rest"
    return InputError(f"unsupported operators: {listed}", where=where, hint=hint)
