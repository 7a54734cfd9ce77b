"""Checks whether a network can be trained. They find every obstacle before a training step is built."""

from __future__ import annotations

from simcore.errors import InputError
from workloads.dataflow.rules import rule_of
from workloads.network import LayerInstance, Network

#: So many layers with one problem are named.
MOST_NAMED = 3


def needs_gradients(network: Network) -> dict[str, bool]:
    """Return for each layer whether its output depends on weights, so that the output's gradient is needed."""
    needs: dict[str, bool] = {}
    for instance in network.instances():
        needs[instance.name] = instance.parameters > 0 or any(needs.get(name, False) for name in instance.producers)
    return needs


def require_trainable(network: Network, needs: dict[str, bool]) -> None:
    """Raise one InputError that lists what cannot be trained, problem by problem, or one that says that no layer has weights."""
    where = f"network '{network.name}'"
    if not any(needs.values()):
        raise InputError("expected a layer with weights to train, got none", where=where)
    problems: dict[str, list[str]] = {}
    for instance in network.instances():
        if needs[instance.name]:
            problem = _problem(instance, any(needs.get(name, False) for name in instance.producers))
            if problem:
                problems.setdefault(problem, []).append(f"'{instance.name}'")
    if problems:
        listed = ", ".join(f"{_listed(names)} ({problem})" for problem, names in problems.items())
        raise InputError(f"expected layers that can be trained, got {listed}", where=where)


def _listed(names: list[str]) -> str:
    """Return some names, three of them if there are many."""
    return (
        ", ".join(names)
        if len(names) <= MOST_NAMED + 1
        else f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    )


def _problem(instance: LayerInstance, input_needs_gradient: bool) -> str | None:
    """Return the reason that prevents training of a layer, or None."""
    rule = rule_of(instance.layer)
    if rule.gradient is None:
        return f"{instance.layer.op}: its rule has no 'gradient'"
    return None if rule.obstacle is None else rule.obstacle(instance.layer, instance, input_needs_gradient)
