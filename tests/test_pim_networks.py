"""Networks on a DRAM that computes: what each layer becomes, where it lies, and what moves."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore.errors import InputError
from simcore.pim.mapping import Array, Dots, LayerMap, MapOptions, map_layer, place
from simcore.pim.mapping.sharing import share_banks, stages_of
from simcore.pim.mapping.vector_work import VectorWork
from workloads.layers import Activation, Add, Concat, Conv, Flatten, Input, Linear, MatMul, Pool
from workloads.load import load_network
from workloads.network import Network, NetworkBuilder
from workloads.networks import NETWORKS
from workloads.pim.layer_work import layer_work
from workloads.pim.place_network import place_network
from workloads.training import training_step

GRAPHS = sorted((Path(__file__).parent / "golden" / "nets").glob("*.onnx"))
BYTES = MapOptions(weight_bits=8, activation_bits=8, working_rows=64, program_operations=416)
DDR4 = Array(columns=65536, rows=512, banks=16, stored_subarrays=128)
#: Little room, so that weights do not fit and long dot products are folded.
SMALL = Array(columns=1024, rows=96, banks=4, subarrays=2)


def network(*layers, batch: int = 1) -> Network:
    builder = NetworkBuilder("test")
    for layer in layers:
        builder.add(layer)
    return builder.build(batch)


def residual(batch: int = 1) -> Network:
    """An image of 4 x 8 x 8, a convolution with a branch around two more, a pool and a linear layer."""
    builder = NetworkBuilder("residual")
    builder.add(Input("image", (4, 8, 8)))
    start = builder.add(Conv("a", 16, 3, padding=1))
    builder.add(Activation("a.relu"))
    builder.add(Conv("b", 16, 3, padding=1))
    builder.add(Conv("c", 16, 3, padding=1))
    builder.add(Add("sum"), ["c", "a.relu"])
    builder.add(Activation("sum.relu"))
    builder.add(Concat("both"), ["sum.relu", start])
    builder.add(Pool("pool", "max", 2, 2))
    builder.add(Flatten("flat"))
    builder.add(Linear("d", 10))
    return builder.build(batch)


# Every pair once --------------------------------------------------------------------------------------------------------------


def require_each_pair_once(m: LayerMap) -> None:
    """Dot products begin at places of their own, in columns that are a part's length apart; a pair lies in no other place."""
    output = np.arange(m.dots.outputs, dtype=np.int64)
    slots = m.array.columns // m.part_length
    for part in range(m.folds):
        unit, turn, column = place(m, output, part * m.part_length)
        assert unit.max() < m.units <= m.array.units
        assert turn.max() < m.rounds
        assert (column % m.part_length == 0).all()
        assert column.max() + m.part_length <= m.array.columns
        if part == 0:
            marked = np.zeros((m.units * m.rounds, slots), dtype=bool)
            homes = unit
        assert (unit == homes).all()
        at = unit * m.rounds + turn, column // m.part_length
        assert not marked[at].any()
        marked[at] = True
    assert marked.sum() == m.dots.outputs * m.folds
    assert marked.any(axis=1).sum() == m.row_sets
    assert (m.folds - 1) * m.part_length < m.dots.length <= m.folds * m.part_length
    assert sum(piece.rounds * piece.times for piece in m.pieces) == m.rounds


def require_placed(net: Network, array: Array) -> None:
    for placement in ("together", "pipelined"):
        found = place_network(net, array, BYTES, placement)
        assert sum(layer.layer_map.dots.macs for layer in found.products) == net.macs()
        assert found.weight_rows <= found.weight_rows_there
        assert [name for stage in found.stages for name in stage.layers] == [layer.name for layer in found.products]
        for layer in found.products:
            stage = found.stages[layer.stage]
            assert layer.name in stage.layers
            assert layer.layer_map.rows_needed <= array.rows
            assert layer.layer_map.banks <= stage.banks
        for at, stage in enumerate(found.stages):
            assert stage.first_bank == sum(before.banks for before in found.stages[:at])
            kept = [layer.layer_map.weight_rows for layer in found.products if layer.stage == at and layer.resident]
            passing = [layer.layer_map for layer in found.products if layer.stage == at and not layer.resident]
            most = max((max(piece.weight_sets for piece in m.pieces) for m in passing), default=0) * BYTES.weight_bits
            assert sum(kept) + most <= found.weight_rows_there
        assert found.stages[-1].first_bank + found.stages[-1].banks <= array.banks


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in ("vgg16", "alexnet")])
def test_each_pair_of_a_built_in_network_lies_in_one_place(name) -> None:
    net = NETWORKS[name](batch=1)
    require_placed(net, SMALL)
    for layer in place_network(net, DDR4, BYTES).products:
        require_each_pair_once(layer.layer_map)


@pytest.mark.slow
@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_each_pair_of_an_imported_graph_lies_in_one_place(path) -> None:
    net = load_network(str(path))
    require_placed(net, SMALL)
    require_placed(net, DDR4)
    for layer in place_network(net, DDR4, BYTES, "pipelined").products:
        require_each_pair_once(layer.layer_map)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_bank_needs_no_more_input_words_than_the_map_says(data) -> None:
    """The words that the pairs of each bank read, counted one by one, on convolutions of every shape."""
    draw = data.draw
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    channels, kernel = groups * draw(st.integers(1, 3)), draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    conv = Conv(
        "conv",
        groups * draw(st.integers(1, 4)),
        kernel,
        stride=draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        padding=draw(st.tuples(st.integers(0, 2), st.integers(0, 2))),
        dilation=draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        groups=groups,
    )
    image = (channels, draw(st.integers(5, 9)), draw(st.integers(5, 9)))
    net = network(Input("image", image), conv, batch=draw(st.integers(1, 2)))
    (instance,) = net.instances()
    dots = layer_work(instance)
    assert isinstance(dots, Dots)
    array = Array(columns=draw(st.integers(4, 80)), rows=512, banks=draw(st.integers(1, 4)), subarrays=draw(st.integers(1, 2)))
    m = map_layer(dots, array, BYTES)
    output, k = (axis.reshape(-1) for axis in np.mgrid[: dots.outputs, : dots.length])
    unit, _, _ = place(m, output, k)
    word = input_words(conv, image, output, k)
    read = [len(np.unique(word[(unit // array.subarrays == bank) & (word >= 0)])) for bank in range(m.banks)]
    assert max(read) <= m.input_words_per_bank <= dots.input_words
    assert sum(read) <= m.input_words_sent


def input_words(conv: Conv, image: tuple[int, int, int], output: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Return the number of the input word that each pair reads, or -1 in the padding."""
    _, rows, columns = conv.infer([image])
    channels = image[0] // conv.groups
    pixel, filter_ = np.divmod(output, conv.out_channels)
    picture, at = np.divmod(pixel, rows * columns)
    channel, tap = np.divmod(k, conv.kernel[0] * conv.kernel[1])
    channel = channel + filter_ // (conv.out_channels // conv.groups) * channels
    row = at // columns * conv.stride[0] + tap // conv.kernel[1] * conv.dilation[0] - conv.padding[0]
    column = at % columns * conv.stride[1] + tap % conv.kernel[1] * conv.dilation[1] - conv.padding[1]
    inside = (row >= 0) & (row < image[1]) & (column >= 0) & (column < image[2])
    return np.where(inside, ((picture * image[0] + channel) * image[1] + row) * image[2] + column, -1)


# Published estimates ----------------------------------------------------------------------------------------------------------

#: Speed of a pipeline relative to a Pascal Titan X (ms an image), estimated with every column at work: one bank for each layer,
#: so many of its subarrays, operands of so many bits, 7 n^2 - 4 n operations of 49 ns, nothing else.
GPU_MS = {"alexnet": 0.315, "vgg16": 2.60, "resnet18": 0.634}
ESTIMATES = {
    (64, 2): (5.95, 6.01, 22.3),
    (64, 4): (1.24, 1.25, 4.65),
    (64, 8): (0.29, 0.29, 1.07),
    (16, 2): (1.50, 1.50, 5.72),
    (16, 4): (0.31, 0.31, 1.19),
    (16, 8): (0.07, 0.07, 0.28),
    (1, 2): (0.09, 0.09, 0.36),
}


@pytest.mark.parametrize(("subarrays", "bits"), ESTIMATES)
def test_mapped_pipelines_reach_the_estimates_within_five_percent(subarrays, bits) -> None:
    operations = 7 * bits * bits - 4 * bits
    options = MapOptions(weight_bits=bits, activation_bits=bits, working_rows=64, program_operations=operations)
    array = Array(columns=65536, rows=512, banks=32, subarrays=subarrays, stored_subarrays=128)
    for (name, gpu_ms), estimate in zip(GPU_MS.items(), ESTIMATES[subarrays, bits], strict=True):
        placed = place_network(NETWORKS[name](), array, options, "pipelined", banks_each=1)
        slowest = max(layer.layer_map.rounds for layer in placed.products)
        rounding = 0.005 if estimate < 10 else 0.05
        assert abs(gpu_ms / (slowest * operations * 49e-6) - estimate) <= 0.05 * (estimate - rounding) + rounding


def test_the_page_on_mapping_prints_what_it_says(capsys) -> None:
    page = (Path(__file__).parents[1] / "docs" / "pim-dram-mapping.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    exec(code, {})
    assert capsys.readouterr().out.split("\n")[:-1] == [
        line.split("  # ")[1] for line in code.splitlines() if line.startswith("print")
    ]


# What a layer becomes ---------------------------------------------------------------------------------------------------------


def test_a_convolution_has_a_dot_product_for_each_filter_and_pixel() -> None:
    net = network(Input("image", (8, 10, 12)), Conv("conv", 16, (3, 5), stride=(2, 1), padding=(1, 2), groups=4), batch=2)
    work = layer_work(net.instances()[0])
    assert work == Dots(
        length=3 * 5 * 2,
        filters=4,
        pixels=2 * 5 * 12,
        groups=4,
        images=2,
        input_words=2 * 8 * 10 * 12,
        row_pixels=12,
        row_words=3 * 12 * 8,
        halo_words=1 * 12 * 8,
    )


def test_a_filter_that_is_taller_than_its_image_reads_all_rows_for_every_output_row() -> None:
    net = network(Input("image", (2, 2, 5)), Conv("conv", 1, 3, padding=1))
    work = layer_work(net.instances()[0])
    assert (work.input_words, work.row_words, work.halo_words) == (20, 20, 20)


def test_depthwise_linear_and_matmul_layers() -> None:
    depthwise = network(Input("image", (6, 4, 4)), Conv("conv", 6, 3, groups=6))
    assert (layer_work(depthwise.instances()[0]).groups, layer_work(depthwise.instances()[0]).filters) == (6, 1)
    linear = layer_work(network(Input("x", (7, 5)), Linear("fc", 3), batch=2).instances()[0])
    assert (linear.length, linear.filters, linear.pixels, linear.weights_change) == (5, 3, 14, False)
    builder = NetworkBuilder("attention")
    a, b = builder.add(Input("a", (2, 7, 5))), builder.add(Input("b", (2, 5, 3)))
    builder.add(MatMul("product"), [a, b])
    matmul = layer_work(builder.build(4).instances()[0])
    assert (matmul.length, matmul.filters, matmul.pixels, matmul.groups, matmul.weights_change) == (5, 3, 7, 8, True)


def test_other_layers_are_work_of_the_periphery_or_nothing() -> None:
    found = {instance.name: layer_work(instance) for instance in residual(batch=3).instances()}
    image = 3 * 16 * 8 * 8
    assert found["a.relu"] == VectorWork(operation="relu", read_words=image, written_words=image, word_operations=image)
    assert found["sum"] == VectorWork(operation="add", read_words=2 * image, written_words=image, word_operations=image)
    assert found["pool"] == VectorWork(
        operation="pool", read_words=2 * image, written_words=2 * image // 4, word_operations=2 * image
    )
    assert found["both"] is None
    assert found["flat"] is None


def test_layers_of_a_users_own_kind_are_work_of_the_periphery() -> None:
    from toys.scale import ChannelScale, RowMean

    net = network(Input("image", (3, 4, 5)), ChannelScale("scale"), RowMean("mean"))
    scale, mean = (layer_work(instance) for instance in net.instances())
    assert (scale.read_words, scale.written_words) == (60, 60)
    assert (mean.read_words, mean.written_words, mean.word_operations) == (60, 60, 120)  # two passes over a row


# Where it lies ----------------------------------------------------------------------------------------------------------------


def test_together_all_banks_work_on_each_layer_and_functions_of_values_are_fused() -> None:
    found = place_network(residual(), SMALL, BYTES)
    assert [(stage.layers, stage.first_bank, stage.banks) for stage in found.stages] == [(("a", "b", "c", "d"), 0, 4)]
    assert {layer.name: layer.fused_into for layer in found.layers if layer.fused_into} == {"sum.relu": "sum"}
    assert {move.kind for move in found.moves} == {"input", "same", "output"}
    assert place_network(residual(batch=3), SMALL, BYTES).images == found.images == 1


def test_a_pool_is_fused_if_its_banks_have_all_pixels_of_their_filters() -> None:
    net = network(Input("x", (4, 8, 8)), Conv("conv", 4, 3, padding=1), Activation("relu"), Pool("pool", "max", 2, 2), batch=2)
    whole = place_network(net, Array(columns=36, rows=96, banks=4), BYTES)
    assert whole.layer("conv").layer_map.whole_images_in_bank
    assert (whole.layer("pool").fused_into, whole.layer("conv").result_words) == ("conv", 2 * 4 * 4 * 4)
    split = place_network(net, Array(columns=36, rows=96, banks=8), BYTES)
    assert not split.layer("conv").layer_map.whole_images_in_bank
    assert (split.layer("pool").fused_into, split.layer("conv").result_words) == (None, 2 * 4 * 8 * 8)
    assert split.layer("relu").fused_into == "conv"


def test_in_a_pipeline_each_layer_has_banks_and_branches_wait_for_the_layers_between() -> None:
    found = place_network(residual(batch=5), SMALL, BYTES, "pipelined")
    assert found.images == 5
    assert [stage.layers for stage in found.stages] == [("a",), ("b",), ("c",), ("d",)]
    assert [(stage.first_bank, stage.banks) for stage in found.stages] == [(0, 1), (1, 1), (2, 1), (3, 1)]
    told = {(move.producer, move.consumer): (move.words, move.kind, move.waiting_images) for move in found.moves}
    words = 16 * 8 * 8
    assert told == {
        ("image", "a"): (4 * 8 * 8, "input", 0),
        ("a", "a.relu"): (words, "same", 0),  # the concatenation reads a's result, too, so the function is not fused
        ("a.relu", "b"): (words, "next", 0),
        ("b", "c"): (words, "next", 0),
        ("c", "sum"): (words, "same", 0),
        ("a.relu", "sum"): (words, "skip", 1),
        ("sum.relu", "pool"): (words, "same", 0),
        ("a", "pool"): (words, "skip", 1),
        ("pool", "d"): (2 * words // 4, "next", 0),
        ("d", "host"): (10, "output", 0),
    }
    assert found.layer("sum").stage == 2
    assert found.layer("both").stage == 2


def test_more_layers_than_banks_share_banks_with_their_neighbours() -> None:
    found = place_network(residual(), Array(columns=1024, rows=96, banks=2), BYTES, "pipelined")
    assert [stage.layers for stage in found.stages] == [("a", "b"), ("c", "d")]
    assert found.notes[0] == "more layers than banks: 2 stages have several layers (a and b; c and d)"
    assert [layer.stage for layer in found.products] == [0, 0, 1, 1]


def test_banks_left_over_go_to_the_slowest_layer_unless_each_has_a_given_number() -> None:
    """On a bank a takes 4 x 10 rounds (4 filters and 7 pixels in a row), b and c 16 x 10, d 5. Five banks are left over."""
    wide = Array(columns=1024, rows=256, banks=9)
    free = place_network(residual(), wide, BYTES, "pipelined")
    assert [stage.banks for stage in free.stages] == [1, 4, 3, 1]
    assert [layer.layer_map.rounds for layer in free.products] == [40, 40, 54, 5]
    given_two = place_network(residual(), wide, BYTES, "pipelined", banks_each=2)
    assert [stage.banks for stage in given_two.stages] == [2, 2, 2, 2]
    assert given_two.notes[-1] == "8 of 9 banks have a layer"


def test_weights_that_do_not_fit_together_are_loaded_for_every_image() -> None:
    roomy = place_network(residual(), DDR4, BYTES)
    assert all(layer.resident for layer in roomy.products)
    assert roomy.weight_rows == sum(layer.layer_map.weight_rows for layer in roomy.products)
    tight = place_network(residual(), Array(columns=256, rows=64 + 3 * 8, banks=1), BYTES)
    assert [layer.name for layer in tight.products if layer.resident] != [layer.name for layer in tight.products]
    assert tight.weight_rows <= tight.weight_rows_there == 24
    loaded = [layer for layer in tight.products if not layer.resident]
    assert f"the weights of {len(loaded)} of 4 layers are loaded for every image" in tight.notes[-1]
    reloaded = place_network(residual(), DDR4, MapOptions(**{**vars(BYTES), "weights": "reloaded"}))
    assert not any(layer.resident for layer in reloaded.products)
    assert reloaded.notes == ()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 4), st.integers(1, 3), st.integers(20, 200))
def test_resident_and_passing_weights_fit_every_subarray(more_rows, depth, banks, columns) -> None:
    """Whole rows of weights: a subarray holds a depth-th of a unit's weight sets, rounded up."""
    array = Array(columns=columns, rows=64 + 8 * more_rows, banks=banks, stored_subarrays=depth)
    found = place_network(residual(), array, BYTES)
    kept = sum(layer.layer_map.weight_sets_per_unit for layer in found.products if layer.resident)
    passing = [layer.layer_map for layer in found.products if not layer.resident]
    most = max((max(piece.weight_sets for piece in m.pieces) for m in passing), default=0)
    assert -(-kept // depth) + -(-most // depth) <= more_rows or (not passing and kept <= depth * more_rows)
    assert found.weight_rows == 8 * kept <= found.weight_rows_there == 8 * depth * more_rows


@pytest.mark.parametrize("most", range(1, 9))
def test_stages_of_neighbours_have_the_least_greatest_work(most) -> None:
    works = [3, 9, 1, 1, 7, 2, 5]
    found = stages_of(works, most)
    assert [at for stage in found for at in stage] == list(range(7))
    assert len(found) <= most
    best = min(
        max(sum(part) for part in split(works, cuts)) for cuts in product((False, True), repeat=6) if sum(cuts) + 1 <= most
    )
    assert max(sum(works[at] for at in stage) for stage in found) == best


def split(works: list[int], cuts: tuple[bool, ...]) -> list[list[int]]:
    parts = [[works[0]]]
    for work, cut in zip(works[1:], cuts, strict=True):
        if cut:
            parts.append([])
        parts[-1].append(work)
    return parts


def test_shares_make_the_slowest_stage_as_fast_as_any_division_of_the_banks() -> None:
    works = [30, 7, 55, 12]

    def time(stage: int, banks: int) -> int:
        return -(-works[stage] // banks)

    for banks in range(4, 12):
        shares = share_banks(time, 4, banks)
        assert sum(shares) == banks
        every = (each for each in product(range(1, banks), repeat=4) if sum(each) == banks)
        assert max(map(time, range(4), shares)) == min(max(map(time, range(4), each)) for each in every)


def test_convolutions_can_follow_scale_sims_shape_rule_each_for_itself() -> None:
    net = network(Input("x", (2, 8, 8)), Conv("conv", 4, 3, stride=2), Activation("relu"), Conv("last", 4, 3))
    usual, ruled = (place_network(net, SMALL, BYTES, shapes=shapes) for shapes in ("standard", "scale-sim"))
    assert [layer.layer_map.dots.pixels for layer in usual.products] == [9, 1]
    assert [layer.layer_map.dots.pixels for layer in ruled.products] == [16, 1]
    with pytest.raises(InputError, match="expected shapes: standard for a training step"):
        place_network(training_step(NETWORKS["small-cnn"]()), SMALL, BYTES, shapes="scale-sim")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"placement": "pipelind"}, "no placement 'pipelind'; did you mean 'pipelined'?"),
        ({"placement": "pipelined", "banks_each": 5}, "expected 1 to 4 banks for each layer, got 5"),
        ({"array": Array(columns=1024, rows=71)}, "mapping: expected at least 72 rows in a subarray, got 71"),
        (
            {"network": network(Input("x", (4, 4, 4)), Activation("relu"))},
            "network 'test': expected a layer that multiplies, got none",
        ),
    ],
)
def test_what_cannot_be_placed_is_told(more, told) -> None:
    with pytest.raises(InputError) as caught:
        place_network(**{"network": residual(), "array": SMALL, "options": BYTES, **more})
    assert told in str(caught.value)
