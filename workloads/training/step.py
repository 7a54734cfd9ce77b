"""The graph transformation that makes a training step: forward pass, gradients in reverse order, weight updates."""

from __future__ import annotations

from math import prod

from simcore.errors import InputError, did_you_mean
from workloads.dataflow.rules import Backward, Gradients, rule_of
from workloads.layers import Input, Layer
from workloads.layers.gradients import GradientSum, GradientView, LossGradient, ZeroGradient
from workloads.layers.operand_gradients import PartGradient
from workloads.layers.trained import SoftmaxLoss
from workloads.layers.updates import OPTIMIZERS, Update
from workloads.network import LayerInstance, Network, NetworkBuilder
from workloads.training.supported import needs_gradients, require_trainable

#: Ways to run the input gradient of a convolution with a stride.
STRIDED = ("phases", "zeros")


def training_step(network: Network, *, optimizer: str = "sgd", strided: str = "phases") -> Network:
    """Return the network of one training step on a minibatch of ``network.batch`` images, named ``<name>-training``.

    Its layers are those of ``network``, then for each layer in reverse order ``<layer>.input_gradient`` and
    ``<layer>.weight_gradient``, then ``<layer>.update``, one for all layers that share weights. ``Layer.pass_name``
    gives the pass of a layer. An edge means that a tensor is read, so the activations kept for the backward pass are those with
    an edge into it. Outputs end in softmax and cross entropy, and the gradient of each reads the input ``<loss>.labels``.

    ``optimizer`` is "sgd", "momentum" or "adam". ``strided`` says how the input gradient of a convolution with a stride runs: by
    "phases", which multiply no inserted zero, or with "zeros" inserted, as on hardware without phases. Raise InputError for any
    other value, and one InputError that lists all layers that cannot be trained.
    """
    for value, known in ((optimizer, tuple(OPTIMIZERS)), (strided, STRIDED)):
        if value not in known:
            raise InputError(f"expected one of {', '.join(known)}, got {value!r}", hint=did_you_mean(str(value), known))
    needs = needs_gradients(network)
    require_trainable(network, needs)
    builder = NetworkBuilder(f"{network.name}-training")
    forward(network, builder, needs)
    pending = losses(network, builder, needs)
    trained = backward(network, builder, needs, pending, strided)
    for name in trained:
        builder.add(Update(f"{name}.update", optimizer), [f"{name}.weight_gradient"])
    return builder.build(network.batch, network.notes)


def forward(network: Network, builder: NetworkBuilder, needs: dict[str, bool]) -> None:
    """Add the layers of ``network``, each in the form that training runs."""
    producers = {instance.name: instance.producers for instance in network.instances()}
    outputs = set(_outputs(network))
    for name in network.order():
        layer = network.layer(name)
        builder.add(_as_trained(layer, name in outputs, needs.get(name, False)), producers.get(name, ()))


def _as_trained(layer: Layer, is_output: bool, needs_gradient: bool) -> Layer:
    rule = rule_of(layer)
    if is_output and rule.loss is not None:
        return rule.loss(layer)
    return layer if rule.trained is None else rule.trained(layer, needs_gradient)


def _outputs(network: Network) -> list[str]:
    """Return the layers whose result no layer reads."""
    return [instance.name for instance in network.instances() if network.graph.out_degree(instance.name) == 0]


def losses(network: Network, builder: NetworkBuilder, needs: dict[str, bool]) -> dict[str, list[str]]:
    """Add the losses of the outputs. Return the gradients found so far, by the layer whose output each belongs to."""
    instances = {instance.name: instance for instance in network.instances()}
    pending: dict[str, list[str]] = {}
    for name in (name for name in _outputs(network) if needs[name]):
        last = instances[name]
        ends_in_loss = rule_of(last.layer).loss is not None
        loss = name if ends_in_loss else builder.add(SoftmaxLoss(f"{name}.loss", _class_axis(last)), [name])
        labels = builder.add(Input(f"{loss}.labels", (_labels_an_image(builder.layer(loss), last),)))
        gradient = builder.add(LossGradient(f"{loss}.input_gradient", last.output_shape), [loss, labels])
        pending[last.producers[0] if ends_in_loss else name] = [gradient]
    return pending


def _labels_an_image(loss: Layer, instance: LayerInstance) -> int:
    """Return how many labels an image has: one for each set of probabilities."""
    assert isinstance(loss, SoftmaxLoss)
    return prod(instance.output_shape) // instance.output_shape[loss.axis]


def _class_axis(instance: LayerInstance) -> int:
    """Return the axis of the classes: the channels of an image, or else the last axis."""
    return 0 if len(instance.output_shape) == 3 else -1


def gradients_of(back: Backward) -> Gradients:
    """Add the gradients of a layer's inputs and weights. The layer must be trainable."""
    rule = rule_of(back.instance.layer)
    assert rule.gradient is not None
    return rule.gradient(back.instance.layer, back)


def backward(
    network: Network, builder: NetworkBuilder, needs: dict[str, bool], pending: dict[str, list[str]], strided: str
) -> list[str]:
    """Add the gradients of every layer in reverse order. Return the layers that have a weight gradient, in that order."""
    trained = []
    for instance in reversed(network.instances()):
        found = pending.pop(instance.name, [])
        if not found:
            continue
        found = _with_whole_parts(builder, instance, found)
        gradient = found[0]
        if len(found) > 1:
            gradient = builder.add(GradientSum(f"{instance.name}.gradient_sum"), found)
        wanted = tuple(needs.get(name, False) for name in instance.producers)
        made = gradients_of(Backward(builder, instance, gradient, wanted, strided))
        for position, name in made.inputs.items():
            pending.setdefault(instance.producers[position], []).append(name)
        trained += [instance.name] if made.weights and instance.parameters else []
    return trained


def _with_whole_parts(builder: NetworkBuilder, instance: LayerInstance, found: list[str]) -> list[str]:
    """Return the gradients of a tensor with those of its parts joined to one. Zeros fill what no part read.

    Parts that together have more values than the tensor overlap, so each of them is filled with zeros by itself.
    """
    parts = {name: layer for name in found if isinstance(layer := builder.layer(name), PartGradient)}
    if not parts:
        return found
    whole, words = prod(instance.output_shape), sum(prod(layer.shape) for layer in parts.values())
    groups = [list(parts)] if words <= whole else [[name] for name in parts]
    joined = []
    for number, group in enumerate(groups):
        name = f"{instance.name}.gradient_of_parts" + (f".{number}" if len(groups) > 1 else "")
        empty = whole - sum(prod(parts[part].shape) for part in group)
        zeros = [builder.add(ZeroGradient(f"{name}.zeros", (empty,)), [])] if empty else []
        joined.append(builder.add(GradientView(name, instance.output_shape), [*group, *zeros]))
    return [*(name for name in found if name not in parts), *joined]
