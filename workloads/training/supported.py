"""Which layers can be trained: everything that stands in the way is found before a step is built."""

from __future__ import annotations

from simcore.errors import InputError
from workloads.layers import (
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv,
    GlobalPool,
    Linear,
    MatMul,
    Mul,
    Pool,
    ShapeOnly,
    Softmax,
)
from workloads.network import LayerInstance, Network

#: Functions whose slope is found from the output, so that the input need not be kept.
SLOPE_FROM_OUTPUT = (
    *("relu", "leaky-relu", "elu", "selu", "sigmoid", "hard-sigmoid", "tanh"),
    *("clip", "softplus", "softsign", "exp", "sqrt"),
)

_TRAINABLE = (Conv, Linear, MatMul, Pool, GlobalPool, BatchNorm, Activation, Softmax, Add, Concat, ShapeOnly)


def needs_gradients(network: Network) -> dict[str, bool]:
    """For each layer whether its output depends on weights, so that the output's gradient is needed."""
    needs: dict[str, bool] = {}
    for instance in network.instances():
        needs[instance.name] = instance.parameters > 0 or any(needs.get(name, False) for name in instance.producers)
    return needs


def require_trainable(network: Network, needs: dict[str, bool]) -> None:
    """Raise one InputError that lists every layer without a gradient here, or that there is nothing to train."""
    where = f"network '{network.name}'"
    if not any(needs.values()):
        raise InputError("expected a layer with weights to train, got none", where=where)
    problems = []
    for instance in network.instances():
        if needs[instance.name]:
            problem = _problem(instance, any(needs.get(name, False) for name in instance.producers))
            problems += [f"'{instance.name}' ({problem})"] if problem else []
    if problems:
        raise InputError(f"expected layers that can be trained, got {', '.join(problems)}", where=where)


def _problem(instance: LayerInstance, input_needs_gradient: bool) -> str | None:
    """What stands in the way of training a layer, or None."""
    layer = instance.layer
    if isinstance(layer, Mul) or not isinstance(layer, _TRAINABLE):
        return layer.op
    if isinstance(layer, Conv) and layer.ceil_mode_scale_sim:
        return "conv of SCALE-Sim's shape rule"
    if isinstance(layer, GlobalPool) and layer.kind == "max":
        return "global-pool of maxima"
    if isinstance(layer, BatchNorm) and not input_needs_gradient:
        return "batch-norm before every layer with weights"
    if isinstance(layer, Add) and len(set(instance.input_shapes)) > 1:
        return "add that broadcasts"
    if isinstance(layer, MatMul) and instance.input_shapes[0][:-2] != instance.input_shapes[1][:-2]:
        return "matmul that broadcasts"
    return None
