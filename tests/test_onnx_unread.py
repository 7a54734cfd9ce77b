"""Nodes that no result of a graph needs are no layers, and the run says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from command_line import invoke
from onnx import TensorProto, helper, numpy_helper

from simcore import InputError, simulate
from workloads.importers.onnx import load_onnx


def written(path: Path, *, ending: str, results: tuple[str, ...] = ("y",)) -> Path:
    """A product that the result needs, and behind it ``ending``, two products that only each other read, and one node more."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"], name="needed"),
        helper.make_node("MatMul", ["y", "w"], ["a"], name="first"),
        helper.make_node("MatMul", ["a", "w"], ["b"], name="second"),
        helper.make_node(ending, ["b"], ["c"], name="third"),
        helper.make_node("Relu", ["c"], ["d"], name="fourth"),
    ]
    weights = numpy_helper.from_array(np.zeros((8, 8), np.float32), "w")
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 5, 8])
    gives = [helper.make_tensor_value_info(name, TensorProto.FLOAT, []) for name in results]
    graph = helper.make_graph(nodes, "graph", [given], gives, [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path / "net.onnx")
    return path / "net.onnx"


def test_only_what_a_result_needs_is_counted(tmp_path: Path) -> None:
    found = load_onnx(written(tmp_path, ending="Tanh"))
    assert ([each.name for each in found.instances()], found.macs()) == (["needed"], 5 * 8 * 8)
    assert found.notes == ("left out 4 nodes that no result of the graph needs (first, second, third, ...)",)
    whole = load_onnx(written(tmp_path, ending="Tanh", results=("y", "d")))
    assert (whole.macs(), whole.notes) == (3 * 5 * 8 * 8, ())


def test_the_note_stays_with_the_network_and_its_training_step(tmp_path: Path) -> None:
    path = written(tmp_path, ending="Tanh")
    note = "left out 4 nodes that no result of the graph needs (first, second, third, ...)"
    for training in (None, "sgd"):
        assert simulate(load_onnx(path).with_batch(2), "ideal-titan-xp", training=training).manifest["network_notes"] == [note]
    assert f"Network: {note}." in invoke("run", str(path), "--system", "ideal-titan-xp").stdout


def test_what_is_left_out_may_be_unsupported(tmp_path: Path) -> None:
    assert load_onnx(written(tmp_path, ending="Bernoulli")).macs() == 5 * 8 * 8
    with pytest.raises(InputError, match=r"unsupported operators: Bernoulli \(1x: third\)"):
        load_onnx(written(tmp_path, ending="Bernoulli", results=("y", "d")))


def test_a_constant_that_no_weight_gives_is_not_trained(tmp_path: Path) -> None:
    """A mask that the graph makes of numbers is none of the parameters, a learnt shift of the same shape is."""
    size = numpy_helper.from_array(np.array([5, 8], np.int64), "size")
    nodes = [
        helper.make_node("Constant", [], ["five"], value=size),
        helper.make_node("ConstantOfShape", ["five"], ["mask"]),
        helper.make_node("Add", ["x", "mask"], ["a"], name="masked"),
        helper.make_node("Add", ["a", "w"], ["y"], name="shifted"),
    ]
    weights = numpy_helper.from_array(np.zeros((5, 8), np.float32), "w")
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 5, 8])
    graph = helper.make_graph(nodes, "graph", [given], [helper.make_tensor_value_info("y", TensorProto.FLOAT, [])], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), tmp_path / "net.onnx")
    found = {each.name: each.parameters for each in load_onnx(tmp_path / "net.onnx").instances()}
    assert found == {"masked": 0, "shifted": 5 * 8}
