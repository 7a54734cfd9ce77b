"""Functions that exporters write as several nodes become one layer, so that two exports of one model take the same cycles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from simcore import simulate
from workloads.importers.onnx import load_onnx
from workloads.network import Network

ZOO = Path(__file__).parent / "golden" / "zoo"
PAIRS = [
    ("bert_base.dyn18", "bert_base.ts17"),
    ("enc_ln.dyn18", "enc_ln.ts13"),
    ("shufflenet_v2_x1_0.dyn18", "shufflenet_v2_x1_0.ts17"),
]


def network(path: Path, steps: list[tuple[str, str, str]], *, fusion: bool = True, results: tuple[str, ...] = ("y",)) -> Network:
    """Import (operator, inputs, output) steps over x [2, 5, 8]; ``one``, ``two`` and ``half`` are numbers, ``w`` is trained."""
    nodes = [helper.make_node(op, inputs.split(), [output], name=output, **attributes(op)) for op, inputs, output in steps]
    numbers = (("one", 1), ("two", 2), ("half", 0.5))
    tensors = [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in numbers]
    tensors += [numpy_helper.from_array(np.zeros(8, np.float32), "w"), numpy_helper.from_array(np.zeros((8, 8), np.float32), "m")]
    values = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 5, 8])]
    leaving = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["a", "b", "c"]) for name in results]
    graph = helper.make_graph(nodes, "graph", values, leaving, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path / "net.onnx")
    return load_onnx(path / "net.onnx", fusion=fusion)


def attributes(op: str) -> dict[str, object]:
    if op == "Transpose":
        return {"perm": [0, 2, 1]}
    return {"axes": [-1]} if op in ("ReduceMean", "ReduceMax") else {}


GELU = [("Div", "p two", "a"), ("Erf", "a", "b"), ("Add", "b one", "c"), ("Mul", "p c", "d"), ("Mul", "d half", "y")]
TANH_GELU = [
    *[("Mul", "p half", "a"), ("Pow", "p two", "b"), ("Mul", "b half", "c"), ("Add", "p c", "d"), ("Mul", "d half", "e")],
    *[("Tanh", "e", "f"), ("Add", "f one", "g"), ("Mul", "a g", "y")],
]
SILU = [("Sigmoid", "p", "a"), ("Mul", "p a", "y")]
NORM = [
    *[("ReduceMean", "p", "a"), ("Sub", "p a", "b"), ("Pow", "b two", "c"), ("ReduceMean", "c", "d"), ("Add", "d half", "e")],
    *[("Sqrt", "e", "f"), ("Div", "b f", "g"), ("Mul", "g w", "h"), ("Add", "h w", "y")],
]
RMS = [
    *[("Pow", "p two", "a"), ("ReduceMean", "a", "b"), ("Add", "b half", "c"), ("Sqrt", "c", "d"), ("Div", "p d", "e")],
    ("Mul", "e w", "y"),
]
PRODUCT = ("MatMul", "x m", "p")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (GELU, ["linear", "activation", "batch-norm"]),
        (TANH_GELU, ["linear", "activation"]),
        (SILU, ["linear", "activation"]),
        (NORM, ["linear", "layer-norm", "batch-norm", "batch-norm"]),
        (RMS, ["linear", "layer-norm", "batch-norm"]),
    ],
)
def test_a_decomposed_function_is_one_layer(tmp_path: Path, steps: list[tuple[str, str, str]], expected: list[str]) -> None:
    found = network(tmp_path, [PRODUCT, *steps])
    whole = network(tmp_path, [PRODUCT, *steps], fusion=False)
    assert [i.layer.op for i in found.instances()] == expected
    assert len(whole.instances()) == len(steps) + 1
    trained = [each.parameters() for each in (found, whole)]
    assert trained[0] == 64 + 8 * sum("w" in inputs.split() for _, inputs, _ in steps) + int(steps is GELU)
    assert trained[1] >= trained[0]


def test_a_tensor_that_something_else_reads_is_in_no_region(tmp_path: Path) -> None:
    steps = [PRODUCT, ("Sigmoid", "p", "a"), ("Mul", "p a", "b"), ("MatMul", "a m", "c"), ("Add", "b c", "y")]
    assert [i.layer.op for i in network(tmp_path, steps).instances()] == ["linear", "activation", "mul", "linear", "add"]


@pytest.mark.parametrize("kept", ["a", "b", "c"])
def test_a_result_of_the_graph_stays_a_layer_of_its_own(tmp_path: Path, kept: str) -> None:
    """What stands ahead of the kept tensor may be a region of its own, and so may what follows."""
    found = network(tmp_path, [PRODUCT, *GELU], results=("y", kept))
    assert kept in [i.name for i in found.instances()]
    assert kept not in [i.name for i in network(tmp_path, [PRODUCT, *GELU]).instances()]


@pytest.mark.parametrize(
    ("steps", "behind"),
    [
        ([("Mul", "x half", "q"), ("Transpose", "x", "k"), ("MatMul", "q k", "p"), ("Relu", "p", "y")], 1),
        ([("Mul", "x half", "q"), ("Transpose", "x", "t"), ("Div", "t two", "k"), ("MatMul", "q k", "p"), ("Relu", "p", "y")], 2),
        ([("Mul", "x half", "s"), ("Transpose", "s", "k"), ("MatMul", "x k", "p"), ("Relu", "p", "y")], 1),
    ],
)
def test_a_factor_of_one_number_stands_behind_the_product_of_its_operand(
    tmp_path: Path, steps: list[tuple[str, str, str]], behind: int
) -> None:
    """There it joins the product, whichever operand the exporter scaled."""
    found = [i.layer.op for i in network(tmp_path, steps).instances()]
    assert found == ["transpose", "matmul", *["batch-norm"] * behind, "activation"]


def test_a_factor_that_something_else_reads_stays(tmp_path: Path) -> None:
    steps = [("Mul", "x half", "q"), ("Transpose", "x", "k"), ("MatMul", "q k", "p"), ("MatMul", "p q", "y")]
    assert [i.layer.op for i in network(tmp_path, steps).instances()] == ["batch-norm", "transpose", "matmul", "matmul"]
    kept = network(tmp_path, [*steps[:2], ("MatMul", "q k", "y")], results=("y", "q"))
    assert [i.layer.op for i in kept.instances()] == ["batch-norm", "transpose", "matmul"]


def test_trained_constants_join_the_norm_ahead_of_a_new_shape(tmp_path: Path) -> None:
    """A group normalisation, as exporters write it before opset 21."""
    shapes = {"grouped": [0, 2, -1], "image": [2, 4, 6, 6]}
    tensors = [numpy_helper.from_array(np.array(value), name) for name, value in shapes.items()]
    tensors += [numpy_helper.from_array(np.ones(extents, np.float32), n) for n, extents in (("o", 2), ("w", (4, 1, 1)))]
    steps = [("Reshape", "x grouped", "a"), ("InstanceNormalization", "a o o", "b"), ("Reshape", "b image", "c")]
    steps += [("Mul", "c w", "d"), ("Add", "d w", "y")]
    nodes = [helper.make_node(op, inputs.split(), [output], name=output) for op, inputs, output in steps]
    image, result = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 4, 6, 6]) for name in ("x", "y"))
    graph = helper.make_graph(nodes, "graph", [image], [result], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), tmp_path / "net.onnx")
    found = load_onnx(tmp_path / "net.onnx", fusion=True)
    assert [i.layer.op for i in found.instances()] == ["reshape", "group-norm", "batch-norm", "batch-norm", "reshape"]
    assert int((simulate(found, "edge-sram").layers["cycles"] > 0).sum()) == 1


def test_a_residual_stays(tmp_path: Path) -> None:
    steps = [PRODUCT, ("Add", "p x", "y")]
    assert [i.layer.op for i in network(tmp_path, steps).instances()] == ["linear", "add"]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0])
def test_both_exporters_files_of_one_model_take_the_same_cycles(pair: tuple[str, str]) -> None:
    first, second = (load_onnx(ZOO / f"{name}.onnx") for name in pair)
    assert first.macs() == second.macs()
    cycles = [int(simulate(found, "titan-xp").layers["cycles"].sum()) for found in (first, second)]
    assert max(cycles) <= 1.02 * min(cycles)


@pytest.mark.slow
def test_both_exporters_files_of_one_encoder_take_the_same_cycles_on_an_array() -> None:
    cycles = [int(simulate(load_onnx(ZOO / f"{name}.onnx"), "edge-sram").layers["cycles"].sum()) for name in PAIRS[1]]
    assert max(cycles) <= 1.02 * min(cycles)
    apart = int(simulate(load_onnx(ZOO / f"{PAIRS[1][1]}.onnx", fusion=False), "edge-sram").layers["cycles"].sum())
    assert apart > max(cycles)
