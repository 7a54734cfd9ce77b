"""Shapes, multiply-accumulates and parameters of single layers."""

import itertools
from math import ceil

import pytest

from simcore.errors import InputError
from workloads import layers

SIZES = list(itertools.product((5, 8, 13), (1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2)))


def positions_by_walking(extent: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Windows that fit, found by sliding one over the padded input."""
    count = start = 0
    while start + (kernel - 1) * dilation < extent + 2 * padding:
        count, start = count + 1, start + stride
    return count


def test_conv_has_as_many_outputs_as_windows_that_fit() -> None:
    for extent, kernel, stride, padding, dilation in SIZES:
        conv = layers.Conv("c", 4, (kernel, kernel), (stride, stride), (padding, padding), (dilation, dilation))
        expected = positions_by_walking(extent, kernel, stride, padding, dilation)
        assert conv.infer([(3, extent, extent)]) == (4, expected, expected)


def test_conv_takes_height_before_width() -> None:
    conv = layers.Conv("c", 4, kernel=(3, 1), stride=(2, 1), padding=(1, 0, 2, 3))
    assert conv.infer([(3, 10, 20)]) == (4, 6, 23)


def test_an_int_or_a_pair_stands_for_both_sides() -> None:
    assert layers.Conv("c", 4, kernel=3, padding=1) == layers.Conv("c", 4, kernel=(3, 3), padding=(1, 1, 1, 1))
    assert layers.Conv("c", 4, kernel=3, padding=(1, 2)).padding == (1, 2, 1, 2)


def test_groups_divide_taps_and_weights() -> None:
    whole, grouped = layers.Conv("c", 16, (3, 3), bias=True), layers.Conv("c", 16, (3, 3), groups=4, bias=True)
    assert whole.macs([(8, 5, 5)]) == 4 * grouped.macs([(8, 5, 5)]) == 16 * 9 * 9 * 8
    assert grouped.parameters([(8, 5, 5)]) == 16 * 9 * 2 + 16
    assert layers.Conv("c", 8, (3, 3), groups=8).is_depthwise([(8, 5, 5)])
    assert not grouped.is_depthwise([(8, 5, 5)])


def test_scale_sim_shape_rule_rounds_up() -> None:
    for extent, kernel, stride in itertools.product((7, 8, 9, 230), (1, 3, 7), (1, 2, 3)):
        conv = layers.Conv("c", 2, (kernel, kernel), (stride, stride), ceil_mode_scale_sim=True)
        expected = ceil((extent - kernel + stride) / stride)
        assert conv.infer([(3, extent, extent)]) == (2, expected, expected)


def test_scale_sim_shape_rule_extends_the_ifmap_until_every_tap_is_in_range() -> None:
    conv = layers.Conv("c", 2, (3, 3), (2, 2), ceil_mode_scale_sim=True)
    assert conv.infer([(1, 8, 7)]) == (2, 4, 3)
    assert conv.padding_for([(1, 8, 7)]) == (0, 0, 1, 0)
    assert layers.Conv("c", 2, (3, 3), (2, 2)).padding_for([(1, 8, 7)]) == (0, 0, 0, 0)


def test_scale_sim_shape_rule_keeps_padding_that_already_suffices() -> None:
    assert layers.Conv("c", 2, (1, 1), (2, 2), (0, 0, 3, 3), ceil_mode_scale_sim=True).padding_for([(1, 8, 8)]) == (0, 0, 3, 3)


@pytest.mark.parametrize(("ceil_mode", "expected"), [(False, 3), (True, 4)])
def test_ceil_mode_counts_a_window_over_the_edge(ceil_mode: bool, expected: int) -> None:
    pool = layers.Pool("p", "max", (3, 3), (2, 2), ceil_mode=ceil_mode)
    assert pool.infer([(6, 8, 8)]) == (6, expected, expected)


def test_ceil_mode_drops_a_window_that_begins_in_the_trailing_padding() -> None:
    assert layers.Pool("p", "avg", (1, 1), (3, 3), (1, 1), ceil_mode=True).infer([(6, 3, 3)]) == (6, 2, 2)


def test_linear_multiplies_the_last_dimension_only() -> None:
    linear = layers.Linear("fc", 10)
    assert linear.infer([(7, 20)]) == (7, 10)
    assert linear.macs([(7, 20)]) == 7 * 20 * 10
    assert linear.parameters([(7, 20)]) == 210


def test_matmul_broadcasts_leading_dimensions() -> None:
    matmul = layers.MatMul("qk")
    assert matmul.infer([(8, 1, 4, 5), (3, 5, 6)]) == (8, 3, 4, 6)
    assert matmul.macs([(8, 1, 4, 5), (3, 5, 6)]) == 8 * 3 * 4 * 6 * 5
    assert matmul.parameters([(8, 1, 4, 5), (3, 5, 6)]) == 0


def test_elementwise_layers_broadcast() -> None:
    assert layers.Add("a").infer([(8, 4, 4), (8, 1, 1), (4,)]) == (8, 4, 4)
    assert layers.Mul("m").infer([(8, 1, 1), (8, 4, 4)]) == (8, 4, 4)


def test_concat_sums_its_axis() -> None:
    assert layers.Concat("c").infer([(8, 4, 4), (3, 4, 4)]) == (11, 4, 4)
    assert layers.Concat("c", axis=-1).infer([(2, 3), (2, 5)]) == (2, 8)


def test_batch_norm_has_a_scale_and_a_shift_for_each_channel() -> None:
    assert layers.BatchNorm("b").parameters([(64, 7, 7)]) == 128
    assert layers.BatchNorm("b", scale=False, size=10).parameters([(64, 10)]) == 10


def test_shape_only_layers_keep_the_number_of_values() -> None:
    shape = (6, 4, 2)
    assert layers.Flatten("f").infer([shape]) == (48,)
    assert layers.Reshape("r", (3, -1)).infer([shape]) == (3, 16)
    assert layers.Transpose("t", (2, 0, 1)).infer([shape]) == (2, 6, 4)
    assert layers.Dropout("d").infer([shape]) == shape
    assert all(issubclass(kind, layers.ShapeOnly) for kind in (layers.Flatten, layers.Reshape, layers.Transpose, layers.Dropout))


def test_global_pool_leaves_one_value_a_channel() -> None:
    assert layers.GlobalPool("g").infer([(6, 4, 2)]) == (6, 1, 1)


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (layers.Conv("c", 4, (3, 3)), [(7,)], r"layer 'c' \(conv\): expected an image \(channels, height, width\), got \(7,\)"),
        (layers.Conv("c", 4, (3, 3)), [], "expected 1 input, got 0"),
        (layers.Conv("c", 4, (3, 3), groups=2), [(3, 8, 8)], r"input channels to be a multiple of groups \(2\), got 3"),
        (layers.Conv("c", 4, (5, 5)), [(3, 4, 8)], r"at least the filter's extent \(5, 5\), padding included, got \(4, 8\)"),
        (layers.Pool("p", "max", (3, 3)), [(3, 2, 2)], r"at least the window's extent \(3, 3\), padding included, got \(2, 2\)"),
        (layers.MatMul("m"), [(2, 3), (4, 5)], r"matrices .* got \(2, 3\) and \(4, 5\)"),
        (layers.MatMul("m"), [(2, 3)], "expected 2 inputs, got 1"),
        (layers.Add("a"), [(8, 4, 4), (8, 2, 2)], r"inputs of equal shape, got \(8, 4, 4\) and \(8, 2, 2\)"),
        (layers.Add("a"), [(8, 4, 4)], "at least 2 inputs, got 1"),
        (layers.Concat("c"), [(8, 4, 4), (8, 2, 2)], r"equal to \(8, 4, 4\) except along axis 0, got \(8, 2, 2\)"),
        (layers.Concat("c", axis=3), [(8, 4, 4)], r"axis to be within the input \(8, 4, 4\), got 3"),
        (layers.Reshape("r", (5, -1)), [(8, 4)], r"a shape of 32 values, as its input \(8, 4\), got \(5, -1\)"),
        (layers.Transpose("t", (1, 0)), [(8, 4, 4)], r"an input of 2 dimensions, got \(8, 4, 4\)"),
        (layers.Input("x", (3,)), [(3,)], "expected no inputs, got 1"),
    ],
)
def test_inputs_that_do_not_fit_are_reported_by_layer_expected_and_got(
    layer: layers.Layer, inputs: list[layers.Shape], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        layer.infer(inputs)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: layers.Conv("c", 0, (3, 3)), r"layer 'c' \(conv\): expected out_channels to be an integer >= 1, got 0"),
        (lambda: layers.Conv("c", 4, (3, 0)), r"layer 'c': expected kernel as an integer >= 1 or a pair of them, got \(3, 0\)"),
        (lambda: layers.Conv("c", 4, (3, 3), stride=2.5), "expected stride as an integer >= 1 .* got 2.5"),
        (lambda: layers.Conv("c", 4, (3, 3), padding=-1), "expected padding as an integer >= 0, a pair or four of them, got -1"),
        (lambda: layers.Conv("c", 4, (3, 3), padding=(1, 1, 1)), r"got \(1, 1, 1\)"),
        (lambda: layers.Conv("c", 5, (3, 3), groups=2), r"out_channels to be a multiple of groups \(2\), got 5"),
        (lambda: layers.Linear("fc", True), "out_features to be an integer >= 1, got True"),
        (lambda: layers.Pool("p", "median", (2, 2)), "kind 'max' or 'avg', got 'median'"),
        (lambda: layers.Activation("r", "rellu"), "function to be one of relu, .* got 'rellu'"),
        (lambda: layers.Input("x", (3, 0)), "every dimension to be an integer >= 1, got 0"),
        (lambda: layers.Transpose("t", (0, 0)), r"order to name each dimension once, got \(0, 0\)"),
        (lambda: layers.Reshape("r", (-1, -1)), r"at most one of them -1, got \(-1, -1\)"),
    ],
)
def test_impossible_layers_cannot_be_made(build, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build()
