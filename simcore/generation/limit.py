"""The estimated time of a generation: layers that equal earlier ones are not simulated again."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from simcore.engine.shortcuts import Shortcuts
from simcore.generation.order import GenerationOrder
from simcore.kinds import kind_of
from simcore.kinds.runs import Estimate, RunOrder
from simcore.run_time import refuse_too_long
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    from workloads.network import LayerInstance, Network
    from workloads.networks.language_models import LanguageModel

#: Seconds to plan a layer that equals an earlier one and to find it among those kept, views included (Llama 7B on edge-sram).
_KNOWN_LAYER_S = 1.2e-3


def refuse_long_generation(order: GenerationOrder, model: LanguageModel, machine: MachineSpec) -> None:
    """Raise InputError, with the estimate, if the simulated steps one after another take longer than the order's limit.

    Every decode step after the first counts as the last one does.
    """
    if order.limit_s is None:
        return
    new = _New(order, machine)
    wanted = order.simulated_steps()
    prefill = model.prefill(order.prefill, order.batch)
    found = [(1, prefill, new.estimate(prefill))]
    for number, count in ((wanted[0], 1), (wanted[-1], len(wanted) - 1)) if wanted else ():
        if count:
            network = model.step(order.cached_tokens(number), order.batch)
            found.append((count, network, new.estimate(network)))
    known_s = _KNOWN_LAYER_S if new.kind.steps_cycles else 0.0
    seconds = sum(count * (part.seconds + known_s * len(network.instances())) for count, network, part in found)
    cycles = sum(count * part.cycles for count, _, part in found)
    refuse_too_long(Estimate(cycles, seconds), RunOrder(prefill, None, new.engine, Shortcuts()), order.limit_s)


class _New:
    """The estimates of networks, of which layers that came before take no time where the engine keeps them."""

    def __init__(self, order: GenerationOrder, machine: MachineSpec) -> None:
        self.kind, self.machine = kind_of(machine), machine
        self.engine = self.kind.engine_named(order.engine)
        self.keeps = self.kind.main_memory(machine) is None and self.engine == self.kind.engines[0]
        self.known = set[Hashable]()

    def estimate(self, network: Network) -> Estimate:
        """Return the estimate of the layers of a network that are new, and note them."""
        new = {instance.name for instance in network.instances() if self._is_new(instance)}
        return self.kind.estimate(self.machine, RunOrder(network, new, self.engine, Shortcuts()))

    def _is_new(self, instance: LayerInstance) -> bool:
        settings: dict[str, Any] = {**vars(instance.layer), "name": ""}
        key = (type(instance.layer), instance.batch, instance.input_shapes, tuple(settings.items()))
        before = len(self.known)
        self.known.add(key)
        return not self.keeps or len(self.known) > before
