"""Branches and loops whose condition or number of turns is known become the nodes of their bodies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from simcore.errors import InputError
from workloads.importers import onnx_control
from workloads.importers.onnx import load_onnx
from workloads.network import Network

FLOAT, WIDTH = TensorProto.FLOAT, 6


def tensor(name: str, value: Any, kind: type = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(value, kind), name)


def body(name: str, nodes: list[Any], inputs: list[Any], outputs: list[str], tensors: list[Any] | None = None) -> onnx.GraphProto:
    results = [helper.make_tensor_value_info(each, TensorProto.BOOL if "go" in each else FLOAT, None) for each in outputs]
    return helper.make_graph(nodes, name, inputs, results, tensors or [])


def network(path: Path, nodes: list[Any], tensors: list[Any], *, opset: int = 18, **options: Any) -> Network:
    values = [helper.make_tensor_value_info("x", FLOAT, [2, WIDTH]), helper.make_tensor_value_info("flag", TensorProto.BOOL, [])]
    result = helper.make_tensor_value_info("y", FLOAT, [])
    graph = helper.make_graph(nodes, "graph", values, [result], [tensor("w", np.zeros((WIDTH, WIDTH))), *tensors])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    file = path / "net.onnx"
    onnx.save(model, file)
    return load_onnx(file, **options)


def ops(found: Network) -> list[str]:
    return [instance.layer.op for instance in found.instances()]


def branch(name: str, op: str) -> onnx.GraphProto:
    return body(name, [helper.make_node(op, ["x"], [f"{name}.y"], name=name)], [], [f"{name}.y"])


@pytest.mark.parametrize(("condition", "expected"), [(True, ["activation"]), (False, ["softmax"])])
def test_a_known_condition_chooses_a_branch(tmp_path: Path, condition: bool, expected: list[str]) -> None:
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch("yes", "Relu"), else_branch=branch("no", "Softmax"))
    found = network(tmp_path, [node], [tensor("c", condition, bool)])
    assert ops(found) == expected
    assert found.instances()[0].name == f"y/{'yes' if condition else 'no'}"


def test_a_condition_that_a_shape_gives_is_known(tmp_path: Path) -> None:
    """As the tracing exporter writes a squeeze."""
    nodes = [
        *(helper.make_node("Shape", ["x"], ["s"]), helper.make_node("Gather", ["s", "one"], ["n"])),
        helper.make_node("Equal", ["n", "six"], ["c"]),
        helper.make_node("If", ["c"], ["y"], then_branch=branch("yes", "Relu"), else_branch=branch("no", "Softmax")),
    ]
    assert ops(network(tmp_path, nodes, [tensor("one", 1, np.int64), tensor("six", WIDTH, np.int64)])) == ["activation"]


def test_a_branch_within_a_branch_reads_what_is_around_both(tmp_path: Path) -> None:
    inner = helper.make_node("If", ["c"], ["in.y"], then_branch=branch("yes", "Relu"), else_branch=branch("no", "Softmax"))
    other = branch("other", "Tanh")
    outer = helper.make_node("If", ["c"], ["y"], then_branch=body("outer", [inner], [], ["in.y"]), else_branch=other)
    found = network(tmp_path, [outer], [tensor("c", True, bool)])
    assert (ops(found), found.instances()[0].name) == (["activation"], "y/in.y/yes")


def loop(turns: str, *, collects: bool = False, decides: bool = False) -> onnx.NodeProto:
    """A loop that multiplies its value by the weights in each turn."""
    go = helper.make_node("Not", ["c_in"], ["go_out"]) if decides else helper.make_node("Identity", ["c_in"], ["go_out"])
    nodes = [go, helper.make_node("MatMul", ["v_in", "w"], ["v_out"], name="product")]
    nodes += [helper.make_node("Relu", ["v_out"], ["each"])] if collects else []
    inputs = [
        helper.make_tensor_value_info("i", TensorProto.INT64, []),
        helper.make_tensor_value_info("c_in", TensorProto.BOOL, []),
        helper.make_tensor_value_info("v_in", FLOAT, [2, WIDTH]),
    ]
    made = body("body", nodes, inputs, ["go_out", "v_out", *(["each"] if collects else [])])
    return helper.make_node("Loop", [turns, "", "x"], ["last", "y"] if collects else ["y"], body=made, name="loop")


@pytest.mark.parametrize("turns", [1, 3])
def test_a_loop_of_known_turns_is_the_layers_of_each_turn(tmp_path: Path, turns: int) -> None:
    found = network(tmp_path, [loop("n")], [tensor("n", turns, np.int64)])
    assert [i.name for i in found.instances()] == [f"loop/{turn}/product" for turn in range(turns)]
    assert found.macs() == turns * 2 * WIDTH * WIDTH


@pytest.mark.parametrize("opset", [11, 18])
def test_what_each_turn_gives_is_joined_along_a_new_axis(tmp_path: Path, opset: int) -> None:
    found = network(tmp_path, [loop("n", collects=True)], [tensor("n", 3, np.int64)], opset=opset)
    assert found.macs() == 3 * 2 * WIDTH * WIDTH
    (joined,) = (i for i in found.instances() if i.layer.op == "concat")
    assert len(joined.producers) == 3


UNKNOWN = {
    "If with a computed condition": lambda: helper.make_node(
        "If", ["flag"], ["y"], then_branch=branch("yes", "Relu"), else_branch=branch("no", "Relu"), name="unit"
    ),
    "Loop with a computed or large number of turns": lambda: loop("n", decides=True),
}


@pytest.mark.parametrize("reason", UNKNOWN)
def test_a_computed_branch_or_loop_is_told(tmp_path: Path, reason: str) -> None:
    tensors = [tensor("n", 3, np.int64)]
    with pytest.raises(InputError, match=rf"unsupported operators: {reason} \(1x: "):
        network(tmp_path, [UNKNOWN[reason]()], tensors)


def test_a_body_of_other_inputs_or_results_is_told(tmp_path: Path) -> None:
    short, two = loop("n"), branch("yes", "Relu")
    del short.input[2]
    two.output.append(helper.make_tensor_value_info("yes.y", FLOAT, None))
    chosen = helper.make_node("If", ["c"], ["y"], then_branch=two, else_branch=branch("no", "Relu"), name="unit")
    for node in (short, chosen):
        with pytest.raises(InputError, match=r"its body is not that of the operator \(|broken \("):
            network(tmp_path, [node], [tensor("n", 3, np.int64), tensor("c", True, bool)])


def test_loops_within_loops_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_control, "MOST_NODES", 100)
    inner = loop("n")
    inner.output[0], inner.input[2] = "v_out", "v_in"
    inputs = [
        helper.make_tensor_value_info("j", TensorProto.INT64, []),
        helper.make_tensor_value_info("c_in", TensorProto.BOOL, []),
        helper.make_tensor_value_info("v_in", FLOAT, [2, WIDTH]),
    ]
    for attribute in inner.attribute:
        for number, name in enumerate(("i_in", "c_inner", "v_inner")):
            attribute.g.input[number].name = name
        del attribute.g.node[:]
        attribute.g.node.append(helper.make_node("Identity", ["c_inner"], ["go_inner"]))
        attribute.g.node.append(helper.make_node("MatMul", ["v_inner", "w"], ["v_made"], name="product"))
        attribute.g.output[0].name, attribute.g.output[1].name = "go_inner", "v_made"
    around = body("around", [helper.make_node("Identity", ["c_in"], ["go_out"]), inner], inputs, ["go_out", "v_out"])
    outer = helper.make_node("Loop", ["n", "", "x"], ["y"], body=around, name="outer")
    found = network(tmp_path, [outer], [tensor("n", 4, np.int64)])
    assert found.macs() == 16 * 2 * WIDTH * WIDTH
    with pytest.raises(InputError, match="expected branches and loops of at most 100 nodes in all, got more"):
        network(tmp_path, [outer], [tensor("n", 9, np.int64)])


def test_a_loop_of_very_many_turns_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Loop with a computed or large number of turns"):
        network(tmp_path, [loop("n")], [tensor("n", 10**12, np.int64)])
