"""ONNX graphs as exporters write them, and files that are not valid."""

import builtins
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from simcore.errors import InputError
from workloads.importers.onnx import load_onnx
from workloads.layers import (
    Activation,
    BatchNorm,
    Concat,
    Conv,
    Flatten,
    GlobalPool,
    Identity,
    Layer,
    Linear,
    MatMul,
    Pool,
    Softmax,
)
from workloads.network import Network
from workloads.networks import NETWORKS

GOLDEN = Path(__file__).parent / "golden" / "nets"
LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def weights(name: str, *shape: int) -> TensorProto:
    return numpy_helper.from_array(np.zeros(shape, np.float32), name)


def save(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: dict[str, Sequence[int | str]],
    initialisers: Sequence[TensorProto] = (),
    output: str = "y",
    **model: Any,
) -> Path:
    """A model file whose graph has one output. What the file says of its shape is not true: the importer infers it anew."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()]
    result = helper.make_tensor_value_info(output, TensorProto.FLOAT, [])
    graph = helper.make_graph(nodes, "graph", values, [result], list(initialisers))
    model.setdefault("opset_imports", [helper.make_opsetid("", 17)])
    onnx.save(helper.make_model(graph, ir_version=8, **model), path)
    return path


def imported(tmp_path: Path, *args: Any, batch: int | None = None, **kwargs: Any) -> Network:
    return load_onnx(save(tmp_path / "net.onnx", *args, **kwargs), batch)


def layers(network: Network) -> list[Layer]:
    return [instance.layer for instance in network.instances()]


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet18"])
def test_exported_networks_equal_the_registered_ones_layer_by_layer(name: str) -> None:
    exported, registered = load_onnx(GOLDEN / f"{name}.onnx"), NETWORKS[name]()
    assert (exported.macs(), exported.parameters()) == (registered.macs(), registered.parameters())

    def rows(network: Network) -> list[tuple]:
        counted = [i for i in network.instances() if isinstance(i.layer, (Conv, Linear, BatchNorm, Pool, Activation))]
        return sorted((i.layer.op, i.input_shapes, i.output_shape, i.macs, i.parameters) for i in counted)

    assert rows(exported) == rows(registered)


@pytest.mark.parametrize(
    ("name", "macs", "parameters"),
    [
        # Weights and biases of convolutions and linear layers.
        ("bvlc_alexnet", 654_560_384, 60_965_224),
        ("densenet121", 2_834_161_664, 7_895_208),
        ("inception_v1", 1_431_556_352, 6_998_552),
        ("inception_v2", 2_018_851_840, 11_175_080),
        ("resnet50", 4_089_184_256, 25_503_912),
        ("shufflenet", 124_664_528, 1_366_488),
        ("squeezenet", 349_151_936, 1_235_496),
        ("vgg19", 19_632_062_464, 143_667_240),
        ("zfnet512", 1_481_727_008, 87_250_536),
    ],
)
def test_the_graphs_in_the_onnx_package_have_the_known_counts(name: str, macs: int, parameters: int) -> None:
    network = load_onnx(LIGHT / f"light_{name}.onnx")
    products = [instance for instance in network.instances() if isinstance(instance.layer, (Conv, Linear))]
    assert network.macs() == macs
    assert sum(instance.parameters for instance in products) == parameters


def test_shufflenet_keeps_its_depthwise_convolutions() -> None:
    instances = load_onnx(LIGHT / "light_shufflenet.onnx").instances()
    depthwise = [i for i in instances if isinstance(i.layer, Conv) and i.layer.is_depthwise(i.input_shapes)]
    assert len(depthwise) == 16


def test_batch_replaces_the_files_batch() -> None:
    assert load_onnx(GOLDEN / "alexnet.onnx").batch == 1
    assert load_onnx(GOLDEN / "alexnet.onnx", batch=4).macs() == 4 * 714_188_480


RELU = helper.make_node("Relu", ["x"], ["y"], name="relu")


def test_an_open_batch_becomes_the_batch(tmp_path: Path) -> None:
    network = imported(tmp_path, [RELU], {"x": ["N", 3, 8, 8]}, batch=5)
    assert (network.batch, network.instances()[0].input_shapes) == (5, ((3, 8, 8),))


def test_a_fixed_batch_is_taken_from_the_file(tmp_path: Path) -> None:
    network = imported(tmp_path, [RELU], {"x": [6, 3, 8, 8]})
    assert (network.batch, network.instances()[0].input_shapes) == (6, ((3, 8, 8),))


def test_unnamed_nodes_are_called_after_their_output(tmp_path: Path) -> None:
    assert imported(tmp_path, [helper.make_node("Relu", ["x"], ["y"])], {"x": [1, 4]}).order() == ["x", "y"]


def test_repeated_node_names_are_told_apart(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["a"], name="r"), helper.make_node("Relu", ["a"], ["y"], name="r")]
    assert imported(tmp_path, nodes, {"x": [1, 4]}).order() == ["x", "r", "r#2"]


def test_identity_chains_vanish_on_weights_and_on_activations(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Identity", ["w"], ["w1"]),
        helper.make_node("Identity", ["w1"], ["w2"]),
        helper.make_node("Identity", ["x"], ["x1"]),
        helper.make_node("Cast", ["x1"], ["x2"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["x2", "w2"], ["y"], name="conv"),
    ]
    network = imported(tmp_path, nodes, {"x": [1, 3, 8, 8]}, [weights("w", 4, 3, 3, 3)])
    assert [(i.name, i.producers) for i in network.instances()] == [("conv", ("x",))]


def test_weights_may_be_outputs_of_nodes(tmp_path: Path) -> None:
    shape = numpy_helper.from_array(np.array([4, 3, 3, 3]), "shape")
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["w"]),
        helper.make_node("Constant", [], ["b"], value=weights("value", 4)),
        helper.make_node("Conv", ["x", "w", "b"], ["y"], name="conv"),
    ]
    network = imported(tmp_path, nodes, {"x": [1, 3, 8, 8]}, [shape])
    assert layers(network) == [Conv("conv", 4, (3, 3), bias=True)]


def test_shape_arithmetic_of_exporters_is_folded(tmp_path: Path) -> None:
    """x.view(x.shape[0], -1), as torch exports it with an open batch."""
    zero, rest = numpy_helper.from_array(np.array(0), "zero"), numpy_helper.from_array(np.array([-1]), "rest")
    axes = numpy_helper.from_array(np.array([0]), "axes")
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"], axis=0),
        helper.make_node("Unsqueeze", ["n", "axes"], ["n1"]),
        helper.make_node("Concat", ["n1", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"], name="view"),
    ]
    network = imported(tmp_path, nodes, {"x": ["batch", 3, 4, 4]}, [zero, rest, axes], batch=7)
    assert layers(network) == [Flatten("view")]
    assert network.instances()[0].output_shape == (48,)


def test_scale_and_shift_by_constants_are_a_normalisation(tmp_path: Path) -> None:
    nodes = [helper.make_node("Mul", ["x", "s"], ["a"], name="scale"), helper.make_node("Add", ["b", "a"], ["y"], name="shift")]
    network = imported(tmp_path, nodes, {"x": [1, 8, 4, 4]}, [weights("s", 8, 1, 1), weights("b", 8, 1, 1)])
    assert layers(network) == [BatchNorm("scale", shift=False, size=8), BatchNorm("shift", scale=False, size=8)]
    assert network.parameters() == 16


def test_matrix_products_with_weights_are_linear_and_others_are_not(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["q"], name="query"),
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 1], name="transpose"),
        helper.make_node("MatMul", ["q", "t"], ["y"], name="scores"),
    ]
    network = imported(tmp_path, nodes, {"x": [2, 5, 16]}, [weights("w", 16, 16)])
    assert [type(layer) for layer in layers(network)].count(Linear) == 1
    scores = network.select("scores")[0]
    assert isinstance(scores.layer, MatMul)
    assert (scores.output_shape, scores.macs, scores.producers) == ((5, 5), 2 * 5 * 5 * 16, ("query", "transpose"))


@pytest.mark.parametrize(("transposed", "shape"), [(0, (20, 10)), (1, (10, 20))])
def test_gemm_takes_its_features_from_the_right_side(tmp_path: Path, transposed: int, shape: tuple[int, int]) -> None:
    node = helper.make_node("Gemm", ["x", "w"], ["y"], name="fc", transB=transposed, alpha=0.5)
    network = imported(tmp_path, [node], {"x": [1, 20]}, [weights("w", *shape)])
    assert layers(network) == [Linear("fc", 10, bias=False)]


@pytest.mark.parametrize(
    ("mode", "padding"),
    [("SAME_UPPER", (0, 0, 1, 1)), ("SAME_LOWER", (1, 1, 0, 0)), ("VALID", (0, 0, 0, 0)), ("NOTSET", (1, 0, 2, 3))],
)
def test_auto_pad_becomes_padding(tmp_path: Path, mode: str, padding: tuple[int, ...]) -> None:
    pads = {"pads": [1, 0, 2, 3]} if mode == "NOTSET" else {}
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv", auto_pad=mode, strides=[2, 2], **pads)
    network = imported(tmp_path, [node], {"x": [1, 3, 8, 8]}, [weights("w", 4, 3, 3, 3)])
    assert layers(network) == [Conv("conv", 4, (3, 3), (2, 2), padding)]


def test_conv_attributes_reach_the_layer(tmp_path: Path) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv", group=2, dilations=[2, 1], pads=[1, 2, 1, 2])
    network = imported(tmp_path, [node], {"x": [1, 4, 9, 9]}, [weights("w", 6, 2, 3, 3)])
    assert layers(network) == [Conv("conv", 6, (3, 3), padding=(1, 2, 1, 2), dilation=(2, 1), groups=2)]


def test_ceil_mode_agrees_with_onnx(tmp_path: Path) -> None:
    node = helper.make_node("MaxPool", ["x"], ["y"], name="pool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    assert imported(tmp_path, [node], {"x": [1, 3, 8, 8]}).instances()[0].output_shape == (3, 4, 4)


@pytest.mark.parametrize("keep", [0, 1])
def test_a_mean_over_height_and_width_is_a_global_pool(tmp_path: Path, keep: int) -> None:
    node = helper.make_node("ReduceMean", ["x"], ["y"], name="mean", axes=[2, 3], keepdims=keep)
    network = imported(tmp_path, [node], {"x": [1, 3, 8, 8]})
    assert isinstance(layers(network)[0], GlobalPool)
    assert network.instances()[-1].output_shape == ((3, 1, 1) if keep else (3,))


def test_axes_lose_the_batch(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Concat", ["x", "x"], ["a"], axis=2, name="cat"),
        helper.make_node("Softmax", ["a"], ["y"], axis=-1, name="s"),
    ]
    assert layers(imported(tmp_path, nodes, {"x": [1, 3, 4]})) == [Concat("cat", axis=1), Softmax("s", axis=-1)]


def test_optional_inputs_may_be_absent(tmp_path: Path) -> None:
    top = numpy_helper.from_array(np.array(6, np.float32), "top")
    network = imported(tmp_path, [helper.make_node("Clip", ["x", "", "top"], ["y"], name="relu6")], {"x": [1, 4]}, [top])
    assert layers(network) == [Activation("relu6", "clip")]


def test_local_functions_are_inlined(tmp_path: Path) -> None:
    opset = helper.make_opsetid("", 17)
    nodes = [helper.make_node("Relu", ["a"], ["m"]), helper.make_node("Sigmoid", ["m"], ["b"])]
    function = helper.make_function("mine", "Both", ["a"], ["b"], nodes, [opset])
    node = helper.make_node("Both", ["x"], ["y"], domain="mine")
    network = imported(
        tmp_path, [node], {"x": [1, 4]}, opset_imports=[opset, helper.make_opsetid("mine", 1)], functions=[function]
    )
    assert [layer.function for layer in layers(network) if isinstance(layer, Activation)] == ["relu", "sigmoid"]


def test_external_weights_need_not_be_there(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv")
    onnx.save(
        onnx.load(save(path, [node], {"x": [1, 3, 8, 8]}, [weights("w", 64, 3, 3, 3)])),
        path,
        save_as_external_data=True,
        location="w.bin",
    )
    (tmp_path / "w.bin").unlink()
    assert load_onnx(path).parameters() == 64 * 27


def test_unsupported_operators_are_counted_and_listed_all_at_once(tmp_path: Path) -> None:
    names = ["x", "b0", "b1", "b2", "b"]
    nodes = [
        *(helper.make_node("Bernoulli", [a], [b], name=f"draw{n}") for n, (a, b) in enumerate(pairwise(names))),
        helper.make_node("Relu", ["b"], ["c"], name="relu"),
        helper.make_node("Det", ["c"], ["y"], name="det"),
    ]
    listed = r"unsupported operators: Bernoulli \(4x: draw0, draw1, draw2, \.\.\.\); Det \(1x: det\); .*--skip-unsupported"
    with pytest.raises(InputError, match=listed):
        imported(tmp_path, nodes, {"x": [1, 3, 8, 8]})


def test_unsupported_uses_are_listed_all_at_once(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="conv4d"),
        helper.make_node("Conv", ["x", "a"], ["b"], name="computed"),
        helper.make_node("MaxPool", ["b"], ["y"], name="pool4d", kernel_shape=[1, 1, 1, 1]),
    ]
    expected = (
        r"Conv of 4 dimensions \(1x: conv4d\); Conv with weights that are computed \(1x: computed\); "
        r"MaxPool of 4 dimensions \(1x: pool4d\)"
    )
    with pytest.raises(InputError, match=expected):
        imported(tmp_path, nodes, {"x": [1, 3, 8, 8, 8, 8]}, [weights("w", 4, 3, 3, 3, 3, 3)])


def test_an_operator_of_another_domain_is_not_taken_for_onnx_own(tmp_path: Path) -> None:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    with pytest.raises(InputError, match=r"unsupported operators: Conv \(1x: odd\)"):
        imported(
            tmp_path, [helper.make_node("Conv", ["x"], ["y"], name="odd", domain="mine")], {"x": [1, 4]}, opset_imports=opsets
        )


def test_open_dimensions_other_than_the_batch_are_named_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'x': dimension 2 \('height'\) has no size") as caught:
        imported(tmp_path, [RELU], {"x": ["N", 3, "height", "width"]})
    assert "dimension 3 ('width')" in str(caught.value)


def test_inputs_of_different_batches_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="its tensor shapes do not fit together"):
        imported(tmp_path, [helper.make_node("Mul", ["x", "z"], ["y"])], {"x": [2, 4], "z": [3, 4]})


def test_an_input_with_another_first_axis_has_no_batch(tmp_path: Path) -> None:
    network = imported(tmp_path, [helper.make_node("Add", ["x", "z"], ["y"])], {"x": [5, 4], "z": [4]})
    assert (network.batch, network.instances()[0].input_shapes) == (5, ((4,), (4,)))


def test_where_the_first_axis_is_no_batch_there_is_none(tmp_path: Path) -> None:
    """A vector of 4 values that is added to each of 5 rows: the 4 are no images, and no other batch can be asked for."""
    nodes, inputs = [helper.make_node("Add", ["z", "x"], ["y"])], {"z": [4], "x": [5, 4]}
    network = imported(tmp_path, nodes, inputs)
    assert (network.batch, network.instances()[0].input_shapes) == (1, ((4,), (5, 4)))
    with pytest.raises(InputError, match=r"expected no --batch .*Add 'y' joins images with a tensor that has no batch"):
        imported(tmp_path, nodes, inputs, batch=2)


@pytest.mark.parametrize("operator", ["AveragePool", "MaxPool"])
@pytest.mark.parametrize(("stride", "kind"), [(1, Identity), (2, Pool)])
def test_a_pool_of_single_values_at_stride_1_is_the_identity(tmp_path: Path, operator: str, stride: int, kind: type) -> None:
    node = helper.make_node(operator, ["x"], ["y"], name="pool", kernel_shape=[1, 1], strides=[stride, stride])
    assert [type(layer) for layer in layers(imported(tmp_path, [node], {"x": [1, 3, 6, 6]}))] == [kind]


def test_a_padded_pool_of_single_values_is_no_identity(tmp_path: Path) -> None:
    node = helper.make_node("MaxPool", ["x"], ["y"], name="pool", kernel_shape=[1, 1], pads=[0, 0, 1, 1])
    assert imported(tmp_path, [node], {"x": [1, 3, 6, 6]}).instances()[0].output_shape == (3, 7, 7)


POOL = {"kernel_shape": [3, 3], "name": "pool"}


@pytest.mark.parametrize(
    ("node", "extent", "says"),
    [
        (RELU, 2**40, "input 'x'"),
        (RELU, 2**62, "input 'x'"),
        (helper.make_node("MaxPool", ["x"], ["y"], **POOL, strides=[2**40, 1]), 8, "strides of node 'pool'"),
        (helper.make_node("MaxPool", ["x"], ["y"], **POOL, pads=[0, 0, 2**62, 0]), 8, "pads of node 'pool'"),
        (helper.make_node("Flatten", ["x"], ["y"]), 2**30, "tensor 'y'"),
    ],
)
def test_sizes_beyond_32_bits_are_refused(tmp_path: Path, node: onnx.NodeProto, extent: int, says: str) -> None:
    with pytest.raises(InputError, match=rf"net\.onnx: {says}: expected sizes of at most 2147483647, got \d+"):
        imported(tmp_path, [node], {"x": [1, 3, extent, 8]})


def test_shapes_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"net\.onnx: its tensor shapes do not fit together"):
        imported(tmp_path, [helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": [1, 8]}, [weights("w", 9, 4)])


def test_weights_that_do_not_fit_their_input_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"net\.onnx: layer 'y' \(Conv\): expected 5 inputs, as its weights have, got 3"):
        imported(tmp_path, [helper.make_node("Conv", ["x", "w"], ["y"])], {"x": [1, 3, 8, 8]}, [weights("w", 4, 5, 3, 3)])


def test_a_second_output_in_use_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Dropout", ["x"], ["a", "mask"], name="drop"), helper.make_node("Cast", ["mask"], ["y"], to=1)]
    with pytest.raises(InputError, match="node 'y' reads 'mask', a second output, which is not supported"):
        imported(tmp_path, nodes, {"x": [1, 4]})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected an ONNX model, got a file without any node"),
        (b"Layer name, IFMAP Height,\n", "expected an ONNX model, got bytes that do not parse as one"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "expected an ONNX model, got bytes that do not parse as one"),
        ((GOLDEN / "resnet18.onnx").read_bytes()[:12_000], "expected an ONNX model, got bytes that do not parse as one"),
    ],
)
def test_a_file_that_is_not_a_model_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"broken.onnx: {message}"):
        load_onnx(path)


@pytest.mark.parametrize("length", range(1000, 24_000, 1234))
def test_no_truncation_gives_anything_but_one_clear_error(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes((GOLDEN / "resnet18.onnx").read_bytes()[:length])
    with pytest.raises(InputError, match=r"cut\.onnx: expected"):
        load_onnx(path)


def test_an_invalid_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a valid ONNX model, got one that is broken"):
        imported(tmp_path, [helper.make_node("Relu", ["nowhere"], ["y"])], {"x": [1, 4]})


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(InputError, match="expected an ONNX file, but it cannot be read"):
            load_onnx(path)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_onnx(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "onnx":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_onnx)
    with pytest.raises(InputError, match=r"needs the package onnx; pip install 'simcore\[onnx\]'"):
        load_onnx(GOLDEN / "alexnet.onnx")
