"""Tensors that their reader cannot fetch as they lie in memory are copied; all others are fetched as they are."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from simcore import simulate
from simcore.spec.load import load_system
from workloads.importers.layouts import (
    Layout,
    as_image,
    in_order,
    innermost,
    part,
    repeated,
    reshaped,
    reshaped_rows,
    run,
    transposed,
)
from workloads.importers.onnx import load_onnx
from workloads.network import Network

# Layouts against numpy's strides ----------------------------------------------------------------------------------------------


def places(layout: Layout) -> np.ndarray:
    """Return the word in memory of each value, index by index."""
    found = np.zeros((), np.int64)
    for axis in layout:
        words = np.zeros((), np.int64)
        for size, step in axis:
            words = words[..., None] + np.arange(size) * step
        found = found[..., None] + words.reshape(-1)
    return found


def memory(shape: tuple[int, ...]) -> np.ndarray:
    return np.arange(prod(shape)).reshape(shape)


def test_a_tensor_in_order_and_an_image() -> None:
    assert (places(in_order((2, 3, 4))) == memory((2, 3, 4))).all()
    assert (places(as_image((3, 2, 4))) == memory((2, 4, 3)).transpose(2, 0, 1)).all()


SHAPES = st.lists(st.integers(1, 6), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(SHAPES, st.data())
def test_views_lie_where_numpys_do(shape: list[int], data: st.DataObject) -> None:
    """A new shape without a layout is one for which numpy must copy a tensor that was turned once."""
    layout, values = in_order(tuple(shape)), memory(tuple(shape))
    for turn in range(3):
        order = data.draw(st.permutations(range(values.ndim)))
        layout, values = transposed(layout, order), values.transpose(order)
        assert (places(layout) == values).all()
        wanted = data.draw(st.sampled_from(_shapes_of(values.size)))
        found = reshaped(layout, wanted)
        if found is None:
            assert turn > 0 or not np.shares_memory(values, values.reshape(wanted))
            return
        layout, values = found, values.reshape(wanted)
        assert (places(layout) == values).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([2, 3, 4]), min_size=3, max_size=4), st.data())
def test_rows_stay_whole_in_every_new_shape_of_the_axes_around_them(shape: list[int], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(shape))))
    layout, values = transposed(in_order(tuple(shape)), order), memory(tuple(shape)).transpose(order)
    wanted = data.draw(st.sampled_from(_shapes_of(values.size)))
    found, exact = reshaped_rows(layout, wanted), reshaped(layout, wanted)
    assert exact is None or found == exact
    if found is None:
        return
    for axis in range(len(wanted)):
        if run(found, [axis]) > 1:
            sorted_words = np.sort(values.reshape(wanted), axis=axis)
            assert (np.diff(sorted_words, axis=axis).min(axis=axis) == 1).all()


def test_rows_of_a_window_may_be_put_into_a_grid_but_not_taken_apart() -> None:
    rows = transposed(in_order((8, 7, 5)), (1, 0, 2))
    assert reshaped(rows, (8, 7, 5)) is None
    found = reshaped_rows(rows, (8, 7, 5))
    assert found is not None
    assert (run(found, [2]), innermost(found)) == (5, 2)
    assert reshaped_rows(transposed(in_order((8, 7)), (1, 0)), (8, 7)) is None


def _shapes_of(size: int) -> list[tuple[int, ...]]:
    halves = [(first, size // first) for first in range(1, size + 1) if size % first == 0]
    return [(size,), *halves, *[(a, b, c // b) for a, c in halves for b in range(1, c + 1) if c % b == 0]][:60]


def test_parts_and_repeated_values() -> None:
    layout = transposed(in_order((2, 3, 4)), (2, 0, 1))
    values = memory((2, 3, 4)).transpose(2, 0, 1)
    assert (places(part(layout, (4, 2, 3), (2, 2, 3)) or ()) == values[:2]).all()
    assert (places(part(layout, (4, 2, 3), (4, 3)) or ()) == values[:, 0]).all()
    assert part(layout, (4, 2, 3), (7,)) is None
    assert (places(repeated(in_order((1, 3)), (1, 3), (5, 2, 3))) == np.broadcast_to(memory((1, 3)), (5, 2, 3))).all()


@pytest.mark.parametrize(("axes", "words"), [([0], 1), ([1], 1), ([2], 4), ([1, 2], 12), ([0, 2], 4), ([0, 1, 2], 24)])
def test_a_run_is_the_neighbouring_words_of_some_axes_in_whatever_order(axes: list[int], words: int) -> None:
    assert run(in_order((2, 3, 4)), axes) == words
    assert run(transposed(in_order((2, 3, 4)), (1, 2, 0)), [(axis - 1) % 3 for axis in axes]) == words
    assert innermost(in_order((2, 3, 4))) == 2
    assert innermost(in_order((1, 1))) is None


# Graphs -----------------------------------------------------------------------------------------------------------------------


def network(path: Path, shape: list[int], steps: list[tuple[str, str, list[int] | None]]) -> Network:
    """Import (operator, inputs, integers) steps; each gives ``a``, ``b``, ... Weights ``w_N_K`` and ``w_F_C_1_1`` have zeros."""
    nodes, tensors, names = [], {}, iter("abcdefghij")
    for op, inputs, integers in steps:
        result = next(names)
        operands = inputs.split()
        for each in operands:
            if each.startswith("w_"):
                tensors[each] = np.zeros([int(extent) for extent in each.split("_")[1:]], np.float32)
        if op in ("Reshape", "Expand") and integers is not None:
            tensors[f"to_{result}"] = np.array(integers)
            operands.append(f"to_{result}")
        attributes = {"perm": integers} if op == "Transpose" else {"axis": 1} if op == "Concat" else {}
        operands += ["last"] if op == "ReduceSum" else []
        tensors |= {"last": np.array([-1])} if op == "ReduceSum" else {}
        nodes.append(helper.make_node(op, operands, [result], name=result, **attributes))
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    rank = 4 if steps[-1][0] in ("Conv", "Add") and len(shape) == 4 else 3
    leaving = helper.make_tensor_value_info(result, TensorProto.FLOAT, list("klmn")[:rank])
    constants = [numpy_helper.from_array(value, name) for name, value in tensors.items()]
    graph = helper.make_graph(nodes, "graph", [image], [leaving], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path / "net.onnx")
    return load_onnx(path / "net.onnx")


CONV, TURN = ("Conv", "x w_6_3_1_1", None), [0, 2, 1]
FREE = {
    "heads split and merged": (
        [1, 10, 32],
        [
            *[("Reshape", "x", [1, 10, 4, 8]), ("Transpose", "a", [0, 2, 1, 3]), ("Relu", "b", None)],
            *[("Transpose", "c", [0, 2, 1, 3]), ("Reshape", "d", [1, 10, 32]), ("MatMul", "e w_32_5", None)],
        ],
    ),
    "keys of a product": ([1, 10, 8], [("Transpose", "x", TURN), ("MatMul", "x a", None)]),
    "pixels as tokens": (
        [1, 3, 4, 4],
        [CONV, ("Reshape", "a", [1, 6, 16]), ("Transpose", "b", TURN), ("MatMul", "c w_6_5", None)],
    ),
    "channels last and back": (
        [1, 3, 4, 4],
        [
            *[CONV, ("Transpose", "a", [0, 2, 3, 1]), ("MatMul", "b w_6_6", None)],
            *[("Transpose", "c", [0, 3, 1, 2]), ("Conv", "d w_6_6_1_1", None), ("Add", "e a", None)],
        ],
    ),
    "an image as a vector": ([1, 3, 4, 4], [CONV, ("Reshape", "a", [1, 96]), ("MatMul", "b w_96_5", None)]),
    "shuffled channels": (
        [1, 3, 4, 4],
        [
            *[CONV, ("Reshape", "a", [1, 2, 3, 4, 4]), ("Transpose", "b", [0, 2, 1, 3, 4])],
            *[("Reshape", "c", [1, 6, 4, 4]), ("Conv", "d w_6_6_1_1", None)],
        ],
    ),
    "windows put into a grid": (
        [1, 56, 5],
        [
            ("Reshape", "x", [1, 8, 7, 5]),
            ("Transpose", "a", [0, 2, 1, 3]),
            ("Reshape", "b", [1, 8, 7, 5]),
            ("MatMul", "c w_5_3", None),
        ],
    ),
    "a sum of each row, repeated": (
        [1, 10, 8],
        [
            *[("MatMul", "x w_8_8", None), ("ReduceSum", "a", None), ("Reshape", "b", [1, 10, 1])],
            *[("Expand", "c", [1, 10, 8]), ("Div", "a d", None)],
        ],
    ),
    "a gate of each channel": (
        [1, 3, 4, 4],
        [CONV, ("GlobalAveragePool", "a", None), ("Mul", "b a", None), ("Conv", "c w_6_6_1_1", None)],
    ),
}
COPIED = {
    "tokens mixed": ([1, 10, 8], [("Transpose", "x", TURN), ("MatMul", "a w_10_4", None)], {"a.copy": (8, 10)}),
    "pixels mixed": ([1, 3, 4, 4], [CONV, ("Reshape", "a", [1, 6, 16]), ("MatMul", "b w_16_5", None)], {"b.copy": (6, 16)}),
    "heads interleaved": (
        [1, 10, 32],
        [
            *[("MatMul", "x w_32_32", None), ("Reshape", "a", [1, 10, 8, 4]), ("Transpose", "b", [0, 3, 1, 2])],
            *[("Relu", "c", None), ("Reshape", "d", [1, 40, 8]), ("MatMul", "e w_8_3", None)],
        ],
        {"e.copy": (40, 8)},
    ),
    "tokens as channels": (
        [1, 8, 4, 4],
        [("MatMul", "x w_4_4", None), ("Conv", "a w_6_8_1_1", None), ("Conv", "a w_5_8_1_1", None)],
        {"a.copy": (8, 4, 4)},
    ),
    "a sum of tokens and of tokens turned": (
        [1, 8, 8],
        [("MatMul", "x w_8_8", None), ("Transpose", "a", TURN), ("Add", "a b", None), ("Add", "c b", None)],
        {"b.copy": (8, 8)},
    ),
    "a new shape of what is turned": (
        [1, 6, 4],
        [("Transpose", "x", TURN), ("Reshape", "a", [1, 3, 8]), ("MatMul", "b w_8_2", None)],
        {"a.copy": (4, 6)},
    ),
}


@pytest.mark.parametrize("case", FREE)
def test_what_rows_of_neighbouring_words_give_is_not_copied(tmp_path: Path, case: str) -> None:
    assert "copy" not in [i.layer.op for i in network(tmp_path, *FREE[case]).instances()]


@pytest.mark.parametrize("case", COPIED)
def test_words_out_of_their_rows_are_copied_once(tmp_path: Path, case: str) -> None:
    shape, steps, copies = COPIED[case]
    found = network(tmp_path, shape, steps)
    assert {i.name: i.output_shape for i in found.instances() if i.layer.op == "copy"} == copies


def test_a_copy_moves_each_word_once_in_and_once_out(tmp_path: Path) -> None:
    """An 8 x 10 operand of 80 words: the copy reads and writes 80 of them, and takes a step for each full vector."""
    system = load_system("edge-sram")
    shape, steps, _ = COPIED["tokens mixed"]
    layers = simulate(network(tmp_path, shape, steps), system).layers.set_index("layer")
    copy = layers.loc["a.copy"]
    words = 80
    read, written = (words * size for size in (system.words.ifmap_bytes, system.words.ofmap_bytes))
    assert (copy["dram_read_bytes"], copy["dram_write_bytes"], copy["op"]) == (read, written, "copy")
    assert copy["compute_cycles"] == -(-words // system.vector_unit.lanes)
    assert copy["cycles"] > 0
