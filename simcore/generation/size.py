"""The size of a generation before it runs: layers that equal earlier ones are not simulated again."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from simcore.engine.shortcuts import Shortcuts
from simcore.estimate import DISK_SPREAD, LOAD_S, MEMORY_SPREAD, SECONDS_SPREAD, SHARE, RunSize, size_of, spread
from simcore.generation.order import GenerationOrder
from simcore.kinds import kind_of
from simcore.kinds.runs import Estimate, RunOrder
from simcore.simulation import machine_for, wanted_layers
from simcore.spec import MachineSpec

if TYPE_CHECKING:
    from workloads.network import LayerInstance, Network
    from workloads.networks.language_models import LanguageModel

#: Seconds to plan a layer that equals an earlier one and to find it among those kept, views included (Llama 7B on edge-sram).
_KNOWN_LAYER_S = 1.2e-3
#: Bytes on the disk of a generation without its steps, of a step, and of a layer in each of the two tables of layers.
_DISK_BYTES, _STEP_DISK_BYTES, _LAYER_DISK_BYTES = 4e3, 700.0, 500.0


def estimated_generation(order: GenerationOrder, model: LanguageModel, machine: MachineSpec) -> Estimate:
    """Return cycles, seconds and layers of all steps that are simulated, one after another.

    Every decode step after the first counts as the last one does. Raise InputError for patterns that no layer matches.
    """
    new, wanted = _New(order, machine), order.simulated_steps()
    found = [(1, new.estimate(model.prefill(order.prefill, order.batch)))]
    for number, count in ((wanted[0], 1), (wanted[-1], len(wanted) - 1)) if wanted else ():
        if count:
            found.append((count, new.estimate(model.step(order.cached_tokens(number), order.batch))))
    known_s = _KNOWN_LAYER_S if new.kind.steps_cycles else 0.0
    return Estimate(
        cycles=sum(count * part.cycles for count, part in found),
        seconds=sum(count * (part.seconds + known_s * (part.layers or 0)) for count, part in found),
        layers=sum(count * (part.layers or 0) for count, part in found),
    )


def estimate_generation(order: GenerationOrder) -> RunSize:
    """Return what the generation will take. It takes no noticeable time. Raise InputError as the generation does."""
    model, machine = order.checked_model(), machine_for(order.system, order.dataflow, order.overrides)
    kind = kind_of(machine)
    found = estimated_generation(order, model, machine)
    prefill, engine = model.prefill(order.prefill, order.batch), kind.engine_named(order.engine)
    one = size_of(kind, machine, RunOrder(prefill, wanted_layers(prefill, order.layers), engine, Shortcuts()))
    runs = 2 if order.decode else 1
    disk = _DISK_BYTES + _STEP_DISK_BYTES * (1 + order.decode) + runs * _LAYER_DISK_BYTES * one.layers
    return RunSize(
        cycles=found.cycles,
        layers=found.layers or 0,
        seconds=spread(LOAD_S + SHARE * found.seconds, SECONDS_SPREAD),
        memory_bytes=spread(one.memory_bytes.likely, MEMORY_SPREAD),
        disk_bytes=spread(disk, DISK_SPREAD),
    )


class _New:
    """The estimates of networks, of which layers that came before take no time where the engine keeps them."""

    def __init__(self, order: GenerationOrder, machine: MachineSpec) -> None:
        self.kind, self.machine, self.layers = kind_of(machine), machine, order.layers
        self.engine = self.kind.engine_named(order.engine)
        self.keeps = self.kind.main_memory(machine) is None and self.engine == self.kind.engines[0]
        self.known = set[Hashable]()

    def estimate(self, network: Network) -> Estimate:
        """Return the estimate of the layers of a network that are wanted and new, and note them. It counts all wanted ones."""
        wanted = wanted_layers(network, self.layers)
        instances = [each for each in network.instances() if wanted is None or each.name in wanted]
        new = {instance.name for instance in instances if self._is_new(instance)}
        found = self.kind.estimate(self.machine, RunOrder(network, new, self.engine, Shortcuts()))
        return Estimate(found.cycles, found.seconds, found.plan_bytes, len(instances))

    def _is_new(self, instance: LayerInstance) -> bool:
        settings: dict[str, Any] = {**vars(instance.layer), "name": ""}
        key = (type(instance.layer), instance.batch, instance.input_shapes, tuple(settings.items()))
        before = len(self.known)
        self.known.add(key)
        return not self.keeps or len(self.known) > before
