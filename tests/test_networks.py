"""The graph of layers, and the registered networks against published counts."""

from pathlib import Path

import networkx as nx
import pytest

from simcore.errors import InputError
from workloads.layers import Activation, Add, Conv, Flatten, Input, Linear, Mul
from workloads.load import load_network
from workloads.network import Network, NetworkBuilder, from_graph
from workloads.networks import NETWORKS, resnet18


def chain() -> nx.DiGraph:
    """image -> conv1 -> relu1 -> flatten -> fc."""
    graph = nx.DiGraph()
    layers = [Input("image", (3, 8, 8)), Conv("conv1", 4, (3, 3)), Activation("relu1"), Flatten("flatten"), Linear("fc", 10)]
    for layer in layers:
        graph.add_node(layer.name, layer=layer)
    nx.add_path(graph, [layer.name for layer in layers])
    return graph


@pytest.mark.parametrize(
    ("name", "macs", "parameters"),
    [
        # torchvision's definitions, traced.
        ("alexnet", 714_188_480, 61_100_840),
        ("vgg16", 15_470_264_320, 138_357_544),
        ("resnet18", 1_814_073_344, 11_689_512),
        # The CIFAR variants in common use: 11.17 M and 14.73 M parameters, 0.56 G and 0.31 G multiply-accumulates.
        ("resnet18-32", 555_422_720, 11_173_962),
        ("vgg16-32", 313_201_664, 14_728_266),
        ("lenet5", 416_520, 61_706),
        # By hand: 64 x 9 x 8 + 16 x 72 x 16 + 64 x 10, and for the other likewise.
        ("small-cnn", 23_680, 1_898),
        (
            "vgg-like",
            64 * 16 * 9 * (1 + 16) + 16 * 32 * 9 * (16 + 32) + 128 * 64 + 64 * 10,
            16 * (10 + 2) + 16 * (16 * 9 + 1 + 2) + 32 * (16 * 9 + 1 + 2) + 32 * (32 * 9 + 1 + 2) + 64 * 129 + 10 * 65,
        ),
    ],
)
def test_registered_networks_have_the_published_counts(name: str, macs: int, parameters: int) -> None:
    network = NETWORKS[name]()
    assert (network.name, network.macs(), network.parameters()) == (name, macs, parameters)


def test_batch_multiplies_macs_and_leaves_parameters() -> None:
    one, four = resnet18(), resnet18(batch=4)
    assert four.macs() == 4 * one.macs() == 4 * four.macs_per_image()
    assert four.parameters() == one.parameters()
    assert one.with_batch(4).instances() == four.instances()


def test_every_layer_follows_its_producers() -> None:
    network = resnet18()
    done = {"image"}
    for instance in network.instances():
        assert set(instance.producers) <= done
        done.add(instance.name)
    assert done == set(network.order())


def test_order_does_not_depend_on_how_edges_were_added() -> None:
    graph = chain()
    other = nx.DiGraph()
    other.add_nodes_from(graph.nodes(data=True))
    other.add_edges_from(reversed(list(graph.edges)))
    assert from_graph(other).order() == from_graph(graph).order() == list(graph)


def test_instances_carry_shapes_and_leave_inputs_out() -> None:
    instances = from_graph(chain(), "chain", batch=2).instances()
    assert [instance.name for instance in instances] == ["conv1", "relu1", "flatten", "fc"]
    conv = instances[0]
    assert (conv.input_shapes, conv.output_shape, conv.producers) == (((3, 8, 8),), (4, 6, 6), ("image",))
    assert (conv.batch, conv.macs, conv.parameters) == (2, 2 * 4 * 36 * 27, 108)


def test_edges_carry_the_shape_of_their_tensor() -> None:
    assert from_graph(chain()).graph.edges["conv1", "relu1"]["shape"] == (4, 6, 6)


def test_a_layer_may_read_the_same_tensor_twice() -> None:
    builder = NetworkBuilder("square")
    source = builder.add(Input("x", (5,)))
    builder.add(Mul("square"), [source, source])
    assert builder.build().instances()[0].producers == ("x", "x")


def test_operand_order_can_be_named_on_the_edges() -> None:
    graph = nx.DiGraph()
    graph.add_node("a", layer=Input("a", (2, 3)))
    graph.add_node("b", layer=Input("b", (3,)))
    graph.add_node("sum", layer=Add("sum"))
    graph.add_edge("a", "sum", operand=1)
    graph.add_edge("b", "sum", operand=0)
    assert from_graph(graph).instances()[0].producers == ("b", "a")


def test_the_network_is_a_copy_that_later_edits_do_not_reach() -> None:
    graph = chain()
    network = from_graph(graph)
    graph.remove_node("fc")
    assert "fc" in network.order()
    with pytest.raises(nx.NetworkXError):
        network.graph.remove_node("fc")


def test_select_matches_names_in_execution_order() -> None:
    network = resnet18()
    assert [instance.name for instance in network.select(["fc", "layer1.0.conv*"])] == ["layer1.0.conv1", "layer1.0.conv2", "fc"]


def test_scale_sim_shapes_change_every_convolution() -> None:
    network = resnet18().with_scale_sim_shapes()
    assert network.select("conv1")[0].output_shape == (64, 113, 113)
    assert resnet18().select("conv1")[0].output_shape == (64, 112, 112)


def with_edge(source: str, target: str) -> nx.DiGraph:
    graph = chain()
    graph.add_edge(source, target)
    return graph


def duplicate_name() -> nx.DiGraph:
    graph = chain()
    graph.add_node("other", layer=Conv("conv1", 4, (3, 3)))
    return graph


def dangling_input() -> nx.DiGraph:
    graph = chain()
    graph.remove_edge("image", "conv1")
    return graph


def wrong_shape() -> nx.DiGraph:
    """A convolution that reads a vector."""
    graph = chain()
    graph.remove_node("flatten")
    graph.add_node("conv2", layer=Conv("conv2", 4, (3, 3)))
    graph.add_edge("fc", "conv2")
    graph.add_edge("relu1", "fc")
    graph.nodes["fc"]["layer"] = Flatten("fc")
    return graph


def operand_gap() -> nx.DiGraph:
    graph = chain()
    graph.edges["image", "conv1"]["operand"] = 1
    return graph


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: with_edge("relu1", "conv1"),
            "network 'n': expected a graph without cycles, got the cycle (conv1 -> relu1 -> conv1|relu1 -> conv1 -> relu1)",
        ),
        (
            lambda: with_edge("relu", "fc"),
            "node 'relu': expected an attribute 'layer' holding a Layer, got none; did you mean 'relu1'",
        ),
        (duplicate_name, "two layers named 'conv1' \\(nodes 'conv1' and 'other'\\)"),
        (dangling_input, "layer 'conv1' \\(conv\\): expected 1 input, got 0 \\(its inputs: nothing\\)"),
        (lambda: with_edge("image", "fc"), "layer 'fc' \\(linear\\): expected 1 input, got 2"),
        (wrong_shape, "layer 'conv2' .*got \\(144,\\) \\(its inputs: 'fc' \\(144,\\)\\)"),
        (operand_gap, "layer 'conv1': expected its inputs to take the positions 0 to 0 once each, got \\[1\\]"),
        (nx.DiGraph, "expected at least one layer, got an empty graph"),
        (nx.Graph, "expected a networkx.DiGraph, got Graph"),
        (nx.MultiDiGraph, "expected a networkx.DiGraph, got MultiDiGraph"),
    ],
)
def test_a_bad_graph_is_refused_with_its_fault_named(build, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_graph(build(), "n")


def test_a_pattern_like_no_layer_names_a_few() -> None:
    with pytest.raises(InputError, match=r"no layer matches '@@@'; of \d+ the nearest: ([\w.]+, ){4}[\w.]+$"):
        resnet18().select("@@@")


@pytest.mark.parametrize("batch", [0, -1, 1.5, True, 65_537, 10**20])
def test_batch_is_one_image_to_65536(batch) -> None:
    with pytest.raises(InputError, match=r"network 'chain': expected a batch of at (least 1 image|most 65536 images), got"):
        Network("chain", chain(), batch)


def test_a_pattern_that_matches_nothing_names_the_nearest_layer() -> None:
    with pytest.raises(InputError, match=r"no layer matches 'layer1.0.conv3'; did you mean 'layer1.0.conv"):
        resnet18().select("layer1.0.conv3")


def test_an_unknown_layer_names_the_nearest() -> None:
    with pytest.raises(InputError, match="no layer 'conv_1'; did you mean 'conv1'"):
        from_graph(chain()).layer("conv_1")


def test_the_builder_refuses_unknown_inputs_and_taken_names() -> None:
    builder = NetworkBuilder("n")
    builder.add(Input("image", (3, 8, 8)))
    with pytest.raises(InputError, match="layer 'conv1' reads 'imag', which does not exist; did you mean 'image'"):
        builder.add(Conv("conv1", 4, (3, 3)), ["imag"])
    with pytest.raises(InputError, match="two layers named 'image'"):
        builder.add(Input("image", (3, 8, 8)))


def test_load_network_knows_names_and_files(tmp_path: Path) -> None:
    assert load_network("lenet5", batch=3).batch == 3
    path = tmp_path / "net.csv"
    path.write_text("g, 4, 5, 6,\n")
    assert load_network(path, batch=2).macs() == 2 * 4 * 5 * 6


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet-18", "no network named 'resnet-18', and no .onnx or .csv file; did you mean 'resnet18'"),
        ("nothing", "no network named 'nothing', .*known: alexnet, alexnet-32, lenet5"),
        ("net.txt", "net.txt: expected the name of a network, a file ending in .onnx or .csv, or FILE.py:NAME"),
        ("missing.onnx", "missing.onnx: expected an ONNX file, but it cannot be read"),
        ("x" * 300, "no network named 'x{80}', and no .onnx or .csv file"),
        ("missing.csv", "missing.csv: expected a readable file, got: No such file or directory"),
    ],
)
def test_load_network_says_what_it_looked_for(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_network(name)
