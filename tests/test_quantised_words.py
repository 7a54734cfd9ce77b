"""Tensors of a quantised graph have words of their own sizes: bytes counted by hand, on machines of every kind."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import onnx
import pytest
from command_line import invoke
from equality import Case, check_case
from machines import ANY, draw_layer, draw_system, instance_of
from onnx import TensorProto, helper, numpy_helper

from simcore import InputError, simulate
from workloads.dataflow.word_sizes import word_sizes
from workloads.importers.onnx import load_onnx
from workloads.layer_words import LayerWords
from workloads.layers import Add, Conv, Input, MatMul
from workloads.network import Network, from_graph

FLOAT = TensorProto.FLOAT
ROOM = tuple(f"scratchpads.{name}.capacity_bytes=1 MiB" for name in ("ifmap", "filter", "ofmap", "accumulator"))


def graph(path: Path, nodes: list[tuple[str, str, str]], weights: dict[str, tuple[Any, ...]], shape: list[int]) -> Network:
    """Import (operator, inputs, outputs) over ``x``; ``scale`` and ``zero`` are numbers, weights have a type and a shape."""
    made = [helper.make_node(op, ins.split(), outs.split(), name=outs.split()[0], **_attributes(op)) for op, ins, outs in nodes]
    tensors = [numpy_helper.from_array(np.array(0.5, np.float32), "scale"), numpy_helper.from_array(np.array(0, np.int8), "zero")]
    tensors += [numpy_helper.from_array(np.zeros(extents, kind), name) for name, (kind, *extents) in weights.items()]
    values = helper.make_tensor_value_info("x", FLOAT, shape)
    whole = helper.make_graph(made, "graph", [values], [helper.make_tensor_value_info("y", FLOAT, [])], tensors)
    onnx.save(helper.make_model(whole, opset_imports=[helper.make_opsetid("", 19)], ir_version=9), path / "net.onnx")
    return load_onnx(path / "net.onnx")


def _attributes(op: str) -> dict[str, Any]:
    if op == "MaxPool":
        return {"kernel_shape": [2, 2], "strides": [2, 2]}
    return {"Conv": {"pads": [1, 1, 1, 1]}, "Cast": {"to": FLOAT}}.get(op, {})


def rounded(before: str, after: str) -> list[tuple[str, str, str]]:
    """Quantise a tensor and dequantise it again, as exporters write it."""
    return [
        ("QuantizeLinear", f"{before} scale zero", f"{after}.q"),
        ("DequantizeLinear", f"{after}.q scale zero", after),
    ]


def image_net(path: Path) -> Network:
    """A convolution, a ReLU, a pool, a new shape and a linear layer whose results stay floats."""
    weights = {"w": (np.int8, 8, 4, 3, 3), "v": (np.int8, 128, 10)}
    nodes = [
        *rounded("x", "a"),
        *(("DequantizeLinear", f"{name} scale zero", f"{name}.d") for name in weights),
        ("Conv", "a w.d", "c"), ("Relu", "c", "r"), *rounded("r", "b"),
        ("MaxPool", "b", "p"), *rounded("p", "e"),
        ("Flatten", "e", "f"), ("MatMul", "f v.d", "y"),
    ]  # fmt: skip
    return graph(path, nodes, weights, [1, 4, 8, 8])


#: Bytes in and out, where words of floats have four bytes: images of 8 x 8 and 4 x 4, 8 x 4 filters of 3 x 3, a 128 x 10 matrix.
BYTES = {"c": (4 * 64 + 8 * 4 * 9, 8 * 64), "p": (8 * 64, 8 * 16), "y": (128 + 1280, 4 * 10)}


@pytest.mark.parametrize("system", ["titan-xp", "ideal-titan-xp"])
def test_bytes_of_a_quantised_image_network_by_hand(tmp_path: Path, system: str) -> None:
    layers = simulate(image_net(tmp_path), system).layers.set_index("layer")
    moved = {
        name: (int(row["dram_read_bytes"]), int(row["dram_write_bytes"])) for name, row in layers.iterrows() if row["cycles"]
    }
    assert moved == BYTES


def test_scratchpads_hold_the_same_bytes(tmp_path: Path) -> None:
    """Words of a machine of four bytes: results of the linear layer alone have them. Both engines agree on every table."""
    words = (*(f"words.{name}_bytes=4" for name in ("ifmap", "filter", "ofmap")), "words.of_quantised=graph")
    network = image_net(tmp_path)
    found = [simulate(network, "edge-sram", overrides=[*ROOM, *words], engine=engine) for engine in ("compiled", "simpy")]
    rows = found[0].layers.set_index("layer")
    moved = {name: (int(row["dram_read_bytes"]), int(row["dram_write_bytes"])) for name, row in rows.iterrows() if row["cycles"]}
    assert moved == BYTES
    for name, table in found[0].tables().items():
        assert table.equals(found[1].tables()[name]), name


def test_without_fusion_what_lies_between_has_the_machines_words(tmp_path: Path) -> None:
    layers = simulate(image_net(tmp_path), "titan-xp", overrides=["fuse=false"]).layers.set_index("layer")
    assert int(layers["dram_write_bytes"]["c"]) == 4 * 8 * 64
    assert (int(layers["dram_read_bytes"]["r"]), int(layers["dram_write_bytes"]["r"])) == (4 * 8 * 64, 8 * 64)


@pytest.mark.parametrize("how", ["words.ofmap_bytes=2", "words.of_quantised=machine"])
def test_words_that_the_user_gives_hold(tmp_path: Path, how: str) -> None:
    layers = simulate(image_net(tmp_path), "ideal-titan-xp", overrides=[how]).layers.set_index("layer")
    result = 2 if "ofmap" in how else 4
    assert (int(layers["dram_read_bytes"]["p"]), int(layers["dram_write_bytes"]["p"])) == (4 * 8 * 64, result * 8 * 16)


def test_integer_products_write_their_sums(tmp_path: Path) -> None:
    """Values quantised by their extremes, a product of int8 with sums of int32, scaled by a computed factor: 5 rows, 16 x 6."""
    nodes = [
        ("DynamicQuantizeLinear", "x", "q s z"),
        ("MatMulInteger", "q w z", "i"),
        ("Cast", "i", "f"),
        ("Mul", "f s", "y"),
    ]
    found = graph(tmp_path, nodes, {"w": (np.int8, 16, 6)}, [1, 5, 16])
    layers = simulate(found, "edge-sram").layers.set_index("layer")
    assert (int(layers["dram_read_bytes"]["i"]), int(layers["dram_write_bytes"]["i"])) == (5 * 16 + 16 * 6, 4 * 5 * 6)
    assert int(layers["dram_write_bytes"]["y"]) == 5 * 6  # floats have the machine's words, of one byte


def test_weights_alone_may_be_quantised(tmp_path: Path) -> None:
    """Two decoders' usual form: activations are floats, a matrix of 64 x 32 is int8 and turned in the graph."""
    nodes = [
        ("DequantizeLinear", "w scale zero", "d"),
        ("Transpose", "d", "t"),
        ("MatMul", "x t", "y"),
    ]
    layers = simulate(graph(tmp_path, nodes, {"w": (np.int8, 32, 64)}, [1, 3, 64]), "ideal-titan-xp").layers.set_index("layer")
    assert (int(layers["dram_read_bytes"]["y"]), int(layers["dram_write_bytes"]["y"])) == (4 * 3 * 64 + 64 * 32, 4 * 3 * 32)


def test_a_graph_that_quantises_nothing_has_the_machines_words(tmp_path: Path) -> None:
    found = graph(tmp_path, [("Relu", "x", "a"), ("MatMul", "a w", "y")], {"w": (np.float32, 8, 4)}, [1, 3, 8])
    assert not found.has_own_words()


def test_the_run_says_whose_words_hold(tmp_path: Path) -> None:
    image_net(tmp_path)
    asked = ("run", str(tmp_path / "net.onnx"), "--system", "titan-xp")
    said = "Network: tensors of the quantised graph have words of their own sizes"
    assert said in " ".join(invoke(*asked).stdout.split())
    assert said not in " ".join(invoke(*asked, "--set", "words.ifmap_bytes=4").stdout.split())


def test_a_roofline_without_a_peak_for_the_graphs_words_says_so(tmp_path: Path) -> None:
    """Float words have one byte on this machine; the graph's int32 values have none that it could multiply."""
    graph_: nx.DiGraph[str] = nx.DiGraph()
    graph_.add_node("x", layer=Input("x", (3, 4)), word_bytes=4)
    graph_.add_node("c", layer=MatMul("c"))
    graph_.add_node("z", layer=Input("z", (4, 5)))
    graph_.add_edges_from([("x", "c"), ("z", "c")])
    own = [
        "words.ifmap_bytes=1",
        "words.filter_bytes=1",
        "words.of_quantised=graph",
        "peak_macs_per_s={one_byte: 1 GMAC/s, four_bytes: null}",
    ]
    with pytest.raises(InputError, match=r"layer 'c': expected a peak for words of 4 bytes or wider, got none; .*of_quantised"):
        simulate(from_graph(graph_), "titan-xp", overrides=own)


def test_a_line_that_holds_no_whole_word_of_the_graph_is_told() -> None:
    graph_: nx.DiGraph[str] = nx.DiGraph()
    graph_.add_node("x", layer=Input("x", (3, 4, 4)), word_bytes=8)
    graph_.add_node("c", layer=Conv("c", 2, 1))
    graph_.add_edge("x", "c")
    lines = ["scratchpads.ifmap.line_bytes=4", "dma.burst_bytes=64"]
    with pytest.raises(InputError, match=r"layer 'c': .*words\.ifmap_bytes = 8, got 4; the graph gives this layer words"):
        simulate(from_graph(graph_), "edge-sram", overrides=lines)


def test_a_size_that_no_word_has_is_refused() -> None:
    graph_: nx.DiGraph[str] = nx.DiGraph()
    graph_.add_node("x", layer=Input("x", (3, 4, 4)), word_bytes=3)
    with pytest.raises(InputError, match="layer 'x': expected word_bytes of 1, 2, 4 or 8, got 3"):
        from_graph(graph_)


def test_operands_of_one_port_have_the_widest_words() -> None:
    words = simulate("lenet5", "ideal-titan-xp", layers="c1").system.words
    summed = replace(instance_of(Add("a"), ((4,), (4,))), words=LayerWords((1, 2), None, 1))
    assert word_sizes(summed, words) == {"ifmap_bytes": 2, "filter_bytes": 4, "ofmap_bytes": 1}
    multiplied = replace(instance_of(MatMul("m"), ((3, 4), (4, 5))), words=LayerWords((1, 2), None, None))
    assert word_sizes(multiplied, words) == {"ifmap_bytes": 1, "filter_bytes": 2, "ofmap_bytes": 4}


@pytest.mark.slow
def test_both_engines_agree_whatever_words_a_layers_tensors_have() -> None:
    for seed in range(4):
        pick = random.Random(seed).choice
        system = draw_system(pick, replace(ANY, word_bytes=(4,)))
        drawn = [draw_layer(pick) for _ in range(2)]
        sizes = [
            LayerWords(tuple(pick((1, 2, 4, None)) for _ in each.producers), pick((1, 4)), pick((1, 2, 4))) for each in drawn
        ]
        check_case(Case(system, tuple(replace(each, words=words) for each, words in zip(drawn, sizes, strict=True))))
