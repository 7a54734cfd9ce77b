"""ONNX files that leave axes open or hold operators without a layer: sizes by name, and runs without those operators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from command_line import printed_json
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from simcore.cli import app
from simcore.errors import InputError
from workloads.importers.onnx import load_onnx
from workloads.load import load_network


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A product of sequences of open length, beside an operator that has no layer."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="product"),
        helper.make_node("Det", ["s"], ["d"], name="determinant"),
        helper.make_node("Relu", ["a"], ["y"], name="relu"),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["images", "seq", 16]),
        helper.make_tensor_value_info("s", TensorProto.FLOAT, ["images", 4, 4]),
    ]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, []) for name in ("y", "d")]
    weights = [numpy_helper.from_array(np.zeros((16, 8), np.float32), "w")]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, weights)
    path = tmp_path / "open.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_an_open_axis_takes_the_size_that_is_given_by_name(file: Path) -> None:
    network = load_network(file, 3, dims={"seq": 5}, skip_unsupported=True)
    assert (network.batch, network.macs(), network.select("product")[0].output_shape) == (3, 3 * 5 * 16 * 8, (5, 8))


def test_open_axes_and_unsupported_operators_are_told_together(file: Path) -> None:
    with pytest.raises(InputError, match=r"dimension 1 \('seq'\) has no size.*--dim seq=N") as caught:
        load_onnx(file)
    assert "unsupported operators: Det (1x: determinant)" in str(caught.value)


def test_a_run_without_unsupported_operators_says_so(file: Path) -> None:
    network = load_onnx(file, dims={"seq": 5}, skip_unsupported=True)
    assert network.name == "open, without 1 unsupported node"
    assert [i.layer.op for i in network.instances()] == ["linear", "skipped", "activation"]


@pytest.mark.parametrize(
    ("dims", "says"),
    [
        ({"sequence": 5}, "no open axis is named 'sequence'; the open axes are images, seq"),
        ({"seq": 0}, "expected a size from 1 to 2147483647 for the axis 'seq', got 0"),
        ({"seq": 2**31}, "expected a size from 1 to 2147483647 for the axis 'seq', got 2147483648"),
    ],
)
def test_sizes_of_open_axes_are_checked(file: Path, dims: dict[str, int], says: str) -> None:
    with pytest.raises(InputError, match=says):
        load_onnx(file, dims=dims)


def test_a_name_takes_no_sizes_of_axes() -> None:
    with pytest.raises(InputError, match=r"expected a \.onnx file with open axes"):
        load_network("lenet5", dims={"seq": 5})


@pytest.mark.parametrize("command", ["run", "why"])
def test_the_command_line_takes_sizes_of_open_axes(file: Path, command: str) -> None:
    system = "ideal-ddr4-2400" if command == "run" else "titan-xp"
    asked = [command, str(file), "--system", system, "--dim", "seq=5", "--skip-unsupported"]
    ran = CliRunner().invoke(app, asked)
    assert ran.exit_code == 0, ran.output
    assert "without 1 unsupported node" in ran.output


@pytest.mark.parametrize("text", ["seq", "=5", "seq=", "seq=x", "seq=-1", "seq=99999999999"])
def test_a_size_that_is_none_is_refused_by_the_command_line(file: Path, text: str) -> None:
    ran = CliRunner().invoke(app, ["run", str(file), "--dim", text])
    assert ran.exit_code == 2
    assert "expected NAME=N with a size of at least 1" in " ".join(ran.output.split())


def test_an_estimate_takes_the_sizes_of_open_axes(file: Path) -> None:
    """Before, it read the file without them, and refused it."""
    asked = ("run", str(file), "--skip-unsupported", "--estimate", "--json")
    small, large = (printed_json(*asked, "--dim", f"seq={size}")["cycles"] for size in (16, 64))
    assert 0 < small < large
