"""A network as a torch module, which follows the graph node by node. Needs torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from simcore.errors import InputError, raise_all
from workloads.layers import Input
from workloads.learning.layer_modules import layer_module
from workloads.network import LayerInstance, Network


@dataclass(frozen=True)
class Step:
    """One layer in execution order: the tensors that it reads, and those of them that no later layer reads."""

    name: str
    reads: tuple[str, ...]
    last_read: tuple[str, ...]


class GraphModule(nn.Module):
    """The layers of ``network`` as modules, in execution order, with weights drawn from torch's generator.

    Call it with one tensor per input of the network, batch first. It returns the output, or a tuple if there are several. A
    network that was rebuilt (other channels, other layers) needs a new module; ``layer`` finds a layer's parameters to copy.
    Raise InputError, all at once, for layers that torch cannot train.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        instances = network.instances()
        self.network = network
        self.layers = nn.ModuleList(_modules(instances))
        self.inputs = tuple(name for name in network.order() if isinstance(network.layer(name), Input))
        self.outputs = tuple(name for name in network.order() if not network.graph.out_degree(name))
        self.steps = _steps(instances, self.outputs)

    def forward(self, *images: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the output of the network for its inputs, in the order of ``inputs``; a tuple if it has several outputs."""
        values = dict(zip(self.inputs, images, strict=True))
        for step, module in zip(self.steps, self.layers, strict=True):
            values[step.name] = module(*(values[name] for name in step.reads))
            for name in step.last_read:
                del values[name]
        found = tuple(values[name] for name in self.outputs)
        return found if len(found) > 1 else found[0]

    def layer(self, name: str) -> nn.Module:
        """Return the module of a layer. Raise KeyError for a name that the network does not have."""
        index = {step.name: index for index, step in enumerate(self.steps)}[name]
        return self.layers[index]


def _modules(instances: Sequence[LayerInstance]) -> list[nn.Module]:
    made, errors = [], []
    for instance in instances:
        try:
            made.append(layer_module(instance))
        except InputError as error:
            errors.append(error)
    raise_all(errors)
    return made


def _steps(instances: Sequence[LayerInstance], outputs: Sequence[str]) -> tuple[Step, ...]:
    readers = {name: instance.name for instance in instances for name in instance.producers}
    return tuple(
        Step(
            instance.name,
            instance.producers,
            tuple(name for name in dict.fromkeys(instance.producers) if readers[name] == instance.name and name not in outputs),
        )
        for instance in instances
    )
