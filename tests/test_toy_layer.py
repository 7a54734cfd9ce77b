"""Layer kinds in one file outside the tree: their rules plan, size, run, fuse, hand on and train them in both engines."""

from __future__ import annotations

import sys
from math import prod
from pathlib import Path

import pytest

from simcore import InputError, load_system, simulate
from simcore.spec import System
from workloads.dataflow import Rowwise, fusions, lower, lower_network, rule_of, work_of
from workloads.dataflow.size import layer_size
from workloads.layers import Conv, Input, Layer, Linear
from workloads.network import Network, NetworkBuilder
from workloads.training import training_step

sys.path.insert(0, str(Path(__file__).parent))
from toys.scale import ChannelScale, DepthToSpace, RowMean


def with_toys(batch: int = 2) -> Network:
    builder = NetworkBuilder("toys")
    builder.add(Input("image", (3, 6, 6)))
    builder.add(Conv("conv", 8, 3, padding=1))
    builder.add(ChannelScale("scale"))
    builder.add(DepthToSpace("space"))
    builder.add(Conv("last", 5, 3, stride=2))
    return builder.build(batch)


def edge(*overrides: str) -> System:
    return load_system("edge-sram", [*overrides, "array.rows=4", "array.columns=3", "vector_unit.lanes=4"])


@pytest.mark.slow
@pytest.mark.parametrize("training", [None, "momentum"])
@pytest.mark.parametrize("keep", ["main-memory", "scratchpads"])
@pytest.mark.parametrize("fuse", ["true", "false"])
def test_both_engines_give_the_same_tables(training: str | None, keep: str, fuse: str) -> None:
    system = edge(f"layer_results={keep}", f"vector_unit.fuse={fuse}")
    reference, compiled = (simulate(with_toys(), system, engine=engine, training=training) for engine in ("simpy", "compiled"))
    for name, table in reference.tables().items():
        assert table.equals(compiled.tables()[name]), name


@pytest.mark.slow
def test_values_of_the_products_around_them_are_right() -> None:
    found = simulate(with_toys(), edge(), engine="simpy", check_values=True, training="sgd")
    assert {name for name, said in found.values.items() if said == "equal"} >= {"conv", "last", "conv.weight_gradient"}
    assert found.values["space"] == "none: moves no data"


def test_the_scale_joins_the_product_before_it_and_the_view_takes_no_cycles() -> None:
    network = with_toys()
    assert fusions(network) == {"scale": "conv"}
    assert [instance.name for instance, program, _ in lower_network(network, edge()) if program is not None] == ["conv", "last"]


def test_alone_it_takes_a_vector_a_step_and_moves_each_word_once() -> None:
    words, system = 2 * 8 * 6 * 6, edge("vector_unit.fuse=false")
    scale = with_toys().select("scale")[0]
    program = lower(scale, system)
    assert program is not None
    assert program.steps == words // 4 == layer_size(scale, system).steps
    assert (program.facts["dram_read_bytes"], program.facts["dram_write_bytes"]) == (words, words)
    assert layer_size(scale, system).bytes_moved == 2 * words
    assert work_of(scale) == Rowwise(words)


def test_its_gradients_and_its_update_are_in_the_training_step() -> None:
    step = training_step(with_toys())
    names = [instance.name for instance in step.instances()]
    assert {"scale.input_gradient", "scale.weight_gradient", "scale.update", "space.input_gradient"} <= set(names)
    gradient = step.select("scale.weight_gradient")[0]
    assert gradient.producers == ("conv", "space.input_gradient")
    words, channels = 2 * 8 * 6 * 6, 8
    size = layer_size(gradient, edge())
    assert (size.steps, size.read_bytes, size.written_bytes) == (words // 4, 2 * words, channels)
    assert prod(step.select("scale.update")[0].output_shape) == channels
    assert step.select("scale.input_gradient")[0].producers == ("space.input_gradient",)


def test_a_layer_without_a_gradient_is_named() -> None:
    builder = NetworkBuilder("means")
    builder.add(Input("rows", (6, 10)))
    builder.add(Linear("fc", 7))
    builder.add(RowMean("means"))
    network = builder.build(2)
    program = lower(network.select("means")[0], edge())
    assert program is not None
    assert program.steps == 2 * 6 * 2 * 2  # rows of the batch, two passes, two vectors of 7 words on 4 lanes
    with pytest.raises(
        InputError, match=r"expected layers that can be trained, got 'means' \(row-mean: its rule has no 'gradient'\)"
    ):
        training_step(network)


def test_a_layer_without_a_rule_and_a_rule_that_is_none_are_clear_errors() -> None:
    class Bare(Layer):
        """Nothing says how it runs."""

        op = "bare"

    class Wrong(Layer):
        """Its rule is none."""

        op = "wrong"
        rule = "rows"

    with pytest.raises(
        InputError, match=r"expected a layer with a rule, got op 'bare'; its class .* needs an attribute 'rule', a LayerRule"
    ):
        rule_of(Bare("x"))
    with pytest.raises(InputError, match="expected the attribute 'rule' of Wrong to be a LayerRule, got 'rows'"):
        rule_of(Wrong("x"))
