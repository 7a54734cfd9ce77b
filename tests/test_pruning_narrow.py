"""Filters that are gone are gone in everything that follows them, and layers whose outputs are added lose the same ones."""

from __future__ import annotations

import numpy as np
import pytest

from simcore.errors import InputError
from workloads.layers import (
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Flatten,
    GlobalPool,
    Input,
    Linear,
    Mul,
    Pool,
    Reshape,
    Transpose,
)
from workloads.load import load_network
from workloads.network import Network, NetworkBuilder
from workloads.pruning import narrow, prunable_filters, pruning_groups


def shapes(network: Network) -> dict[str, tuple[int, ...]]:
    """Return the output shape of every layer."""
    return {instance.name: instance.output_shape for instance in network.instances()}


def closed(net: NetworkBuilder, batch: int = 1) -> Network:
    """Return the network with a linear layer behind its last one."""
    net.add(Flatten("flat"))
    net.add(Linear("fc", 10))
    return net.build(batch)


def test_a_chain_loses_channels_in_every_layer_that_reads_them():
    net = NetworkBuilder("chain")
    net.add(Input("image", (3, 8, 8)))
    net.add(Conv("a", 16, (3, 3), padding=(1, 1), bias=True))
    net.add(BatchNorm("norm", size=16))
    net.add(Activation("relu"))
    net.add(Pool("pool", "max", (2, 2), (2, 2)))
    net.add(Conv("b", 32, (3, 3), padding=(1, 1), bias=True))
    narrower = narrow(closed(net, batch=4), {"a": 5, "b": 7})
    assert (narrower.name, narrower.batch) == ("chain", 4)
    assert shapes(narrower) == {
        **dict.fromkeys(("a", "norm", "relu"), (5, 8, 8)),
        **{"pool": (5, 4, 4), "b": (7, 4, 4), "flat": (112,), "fc": (10,)},
    }
    # Filters x taps + biases, two constants a channel, and 112 features for 10 classes.
    assert narrower.parameters() == 5 * (3 * 9 + 1) + 2 * 5 + 7 * (5 * 9 + 1) + 10 * (112 + 1)
    assert narrower.macs_per_image() == 5 * 64 * 27 + 7 * 16 * 45 + 1120


def test_all_filters_give_the_same_network():
    network = load_network("resnet18-32", 2)
    again = narrow(network, prunable_filters(network))
    assert [(one.layer, one.output_shape) for one in again.instances()] == [
        (one.layer, one.output_shape) for one in network.instances()
    ]


def test_groups_of_resnet18_are_its_residual_streams():
    groups = {group.name: group for group in pruning_groups(load_network("resnet18-32"))}
    assert groups["conv1"].layers == ("conv1", "layer1.0.conv2", "layer1.1.conv2")
    for stage in (2, 3, 4):
        streams = (f"layer{stage}.0.conv2", f"layer{stage}.0.downsample.0", f"layer{stage}.1.conv2")
        assert groups[streams[0]].layers == streams
    alone = {f"layer{stage}.{block}.conv1" for stage in (1, 2, 3, 4) for block in (0, 1)}
    assert {name for name, group in groups.items() if len(group.layers) == 1} == alone
    assert all(group.kept_because is None for group in groups.values())


def test_one_name_prunes_its_whole_group():
    found = shapes(narrow(load_network("resnet18-32"), {"layer2.0.conv2": 40}))
    assert {found[name][0] for name in ("layer2.0.downsample.0", "layer2.1.conv2", "layer2.1.add", "layer2.0.bn2")} == {40}
    assert found["layer2.1.conv1"][0] == 128


def test_concatenated_channels_are_those_of_both_inputs_and_pruned_apart():
    net = NetworkBuilder("concat")
    net.add(Input("image", (3, 4, 4)))
    net.add(Conv("a", 8, (1, 1)), ["image"])
    net.add(Conv("b", 12, (1, 1)), ["image"])
    net.add(Concat("both"), ["a", "b"])
    narrower = narrow(closed(net), {"a": 3, "b": 11})
    assert shapes(narrower)["both"] == (14, 4, 4)
    assert shapes(narrower)["flat"] == (14 * 16,)


def test_a_depthwise_convolution_follows_its_input():
    net = NetworkBuilder("depthwise")
    net.add(Input("image", (3, 4, 4)))
    net.add(Conv("a", 8, (1, 1)))
    net.add(Conv("deep", 16, (3, 3), padding=(1, 1), groups=8))
    net.add(Conv("b", 4, (1, 1)))
    network = closed(net)
    assert list(prunable_filters(network)) == ["a", "b"]
    narrower = narrow(network, {"a": 5})
    deep = narrower.layer("deep")
    assert (deep.groups, deep.out_channels) == (5, 10)
    assert narrower.macs_per_image() == 16 * (3 * 5 + 10 * 9 + 10 * 4) + 640
    with pytest.raises(InputError, match="'deep', which follows its input's channels"):
        narrow(network, {"deep": 4})


def test_a_gate_of_one_value_a_channel_is_pruned_with_what_it_multiplies():
    net = NetworkBuilder("gate")
    net.add(Input("image", (3, 4, 4)))
    body = net.add(Conv("body", 8, (1, 1)))
    net.add(GlobalPool("mean"))
    gate = net.add(Conv("gate", 8, (1, 1)))
    net.add(Mul("gated"), [body, gate])
    network = closed(net)
    assert [group.layers for group in pruning_groups(network)] == [("body", "gate")]
    assert shapes(narrow(network, {"gate": 2}))["gated"] == (2, 4, 4)


def grouped() -> Network:
    net = NetworkBuilder("grouped")
    net.add(Input("image", (3, 4, 4)))
    net.add(Conv("before", 8, (1, 1)))
    net.add(Conv("groups", 8, (3, 3), padding=(1, 1), groups=4))
    net.add(Conv("after", 8, (1, 1)))
    return closed(net)


def added_to_input() -> Network:
    net = NetworkBuilder("input")
    net.add(Input("image", (3, 4, 4)))
    net.add(Conv("a", 3, (1, 1)))
    net.add(Add("add"), ["a", "image"])
    return closed(net)


def misaligned() -> Network:
    net = NetworkBuilder("misaligned")
    net.add(Input("image", (3, 4, 4)))
    for name, filters in (("a", 4), ("b", 4), ("c", 8)):
        net.add(Conv(name, filters, (1, 1)), ["image"])
    net.add(Concat("both"), ["a", "b"])
    net.add(Add("add"), ["both", "c"])
    return closed(net)


def turned() -> Network:
    net = NetworkBuilder("turned")
    net.add(Input("image", (3, 4, 4)))
    net.add(Conv("a", 4, (1, 1)))
    net.add(Transpose("turn", (1, 2, 0)))
    return closed(net)


def all_output() -> Network:
    net = NetworkBuilder("output")
    net.add(Input("image", (3, 4, 4)))
    net.add(Conv("a", 4, (1, 1)))
    return net.build()


@pytest.mark.parametrize(
    ("network", "layer", "why"),
    [
        (grouped(), "before", "in 4 groups"),
        (grouped(), "groups", "in 4 groups"),
        (added_to_input(), "a", "those of the input 'image'"),
        (misaligned(), "a", "joins channels of different stretches"),
        (misaligned(), "c", "joins channels of different stretches"),
        (turned(), "a", "pruning does not know how"),
        (all_output(), "a", "the channels of the output 'a'"),
    ],
)
def test_filters_that_cannot_go_are_named_with_the_reason(network, layer, why):
    with pytest.raises(InputError, match=f"'{layer}' cannot lose filters; .*{why}"):
        narrow(network, {layer: network.layer(layer).out_channels - 1})


@pytest.mark.parametrize(
    ("live", "message"),
    [
        ({"conv9": 1}, "live filters of 'conv9', which is no convolution of it; did you mean 'conv1'"),
        ({"relu": 1}, "live filters of 'relu', which is no convolution of it"),
        ({"conv1": 0}, "expected 1 to 64 live filters of 'conv1', got 0; it would lose all filters"),
        ({"conv1": 65}, "expected 1 to 64 live filters of 'conv1', got 65"),
        ({"conv1": 3.5}, "expected 1 to 64 live filters of 'conv1', got 3.5"),
        (
            {"conv1": 5, "layer1.0.conv2": 6},
            "expected equal live filters in layers whose outputs are added, got 5 of 'conv1', 6 of 'layer1.0.conv2'",
        ),
    ],
)
def test_live_filters_that_the_network_cannot_have(live, message):
    with pytest.raises(InputError) as raised:
        narrow(load_network("resnet18-32"), live)
    assert message in str(raised.value)


def test_exempt_layers_keep_their_whole_group():
    network = load_network("resnet18-32")
    assert not {"conv1", "layer1.0.conv2", "layer1.1.conv2"} & prunable_filters(network, ["conv1"]).keys()
    with pytest.raises(InputError, match="expected a convolution to exempt from pruning, got 'relu'"):
        prunable_filters(network, ["relu"])
    with pytest.raises(InputError, match="no layer is left to prune; all are exempt"):
        prunable_filters(network, ["*"])
    with pytest.raises(InputError, match="no layer is left to prune; its filters are the channels of the output 'a'"):
        prunable_filters(all_output())


def test_a_reshape_that_keeps_channels_hands_them_on():
    net = NetworkBuilder("reshape")
    net.add(Input("image", (3, 4, 4)))
    net.add(Conv("a", 4, (1, 1)))
    net.add(Reshape("rows", (4, 16)))
    net.add(Linear("mix", 2))
    assert shapes(narrow(closed(net), {"a": 3})) == {
        **{"a": (3, 4, 4), "rows": (3, 16), "mix": (3, 2), "flat": (6,), "fc": (10,)},
    }


def random_joins(rng: np.random.Generator) -> tuple[Network, dict[str, list[tuple[str, int]]]]:
    """Return a random network of convolutions, additions and concatenations, and the origin of every channel of its tensors.

    A channel that was added is told by a set of (convolution, filter), in order; here by its first, tied ones being joined below.
    """
    net = NetworkBuilder("random")
    net.add(Input("image", (3, 4, 4)))
    made: dict[str, list[tuple[str, int]]] = {}
    for index in range(int(rng.integers(4, 9))):
        name, known = f"layer{index}", list(made)
        choice = rng.integers(3) if len(known) > 1 else 0
        if choice == 0:
            net.add(Conv(name, int(rng.integers(2, 7)), (1, 1)), [str(rng.choice([*known, "image"]))])
            made[name] = [(name, each) for each in range(net._graph.nodes[name]["layer"].out_channels)]
        elif choice == 1:
            pair = [str(each) for each in rng.choice(known, 2, replace=False)]
            net.add(Concat(name), pair)
            made[name] = [each for one in pair for each in made[one]]
        else:
            first = str(rng.choice(known))
            net.add(Conv(name, len(made[first]), (1, 1)), [first])
            net.add(Add(f"{name}.add"), [name, first])
            made[name] = [(name, each) for each in range(len(made[first]))]
            made[f"{name}.add"] = made[first]
    last = list(made)[-1]
    net.add(Flatten("flat"), [last])
    net.add(Linear("fc", 2))
    for name in [name for name in made if not list(net._graph.successors(name))]:
        net.add(Flatten(f"{name}.flat"), [name])  # its channels are then features of no output's own
        net.add(Linear(f"{name}.fc", 2))
    return net.build(), made


@pytest.mark.parametrize("seed", range(12))
def test_random_joins_keep_as_many_channels_as_filters_live(seed):
    rng = np.random.default_rng(seed)
    network, made = random_joins(rng)
    live = {
        group.name: int(rng.integers(1, group.filters + 1)) for group in pruning_groups(network) if group.kept_because is None
    }
    narrower = narrow(network, live)
    alive = {name: live[group.name] for group in pruning_groups(network) if group.name in live for name in group.layers}
    found = shapes(narrower)
    for name, channels in made.items():
        assert found[name][0] == sum(filters < alive.get(conv, filters + 1) for conv, filters in channels)
