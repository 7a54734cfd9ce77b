"""The size of a layer, computed from its shape alone, without a plan."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from simcore.spec.system import System
from workloads.dataflow.ahead import bytes_per_cycle
from workloads.dataflow.attention.blocks import on_machine
from workloads.dataflow.lowering import fusions, with_layer_words, work_of
from workloads.network import LayerInstance, Network


@dataclass(frozen=True)
class Size:
    """``steps`` counts the array steps of a layer whose streams are cut as little as possible. Its Program has at least as many.

    ``read_bytes`` and ``written_bytes`` count its tensors, each moved once from or to main memory.
    """

    steps: int = 0
    read_bytes: int = 0
    written_bytes: int = 0

    @property
    def bytes_moved(self) -> int:
        """Return the bytes moved in both directions."""
        return self.read_bytes + self.written_bytes

    def cycles(self, system: System) -> float:
        """Estimate the core cycles: the steps, or the time to move the bytes at main memory's bandwidth if that is longer."""
        return max(self.steps, self.bytes_moved / bytes_per_cycle(system))


def network_sizes(network: Network, system: System, only: Container[str] | None = None) -> dict[str, Size]:
    """Return the sizes, by name, of the layers for which :func:`lower_network` makes Programs."""
    network = on_machine(network, system).network
    joined = fusions(network) if system.vector_unit.fuse else {}
    return {
        instance.name: layer_size(instance, system)
        for instance in network.instances()
        if (only is None or instance.name in only) and instance.name not in joined
    }


def layer_size(instance: LayerInstance, system: System) -> Size:
    """Return the size of one layer, which is 0 for a view. Raise InputError as :func:`with_layer_words` does."""
    sized, work = with_layer_words(instance, system), work_of(instance, system.shapes)
    return Size() if work is None else Size(work.steps(sized), *work.words_moved.in_bytes(sized))
