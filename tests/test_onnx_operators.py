"""ONNX operators one by one: their products against closed forms, their results against ONNX's shapes, their batch followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from workloads.importers.onnx import load_onnx
from workloads.network import Network

FLOAT, INDEX = TensorProto.FLOAT, TensorProto.INT64


def network(
    path: Path,
    nodes: onnx.NodeProto | list[onnx.NodeProto],
    inputs: dict[str, list[int | str]],
    constants: dict[str, tuple[int, ...] | list[int]] | None = None,
    *,
    opset: int = 18,
    batch: int | None = None,
    index_inputs: tuple[str, ...] = (),
) -> Network:
    """Import nodes that give ``y``. A constant is a weight of a shape (tuple), or integers (list)."""
    listed = nodes if isinstance(nodes, list) else [nodes]
    values = [helper.make_tensor_value_info(n, INDEX if n in index_inputs else FLOAT, shape) for n, shape in inputs.items()]
    tensors = [
        numpy_helper.from_array(np.array(given) if isinstance(given, list) else np.zeros(given, np.float32), name)
        for name, given in (constants or {}).items()
    ]
    graph = helper.make_graph(listed, "graph", values, [helper.make_tensor_value_info("y", FLOAT, [])], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path / "net.onnx")
    return load_onnx(path / "net.onnx", batch)


def ops(found: Network) -> list[str]:
    return [instance.layer.op for instance in found.instances()]


def node(op: str, inputs: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(" "), ["y"], name="n", **attributes)


def test_a_convolution_of_one_axis_is_one_of_a_single_row(tmp_path: Path) -> None:
    found = network(tmp_path, node("Conv", "x w b", strides=[2], pads=[1, 1]), {"x": [2, 3, 16]}, {"w": (8, 3, 3), "b": (8,)})
    assert (found.batch, found.macs(), found.instances()[-1].output_shape) == (2, 2 * 8 * 8 * 3 * 3, (8, 8))
    assert found.parameters() == 8 * 3 * 3 + 8


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(2, 2, 0), (3, 1, 1), (4, 2, 1), (3, 2, 0), (2, 3, 0)])
def test_a_transposed_convolution_multiplies_each_value_by_each_tap_that_stays(
    tmp_path: Path, kernel: int, stride: int, padding: int
) -> None:
    attributes = {"strides": [stride] * 2, "pads": [padding] * 4}
    found = network(
        tmp_path, node("ConvTranspose", "x w b", **attributes), {"x": [1, 6, 5, 5]}, {"w": (6, 4, kernel, kernel), "b": (4,)}
    )
    out = (5 - 1) * stride + kernel - 2 * padding
    # Every output gathers the inputs of its phase; those beyond the edge are read as zeros, as in any padded convolution.
    taps = sum(len([k for k in range(kernel) if (o + padding - k) % stride == 0]) for o in range(out))
    assert found.macs() == taps**2 * 6 * 4
    assert found.instances()[-1].output_shape == (4, out, out)
    assert found.parameters() == 6 * 4 * kernel**2 + 4


@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("directions", [1, 2])
def test_a_recurrent_net_multiplies_inputs_and_outputs_by_all_gates_in_each_step(
    tmp_path: Path, op: str, gates: int, directions: int
) -> None:
    steps, batch, inputs, hidden = 5, 3, 7, 6
    weights = {"w": (directions, gates * hidden, inputs), "r": (directions, gates * hidden, hidden)}
    direction = "forward" if directions == 1 else "bidirectional"
    made = node(op, "x w r", hidden_size=hidden, direction=direction)
    found = network(
        tmp_path, [helper.make_node("Transpose", ["t"], ["x"], perm=[1, 0, 2]), made], {"t": [batch, steps, inputs]}, weights
    )
    assert found.batch == batch
    assert found.macs() == batch * steps * directions * gates * hidden * (inputs + hidden)
    assert found.parameters() == directions * gates * hidden * (inputs + hidden)
    assert found.instances()[-1].output_shape == (steps, directions, hidden)


@pytest.mark.parametrize(("heads", "shared"), [(4, 4), (4, 2), (4, 1)])
def test_attention_is_two_products_whose_queries_may_share_keys(tmp_path: Path, heads: int, shared: int) -> None:
    rows, width = 6, 8
    inputs = {"q": [2, rows, heads * width], "k": [2, rows, shared * width], "v": [2, rows, shared * width]}
    found = network(tmp_path, node("Attention", "q k v", q_num_heads=heads, kv_num_heads=shared), inputs, opset=23)
    assert (found.batch, found.macs()) == (2, 2 * 2 * heads * rows * rows * width)
    keys = [i.input_shapes[1] for i in found.instances() if i.layer.op == "matmul"]
    assert keys == [(shared, width, rows), (shared, rows, width)]


def test_cached_keys_and_values_stand_ahead_of_the_new_ones(tmp_path: Path) -> None:
    inputs = {name: [1, 2, length, 8] for name, length in (("q", 1), ("k", 1), ("v", 1), ("pk", 9), ("pv", 9))}
    found = network(tmp_path, node("Attention", "q k v  pk pv"), inputs, opset=23)
    assert found.macs() == 2 * 2 * 1 * 10 * 8


def test_values_that_are_quantised_by_their_extremes_take_two_passes(tmp_path: Path) -> None:
    scaled = helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"], name="scaled")
    back = [helper.make_node("Cast", ["q"], ["c"], to=FLOAT), node("Mul", "c s")]
    found = network(tmp_path, [scaled, *back], {"x": [2, 5, 6]})
    assert ([op for op in ops(found) if op != "reshape"], found.batch) == (["reduce", "activation", "mul"], 2)


def test_a_product_of_activations_may_have_any_leading_axes(tmp_path: Path) -> None:
    found = network(tmp_path, node("MatMul", "a b"), {"a": [2, 3, 4, 5, 6], "b": [2, 1, 4, 6, 7]})
    assert (found.batch, found.macs(), found.instances()[-1].output_shape) == (2, 2 * 3 * 4 * 5 * 6 * 7, (3, 4, 5, 7))


def test_weights_of_several_matrices_are_an_operand(tmp_path: Path) -> None:
    found = network(tmp_path, node("MatMul", "x w"), {"x": [2, 3, 5, 6]}, {"w": (3, 6, 7)})
    assert (found.macs(), found.parameters()) == (2 * 3 * 5 * 6 * 7, 3 * 6 * 7)


def test_quantised_products_count_like_ordinary_ones(tmp_path: Path) -> None:
    byte = TensorProto.UINT8
    constants = [
        numpy_helper.from_array(np.zeros(shape, kind), name)
        for name, shape, kind in (("s", (), np.float32), ("z", (), np.uint8), ("w", (4, 3, 3, 3), np.uint8))
    ]
    made = node("QLinearConv", "x s z w s z s z")
    image, result = (helper.make_tensor_value_info(name, byte, shape) for name, shape in (("x", [1, 3, 8, 8]), ("y", [])))
    graph = helper.make_graph([made], "graph", [image], [result], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), tmp_path / "net.onnx")
    assert load_onnx(tmp_path / "net.onnx").macs() == 4 * 6 * 6 * 27


@pytest.mark.parametrize(
    ("made", "inputs", "constants", "opset", "expected"),
    [
        (node("LayerNormalization", "x s", axis=1), {"x": [2, 4, 5]}, {"s": (4, 5)}, 18, ["layer-norm"]),
        (node("RMSNormalization", "x s"), {"x": [2, 4, 5]}, {"s": (5,)}, 23, ["layer-norm"]),
        (node("GroupNormalization", "x s b", num_groups=2), {"x": [2, 4, 5]}, {"s": (4,), "b": (4,)}, 21, ["group-norm"]),
        (node("InstanceNormalization", "x s b"), {"x": [2, 4, 5, 5]}, {"s": (4,), "b": (4,)}, 18, ["group-norm"]),
        (node("Softmax", "x", axis=1), {"x": [2, 4, 5]}, {}, 11, ["reshape", "softmax", "reshape"]),
        (node("Softmax", "x", axis=1), {"x": [2, 4, 5]}, {}, 13, ["softmax"]),
        (node("ReduceSum", "x a", keepdims=0), {"x": [2, 4, 5]}, {"a": [1]}, 18, ["reduce"]),
        (node("ReduceMean", "x", axes=[2], keepdims=1), {"x": [2, 4, 5]}, {}, 13, ["reduce"]),
        (node("Resize", "x   t", mode="linear"), {"x": [2, 3, 4, 4]}, {"t": [2, 3, 8, 8]}, 18, ["resize"]),
        (node("GridSample", "x g"), {"x": [2, 3, 4, 4], "g": [2, 5, 6, 2]}, {}, 18, ["resize"]),
        (node("LpPool", "x", kernel_shape=[2, 2]), {"x": [2, 3, 4, 4]}, {}, 18, ["pool"]),
        (node("DepthToSpace", "x", blocksize=2), {"x": [2, 8, 4, 4]}, {}, 18, ["copy"]),
        (node("Slice", "x b e a"), {"x": [2, 4, 5]}, {"b": [1], "e": [3], "a": [1]}, 18, ["part"]),
        (node("Slice", "x b e a t"), {"x": [2, 4, 5]}, {"b": [0], "e": [5], "a": [2], "t": [2]}, 18, ["copy"]),
        (node("Pad", "x p"), {"x": [2, 4, 5]}, {"p": [0, 1, 0, 0, 1, 0]}, 18, ["copy"]),
        (node("Tile", "x r"), {"x": [2, 4, 5]}, {"r": [1, 3, 1]}, 18, ["repeat"]),
        (node("Expand", "x e"), {"x": [2, 1, 5]}, {"e": [2, 4, 5]}, 18, ["repeat"]),
        (node("Gather", "x i", axis=1), {"x": [2, 4, 5]}, {"i": [0, 2]}, 18, ["part"]),
        (node("Gather", "x i", axis=2), {"x": [2, 4, 5]}, {"i": [0, 2]}, 18, ["copy"]),
        (node("Pow", "x w"), {"x": [2, 4]}, {"w": ()}, 18, ["activation"]),
        (node("Max", "x z"), {"x": [2, 4], "z": [2, 4]}, {}, 18, ["combine"]),
        (node("Add", "x w"), {"x": [2, 1, 4]}, {"w": (3, 4)}, 18, ["constant", "add"]),
        (node("Unsqueeze", "x", axes=[1]), {"x": [2, 4]}, {}, 11, ["reshape"]),
        (node("Concat", "w x", axis=1), {"x": [2, 4, 5]}, {"w": (2, 1, 5)}, 18, ["constant", "concat"]),
        (node("Transpose", "x", perm=[2, 0, 1]), {"x": [2, 4, 5]}, {}, 18, ["transpose"]),
    ],
)
def test_an_operator_becomes_its_layers_and_keeps_the_batch(
    tmp_path: Path, made: onnx.NodeProto, inputs: dict[str, Any], constants: dict[str, Any], opset: int, expected: list[str]
) -> None:
    """The importer compares every layer's shape with the one that ONNX infers."""
    found = network(tmp_path, made, inputs, constants, opset=opset)
    assert (ops(found), found.batch) == (expected, 2)


def test_a_split_has_a_part_for_each_result(tmp_path: Path) -> None:
    parts = helper.make_node("Split", ["x", "s"], ["a", "b"], axis=-1, name="split")
    found = network(tmp_path, [parts, node("Concat", "b a", axis=-1)], {"x": [2, 4, 6]}, {"s": [2, 4]})
    assert [i.output_shape for i in found.instances()] == [(4, 2), (4, 4), (4, 6)]
    assert found.instances()[-1].producers == ("split.1", "split.0")


def test_an_embedding_reads_the_rows_that_are_named(tmp_path: Path) -> None:
    found = network(tmp_path, node("Gather", "w x"), {"x": [2, 7]}, {"w": (50, 6)}, index_inputs=("x",))
    assert (ops(found), found.instances()[0].output_shape, found.parameters()) == (["embedding"], (7, 6), 300)


def test_a_tensor_without_values_is_left_out(tmp_path: Path) -> None:
    nodes = [helper.make_node("Slice", ["x", "e", "e", "a"], ["none"]), node("Concat", "x none", axis=1)]
    assert network(tmp_path, nodes, {"x": [2, 4]}, {"e": [4], "a": [1]}).instances()[-1].output_shape == (4,)


def test_a_shape_that_the_graph_computes_is_known(tmp_path: Path) -> None:
    """Heads are split with a shape that Shape, Gather, Div and Concat give, as the tracing exporter writes it."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "two"], ["width"]),
        helper.make_node("Div", ["width", "heads"], ["head"]),
        helper.make_node("Gather", ["s", "ends"], ["ahead"]),
        helper.make_node("Concat", ["ahead", "heads", "head"], ["shape"], axis=0),
        node("Reshape", "x shape"),
    ]
    constants = {"two": [2], "heads": [4], "ends": [0, 1]}
    found = network(tmp_path, nodes, {"x": ["images", 6, 32]}, constants, batch=3)
    assert (found.batch, found.instances()[-1].output_shape) == (3, (6, 4, 8))
