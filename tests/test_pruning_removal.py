"""After structural removal a network computes exactly what the masked network computes. Needs torch."""

from __future__ import annotations

import numpy as np
import pytest

from workloads import layers
from workloads.learning.network import network_for, scores_network
from workloads.network import Network
from workloads.pruning.groups import pruning_groups

torch = pytest.importorskip("torch", reason="torch (extra train) is not installed")

from pruning_networks import masks_of, random_network  # noqa: E402
from torch.nn import functional  # noqa: E402

from workloads.learning.module import GraphModule  # noqa: E402
from workloads.learning.pruning.removal import with_filters  # noqa: E402
from workloads.learning.pruning.widths import with_width  # noqa: E402

#: The removed terms are zeros, so only the order of the other terms of each sum can differ. In float64 (2.2e-16) a sum of n terms
#: then differs by at most n * 2.2e-16 of the sum of their magnitudes: 4e-13 for the 1,152 terms of the widest filter here. Twenty
#: layers with normalisations between may add some of these up. A wrong channel would differ in the first digits.
ROUNDING = 1e-10
#: Differences are measured against a tensor's largest value, but at least this. The gradient of a bias before a normalisation is
#: 0 but for rounding, so its own largest value is no measure.
LEAST = 1e-3


def some_filters(network: Network, seed: int) -> dict[str, np.ndarray]:
    """Positions of about half of the filters of each group, at least one."""
    draw = np.random.default_rng(seed)
    kept = {}
    for group in pruning_groups(network):
        if group.kept_because is None:
            positions = np.sort(draw.permutation(group.filters)[: draw.integers(1, group.filters + 1)])
            kept |= dict.fromkeys(group.layers, positions)
    return kept


def masked(net: GraphModule, masks: dict[str, torch.Tensor]) -> GraphModule:
    """Multiply the output of every layer by its mask."""
    for instance in net.network.instances():
        mask = masks[instance.name]
        net.layer(instance.name).register_forward_hook(lambda module, inputs, output, mask=mask: output * mask)
    return net


def one_step(net: GraphModule, optimiser: torch.optim.SGD, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    optimiser.zero_grad()
    outputs = net(images)
    functional.cross_entropy(outputs, labels).backward()
    optimiser.step()
    return outputs.detach()


def what_stays(net: GraphModule, masks: dict[str, torch.Tensor], name: str, values: torch.Tensor) -> torch.Tensor:
    """The part of a parameter, gradient or momentum of a layer that belongs to live filters and to channels of live filters."""
    instance = next(found for found in net.network.instances() if found.name == name)
    made, read = (masks[tensor].bool() for tensor in (name, instance.producers[0]))
    if isinstance(instance.layer, layers.Linear):
        return values if values.ndim == 1 else values[:, read]
    values = values[made.flatten(1)[:, 0]]
    if isinstance(instance.layer, layers.Conv) and values.ndim == 4 and instance.layer.groups == 1:
        values = values[:, read.flatten(1)[:, 0]]
    return values


def assert_equal(found: torch.Tensor, expected: torch.Tensor, what: str) -> None:
    assert found.shape == expected.shape, what
    if expected.numel():
        worst = float((found - expected).abs().max() / expected.abs().max().clamp_min(LEAST))
        assert worst <= ROUNDING, f"{what}: {worst}"


def assert_same_training(network: Network, seed: int) -> None:
    """Train once densely, remove filters, and compare two steps of the narrower network with those of the masked one."""
    torch.manual_seed(seed)
    dense = GraphModule(network).double()
    momentum = torch.optim.SGD(dense.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-3)
    shape = network.layer(network.order()[0]).infer(())
    batches = [(torch.randn(4, *shape, dtype=torch.float64), torch.randint(0, 3, (4,))) for _ in range(3)]
    one_step(dense, momentum, *batches[0])
    kept = some_filters(network, seed)
    narrow, narrow_optimiser = with_filters(dense, momentum, kept)
    live = {}
    for instance in network.instances():
        if isinstance(instance.layer, layers.Conv):
            live[instance.name] = torch.zeros(instance.output_shape[0], dtype=torch.float64)
            live[instance.name][torch.from_numpy(kept.get(instance.name, np.arange(instance.output_shape[0])))] = 1
    masks = masks_of(network, live)
    reference = masked(dense, masks)
    for step, batch in enumerate(batches[1:]):
        outputs = one_step(narrow, narrow_optimiser, *batch)
        assert_equal(outputs, one_step(reference, momentum, *batch), f"outputs of step {step}")
        for instance in network.instances():
            pairs = zip(narrow.layer(instance.name).named_parameters(), reference.layer(instance.name).parameters(), strict=True)
            for (name, small), large in pairs:
                told = f"{instance.name}.{name}, step {step}"
                stays = [what_stays(reference, masks, instance.name, values) for values in (large.grad, large.detach())]
                assert_equal(small.grad, stays[0], f"gradient of {told}")
                assert_equal(small.detach(), stays[1], told)
                buffers = narrow_optimiser.state[small]["momentum_buffer"], momentum.state[large]["momentum_buffer"]
                assert_equal(buffers[0], what_stays(reference, masks, instance.name, buffers[1]), f"momentum of {told}")
            for (name, small), large in zip(
                narrow.layer(instance.name).named_buffers(), reference.layer(instance.name).buffers(), strict=True
            ):
                stays_of = large if not large.ndim else what_stays(reference, masks, instance.name, large)
                assert_equal(small.double(), stays_of.double(), f"{instance.name}.{name}, step {step}")


@pytest.mark.slow
@pytest.mark.parametrize(("family", "width"), [("vgg16", 0.15), ("resnet18", 0.25)])
def test_a_network_without_filters_trains_as_the_masked_one(family: str, width: float) -> None:
    assert_same_training(with_width(scores_network(network_for(family, (3, 32, 32), 10)), width), seed=1)


@pytest.mark.parametrize("seed", range(12))
def test_a_random_graph_without_filters_trains_as_the_masked_one(seed: int) -> None:
    assert_same_training(random_network(seed), seed)
