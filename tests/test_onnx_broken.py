"""Broken and odd ONNX files: one clear error each, which names the file."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from simcore.errors import InputError
from workloads.importers.onnx import load_onnx

ZOO = Path(__file__).parent / "golden" / "zoo"
IMAGE = [1, 4, 8, 8]


def integers(name: str, *values: int) -> TensorProto:
    return numpy_helper.from_array(np.array(values), name)


def weights(name: str, *shape: int) -> TensorProto:
    return numpy_helper.from_array(np.zeros(shape, np.float32), name)


def model(
    *nodes: onnx.NodeProto, shape: list[Any] | None = None, tensors: tuple[TensorProto, ...] = (), opset: int = 18
) -> onnx.ModelProto:
    """A graph from x to y."""
    values = helper.make_tensor_value_info("x", TensorProto.FLOAT, IMAGE if shape is None else shape)
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [])
    graph = helper.make_graph(list(nodes), "graph", [values], [result], list(tensors))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def node(op: str, inputs: str = "x", output: str = "y", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(" "), [output], name="n", **attributes)


def without_type() -> onnx.ModelProto:
    made = model(node("Relu"))
    made.graph.input[0].ClearField("type")
    return made


def short_values() -> onnx.ModelProto:
    made = model(node("Reshape", "x s"), tensors=(integers("s", 1, -1),))
    made.graph.initializer[0].raw_data = b"\1\2\3"
    return made


def sequence_input() -> onnx.ModelProto:
    made = model(node("SequenceAt", "x i"), tensors=(integers("i", 0),))
    element = helper.make_tensor_type_proto(TensorProto.FLOAT, [2])
    made.graph.input[0].CopyFrom(helper.make_value_info("x", helper.make_sequence_type_proto(element)))
    return made


def large_version() -> onnx.ModelProto:
    made = model(node("Scaler", domain="ai.onnx.ml"))
    made.opset_import.append(helper.make_opsetid("ai.onnx.ml", 2**40))
    return made


def weights_of_negative_extent() -> onnx.ModelProto:
    """Of external weights only the extents are read. A Slice of them ends the inference of onnx 1.23, and Python with it."""
    made = model(
        helper.make_node("Slice", ["w", "begin", "end"], ["s"]),
        node("Add", "x s"),
        tensors=(integers("begin", 0), integers("end", 1)),
    )
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[-1, 256], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.bin")
    made.graph.initializer.append(tensor)
    return made


BROKEN: dict[str, Callable[[], onnx.ModelProto]] = {
    "a cycle": lambda: model(node("Relu", "b", "a"), node("Relu", "a", "b"), node("Add", "x b")),
    "nodes in the wrong order": lambda: model(node("Relu", "a"), node("Relu", "x", "a")),
    "two results of one name": lambda: model(node("Relu"), node("Tanh")),
    "an opset that is not there yet": lambda: model(node("Relu"), opset=999),
    "a version of another domain beyond 32 bits": large_version,
    "an equation that is none": lambda: model(node("Einsum", equation="...ii$->...i"), shape=[3, 5, 5]),
    "no opset": lambda: model(node("Relu"), opset=0),
    "an operator that is newer than the opset": lambda: model(node("Gelu"), opset=11),
    "a missing attribute": lambda: model(node("MaxPool")),
    "an attribute of another type": lambda: model(node("MaxPool", kernel_shape="three")),
    "a stride of zero": lambda: model(node("MaxPool", kernel_shape=[2, 2], strides=[0, 1])),
    "a negative stride": lambda: model(node("MaxPool", kernel_shape=[2, 2], strides=[-1, 1])),
    "a window of zero": lambda: model(node("MaxPool", kernel_shape=[0, 2])),
    "a window with too few sides": lambda: model(node("MaxPool", kernel_shape=[2])),
    "a window larger than its image": lambda: model(node("Conv", "x w"), tensors=(weights("w", 2, 4, 99, 99),)),
    "groups that do not divide": lambda: model(node("Conv", "x w", group=3), tensors=(weights("w", 4, 1, 3, 3),)),
    "a negative group": lambda: model(node("Conv", "x w", group=-1), tensors=(weights("w", 4, 4, 3, 3),)),
    "weights of too few axes": lambda: model(node("Conv", "x w"), tensors=(weights("w", 4, 4),)),
    "a shape of other values": lambda: model(node("Reshape", "x s"), tensors=(integers("s", 1, 7),)),
    "two open extents": lambda: model(node("Reshape", "x s"), tensors=(integers("s", -1, -1),)),
    "values that do not fill their shape": short_values,
    "an order that is none": lambda: model(node("Transpose", perm=[0, 0, 1, 2])),
    "an axis out of range": lambda: model(node("Softmax", axis=9)),
    "parts that do not join": lambda: model(node("Concat", "x w", axis=1), tensors=(weights("w", 1, 4, 5, 5),)),
    "parts that do not add up": lambda: model(node("Split", "x s", axis=1), tensors=(integers("s", 1, 2),)),
    "more parts than are counted": lambda: model(helper.make_node("Split", ["x"], ["y", "z"], axis=1, num_outputs=1)),
    "a product that does not fit": lambda: model(node("MatMul", "x w"), tensors=(weights("w", 9, 4),)),
    "an input without a type": without_type,
    "an input that is no tensor": sequence_input,
    "an extent of zero": lambda: model(node("Relu"), shape=[1, 0, 8]),
    "a negative extent": lambda: model(node("Relu"), shape=[1, -5, 8]),
    "weights of a negative extent": weights_of_negative_extent,
    "a batch of zero": lambda: model(node("Relu"), shape=[0, 5, 8]),
    "an attention without heads": lambda: model(node("Attention", "x x x"), shape=[1, 4, 8], opset=23),
    "a recurrent net of other inputs": lambda: model(
        node("LSTM", "x w r", hidden_size=2), shape=[3, 1, 5], tensors=(weights("w", 1, 8, 9), weights("r", 1, 8, 2))
    ),
    "a transposed convolution of very many phases": lambda: model(
        node("ConvTranspose", "x w", strides=[30000, 30000]), tensors=(weights("w", 4, 2, 3, 3),)
    ),
    "a window of very many depths": lambda: model(
        node("MaxPool", kernel_shape=[2**24, 1, 1], pads=[2**24 - 1, 0, 0, 0, 0, 0]), shape=[1, 1, 4, 2, 2]
    ),
    "the shape of more values than any memory holds": lambda: model(
        node("Shape", "x", "s"), node("ConstantOfShape", "s"), shape=[1, 2**31 - 1, 2**31 - 1]
    ),
    "repeats of negative numbers": lambda: model(node("Tile", "x r"), tensors=(integers("r", 1, -2, 1, 1),)),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_gives_one_short_error_that_names_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(BROKEN[kind]().SerializeToString())
    with pytest.raises(InputError) as caught:
        load_onnx(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    assert len(text) < 450 + len(str(path))


def test_names_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(model(node("Relu", domain="abcd")).SerializeToString().replace(b"abcd", b"\xff\xfe\xfd\xfc"))
    with pytest.raises(InputError, match=r"broken\.onnx: expected"):
        load_onnx(path)


def test_a_file_of_many_weights_takes_the_memory_of_its_graph(tmp_path: Path) -> None:
    """A gigabyte of weights that the file system does not even store: only the graph behind them is read."""
    head = model(node("MatMul", "x w"), shape=[1, 4], tensors=(weights("w", 4, 2),))
    large = TensorProto(name="large", data_type=TensorProto.FLOAT, dims=[2**28])
    size = 2**30
    tensor = large.SerializeToString() + b"\x4a" + varint(size)
    graph = head.graph.SerializeToString()
    length = len(graph) + 1 + len(varint(len(tensor) + size)) + len(tensor) + size
    head.ClearField("graph")
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.write(head.SerializeToString() + b"\x3a" + varint(length) + graph)
        file.write(b"\x2a" + varint(len(tensor) + size) + tensor)
        file.truncate(file.tell() + size)
    assert load_onnx(path).macs() == 8


def varint(value: int) -> bytes:
    return (bytes([value & 127 | 128]) + varint(value >> 7)) if value > 127 else bytes([value])


@pytest.mark.slow
def test_no_mutation_of_a_graphs_bytes_gives_a_traceback(tmp_path: Path) -> None:
    path, draw = tmp_path / "mutated.onnx", random.Random(15)
    graphs = [(ZOO / f"{name}.onnx").read_bytes() for name in ("enc_ln.dyn18", "dlrm.dyn18", "lstm.dyn18", "unet_ct.dyn18")]
    for _ in range(60):
        content = bytearray(draw.choice(graphs))
        for _ in range(draw.choice((1, 2, 8))):
            content[draw.randrange(len(content))] = draw.randrange(256)
        path.write_bytes(bytes(content))
        with suppress(InputError):
            load_onnx(path)
