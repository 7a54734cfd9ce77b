"""The planned layers of a run. simcore plans all of them before the first one runs, so that every error appears at once."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

from simcore.errors import InputError
from simcore.program.program import Program

if TYPE_CHECKING:
    from simcore.spec import System
    from workloads.dataflow.residency.known import KnownPlans
    from workloads.network import LayerInstance, Network

#: Bytes of plans that simcore keeps for the run. It drops further plans and makes them again when their layer's turn comes.
KEPT_BYTES = 1 << 30


@dataclass(frozen=True)
class PlannedLayer:
    """One layer of a run. Views and layers that joined another have no Program.

    ``steps`` and ``facts`` are those of the Program; ``facts`` also has ``joined_words``, the words of the layers that joined it.
    """

    instance: LayerInstance
    fused_into: str | None
    steps: int
    facts: Mapping[str, Any]
    runs: bool
    kept: Program | None

    def program(self, system: System, *, with_folds: bool) -> Program:
        """Return the Program of a layer that runs: the one that was kept, or an equal one made again."""
        from workloads.dataflow import lower
        from workloads.dataflow.network_plan import lower_placed
        from workloads.dataflow.prefetch import with_ahead

        if self.kept is not None:
            return self.kept
        if "placement" in self.facts:
            made: Program | None = lower_placed(self.instance, system, self.facts["placement"], with_folds=with_folds)
        else:
            made = lower(self.instance, system, with_folds=with_folds)
        assert made is not None
        return with_ahead(made, self.facts["ahead"]) if "ahead" in self.facts else made


def plan_layers(
    network: Network, system: System, wanted: Container[str] | None, *, with_folds: bool, known: KnownPlans | None = None
) -> list[PlannedLayer]:
    """Return the wanted layers (None: all) in execution order. The parts of attention that stays on chip joined its last product.

    ``known`` has what plans for machines like this one found. Raise InputError for a layer that cannot be planned, and if no
    layer runs.
    """
    from workloads.dataflow.attention.blocks import on_machine

    joined = on_machine(network, system)
    of_attention = {block.root: block for block in joined.blocks}
    planned = {}
    for layer in _planned(joined.network, system, wanted, with_folds=with_folds, known=known):
        block = of_attention.get(layer.instance.name)
        facts = {"attention": {**layer.facts.get("attention", {}), "parts": block.parts, "why": block.why}} if block else {}
        planned[layer.instance.name] = replace(layer, facts={**layer.facts, **facts})
    parts = joined.parts
    found = []
    for instance in network.instances():
        name = instance.name
        if name in planned:
            found.append(planned[name])
        elif name in parts and (wanted is None or name in wanted):
            found.append(PlannedLayer(instance, parts[name], 0, {"macs": 0}, False, None))
    if not any(layer.runs for layer in found):
        raise _nothing_runs(found)
    return found


def _planned(
    network: Network, system: System, wanted: Container[str] | None, *, with_folds: bool, known: KnownPlans | None
) -> Iterator[PlannedLayer]:
    """Yield the wanted layers of a network in which attention that stays on chip is one layer."""
    from workloads.dataflow import lower_each

    joined_words = _joined_words(network, system)
    free, counted = KEPT_BYTES, set[int]()
    for instance, program, fused_into in lower_each(network, system, only=wanted, with_folds=with_folds, known=known):
        if program is None:
            yield PlannedLayer(instance, fused_into, 0, {}, False, None)
            continue
        # Layers of equal work share the tables of one Program, whose operations tell it. A kept table keeps its number.
        if id(program.ops) not in counted:
            free -= program.nbytes
        kept = program if free >= 0 or id(program.ops) in counted else None
        counted |= {id(program.ops)} if kept is not None else set()
        facts = {**program.facts, "joined_words": joined_words.get(instance.name, 0)}
        yield PlannedLayer(instance, fused_into, program.steps, facts, True, kept)


def _joined_words(network: Network, system: System) -> dict[str, int]:
    """Return, per layer that others joined, the words of their results in all. The vector unit makes them in passing."""
    from workloads.dataflow.lowering import fusions

    joined = fusions(network) if system.vector_unit.fuse else {}
    words = dict.fromkeys(joined.values(), 0)
    for instance in network.instances():
        if instance.name in joined:
            words[joined[instance.name]] += instance.batch * prod(instance.output_shape)
    return words


def _nothing_runs(layers: list[PlannedLayer]) -> InputError:
    """Return the error for a choice of layers of which none runs, for example because another layer absorbed them."""
    roots = sorted({f"'{layer.fused_into}'" for layer in layers if layer.fused_into})
    hint = f"choose {', '.join(roots)}, or set vector_unit.fuse=false" if roots else None
    return InputError(f"none of the layers {', '.join(layer.instance.name for layer in layers)} runs by itself", hint=hint)
