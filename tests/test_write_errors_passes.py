"""The kind of tensor in each scratchpad in a training step: by hand, along the edges of a step, and in actual runs."""

from typing import ClassVar

import numpy as np
import pytest
from training_networks import after_weights, many_layers, product_network

from simcore import load_system
from simcore.errors import InputError
from simcore.program.program import Reg
from workloads.dataflow import lower_network
from workloads.dataflow.rules import LayerRule, each_value
from workloads.dataflow.rules.table import RULES, held_tensors
from workloads.dataflow.values import draw_tensors, loop_nest_operands
from workloads.layers import Conv, Layer
from workloads.layers.gradients import GradientView, MaxPoolGradient
from workloads.layers.trained import TrainedMaxPool
from workloads.layers.updates import Update
from workloads.learning.network import network_for
from workloads.network import Network
from workloads.training import training_step

A, W, E = "activations", "weights", "errors"

STEPS = [
    training_step(many_layers()),
    training_step(product_network()),
    training_step(network_for("vgg-like", (1, 8, 8), 10, batch=2), optimizer="adam"),
    training_step(after_weights(Conv("strided", 4, 1, 2), (3, 5, 5)), strided="phases"),
    training_step(after_weights(Conv("strided", 4, 3, 2), (3, 5, 5)), strided="zeros"),
]


def product(ifmap: str, filters: str, ofmap: str | None) -> dict[str, str | None]:
    return {"ifmap": ifmap, "filter": filters, "accumulator": None, "ofmap": ofmap}


def test_the_layers_of_a_step_by_hand() -> None:
    step = training_step(network_for("small-cnn", (1, 8, 8), 10, batch=2))
    update = {"ifmap": None, "filter": None, "ofmap": None}
    assert {instance.name: held_tensors(instance.layer) for instance in step.instances()} == {
        "conv1": product(A, W, A),
        "relu1": {"ifmap": A, "ofmap": A},
        "pool1": {"ifmap": A, "ofmap": None},
        "conv2": product(A, W, A),
        "relu2": {"ifmap": A, "ofmap": A},
        "pool2": {"ifmap": A, "ofmap": None},
        "flatten": {},
        "fc": product(A, W, A),
        "fc.loss": {"ifmap": A, "ofmap": A},
        "fc.loss.input_gradient": {"ifmap": A, "filter": None, "ofmap": E},
        "fc.input_gradient": product(E, W, E),
        "fc.weight_gradient": product(A, E, None),
        "flatten.input_gradient": {},
        "pool2.input_gradient": {"ifmap": E, "filter": None, "ofmap": E},
        "relu2.input_gradient": {"ifmap": E, "filter": A, "ofmap": E},
        "conv2.input_gradient": product(E, W, E),
        "conv2.weight_gradient": product(A, E, None),
        "pool1.input_gradient": {"ifmap": E, "filter": None, "ofmap": E},
        "relu1.input_gradient": {"ifmap": E, "filter": A, "ofmap": E},
        "conv1.weight_gradient": product(A, E, None),
        "fc.update": update,
        "conv2.update": update,
        "conv1.update": update,
    }


def written_by(step: Network, name: str, reader: Layer) -> str | None:
    """The kind of tensor a layer leaves behind for ``reader``; a view passes on what it views."""
    instances = {instance.name: instance for instance in step.instances()}
    if name not in instances:
        return None if name.endswith(".labels") else A  # an input of the network
    instance = instances[name]
    held = held_tensors(instance.layer)
    if not held:
        kinds = {written_by(step, producer, reader) for producer in instance.producers}
        assert len(kinds) == 1, f"{name} shows tensors of several kinds"
        return kinds.pop()
    # A pool leaves values, and places that its own gradient alone reads.
    return A if isinstance(instance.layer, TrainedMaxPool) and not isinstance(reader, MaxPoolGradient) else held["ofmap"]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.name}-{len(step.instances())}")
def test_every_layer_reads_what_the_layer_before_it_wrote(step: Network) -> None:
    for instance in step.instances():
        held = held_tensors(instance.layer)
        for position, producer in enumerate(instance.producers if held else ()):
            pad = "filter" if position or isinstance(instance.layer, Update) else "ifmap"
            assert held[pad] == written_by(step, producer, instance.layer), f"{instance.name} reads {producer}"


@pytest.mark.slow
@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.name}-{len(step.instances())}")
def test_what_is_told_are_the_scratchpads_that_a_layer_uses(step: Network, dataflow: str) -> None:
    system = load_system("train-sram", overrides=[f"array.dataflow={dataflow}"])
    names = list(system.scratchpads)
    for instance, program, fused_into in lower_network(step, system):
        held = set(held_tensors(instance.layer))
        used = set() if program is None else {names[row[Reg.SCRATCHPAD]] for row in program.regions}
        if not fused_into:
            # The accumulator is used where a sum takes several folds.
            assert used <= held, instance.name
            assert held - used <= {"accumulator"}, instance.name


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.name}-{len(step.instances())}")
def test_the_first_tensor_of_a_gradient_is_its_ifmap_and_the_second_its_filters(step: Network) -> None:
    gradients = 0
    for instance in step.instances():
        held = held_tensors(instance.layer)
        if instance.layer.pass_name == "forward" or "accumulator" not in held:
            continue
        first, second = draw_tensors(instance, np.random.default_rng(0))
        pixels, filters = loop_nest_operands(instance, np.full_like(first, 1), np.full_like(second, 2))
        assert (set(pixels.flat), set(filters.flat)) == ({1}, {2}), instance.name
        kinds = [written_by(step, producer, instance.layer) for producer in instance.producers]
        assert [held["ifmap"], held["filter"]] == (kinds if len(kinds) == 2 else [*kinds, W]), instance.name
        gradients += 1
    assert gradients


def test_strided_gradients_are_errors_whichever_way_they_are_made() -> None:
    phases, zeros = ({instance.name: instance.layer for instance in step.instances()} for step in STEPS[3:])
    assert isinstance(phases["strided.input_gradient"], GradientView)
    assert held_tensors(phases["strided.input_gradient.phase_0_0"]) == product(E, W, E)
    assert held_tensors(phases["strided.input_gradient.zeros"]) == {"ofmap": E}
    assert held_tensors(zeros["strided.input_gradient.zero_insertion"]) == {"ifmap": E, "ofmap": E}


class Silent(Layer):
    """A layer whose rule does not say what it holds."""

    rule: ClassVar[LayerRule["Silent"]] = LayerRule(each_value)


def test_a_layer_that_does_not_say_what_it_holds_is_reported() -> None:
    with pytest.raises(InputError, match=r"layer 'odd': expected a layer of a training step.*its rule needs 'holds'"):
        held_tensors(Silent("odd"))


def test_every_layer_kind_that_can_be_in_a_training_step_says_what_it_holds() -> None:
    """Kinds that cannot be trained, and that no training step makes, are in none (norms of transformers, copies)."""
    silent = [kind for kind, rule in RULES.items() if rule.holds is None]
    assert [kind.__name__ for kind in silent if RULES[kind].gradient or RULES[kind].trained or RULES[kind].loss] == []
    assert [kind.__name__ for kind in silent if kind.__module__.endswith((".trained", ".gradients", ".updates"))] == []
