"""Training passes: cycles, products and traffic counted by hand and in closed form, the layers of a step, and sums."""

from __future__ import annotations

import json
import shlex
from itertools import product
from math import prod
from typing import Any

import pandas as pd
import pytest
from dataflow_walk import check_plan
from test_pe_values import QUICK, machine
from test_readme import ROOT, blocks, commands, small
from training_networks import after_weights, chain, lowered, many_layers, product_network, trained
from typer.testing import CliRunner

from simcore import load_system, simulate
from simcore.cli import app
from simcore.errors import InputError
from simcore.program.program import Port, Reg
from simcore.spec import System
from workloads.dataflow import Product, lower, lower_network, work_of
from workloads.layers import (
    LRN,
    Activation,
    Add,
    BatchNorm,
    Combine,
    Conv,
    Dropout,
    Flatten,
    GlobalPool,
    Input,
    Layer,
    Linear,
    MatMul,
    Pool,
    Reshape,
    Softmax,
)
from workloads.layers.gradients import WeightGradient
from workloads.layers.trained import TrainedMaxPool
from workloads.layers.updates import OPTIMIZERS, Update
from workloads.network import LayerInstance, Network, NetworkBuilder
from workloads.networks import NETWORKS, alexnet, lenet5, resnet18, resnet18_32, vgg16
from workloads.training import PASSES, training_step

GUIDE = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")


# What a step is made of -------------------------------------------------------------------------------------------------------


def test_a_step_is_the_network_then_its_gradients_in_reverse_then_its_updates() -> None:
    net = chain(Conv("conv", 4, 3), Activation("relu"), Flatten("flat"), Linear("fc", 5), image=(2, 6, 6), batch=3)
    step = training_step(net)
    assert (step.name, step.batch) == ("chain-training", 3)
    assert [(instance.name, instance.layer.pass_name) for instance in step.instances()] == [
        ("conv", "forward"),
        ("relu", "forward"),
        ("flat", "forward"),
        ("fc", "forward"),
        ("fc.loss", "forward"),
        ("fc.loss.input_gradient", "input_gradient"),
        ("fc.input_gradient", "input_gradient"),
        ("fc.weight_gradient", "weight_gradient"),
        ("flat.input_gradient", "input_gradient"),
        ("relu.input_gradient", "input_gradient"),
        ("conv.weight_gradient", "weight_gradient"),
        ("fc.update", "update"),
        ("conv.update", "update"),
    ]


def test_layers_before_the_first_weights_have_no_gradient() -> None:
    found = trained(chain(Activation("relu"), Pool("pool", "max", 2, 2), Conv("conv", 4, 3), image=(2, 8, 8)))
    assert not [name for name in found if name.startswith(("relu.", "pool."))]
    assert "conv.input_gradient" not in found
    assert not isinstance(found["pool"].layer, TrainedMaxPool), "nobody would read the places"


def test_a_network_that_ends_in_softmax_has_its_loss_there() -> None:
    found = trained(chain(Linear("fc", 5), Softmax("softmax"), image=(7,)))
    assert [name for name in found if "loss" in name] == []
    assert found["softmax"].layer.op == "softmax-loss"
    assert found["fc.weight_gradient"].producers == ("image", "softmax.input_gradient")


def test_a_tensor_that_several_layers_read_gets_the_sum_of_their_gradients() -> None:
    found = trained(resnet18())
    branches = ("layer2.0.conv1.input_gradient", "layer2.0.downsample.0.input_gradient")
    assert set(found["layer1.1.relu2.gradient_sum"].producers) == set(branches)
    assert found["layer1.1.relu2.gradient_sum"].layer.pass_name == "input_gradient"


def test_slopes_that_the_output_tells_do_not_keep_the_input() -> None:
    relu = trained(after_weights(Activation("relu"), (2, 4, 4)))["relu.input_gradient"]
    gelu = trained(after_weights(Activation("gelu", "gelu"), (2, 4, 4)))["gelu.input_gradient"]
    assert (relu.producers[1], gelu.producers[1]) == ("relu", "before")


def test_forward_layers_fuse_where_the_way_back_does_not_need_what_lies_between() -> None:
    def into(name: str) -> dict[str, str | None]:
        step = training_step(after_weights(Activation("act", name), (2, 4, 4)))
        return {instance.name: fused for instance, _, fused in lower_network(step, load_system("edge-sram"))}

    assert into("relu")["act"] == "before"
    assert into("gelu")["act"] is None
    normed = training_step(chain(Conv("conv", 4, 3), BatchNorm("bn"), Activation("relu"), image=(2, 8, 8)))
    found = {instance.name: fused for instance, _, fused in lower_network(normed, load_system("edge-sram"))}
    assert (found["bn"], found["relu"]) == (None, "bn"), "the batch's statistics come before its normalised values"


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "vgg16", "resnet18"])
def test_every_stored_activation_is_read_and_every_weight_is_updated_once(name: str) -> None:
    network = NETWORKS[name]()
    step = training_step(network)
    for instance in step.instances():
        if instance.layer.pass_name != "update":
            assert step.graph.out_degree(instance.name) > 0 or instance.name.endswith(".weight_gradient"), instance.name
    weighted = [item for item in network.instances() if isinstance(item.layer, Conv | Linear)]
    for instance in weighted:
        reads = step.graph.predecessors(f"{instance.name}.weight_gradient")
        assert instance.producers[0] in reads, "the input that the forward pass stored is read again"
        assert list(step.graph.successors(f"{instance.name}.weight_gradient")) == [f"{instance.name}.update"]
    assert len([item for item in step.instances() if isinstance(item.layer, Update)]) == len(weighted)
    words = sum(prod(item.output_shape) for item in step.instances() if isinstance(item.layer, Update))
    biases = sum(item.parameters for item in network.instances()) - words
    assert 0 <= biases < 0.005 * words, "biases, scales and shifts stay in the vector unit"


# Closed forms -----------------------------------------------------------------------------------------------------------------


def macs_of(step: Network) -> dict[str, int]:
    found = dict.fromkeys(PASSES, 0)
    for instance in step.instances():
        found[instance.layer.pass_name] += instance.macs
    return found


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet18", "resnet18-32", "vgg16-32"])
@pytest.mark.parametrize("batch", [1, 3])
def test_weight_gradients_have_the_forward_macs_and_input_gradients_all_but_the_first_layers(name: str, batch: int) -> None:
    network = NETWORKS[name](batch=batch)
    first = next(instance.macs for instance in network.instances() if isinstance(instance.layer, Conv))
    forward = network.macs()
    expected = {"forward": forward, "input_gradient": forward - first, "weight_gradient": forward, "update": 0}
    assert macs_of(training_step(network)) == expected


@pytest.mark.slow
def test_the_planned_macs_are_the_layers_macs() -> None:
    for network in (lenet5(2), many_layers(), product_network(), resnet18_32()):
        for instance, program, _ in lower_network(training_step(network), load_system("train-sram")):
            assert program is None or program.facts["macs"] == instance.macs, instance.name


def test_without_padding_the_input_gradient_also_multiplies_the_border() -> None:
    """LeNet's c3, 5x5 over 14x14 without padding: each of 14x14 x 6 pixels sums over 25 taps x 16 filters."""
    found = trained(lenet5())
    assert found["c3.input_gradient"].macs == 14 * 14 * 6 * 25 * 16
    assert found["c3"].macs == found["c3.weight_gradient"].macs == 10 * 10 * 16 * 25 * 6


def test_phases_multiply_no_inserted_zero_and_inserted_zeros_cost_the_square_of_the_stride() -> None:
    conv = Conv("conv", 8, 3, 2, padding=1)
    network = after_weights(conv, (4, 16, 16), batch=2)
    found = {strided: trained(network, strided=strided) for strided in ("phases", "zeros")}
    phases = [item for name, item in found["phases"].items() if name.startswith("conv.input_gradient.phase")]
    assert [item.macs for item in phases] == [2 * 64 * 4 * taps * 8 for taps in (1, 2, 2, 4)]
    assert sum(item.macs for item in phases) == found["phases"]["conv"].macs
    assert found["zeros"]["conv.input_gradient"].macs == 4 * found["zeros"]["conv"].macs


def test_pixels_that_no_tap_reaches_get_zeros_and_no_products() -> None:
    found = trained(after_weights(Conv("conv", 8, 1, 2), (4, 6, 6)))
    assert [name for name in found if name.startswith("conv.input_gradient.")] == [
        "conv.input_gradient.phase_0_0",
        "conv.input_gradient.zeros",
    ]
    assert found["conv.input_gradient.zeros"].output_shape == (4, 36 - 9)


def stored_words(instance: LayerInstance) -> int:
    """Words of a layer's result: of the batch, or of its weights."""
    layer = instance.layer
    if isinstance(layer, Update):
        return layer.tensors * prod(instance.output_shape)
    if isinstance(layer, WeightGradient):
        return prod(instance.output_shape)
    return instance.batch * prod(instance.output_shape) * (2 if isinstance(layer, TrainedMaxPool) else 1)


def read_words(instance: LayerInstance) -> int:
    """Words that a layer must read: the rows in use of what the array streams and its filters, else all it reads."""
    work = work_of(instance)
    if isinstance(work, Product):
        return work.shape.ifmap_words() + work.shape.filters * work.shape.taps
    if isinstance(instance.layer, Update):
        return (instance.layer.tensors + 1) * prod(instance.output_shape)
    return instance.batch * sum(prod(shape) for shape in instance.input_shapes)


def with_capacity(kib: int, **words: int) -> System:
    sets = [f"scratchpads.{pad}.capacity_bytes={kib} KiB" for pad in ("ifmap", "filter", "ofmap", "accumulator")]
    return load_system("train-sram", sets + [f"words.{name}={value}" for name, value in words.items()])


@pytest.mark.slow
@pytest.mark.parametrize("network", [lenet5(4), resnet18_32(2), many_layers()], ids=lambda network: network.name)
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_with_room_for_all_each_layer_moves_exactly_what_it_must(network: Network, optimizer: str) -> None:
    for instance, program, _ in lower_network(training_step(network, optimizer=optimizer), with_capacity(262144)):
        if program is not None and not (isinstance(instance.layer, Add) and len(instance.input_shapes) > 2):
            moved = program.facts["dram_read_bytes"], program.facts["dram_write_bytes"]
            assert moved == (2 * read_words(instance), 2 * stored_words(instance)), instance.name


@pytest.mark.slow
def test_a_larger_scratchpad_cuts_traffic_down_to_what_each_pass_must_move() -> None:
    step = training_step(resnet18_32(8))
    totals = []
    for kib in (32, 1024, 262144):
        programs = [(item, program) for item, program, _ in lower_network(step, with_capacity(kib)) if program is not None]
        for item, program in programs:
            assert program.facts["dram_read_bytes"] >= 2 * read_words(item), item.name
            assert program.facts["dram_write_bytes"] >= 2 * stored_words(item), item.name
        totals.append(sum(program.facts["dram_read_bytes"] + program.facts["dram_write_bytes"] for _, program in programs))
    assert totals == sorted(totals, reverse=True)
    assert totals[0] > 1.3 * totals[-1]


def test_tall_filters_of_weight_gradients_read_the_ifmap_about_once_a_column_of_folds() -> None:
    """vgg16's conv1_2: 3.2 MB of activations beside a share of 256 KiB; two columns of 32 filters, two blocks at the most."""
    instance = trained(vgg16())["conv1_2.weight_gradient"]
    program = lower(instance, load_system("edge-sram"))
    assert program is not None
    ifmap, gradient = 64 * 224 * 224, 64 * 224 * 224
    assert program.facts["dram_read_bytes"] < 2.2 * ifmap + gradient
    assert program.facts["dram_write_bytes"] == 64 * 64 * 9


# Hand counts ------------------------------------------------------------------------------------------------------------------

#: 4 x 4, no overlap of folds, one fold after the other takes its time + 2 x rows + columns - 2; four lanes.
HAND = machine(("ws", "none", "skew-registers", "accumulator"), 4, 4, QUICK, tiling="whole", vector_unit={"lanes": 4})


def steps_of(network: Network, name: str, system: System = HAND, **options: Any) -> int:
    return lowered(trained(network, **options)[name], system).steps


def test_steps_of_a_linear_layers_gradients_by_hand() -> None:
    """8 inputs, 6 outputs, 5 images."""
    network = after_weights(Linear("fc", 6), (8,), batch=5)
    assert steps_of(network, "fc") == 2 * 2 * (5 + 10)
    assert steps_of(network, "fc.input_gradient") == 2 * 2 * (5 + 10), "6 taps, 8 results, 5 rows"
    assert steps_of(network, "fc.weight_gradient") == 2 * 2 * (8 + 10), "5 taps, 6 results, 8 rows"


def test_steps_of_a_convolutions_gradients_by_hand() -> None:
    """2 channels of 4x4, 3 filters of 3x3, padded, 2 images."""
    network = after_weights(Conv("conv", 3, 3, padding=1), (2, 4, 4), batch=2)
    assert steps_of(network, "conv") == 5 * 1 * (32 + 10), "18 taps, 3 filters, 32 pixels"
    assert steps_of(network, "conv.input_gradient") == 7 * 1 * (32 + 10), "27 taps, 2 results, 32 pixels"
    assert steps_of(network, "conv.weight_gradient") == 8 * 1 * (18 + 10), "32 output pixels, 3 filters, 18 taps"


def test_steps_of_strided_phases_by_hand() -> None:
    """4 filters of 3x3, stride 2, over 2 channels of 8x8: 4x4 pixels a phase, 4 channels x 1, 2, 2 and 4 taps."""
    network = after_weights(Conv("conv", 4, 3, 2, padding=1), (2, 8, 8))
    found = [steps_of(network, f"conv.input_gradient.phase_{row}_{column}") for row, column in product((0, 1), (0, 1))]
    assert found == [folds * (16 + 10) for folds in (1, 2, 2, 4)]
    assert steps_of(network, "conv.input_gradient", strided="zeros") == 9 * (64 + 10)


@pytest.mark.parametrize(("optimizer", "steps"), [("sgd", 18), ("momentum", 36), ("adam", 54)])
def test_steps_of_an_update_by_hand(optimizer: str, steps: int) -> None:
    """8 x 9 weights, four a step, once for each tensor that is read and written."""
    assert steps_of(after_weights(Linear("fc", 9), (8,)), "fc.update", optimizer=optimizer) == steps


def test_steps_of_the_vector_units_gradients_by_hand() -> None:
    """4 channels of 6x6, 2 images: 72 vectors of four channels."""
    image = (4, 6, 6)

    def steps(layer: Layer, name: str) -> int:
        return steps_of(after_weights(layer, image, batch=2), name)

    assert steps(Activation("relu"), "relu.input_gradient") == 72
    assert steps(Dropout("drop"), "drop.input_gradient") == 72
    assert steps(BatchNorm("bn"), "bn") == steps(BatchNorm("bn"), "bn.input_gradient") == 2 * 72
    assert steps(Pool("pool", "max", 2, 2), "pool.input_gradient") == 18 * 4, "a step for each of a window's places"
    assert steps(Pool("pool", "avg", 3, 3), "pool.input_gradient") == 8 * 9
    assert steps(Pool("pool", "max", 3, 2), "pool.input_gradient") == 2 * 2 * 2 * 9, "72 results would be no more"
    assert steps(Pool("pool", "max", 1, 2), "pool.input_gradient") == 72, "more results than places"
    assert steps(GlobalPool("mean"), "mean.input_gradient") == 72


def test_cycles_and_bytes_of_a_small_step_by_hand() -> None:
    """8 -> 6 linear behind 8 -> 8, 5 images, bf16: every cycle is a step by hand or a stall; every byte is one by hand."""
    network = after_weights(Linear("fc", 6), (8,), batch=5)
    wide = {"line_bytes": 8} | QUICK
    words = {"ifmap_bytes": 2, "filter_bytes": 2, "ofmap_bytes": 2, "psum_bytes": 4}
    system = machine(
        ("ws", "none", "skew-registers", "accumulator"), 4, 4, wide, tiling="whole", vector_unit={"lanes": 4}, words=words
    )
    results = simulate(training_step(network, optimizer="momentum"), system)
    layers = results.layers.set_index("layer")
    steps = {
        "before": 4 * 15, "fc": 4 * 15, "fc.loss": 5 * 3 * 2, "fc.loss.input_gradient": 8, "fc.input_gradient": 4 * 15,
        "fc.weight_gradient": 4 * 18, "before.weight_gradient": 4 * 18, "fc.update": 24, "before.update": 32,
    }  # fmt: skip
    assert layers["compute_cycles"].to_dict() == steps
    assert (layers["cycles"] > layers["compute_cycles"]).all()
    words_moved = {
        "before": (40 + 64, 40), "fc": (40 + 48, 30), "fc.loss": (30, 30), "fc.loss.input_gradient": (30 + 5, 30),
        "fc.input_gradient": (30 + 48, 40), "fc.weight_gradient": (40 + 30, 48), "before.weight_gradient": (40 + 40, 64),
        "fc.update": (3 * 48, 2 * 48), "before.update": (3 * 64, 2 * 64),
    }  # fmt: skip
    for name, (read, written) in words_moved.items():
        assert (layers.loc[name, "dram_read_bytes"], layers.loc[name, "dram_write_bytes"]) == (2 * read, 2 * written), name
    by_pass = results.passes.set_index("pass")
    assert by_pass["compute_cycles"].to_dict() == {
        "forward": 150, "input_gradient": 68, "weight_gradient": 144, "update": 56,
    }  # fmt: skip
    assert by_pass["macs"].to_dict() == {
        "forward": 5 * (64 + 48), "input_gradient": 5 * 48, "weight_gradient": 5 * (64 + 48), "update": 0,
    }  # fmt: skip


def test_a_max_pool_stores_a_place_beside_each_maximum_and_reads_it_back() -> None:
    layers = simulate(training_step(after_weights(Pool("pool", "max", 2, 2), (4, 8, 8), batch=2)), "train-sram").layers
    row = layers.set_index("layer")
    assert (row.loc["pool", "dram_read_bytes"], row.loc["pool", "dram_write_bytes"]) == (2 * 512, 2 * 2 * 128)
    gradient = row.loc["pool.input_gradient"]
    assert (gradient["dram_read_bytes"], gradient["dram_write_bytes"]) == (2 * 2 * 128, 2 * 512)


def test_a_channel_that_does_not_fit_is_read_again_for_its_second_pass() -> None:
    network = chain(Conv("conv", 32, 1), BatchNorm("bn"), image=(2, 32, 32), batch=4)
    values = 4 * 32 * 32 * 32
    moved = {}
    for kib in (32, 1024):
        found = {instance.name: program for instance, program, _ in lower_network(training_step(network), with_capacity(kib))}
        moved[kib] = [found[name].facts["dram_read_bytes"] for name in ("bn", "bn.input_gradient")]  # type: ignore[union-attr]
    assert moved[1024] == [2 * values, 4 * values]
    assert all(small > 1.8 * large for small, large in zip(moved[32], moved[1024], strict=True))


# Words ------------------------------------------------------------------------------------------------------------------------


def test_each_tensor_of_a_step_has_its_own_word_on_whatever_port_it_goes_through() -> None:
    """Activations and errors of four bytes, weights and their gradients of two."""
    system = with_capacity(1024, ifmap_bytes=4, ofmap_bytes=4, filter_bytes=2)
    found = trained(after_weights(Linear("fc", 6), (8,), batch=5))

    def word_bytes(name: str) -> list[int]:
        return lowered(found[name], system).regions[:, Reg.WORD_BYTES].tolist()

    assert word_bytes("fc") == [4, 2, 4]
    assert word_bytes("fc.input_gradient") == [4, 2, 4]
    assert word_bytes("fc.weight_gradient") == [4, 4, 2]
    assert word_bytes("fc.update") == [2, 2, 2]


# Plans, engines, results ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_every_layer_of_a_step_has_a_plan_that_runs_in_little_room(dataflow: str, optimizer: str) -> None:
    pads = [f"scratchpads.{pad}.capacity_bytes=2 KiB" for pad in ("ifmap", "filter", "ofmap", "accumulator")]
    system = load_system("edge-sram", [*pads, f"array.dataflow={dataflow}", "array.rows=8", "array.columns=8"])
    for network in (many_layers(2), product_network()):
        for _, program, _ in lower_network(training_step(network, optimizer=optimizer), system):
            if program is not None:
                check_plan(program, system)


@pytest.mark.slow
@pytest.mark.parametrize("system", ["train-sram", "train-stt"])
def test_both_engines_agree_on_every_layer_of_a_step(system: str) -> None:
    sets = ["array.rows=8", "array.columns=8", "vector_unit.lanes=8"]
    step = training_step(many_layers(2), optimizer="adam")
    both = [simulate(step, system, engine=engine, overrides=sets) for engine in ("compiled", "simpy")]
    for name, table in both[0].tables().items():
        pd.testing.assert_frame_equal(table, both[1].tables()[name])


def test_layers_and_passes_add_up_to_the_run() -> None:
    results = simulate("lenet5", "train-stt", batch=4, training="adam")
    totals = results.totals.set_index("metric")["value"]
    passes = results.passes.set_index("pass")
    assert tuple(passes.index) == PASSES
    assert set(results.layers["pass"]) == set(PASSES)
    for column in passes.columns:
        assert passes[column].sum() == pytest.approx(results.layers[column].sum()) == pytest.approx(totals[column]), column
        for name, row in passes.iterrows():
            assert row[column] == pytest.approx(results.layers.loc[results.layers["pass"] == name, column].sum())
    assert results.cycles == passes["cycles"].sum()


def test_inference_is_one_pass() -> None:
    results = simulate("lenet5", "edge-sram")
    assert results.passes["pass"].tolist() == ["forward"]
    assert results.passes["cycles"].tolist() == [results.cycles]


@pytest.mark.slow
def test_slower_writes_slow_a_training_step_by_back_pressure() -> None:
    cycles = []
    for pulse in (2, 5, 10, 20):
        pads = [
            f"scratchpads.{pad}.timing.parameters.write_cycles={pulse}" for pad in ("ifmap", "filter", "ofmap", "accumulator")
        ]
        results = simulate("lenet5", "train-stt", batch=4, training="sgd", overrides=pads)
        cycles.append(results.cycles)
    assert cycles == sorted(set(cycles))
    stalled = results.totals.set_index("metric")["value"]
    assert stalled["stall_write_backpressure_cycles"] > 0


# Errors and the command line --------------------------------------------------------------------------------------------------


def test_layers_that_cannot_be_trained_are_listed_all_at_once() -> None:
    net = NetworkBuilder("odd")
    net.add(Input("image", (4, 8, 8)))
    conv = net.add(Conv("conv", 4, 3, padding=1))
    net.add(LRN("lrn"))
    norm = net.add(Activation("relu"))
    net.add(Combine("gate"), [norm, conv])
    net.add(GlobalPool("peak", "max"))
    net.add(Reshape("columns", (2, 2, 1)))
    net.add(MatMul("broadcast"), ["columns", net.add(Reshape("row", (1, 4)), ["peak"])])
    with pytest.raises(InputError) as caught:
        training_step(net.build())
    lacks = "its rule has no 'gradient'"
    wanted = f"'lrn' (lrn: {lacks}), 'gate' (combine of kind 'max'), 'peak' (global-pool of maxima), 'broadcast'"
    wanted += " (matmul that broadcasts)"
    assert str(caught.value) == f"network 'odd': expected layers that can be trained, got {wanted}"


def test_what_a_step_cannot_be_made_of_is_refused() -> None:
    with pytest.raises(InputError, match="expected a layer with weights to train"):
        training_step(chain(Activation("relu"), image=(4,)))
    with pytest.raises(InputError, match=r"expected one of sgd, momentum, adam, got 'adm'; did you mean 'adam'"):
        training_step(lenet5(), optimizer="adm")
    with pytest.raises(InputError, match=r"expected one of phases, zeros, got 'phase'"):
        training_step(lenet5(), strided="phase")
    with pytest.raises(InputError, match=r"'bn' \(batch-norm before every layer with weights\)"):
        training_step(chain(BatchNorm("bn"), Conv("conv", 4, 3), image=(2, 8, 8)))
    with pytest.raises(InputError, match="expected shapes: standard for a training step"):
        simulate(training_step(lenet5()), "scale-sim-32x32-ws")


@pytest.mark.slow
def test_the_command_line_trains() -> None:
    arguments = ["run", "lenet5", "--training", "--batch", "2", "--optimizer", "momentum", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert found["network"] == "lenet5-training"
    assert {layer["pass"] for layer in found["layers"]} == set(PASSES)
    assert sum(row["cycles"] for row in found["passes"]) == found["cycles"]
    shown = CliRunner().invoke(app, ["run", "lenet5", "--training"])
    assert "Passes" in shown.output
    assert "weight_gradient" in shown.output
    banks = CliRunner().invoke(app, ["banks", "lenet5", "--training", "--json"])
    assert json.loads(banks.output)["cycles"] == simulate("lenet5", training="sgd").cycles


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--optimizer", "adam"], "expected --training with --optimizer"),
        (["--training", "--optimizer", "adm"], "did you mean 'adam'"),
    ],
)
def test_wrong_training_options_exit_with_2_and_one_line(options: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["run", "lenet5", *options])
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lenet5", "alexnet", "resnet18", "resnet18-32", "vgg16-32"])
def test_the_suite_runs_in_inference_and_training(name: str) -> None:
    inference, training = simulate(name, "edge-sram"), simulate(name, "edge-sram", training="sgd")
    forward = training.passes.set_index("pass").loc["forward"]
    assert forward["macs"] == inference.layers["macs"].sum()
    assert forward["cycles"] >= inference.cycles, "normalisations by batch statistics, positions and the loss come on top"
    assert training.cycles > 2 * inference.cycles


@pytest.mark.slow
def test_vgg16_is_lowered_for_training() -> None:
    programs = [
        program for _, program, _ in lower_network(training_step(vgg16()), load_system("cloud-128x128-ws")) if program is not None
    ]
    assert sum(program.facts["macs"] for program in programs) == sum(macs_of(training_step(vgg16())).values())


def test_alexnet_reads_each_gradient_port_as_planned() -> None:
    """Words on the ports are those of the loop nest: streamed once for each column of folds, filters once for each block."""
    instance = trained(alexnet())["conv2.weight_gradient"]
    program = lowered(instance, load_system("train-sram"))
    assert program.elements(Port.IFMAP) == program.facts["folds"] // program.facts["tiling"]["blocks"] * 64 * 25


@pytest.mark.parametrize("command", commands(GUIDE))
def test_commands_of_the_guide_run(command: str) -> None:
    result = CliRunner().invoke(app, shlex.split(small(command))[1:])
    assert result.exit_code == 0, result.output


def test_python_of_the_guide_runs() -> None:
    for code in blocks(GUIDE, "python"):
        exec(compile(code, "training.md", "exec"), {})
