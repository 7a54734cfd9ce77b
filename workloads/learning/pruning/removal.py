"""Structural removal: a narrower network takes over weights, statistics and momentum of the filters that stay. Needs torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from workloads import layers
from workloads.learning.module import GraphModule
from workloads.learning.pruning.choice import Positions
from workloads.network import LayerInstance
from workloads.pruning.channels import ChannelFlow, channel_flow
from workloads.pruning.narrow import narrow


@dataclass(frozen=True, eq=False)
class Stays:
    """The positions that stay along the first two axes of a layer's tensors. None keeps the whole axis."""

    first: Tensor | None = None
    second: Tensor | None = None

    def of(self, values: Tensor) -> Tensor:
        """Return what stays of a tensor of the layer, as a tensor of its own. Axes that it does not have are left out."""
        for axis, positions in enumerate((self.first, self.second)):
            if positions is not None and values.ndim > axis:
                values = values.index_select(axis, positions)
        return values.detach().clone(memory_format=torch.contiguous_format)


def with_filters(
    net: GraphModule, optimiser: torch.optim.SGD, kept: Mapping[str, Positions]
) -> tuple[GraphModule, torch.optim.SGD]:
    """Return the network with only these filters of the convolutions that ``kept`` names, and its optimiser.

    ``kept`` names all layers of a group, with equal positions. Weights, biases, running statistics and momentum of what stays are
    copied; no random number is drawn.
    """
    flow = channel_flow(net.network)
    network = narrow(net.network, {name: len(positions) for name, positions in kept.items()})
    with torch.device("meta"):
        made = GraphModule(network)
    momentum: dict[Tensor, dict[str, Tensor]] = {}
    for instance in net.network.instances():
        stays = _stays(instance, flow, kept)
        old, new = net.layer(instance.name), made.layer(instance.name)
        new.load_state_dict({name: stays.of(values) for name, values in old.state_dict().items()}, assign=True)
        for before, after in zip(old.parameters(), new.parameters(), strict=True):
            found = optimiser.state.get(before, {}).get("momentum_buffer")
            if found is not None:
                momentum[after] = {"momentum_buffer": stays.of(found)}
    made.train(net.training)
    settings = {key: value for key, value in optimiser.param_groups[0].items() if key != "params"}
    changed = torch.optim.SGD(made.parameters(), **settings)
    changed.state.update(momentum)
    return made, changed


def convolution(module: nn.Module) -> nn.Conv2d:
    """Return the convolution in the module of a convolution layer, which may pad its input first."""
    found: nn.Conv2d = next(part for part in module.modules() if isinstance(part, nn.Conv2d))
    return found


def _stays(instance: LayerInstance, flow: ChannelFlow, kept: Mapping[str, Positions]) -> Stays:
    """Return what stays of a layer's tensors: filters or channels along the first axis, what it reads along the second."""
    layer, read = instance.layer, instance.producers[0]
    if isinstance(layer, layers.Conv):
        ungrouped = layer.groups == 1
        return Stays(_positions(flow, instance.name, kept), _positions(flow, read, kept) if ungrouped else None)
    if isinstance(layer, layers.Linear):
        is_vector = len(instance.output_shape) == 1
        return Stays(None, _positions(flow, read, kept) if is_vector else None)
    return Stays(_positions(flow, read, kept))


def _positions(flow: ChannelFlow, tensor: str, kept: Mapping[str, Positions]) -> Tensor | None:
    """Return the positions that stay along the first axis of a layer's output, or None if all do."""
    if not any(stretch.source in kept for stretch in flow.outputs[tensor]):
        return None
    found, start = [], 0
    for stretch in flow.outputs[tensor]:
        sources = kept.get(stretch.source, np.arange(stretch.channels))
        found.append(start + (sources[:, None] * stretch.repeat + np.arange(stretch.repeat)).ravel())
        start += stretch.channels * stretch.repeat
    return torch.from_numpy(np.concatenate(found))
