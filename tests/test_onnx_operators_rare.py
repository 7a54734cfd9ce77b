"""Operators beyond the common ones: Einsum, volumes, the largest values of a row, tables of bags."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import onnx
import pytest
from test_onnx_operators import network, node, ops

from simcore import from_torch, simulate
from simcore.errors import InputError
from workloads.dataflow import work_of
from workloads.importers.operators.einsum import einsum_shape
from workloads.layers import SharedConv, TopK

# Einsum -----------------------------------------------------------------------------------------------------------------------

EQUATIONS = {
    "bij,bjk->bik": ((2, 3, 4), (2, 4, 5), ["matmul"]),
    "bhid,bhjd->bhij": ((2, 3, 4, 5), (2, 3, 6, 5), ["matmul"]),
    "bhij,bjhd->bihd": ((2, 3, 4, 6), (2, 6, 3, 5), ["matmul"]),
    "...ij,...jk": ((2, 3, 4, 5), (2, 3, 5, 6), ["matmul"]),
    "bci,bcj->bij": ((2, 7, 3), (2, 7, 4), ["matmul"]),
    "bsd,bsd->bs": ((2, 3, 4), (2, 3, 4), ["matmul"]),
    "bi,bj->bij": ((2, 3), (2, 4), ["mul"]),
    "bi,bi->bi": ((2, 3), (2, 3), ["mul"]),
}
VIEWS = {"reshape", "transpose", "constant"}


@pytest.mark.parametrize("equation", EQUATIONS)
def test_an_einsum_of_activations_is_the_product_that_numpy_computes(tmp_path: Path, equation: str) -> None:
    left, right, expected = EQUATIONS[equation]
    found = network(tmp_path, node("Einsum", "a b", equation=equation), {"a": list(left), "b": list(right)})
    whole = np.einsum(equation, np.zeros(left), np.zeros(right)).shape
    assert found.instances()[-1].output_shape == whole[1:]
    assert [op for op in ops(found) if op not in VIEWS] == expected
    summed = set(equation.split("->")[0].replace(",", "").replace(".", ""))
    sizes = dict(zip(equation.split(",")[0].replace("...", "?!"), left, strict=False))
    sizes |= dict(zip(equation.split(",")[1].split("->")[0].replace("...", "?!"), right, strict=False))
    is_product = expected == ["matmul"]
    assert found.macs() == (prod(sizes[label] for label in summed | (set("?!") & set(sizes))) if is_product else 0)
    assert found.batch == 2


@pytest.mark.parametrize("equation", ["bsd,de->bse", "bsd,ed->bse", "de,bsd->bse", "bsd,dhk->bshk", "bshk,hkd->bsd"])
def test_an_einsum_with_weights_is_a_linear_layer(tmp_path: Path, equation: str) -> None:
    sizes = {"b": 2, "s": 3, "d": 4, "e": 5, "h": 2, "k": 3}
    terms = equation.split("->")[0].split(",")
    shapes = {name: tuple(sizes[label] for label in term) for name, term in zip("uv", terms, strict=True)}
    weights = next(name for name, term in zip("uv", terms, strict=True) if "b" not in term)
    inputs = {name: list(shape) for name, shape in shapes.items() if name != weights}
    found = network(tmp_path, node("Einsum", "u v", equation=equation), inputs, {weights: shapes[weights]})
    assert "linear" in ops(found)
    assert found.macs() == prod(sizes[label] for label in set("".join(terms)))
    assert found.parameters() == prod(shapes[weights])


@pytest.mark.parametrize(("equation", "expected"), [("bij->bji", ["transpose"]), ("bij->bi", ["reduce"]), ("bij->bij", [])])
def test_an_einsum_of_one_tensor_is_a_view_or_a_sum(tmp_path: Path, equation: str, expected: list[str]) -> None:
    nodes = [onnx.helper.make_node("Einsum", ["x"], ["e"], equation=equation), node("Relu", "e")]
    assert ops(network(tmp_path, nodes, {"x": [2, 3, 4]})) == [*expected, "activation"]


@pytest.mark.parametrize(
    ("equation", "message"),
    [("bii,bij->bij", "Einsum of more than two tensors or of a diagonal"), ("bij,bjk", "has the extents 4 and 9")],
)
def test_an_einsum_that_has_no_layer_or_no_meaning_is_told(tmp_path: Path, equation: str, message: str) -> None:
    shapes = {"a": [2, 4, 4], "b": [2, 4, 4]} if "ii" in equation else {"a": [2, 3, 4], "b": [2, 9, 5]}
    with pytest.raises(InputError, match=message):
        network(tmp_path, node("Einsum", "a b", equation=equation), shapes)


@pytest.mark.parametrize("equation", ["ij,jk->ik", "ij,jk", "...i,i->...", "ij->", "i,j->ij", " a b , b c -> a c "])
def test_shapes_of_einsums_are_numpys(equation: str) -> None:
    shapes = [(2, 3), (3, 4)][: equation.count(",") + 1] if "i,j->" not in equation else [(2,), (3,)]
    shapes = [(5, 2, 3), (3,)] if "..." in equation else shapes
    assert einsum_shape(equation, shapes) == np.einsum(equation, *(np.zeros(shape) for shape in shapes)).shape


# Volumes ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("groups", "stride", "pad"), [(1, 1, 1), (2, 2, 1), (6, 1, 0), (1, 2, 0)])
def test_a_convolution_over_three_axes_multiplies_each_tap_of_each_result(
    tmp_path: Path, groups: int, stride: int, pad: int
) -> None:
    made = node("Conv", "x w b", group=groups, strides=[stride] * 3, pads=[pad] * 6)
    found = network(tmp_path, made, {"x": [2, 6, 5, 7, 9]}, {"w": (12, 6 // groups, 3, 3, 3), "b": (12,)})
    out = [(extent + 2 * pad - 3) // stride + 1 for extent in (5, 7, 9)]
    assert found.instances()[-1].output_shape == (12, *out)
    assert found.macs() == 2 * 12 * prod(out) * (6 // groups) * 27
    assert found.parameters() == 12 * (6 // groups) * 27 + 12
    assert sum(isinstance(i.layer, SharedConv) for i in found.instances()) == out[0]


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_a_pool_over_three_axes_pools_each_depth_and_joins_depths(tmp_path: Path, op: str) -> None:
    found = network(
        tmp_path, node(op, "x", kernel_shape=[3, 2, 2], strides=[2, 2, 2], pads=[1, 0, 0, 0, 0, 0]), {"x": [2, 4, 6, 8, 8]}
    )
    assert found.instances()[-1].output_shape == (4, 3, 4, 4)
    assert [ops(found).count(each) for each in ("pool", "combine" if op == "MaxPool" else "add")] == [6, 3]


@pytest.mark.slow
def test_a_network_of_volumes_runs(tmp_path: Path) -> None:
    found = network(tmp_path, node("Conv", "x w", pads=[1] * 6), {"x": [1, 2, 4, 6, 6]}, {"w": (3, 2, 3, 3, 3)})
    layers = simulate(found, "edge-sram").layers
    assert int(layers["macs"].sum()) == found.macs() == 4 * 36 * 3 * 2 * 27
    assert "copy" not in set(layers["op"])


# The largest values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "values", "passes"), [(1, 100, 1), (5, 1000, 5), (40, 64, 21), (100, 128, 28), (3, 3, 3), (1, 1, 1)]
)
def test_selection_takes_a_pass_for_each_result_or_those_of_a_bitonic_sort(count: int, values: int, passes: int) -> None:
    """A sort of 64 = 2^6 values has 6 x 7 / 2 = 21 stages, one of 128 = 2^7 has 28."""
    assert TopK("top", count).passes(values) == passes


def test_the_largest_values_of_a_row_and_their_places_are_written(tmp_path: Path) -> None:
    top = onnx.helper.make_node("TopK", ["x", "k"], ["v", "i"], axis=-1, name="top")
    found = network(tmp_path, [top, node("Relu", "v")], {"x": [2, 5, 100]}, {"k": [3]})
    instance = found.instances()[0]
    assert (instance.layer.op, instance.output_shape, found.batch) == ("top-k", (5, 3), 2)
    work = work_of(instance)
    assert work is not None
    assert (work.words.inputs, work.words.results) == (2 * 5 * 100, 2 * 5 * 2 * 3)
    layer = simulate(found, "edge-sram").layers.set_index("layer").loc["top"]
    # Ten rows, each of three passes of ceil(100 / 32) = 4 vectors, and one vector of results.
    assert layer["compute_cycles"] == 10 * (3 * 4 + 1)


@pytest.mark.slow
def test_both_engines_agree_on_the_largest_values(tmp_path: Path) -> None:
    top = onnx.helper.make_node("TopK", ["x", "k"], ["y", "i"], axis=1, name="top")
    found = network(tmp_path, top, {"x": [2, 9, 5]}, {"k": [7]})
    tables = [simulate(found, "edge-stt", engine=engine).layers for engine in ("compiled", "simpy")]
    assert tables[0].equals(tables[1])


# PyTorch ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_pytorchs_own_operators_are_the_same_layers() -> None:
    torch = pytest.importorskip("torch")

    class Rare(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.volume, self.pool = torch.nn.Conv3d(2, 3, 3, padding=1), torch.nn.MaxPool3d(2)
            self.bags = torch.nn.EmbeddingBag(50, 8, mode="sum")

        def forward(self, image: object, indices: object) -> object:
            return self.pool(self.volume(image)).flatten(1).topk(4)[0], self.bags(indices)

    found = from_torch(Rare(), (torch.zeros(2, 2, 4, 6, 6), torch.zeros(2, 5, dtype=torch.int64)))
    assert found.macs() == 2 * 4 * 36 * 3 * 2 * 27
    assert found.parameters() == 3 * 2 * 27 + 3 + 50 * 8
    assert {"top-k", "embedding", "reduce", "pool", "combine"} <= set(ops(found))
