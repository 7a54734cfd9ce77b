"""The flow of channels through a network: which filters each tensor's channels come from, and which layers are pruned alike.

Channels lie along the first axis of a tensor. A convolution makes new channels, one per filter. Normalisations, activations,
pools and depthwise convolutions hand them on, and flattening turns each into neighbouring features. An addition ties the channels
of its inputs, so their filters are pruned together. A layer whose values depend on the place of a channel keeps all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from simcore.errors import InputError
from workloads.layers import Conv, Layer
from workloads.network import LayerInstance, Network


@dataclass(frozen=True)
class Stretch:
    """Neighbouring positions along a first axis: all ``channels`` of one source, each as ``repeat`` positions in sequence.

    ``source`` is a convolution, whose filters the channels are, or a layer that makes channels that are never pruned.
    """

    source: str
    channels: int
    repeat: int = 1


#: The first axis of a tensor, from its first position to its last.
Stretches = tuple[Stretch, ...]


@dataclass
class ChannelFlow:
    """The channels of every tensor of a network, as far as the layers have been walked.

    ``outputs`` has the channels of each layer's output. ``filters`` has the filters of every source that is a convolution.
    ``kept`` says of sources why they must keep all their channels; what is tied to such a source keeps its channels, too.
    """

    outputs: dict[str, Stretches] = field(default_factory=dict)
    filters: dict[str, int] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    _leaders: dict[str, str] = field(default_factory=dict)

    def new_source(self, name: str, channels: int, why_kept: str | None = None) -> Stretches:
        """Return the channels of a new source. ``why_kept`` says why they can never be pruned."""
        self._leaders[name] = name
        if why_kept is None:
            self.filters[name] = channels
        else:
            self.kept[name] = why_kept
        return (Stretch(name, channels),)

    def keep(self, stretches: Iterable[Stretch], why: str) -> None:
        """Keep all channels of the sources of these stretches."""
        for stretch in stretches:
            self.kept.setdefault(stretch.source, why)

    def leader(self, source: str) -> str:
        """Return the source that stands for all those that are tied to ``source``."""
        while self._leaders[source] != source:
            source = self._leaders[source]
        return source

    def tie(self, tensors: Sequence[Stretches], why: str) -> Stretches:
        """Tie the channels of tensors that meet position by position, and return them.

        If their stretches do not coincide, all their channels are kept, for the reason ``why``.
        """
        forms = {tuple((stretch.channels, stretch.repeat) for stretch in tensor) for tensor in tensors}
        if len(forms) > 1:
            for tensor in tensors:
                self.keep(tensor, why)
            return max(tensors, key=extent)
        for together in zip(*tensors, strict=True):
            for stretch in together[1:]:
                self._leaders[self.leader(stretch.source)] = self.leader(together[0].source)
        return tensors[0]


def extent(stretches: Stretches) -> int:
    """Return the positions along the first axis."""
    return sum(stretch.channels * stretch.repeat for stretch in stretches)


def channel_flow(network: Network) -> ChannelFlow:
    """Return the channels of every tensor of the network."""
    from workloads.pruning.flow_rules import rule_of_flow

    flow = ChannelFlow()
    instances = {instance.name: instance for instance in network.instances()}
    for name in network.order():
        instance = instances.get(name)
        if instance is None:
            shape = network.layer(name).infer(())
            flow.outputs[name] = flow.new_source(name, shape[0], f"its channels are those of the input '{name}'")
            continue
        given = [flow.outputs[producer] for producer in instance.producers]
        flow.outputs[name] = rule_of_flow(instance.layer)(flow, instance, given)
        if network.graph.out_degree(name) == 0:
            flow.keep(flow.outputs[name], f"its filters are the channels of the output '{name}'")
    return flow


def conv_layers(network: Network) -> dict[str, int]:
    """Return the filters of every convolution, in the order of the network."""
    return {instance.name: instance.layer.out_channels for instance in network.instances() if isinstance(instance.layer, Conv)}


def unknown_layer(layer: Layer, instance: LayerInstance) -> str:
    """Return why a layer that pruning does not know keeps the channels of its inputs."""
    return f"'{instance.name}' ({layer.op}) reads its channels, and pruning does not know how"


def require_convolution(network: Network, name: str) -> int:
    """Return the filters of a convolution of the network. Raise InputError for any other layer's name."""
    layer = network.layer(name)
    if not isinstance(layer, Conv):
        raise InputError(f"expected a convolution, got '{name}' ({layer.op})", where=f"network '{network.name}'")
    return layer.out_channels
