"""Heads of queries that share a head of keys are rows of one product, however the exporter repeats the keys."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from simcore import simulate
from workloads.importers.onnx import load_onnx
from workloads.layers import MatMul, Repeat
from workloads.network import Network

SHARED, EACH, TOKENS, WIDTH = 2, 3, 5, 4
HEADS = SHARED * EACH


def attention(
    path: Path,
    *,
    axis: int = 2,
    results: tuple[str, ...] = ("y",),
    fusion: bool = True,
    read_again: bool = False,
    padding: tuple[int, ...] = (),
) -> Network:
    """Queries of six heads over keys and values of two, each repeated along a new axis, as exporters write it."""
    spread = [1, SHARED, TOKENS, WIDTH]
    spread.insert(axis, EACH)
    tensors = [
        numpy_helper.from_array(np.array(value, np.int64), name)
        for name, value in (("new", [axis]), ("spread", spread), ("whole", [1, HEADS, TOKENS, WIDTH]))
    ]
    tensors += [
        numpy_helper.from_array(np.array(0.5, np.float32), "half"),
        numpy_helper.from_array(np.zeros((TOKENS, TOKENS), np.float32), "mask"),
    ]
    steps = []
    for name in ("k", "v"):
        steps += [
            ("Unsqueeze", f"{name} new", f"{name}.a"), ("Expand", f"{name}.a spread", f"{name}.b"),
            ("Reshape", f"{name}.b whole", f"{name}.c"),
        ]  # fmt: skip
    steps += [
        ("Transpose", "k.c", "t"),
        ("MatMul", "q t", "s"),
        ("Mul", "s half", "m"),
        ("Add", "m row" if padding else "m mask", "n"),
    ]
    steps += [("Softmax", "n", "w"), ("MatMul", "w v.c", "o"), ("Relu", "o", "y")]
    steps += [("Relu", "k.c", "again")] if read_again else []
    nodes = [
        helper.make_node(op, ins.split(), [out], name=out, **({"perm": [0, 1, 3, 2]} if op == "Transpose" else {}))
        for op, ins, out in steps
    ]
    shapes = {"q": HEADS, "k": SHARED, "v": SHARED}
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, heads, TOKENS, WIDTH]) for name, heads in shapes.items()]
    given += [helper.make_tensor_value_info("row", TensorProto.FLOAT, padding)] if padding else []
    gives = [helper.make_tensor_value_info(name, TensorProto.FLOAT, []) for name in results]
    graph = helper.make_graph(nodes, "graph", given, gives, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path / "net.onnx")
    return load_onnx(path / "net.onnx", fusion=fusion)


def products(found: Network) -> list[tuple[int, ...]]:
    return [each.output_shape for each in found.instances() if isinstance(each.layer, MatMul)]


def test_keys_and_values_are_read_once_for_all_heads_that_share_them(tmp_path: Path) -> None:
    found, apart = attention(tmp_path), attention(tmp_path, fusion=False)
    assert products(found) == [(SHARED, EACH * TOKENS, TOKENS), (SHARED, EACH * TOKENS, WIDTH)]
    assert products(apart) == [(HEADS, TOKENS, TOKENS), (HEADS, TOKENS, WIDTH)]
    assert found.macs() == apart.macs() == 2 * HEADS * TOKENS * TOKENS * WIDTH
    assert not any(isinstance(each.layer, Repeat) for each in found.instances())
    read = simulate(found, "ideal-titan-xp").layers.set_index("layer")["dram_read_bytes"]
    assert int(read["s"]) == 4 * (HEADS + SHARED) * TOKENS * WIDTH
    assert int(read["o"]) == 4 * (HEADS * TOKENS * TOKENS + SHARED * TOKENS * WIDTH)


def test_scale_and_mask_join_the_product_and_scores_stay_on_chip(tmp_path: Path) -> None:
    found = attention(tmp_path)
    rows = simulate(found, "ideal-titan-xp").layers
    assert rows[rows["cycles"] > 0]["layer"].tolist() == ["s", "w", "o"]
    kept = simulate(found, "edge-sram", overrides=["attention=flash"]).tables()["attention"]
    assert kept[["attention", "attention_parts"]].to_numpy().tolist() == [["flash", "s, m, n, w"]]


def test_heads_that_are_repeated_in_turn_stay_as_they_are(tmp_path: Path) -> None:
    """The whole of the keys comes three times, so heads that share keys do not stand side by side."""
    assert products(attention(tmp_path, axis=1)) == [(HEADS, TOKENS, TOKENS), (HEADS, TOKENS, WIDTH)]


def test_a_mask_of_padding_is_added_to_all_rows(tmp_path: Path) -> None:
    """It has a value for each key, and scores stay on chip. A mask with a value for each score keeps the heads apart."""
    found = attention(tmp_path, padding=(1, 1, 1, TOKENS))
    assert products(found) == [(SHARED, EACH * TOKENS, TOKENS), (SHARED, EACH * TOKENS, WIDTH)]
    kept = simulate(found, "edge-sram", overrides=["attention=flash"]).tables()["attention"]
    assert kept["attention_parts"].tolist() == ["s, m, n, w"]
    whole = attention(tmp_path, padding=(1, 1, TOKENS, TOKENS))
    assert whole.macs() == found.macs()
    assert {each.name: each.output_shape for each in whole.instances()}["n"] == (HEADS, TOKENS, TOKENS)


@pytest.mark.parametrize("kept", ["s", "w", "o"])
def test_scores_or_weights_that_leave_the_graph_keep_their_shape(tmp_path: Path, kept: str) -> None:
    found = attention(tmp_path, results=("y", kept))
    shapes = {each.name: each.output_shape for each in found.instances()}
    assert shapes[kept] == (HEADS, TOKENS, WIDTH if kept == "o" else TOKENS)


def test_repeated_keys_that_another_layer_reads_are_still_there(tmp_path: Path) -> None:
    found = attention(tmp_path, results=("y", "again"), read_again=True)
    assert products(found) == [(SHARED, EACH * TOKENS, TOKENS), (SHARED, EACH * TOKENS, WIDTH)]
    (again,) = (each for each in found.instances() if each.name == "again")
    assert (again.producers, prod(again.output_shape)) == (("k.b",), HEADS * TOKENS * WIDTH)
