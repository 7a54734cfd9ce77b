"""Rotations of positions that exporters write as seven nodes are the one layer that the operator RotaryEmbedding is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from simcore import simulate
from workloads.importers.onnx import load_onnx
from workloads.network import Network
from workloads.training import training_step

HEADS, TOKENS, WIDTH = 2, 6, 8
SHAPE = [1, HEADS, TOKENS, WIDTH]
STEPS = [
    ("MatMul", "x m", "q"),
    ("Slice", "q zero half last", "first"), ("Slice", "q half whole last", "second"), ("Neg", "second", "n"),
    ("Concat", "n first", "turned"), ("Mul", "q cos", "a"), ("Mul", "turned sin", "b"), ("Add", "a b", "r"),
    ("MatMul", "r m", "y"),
]  # fmt: skip


def saved(path: Path, steps: list[tuple[str, str, str]], results: tuple[str, ...] = ("y",), *, fusion: bool = True) -> Network:
    nodes = [
        helper.make_node(op, ins.split(), [out], name=out, **({"axis": -1} if op == "Concat" else {})) for op, ins, out in steps
    ]
    integers = {"zero": 0, "half": WIDTH // 2, "five": 5, "whole": WIDTH, "last": -1}
    tensors = [numpy_helper.from_array(np.array([value], np.int64), name) for name, value in integers.items()]
    shapes = {"m": (WIDTH, WIDTH), "cos": (TOKENS, WIDTH), "sin": (TOKENS, WIDTH), "halves": (1, TOKENS, WIDTH // 2)}
    tensors += [numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in shapes.items()]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)
    gives = [helper.make_tensor_value_info(name, TensorProto.FLOAT, []) for name in results]
    graph = helper.make_graph(nodes, "graph", [given], gives, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10), path / "net.onnx")
    return load_onnx(path / "net.onnx", fusion=fusion)


def ops(found: Network) -> list[str]:
    return [each.layer.op for each in found.instances()]


@pytest.mark.parametrize("turned", [False, True])
def test_a_rotation_is_one_pass_over_values_and_factors(tmp_path: Path, turned: bool) -> None:
    steps = [("Add", "b a", out) if out == "r" and turned else (op, ins, out) for op, ins, out in STEPS]
    found = saved(tmp_path, steps)
    assert ops(found) == ["linear", "constant", "combine", "linear"]
    assert ops(saved(tmp_path, steps, fusion=False)).count("batch-norm") == 2
    assert found.parameters() == WIDTH * WIDTH  # both products share their matrix; factors are no parameters


def test_it_takes_the_cycles_of_the_operator(tmp_path: Path) -> None:
    operator = [STEPS[0], ("RotaryEmbedding", "q halves halves", "r"), STEPS[-1]]
    found = [saved(tmp_path, steps) for steps in (STEPS, operator)]
    for system in ("edge-sram", "ideal-titan-xp"):
        cycles = [simulate(each, system).layers.set_index("layer")["cycles"] for each in found]
        assert int(cycles[0]["r"]) == int(cycles[1]["r"]) > 0


@pytest.mark.parametrize("change", ["a result", "read again", "no negation", "the other order", "unequal parts"])
def test_other_sums_of_products_stay(tmp_path: Path, change: str) -> None:
    steps, results = list(STEPS), ("y",)
    if change == "a result":
        results = ("y", "turned")
    elif change == "read again":
        steps, results = [*steps, ("Relu", "b", "again")], ("y", "again")
    elif change == "no negation":
        steps[3] = ("Relu", "second", "n")
    elif change == "the other order":
        steps[4] = ("Concat", "first n", "turned")
    else:
        steps[1:3] = [("Slice", "q zero five last", "first"), ("Slice", "q five whole last", "second")]
    found = saved(tmp_path, steps, results)
    assert "combine" not in ops(found)
    assert ops(found).count("batch-norm") == 2


def test_a_rotation_is_trained_without_its_factors(tmp_path: Path) -> None:
    step = training_step(saved(tmp_path, STEPS))
    updates = [each.name for each in step.instances() if each.layer.pass_name == "update"]
    assert updates == ["q.update"]
