"""The state of a training run between two epochs: everything that the next epoch depends on. Needs torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch

from workloads.learning.module import GraphModule
from workloads.learning.pruning.choice import Positions
from workloads.learning.pruning.outcome import EpochRow
from workloads.network import Network
from workloads.pruning.narrow import narrow


@dataclass(eq=False)
class State:
    """``live`` has, for each convolution, the numbers of its live filters in the network that the run began with."""

    net: GraphModule
    optimiser: torch.optim.SGD
    order: torch.Generator
    live: dict[str, Positions]
    rows: list[EpochRow] = field(default_factory=list)

    def live_counts(self) -> dict[str, int]:
        """Return the number of live filters of each convolution."""
        return {layer: len(filters) for layer, filters in self.live.items()}

    def to_plain(self) -> dict[str, Any]:
        """Return tensors, texts and mappings of them, which torch loads without running code."""
        momentum = {name: self.optimiser.state.get(weights, {}) for name, weights in self.net.named_parameters()}
        return {
            "weights": dict(self.net.state_dict()),
            "momentum": {
                name: found["momentum_buffer"] for name, found in momentum.items() if found.get("momentum_buffer") is not None
            },
            "order": self.order.get_state(),
            "random": torch.get_rng_state(),
            "live": {layer: torch.from_numpy(filters) for layer, filters in self.live.items()},
            "rows": json.dumps([asdict(row) for row in self.rows]),
        }


def restored(plain: Mapping[str, Any], start: Network, settings: Mapping[str, Any]) -> State:
    """Return the state that ``to_plain`` gave, and set torch's random state.

    ``start`` is the network that the run began with, ``settings`` those of its optimiser. Raise KeyError, TypeError, ValueError,
    RuntimeError, AttributeError or InputError for values that are not of this form.
    """
    live = {layer: np.asarray(filters.numpy(), np.int64) for layer, filters in plain["live"].items()}
    with torch.device("meta"):
        net = GraphModule(narrow(start, {layer: len(filters) for layer, filters in live.items()}))
    net.load_state_dict(plain["weights"], assign=True)
    optimiser = torch.optim.SGD(net.parameters(), **settings)
    named = dict(net.named_parameters())
    for name, values in plain["momentum"].items():
        optimiser.state[named[name]] = {"momentum_buffer": values}
    order = torch.Generator()
    order.set_state(plain["order"])
    torch.set_rng_state(plain["random"])
    return State(net, optimiser, order, live, [EpochRow(**row) for row in json.loads(plain["rows"])])
