"""Values on a DRAM that computes: mapped columns, adder tree and accumulators against numpy, in layers and whole networks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.pim import maj, simdram
from simcore.errors import InputError, WrongValuesError
from simcore.pim.failures import failing
from simcore.pim.mapping import Array, Dots, MapOptions, map_layer
from simcore.pim.planes import packed
from simcore.pim.recorder import Recording
from simcore.pim.value_check import dot_products, tree_sums
from workloads.layers import Activation, Add, BatchNorm, Concat, Conv, Flatten, GlobalPool, Input, Linear, MatMul, Pool
from workloads.network import Network, NetworkBuilder
from workloads.networks import NETWORKS
from workloads.pim.check_values import check_network, check_values, check_whole, without_integers
from workloads.pim.layer_work import layer_work
from workloads.pim.place_network import place_network
from workloads.pim.values import check_layer, draw, mapped_product
from workloads.training import training_step

FAMILIES = {"maj": maj.PROGRAMS, "simdram": simdram.PROGRAMS}
DDR4 = Array(columns=65536, rows=512, banks=16, stored_subarrays=128)


def options(n: int, m: int, **more) -> MapOptions:
    return MapOptions(weight_bits=n, activation_bits=m, working_rows=10, program_operations=100, **more)


def product(n: int, m: int, family: str = "maj", signed: bool = False) -> Recording:
    return FAMILIES[family]["mul"].recorded(n, m, signed)


def one_layer(layer, *images: tuple[int, ...], batch: int = 1):
    builder = NetworkBuilder("test")
    inputs = [builder.add(Input(f"x{at}", image)) for at, image in enumerate(images)]
    builder.add(layer, inputs)
    return builder.build(batch).instances()[0]


def small_cnn(batch: int = 1) -> Network:
    """Every layer with an integer form: grouped, strided and depthwise convolutions, a branch, both pools, biases."""
    builder = NetworkBuilder("integers")
    builder.add(Input("image", (4, 12, 12)))
    builder.add(Conv("a", 8, 3, padding=1, bias=True))
    builder.add(BatchNorm("a.norm"))
    start = builder.add(Activation("a.relu"))
    builder.add(Conv("b", 8, (3, 2), stride=(2, 1), padding=(1, 0), groups=2))
    builder.add(Activation("b.relu"))
    builder.add(Pool("b.pool", "max", (1, 2), 1))
    half = builder.add(Conv("c", 8, 3, padding=1, groups=8))
    other = builder.add(Conv("d", 8, 1, stride=(2, 1)), [start])
    builder.add(Pool("d.pool", "avg", (1, 3), 1), [other])
    builder.add(Add("sum"), [half, "d.pool"])
    builder.add(Activation("sum.relu"))
    builder.add(Concat("both"), ["sum.relu", half])
    builder.add(Pool("pool", "max", 3, 2, padding=1, ceil_mode=True))
    flat = builder.add(Flatten("flat"))
    builder.add(GlobalPool("mean"), ["both"])
    builder.add(Flatten("flat.mean"))
    builder.add(Concat("all"), [flat, "flat.mean"])
    builder.add(Linear("e", 10))
    return builder.build(batch)


# By hand ----------------------------------------------------------------------------------------------------------------------


def test_the_tree_counts_the_ones_of_each_dot_product() -> None:
    bits = np.array([1, 0, 1, 1, 1, 1, 0, 0, 0] + [1] * 60)
    assert tree_sums(packed(bits, 1)[0], 3, 3).tolist() == [2, 3, 0]


@pytest.mark.parametrize("family", FAMILIES)
def test_two_filters_on_two_pixels_by_hand(family) -> None:
    """Weights (1, -2, 3) and (-4, 0, 2), pixels (3, 1, -1) and (-2, 2, 0)."""
    dots = Dots(length=3, filters=2, pixels=2, input_words=6, row_pixels=1, row_words=3)
    m = map_layer(dots, Array(columns=12, rows=64), options(4, 3))
    found = dot_products(
        m,
        product(4, 3, family, signed=True),
        np.array([[1, -2, 3], [-4, 0, 2]]),
        np.array([[[3, 1, -1], [-2, 2, 0]]]),
        signed=True,
    )
    assert found.tolist() == [[-2, -14], [-6, 8]]


# Layers -----------------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mapped_convolutions_equal_numpys(data) -> None:
    """With little room: dot products are folded and weights come in pieces, in every mixture of widths and signs."""
    draw_one, signed = data.draw, data.draw(st.booleans())
    groups = draw_one(st.sampled_from([1, 1, 2, 4]))
    n, m = draw_one(st.integers(1 + signed, 6)), draw_one(st.integers(1 + signed, 6))
    conv = Conv(
        "conv",
        groups * draw_one(st.integers(1, 3)),
        draw_one(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        stride=draw_one(st.tuples(st.integers(1, 3), st.integers(1, 2))),
        padding=draw_one(st.tuples(st.integers(0, 2), st.integers(0, 2))),
        dilation=draw_one(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        groups=groups,
    )
    instance = one_layer(conv, (groups * draw_one(st.integers(1, 2)), 6, 5), batch=draw_one(st.integers(1, 2)))
    array = Array(columns=draw_one(st.integers(3, 100)), rows=10 + 2 * n, banks=draw_one(st.integers(1, 3)))
    layer_map = map_layer(layer_work(instance), array, options(n, m))
    recording = product(n, m, draw_one(st.sampled_from([*FAMILIES])), signed)
    tensors = draw(instance, layer_map, signed=signed, seed=draw_one(st.integers(0, 99)))
    check_layer(instance, layer_map, recording, tensors, signed=signed)


@pytest.mark.parametrize(("n", "m"), [(20, 3), (1, 17), (9, 9)])
def test_wide_operands(n, m) -> None:
    instance = one_layer(Linear("fc", 4), (30,))
    layer_map = map_layer(layer_work(instance), Array(columns=128, rows=100), options(n, m))
    check_layer(instance, layer_map, product(n, m), draw(instance, layer_map, signed=False, seed=2))


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    ("layer", "images"),
    [(Linear("fc", 7), [(3, 40)]), (MatMul("product"), [(2, 5, 6), (2, 6, 3)]), (MatMul("product"), [(5, 6), (6, 3)])],
)
def test_mapped_matrix_products_equal_numpys(layer, images, signed) -> None:
    instance = one_layer(layer, *images, batch=3)
    layer_map = map_layer(layer_work(instance), Array(columns=32, rows=40, banks=2), options(8, 8))
    tensors = draw(instance, layer_map, signed=signed, seed=1)
    check_layer(instance, layer_map, product(8, 8, signed=signed), tensors, signed=signed)


def test_the_products_of_a_training_step_equal_numpys() -> None:
    """Gradients are products of two tensors that change, so no row of theirs stays."""
    network_map = place_network(training_step(NETWORKS["small-cnn"](batch=2)), DDR4, options(4, 4))
    said = check_values(network_map, product(4, 4, signed=True), signed=True)
    equal = [name for name, found in said.items() if found == "equal"]
    assert len(equal) == len(network_map.products) == 8
    assert {layer.name for layer in network_map.products if layer.resident} == {"conv1", "conv2", "fc"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "bits", "signed", "family"),
    [
        ("conv1", 4, False, "maj"),
        ("layer3.0.downsample.0", 8, True, "simdram"),
        ("layer4.1.conv2", 4, True, "simdram"),
        ("fc", 8, True, "maj"),
    ],
)
def test_layers_of_resnet18_at_full_size_equal_numpys(name, bits, signed, family) -> None:
    network_map = place_network(NETWORKS["resnet18"](), DDR4, options(bits, bits))
    said = check_values(network_map, product(bits, bits, family, signed), signed=signed, only={name, "relu", "flatten"})
    assert said == {name: "equal", "relu": "none: periphery", "flatten": "none: moves no data"}


# Whole networks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("placement", ["together", "pipelined"])
@pytest.mark.parametrize(
    ("n", "m", "signed", "family"), [(4, 4, True, "maj"), (5, 7, True, "simdram"), (3, 5, False, "maj"), (8, 8, True, "maj")]
)
def test_integers_flow_through_a_whole_network(n, m, signed, family, placement) -> None:
    network = small_cnn(batch=1 if placement == "pipelined" else 2)
    array = Array(columns=200, rows=10 + 3 * n, banks=4, subarrays=2)
    network_map = place_network(network, array, options(n, m), placement)
    assert without_integers(network_map) is None
    values = check_whole(network, network_map, product(n, m, family, signed), signed=signed, seed=3)
    assert set(values) == set(network.graph)
    low, high = (-(1 << m - 1), (1 << m - 1) - 1) if signed else (0, (1 << m) - 1)
    assert low <= values["e"].min() < values["e"].max() <= high
    assert low <= values["a.relu"].min() < values["a.relu"].max() <= high < values["a"].max()


@pytest.mark.parametrize("name", ["small-cnn", "vgg-like"])
def test_integers_flow_through_built_in_networks(name) -> None:
    network = NETWORKS[name](batch=1)
    network_map = place_network(network, DDR4, options(8, 8))
    values = check_whole(network, network_map, product(8, 8, signed=True), signed=True)
    assert len(np.unique(values[network.order()[-1]])) > 3


def test_a_network_is_checked_whole_or_else_product_by_product() -> None:
    whole = small_cnn()
    assert set(check_network(whole, place_network(whole, DDR4, options(4, 4)), product(4, 4)).values()) == {"equal"}
    found = check_network(whole, place_network(whole, DDR4, options(4, 4)), product(4, 4), only={"a", "a.norm"})
    assert found == {"a": "equal", "a.norm": "none: periphery"}
    lenet = NETWORKS["lenet5"]()
    said = check_network(lenet, place_network(lenet, DDR4, options(4, 4)), product(4, 4, signed=True), signed=True)
    assert (said["c1"], said["tanh1"], said["flatten"]) == ("equal", "none: periphery", "none: moves no data")


def test_layers_under_scale_sims_shape_rule_are_checked_one_by_one() -> None:
    network_map = place_network(small_cnn(), DDR4, options(4, 4), shapes="scale-sim")
    assert without_integers(network_map) == "b.relu"  # b has a row more than its reader expects
    said = check_network(small_cnn(), network_map, product(4, 4))
    assert {name for name, found in said.items() if found == "equal"} == {layer.name for layer in network_map.products}


def test_layers_through_which_no_integers_flow_are_named() -> None:
    assert without_integers(place_network(NETWORKS["lenet5"](), DDR4, options(8, 8))) == "tanh1"


# What is wrong is found -------------------------------------------------------------------------------------------------------


def test_failing_activations_change_sums_and_are_found() -> None:
    instance = one_layer(Conv("conv", 4, 3), (4, 8, 8))
    layer_map = map_layer(layer_work(instance), DDR4, options(4, 4))
    tensors = draw(instance, layer_map, signed=True, seed=0)
    right = mapped_product(instance, layer_map, product(4, 4, signed=True), tensors, signed=True)
    wrong = mapped_product(instance, layer_map, product(4, 4, signed=True), tensors, signed=True, sense=failing(0.01, 5))
    assert (right != wrong).any()
    with pytest.raises(WrongValuesError, match=r"layer 'conv': .* of 144 values differ from numpy's; the first is"):
        check_layer(instance, layer_map, product(4, 4), tensors, signed=True)  # the unsigned program takes -1 for 15


def test_a_dot_product_in_the_wrong_columns_is_found(monkeypatch) -> None:
    """The second dot product of a row lies where the first does."""
    from simcore.pim import value_check

    def misplaced(layer_map, output, k):
        unit, turn, column = value_check_place(layer_map, output, k)
        return unit, turn, np.where(column == layer_map.part_length, 0, column)

    value_check_place = value_check.place
    monkeypatch.setattr(value_check, "place", misplaced)
    instance = one_layer(Conv("conv", 4, 3), (4, 8, 8))
    layer_map = map_layer(layer_work(instance), DDR4, options(4, 4))
    with pytest.raises(WrongValuesError):
        check_layer(instance, layer_map, product(4, 4), draw(instance, layer_map, signed=False, seed=0))


@pytest.mark.parametrize(
    ("weights", "windows", "told"),
    [
        (np.zeros((2, 4)), np.zeros((1, 2, 3)), "weights: expected the shape (2, 3), got (2, 4)"),
        (np.full((2, 3), 16), np.zeros((1, 2, 3)), "weights: expected numbers from 0 to 15, got 16 to 16"),
        (np.zeros((2, 3)), np.full((1, 2, 3), -1), "windows: expected numbers from 0 to 7, got -1 to -1"),
    ],
)
def test_operands_that_the_columns_cannot_hold_are_refused(weights, windows, told) -> None:
    dots = Dots(length=3, filters=2, pixels=2, input_words=6, row_pixels=1, row_words=3)
    m = map_layer(dots, Array(columns=12, rows=64), options(4, 3))
    with pytest.raises(InputError) as caught:
        dot_products(m, product(4, 3), weights.astype(np.int64), windows.astype(np.int64))
    assert str(caught.value) == told


def test_only_products_have_mapped_values() -> None:
    network_map = place_network(small_cnn(), DDR4, options(4, 4))
    with pytest.raises(InputError, match=r"layer 'sum': expected a product, got op 'add'"):
        draw(network_map.layer("sum").instance, network_map.layer("a").layer_map, signed=False, seed=0)
