"""Shapes of all tensors of an ONNX graph, and the values of those that follow from constants and shapes.

One pass goes over the nodes in order. ONNX's own inference gives each node's results their shapes, from the shapes and the known
values of its operands; ONNX's own evaluator computes small results whose operands are all known.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

import numpy as np

from simcore.errors import InputError
from workloads.importers.graph import Shapes
from workloads.importers.names import one_line
from workloads.importers.onnx_control import Bodies
from workloads.importers.operators.einsum import einsum_shape
from workloads.importers.operators.node import Value

#: The most values of a tensor that is computed.
MOST_VALUES = 1 << 16

#: The most values of a tensor whose shape is computed with: numpy counts bytes in 63 bits.
LARGEST_TENSOR = 1 << 60

#: Operators of shape arithmetic, masks and positions, which are computed where their operands are known.
COMPUTED = frozenset(
    (
        *("Constant", "ConstantOfShape", "Range", "Expand", "Tile", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose"),
        *("Gather", "GatherElements", "GatherND", "ScatterND", "ScatterElements", "Slice", "Split", "Concat", "Where", "NonZero"),
        *("Cast", "CastLike", "Identity", "Add", "Sub", "Mul", "Div", "Mod", "Pow", "Neg", "Abs", "Sign", "Sqrt", "Reciprocal"),
        *("Floor", "Ceil", "Round", "Min", "Max", "Sum", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"),
        *("Not", "And", "Or", "Xor", "ReduceProd", "ReduceSum", "ReduceMin", "ReduceMax", "Trilu", "CumSum", "OneHot", "Exp"),
        *("Cos", "Sin", "Clip", "Pad", "Size", "Shape", "EyeLike", "IsNaN", "ArgMax", "ArgMin", "Log"),
    )
)

#: Operators of ONNX's own without an inference of shapes, whose result has the shape of the first operand.
KEPT = frozenset({"GroupNormalization", "RotaryEmbedding", "RMSNormalization", "Swish"})

#: The inference of onnx 1.23 does not end for some broken equations of this operator, as "ii$->i".
EINSUM = "Einsum"


def find_shapes(onnx: Any, model: Any, weights: Iterable[str], where: str) -> Shapes:
    """Return the shapes and values, and put the nodes of known branches and loops in their place in ``model``.

    ``weights`` names the constant inputs. Raise InputError for shapes that do not fit.
    """
    return _Pass(onnx, model, weights, where).run()


class _Pass:
    """The pass over the nodes: types as ONNX's inference takes them, and known values."""

    def __init__(self, onnx: Any, model: Any, weights: Iterable[str], where: str) -> None:
        self.onnx, self.where, self.model, self.graph = onnx, where, model, model.graph
        self.found = Shapes(constants={"", *weights})
        self.types: dict[str, Any] = {}
        self.data: dict[str, Any] = {}
        self.opsets = {entry.domain: entry.version for entry in model.opset_import}
        self.schemas: dict[tuple[str, str], Any] = {}
        self.nodes: list[Any] = []
        opset = max(self.opsets.get(domain, 1) for domain in ("", "ai.onnx"))
        self.bodies = Bodies(onnx, opset, self.found.values, self._node, self._tensor, self._constant, where)
        self.told = {value.name: value.type for value in (*self.graph.value_info, *self.graph.output)}

    def run(self) -> Shapes:
        """Go over inputs, initialisers and nodes."""
        for value in self.graph.input:
            self._type(value.name, value.type)
            if 0 in self.found.shapes.get(value.name, ()):
                self.found.constants.add(value.name)
        for tensor in self.graph.initializer:
            self._tensor(tensor)
        for sparse in self.graph.sparse_initializer:
            self.found.constants.add(sparse.values.name)
            self._type(sparse.values.name, self.onnx.helper.make_tensor_type_proto(sparse.values.data_type, list(sparse.dims)))
        for node in self.graph.node:
            self._node(node)
        if len(self.nodes) != len(self.graph.node):
            del self.graph.node[:]
            self.graph.node.extend(self.nodes)
        return self.found

    def _tensor(self, tensor: Any) -> None:
        self.found.constants.add(tensor.name)
        self._type(tensor.name, self.onnx.helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims)))
        if tensor.data_location != self.onnx.TensorProto.EXTERNAL and prod(tensor.dims) <= MOST_VALUES:
            self._value(tensor.name, self._array(tensor), tensor)

    def _constant(self, name: str, value: Value) -> None:
        self._tensor(self.onnx.numpy_helper.from_array(value, name))

    def _array(self, tensor: Any) -> Value:
        try:
            return np.asarray(self.onnx.numpy_helper.to_array(tensor))
        except (ValueError, TypeError, KeyError) as error:
            message = f"tensor '{tensor.name}': its values do not have its type and shape ({error})"
            raise InputError(message, where=self.where) from None

    def _type(self, name: str, type_: Any) -> None:
        self.types[name] = type_
        tensor = type_.tensor_type
        self.found.types[name] = tensor.elem_type
        if any(dimension.dim_value < 0 for dimension in tensor.shape.dim):  # some end onnx's inference and Python
            extents = ", ".join(str(dimension.dim_value) for dimension in tensor.shape.dim)
            raise InputError(f"tensor '{name}': expected no negative extents, got {extents}", where=self.where)
        if tensor.HasField("shape") and all(dimension.HasField("dim_value") for dimension in tensor.shape.dim):
            self.found.shapes[name] = tuple(dimension.dim_value for dimension in tensor.shape.dim)

    def _value(self, name: str, value: Value, tensor: Any = None) -> None:
        self.found.values[name] = value
        self.found.shapes[name] = tuple(value.shape)
        self.found.constants.add(name)
        if value.size <= 1024:
            self.data[name] = self.onnx.numpy_helper.from_array(value, name) if tensor is None else tensor

    def _node(self, node: Any) -> None:
        """Find what is known of a node's results. A branch or loop that is known becomes the nodes of its body."""
        if node.op_type in ("If", "Loop") and self.bodies.expanded(node):
            return
        self.nodes.append(node)
        has_body = any(
            attribute.type in (self.onnx.AttributeProto.GRAPH, self.onnx.AttributeProto.GRAPHS) for attribute in node.attribute
        )
        by_shape = node.op_type in ("Shape", "Size")
        if node.op_type == "CastLike" and node.input[0] in self.found.constants:
            self.found.constants.update(node.output)
        if by_shape or (not has_body and set(node.input) <= self.found.constants and not node.op_type.startswith("Random")):
            self.found.constants.update(node.output)
            if by_shape or set(node.input) <= {"", *self.found.fixed}:
                self.found.fixed.update(node.output)
        self._infer(node)
        if node.domain in ("", "ai.onnx") and node.op_type in COMPUTED:
            self._compute(node, by_shape)

    def _infer(self, node: Any) -> None:
        """Set the types of a node's results. Where the inference leaves them open, the file's own may say more."""
        inputs = {name: self.types[name] for name in node.input if name in self.types}
        self._require_counted_parts(node)
        found: dict[str, Any] = {}
        schema = self._schema(node)
        if schema is not None and node.op_type != EINSUM and set(node.input) - {""} <= inputs.keys():
            data = {name: self.data[name] for name in node.input if name in self.data}
            inference = self.onnx.shape_inference
            try:
                found = inference.infer_node_outputs(
                    schema, node, inputs, data, opset_imports=list(self.model.opset_import), ir_version=self.model.ir_version
                )
            except (inference.InferenceError, self.onnx.checker.ValidationError, RuntimeError, ValueError) as error:
                message = f"its tensor shapes do not fit together ({one_line(error)})"
                raise InputError(message, where=self.where) from None
        if node.op_type == EINSUM and node.domain in ("", "ai.onnx") and all(name in self.found.shapes for name in node.input):
            found = {node.output[0]: self._einsum_type(node, inputs)}
        if node.op_type in KEPT and node.input[0] in inputs:
            found = {node.output[0]: inputs[node.input[0]]}
        for name in node.output:
            if name in found:
                self._type(name, found[name])
            if name and name not in self.found.shapes and name in self.told:
                self._type(name, self.told[name])
            if 0 in self.found.shapes.get(name, ()):
                self.found.constants.add(name)  # a tensor without values depends on nothing

    def _einsum_type(self, node: Any, inputs: dict[str, Any]) -> Any:
        equation = next((attribute.s.decode() for attribute in node.attribute if attribute.name == "equation"), "")
        try:
            shape = einsum_shape(equation, [self.found.shapes[name] for name in node.input])
        except ValueError as error:
            raise InputError(f"node '{node.name or node.output[0]}' (Einsum): {error}", where=self.where) from None
        return self.onnx.helper.make_tensor_type_proto(inputs[node.input[0]].tensor_type.elem_type, list(shape))

    def _require_counted_parts(self, node: Any) -> None:
        """Raise InputError for a Split of another number of parts than it has results, which ends onnx's inference and Python."""
        counts = [attribute.i for attribute in node.attribute if attribute.name == "num_outputs"]
        if node.op_type == "Split" and counts and counts[0] != len(node.output):
            message = f"node '{node.name or node.output[0]}' (Split): expected {len(node.output)} parts, as it has results"
            raise InputError(f"{message}, got {counts[0]}", where=self.where)

    def _schema(self, node: Any) -> Any:
        """Return the operator's schema in the file's version, or None for one that onnx does not know."""
        key = (node.domain, node.op_type)
        if key not in self.schemas:
            domain = "" if node.domain == "ai.onnx" else node.domain
            try:
                self.schemas[key] = self.onnx.defs.get_schema(node.op_type, self.opsets.get(domain, 1), domain)
            except (self.onnx.defs.SchemaError, TypeError):  # TypeError: a version that is no 32-bit integer
                self.schemas[key] = None
        return self.schemas[key]

    def _compute(self, node: Any, by_shape: bool) -> None:
        """Compute a node's results if its operands are known and the results are small."""
        if by_shape:
            shape = self.found.shapes.get(node.input[0])
            if shape is None or prod(shape) > LARGEST_TENSOR:
                return
            operands = {node.input[0]: np.broadcast_to(np.zeros((), np.float32), shape)}
        elif all(name in self.found.values for name in node.input if name):
            operands = {name: self.found.values[name] for name in node.input if name}
        else:
            return
        if any(prod(self.found.shapes.get(name, ())) > MOST_VALUES for name in node.output):
            return
        if any(not name for name in node.output):
            return
        try:
            results = self._evaluator(node, operands).run(None, operands)
        except Exception:
            return
        for name, value in zip(node.output, results, strict=True):
            self._value(name, np.asarray(value))

    def _evaluator(self, node: Any, operands: Iterable[str]) -> Any:
        helper, none = self.onnx.helper, self.onnx.TensorProto.UNDEFINED
        values = ([helper.make_tensor_value_info(name, none, None) for name in names] for names in (operands, node.output))
        graph = helper.make_graph([node], "node", *values)
        return self.onnx.reference.ReferenceEvaluator(helper.make_model(graph, opset_imports=self.model.opset_import))
