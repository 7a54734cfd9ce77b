"""Lowering: a layer with its shapes becomes a Program for a machine."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from time import process_time

from simcore.errors import InputError, InputErrors
from simcore.program.program import Program
from simcore.spec.load import override_system
from simcore.spec.system import System
from workloads.dataflow.rules.table import rule_of
from workloads.dataflow.word_sizes import word_sizes
from workloads.dataflow.work import Work
from workloads.network import LayerInstance, Network

#: The bytes of Programs that are kept for layers of equal work, and where what stays in scratchpads is planned.
ALIKE_BYTES, PLANNED_BYTES = 1 << 27, 1 << 29


def work_of(instance: LayerInstance, shapes: str = "standard") -> Work | None:
    """Return what a layer computes, or None for a view, which takes no cycles. ``shapes`` is the System's shape rule.

    Raise InputError for a layer without a rule.
    """
    ruled = under_shape_rule(instance, shapes)
    rule = rule_of(ruled.layer)
    return None if rule.work is None else rule.work(ruled.layer, ruled)


def under_shape_rule(instance: LayerInstance, shapes: str) -> LayerInstance:
    """Return the layer as it runs. With ``shapes`` "scale-sim" a convolution and its output follow SCALE-Sim's shape rule."""
    ruled = instance.layer if shapes == "standard" else instance.layer.with_scale_sim_shapes()
    if ruled is instance.layer:
        return instance
    return replace(instance, layer=ruled, output_shape=ruled.infer(instance.input_shapes))


class AlikeWorks:
    """The Programs of a network's layers so far, for layers of equal work. Planning takes longer than anything else.

    If they take more than ``most_bytes``, those make room whose planning took the least time for their bytes.
    """

    def __init__(self, most_bytes: int | None = None) -> None:
        """Begin without any Program. By default they take ALIKE_BYTES at most."""
        self._programs: dict[Hashable, tuple[Program, float]] = {}
        self._most_bytes = self._free_bytes = ALIKE_BYTES if most_bytes is None else most_bytes

    def lower(self, work: Work, name: str, op: str, system: System, *, with_folds: bool) -> Program:
        """Return the Program of a work on a System that differs from that of other works in words and scratchpads alone."""
        pads = tuple((str(name), pad.capacity_bytes, pad.line_bytes, pad.banks) for name, pad in system.scratchpads.items())
        key = (work, op, system.words, pads, with_folds)
        known = self._programs.get(key)
        if known is not None:
            again = replace(known[0], name=name)
            # A cached property keeps its value under its own name: the operations are worked out column by column once.
            vars(again)["compact_ops"] = known[0].compact_ops
            return again
        began = process_time()
        made = work.lower(name, op, system, with_folds=with_folds)
        if made.nbytes <= self._most_bytes:
            self._free_bytes -= made.nbytes
            self._programs[key] = made, (process_time() - began) / made.nbytes
        while self._free_bytes < 0:
            quickest = min(self._programs, key=lambda key: self._programs[key][1])
            self._free_bytes += self._programs.pop(quickest)[0].nbytes
        return made


def lower(
    instance: LayerInstance, system: System, *, with_folds: bool = False, alike: AlikeWorks | None = None
) -> Program | None:
    """Return the Program of one layer, or None for a view, which takes no cycles.

    ``with_folds`` adds the Fold records that the reference engine's PEs need. ``alike`` has those of the network so far. Raise
    InputError if a scratchpad cannot hold the data that one element of a stream needs, if this computer's memory cannot hold the
    plan, and for a layer without a rule.
    """
    return lower_sized(instance, with_layer_words(instance, system), with_folds=with_folds, alike=alike)


def lower_sized(
    instance: LayerInstance, sized: System, *, with_folds: bool = False, alike: AlikeWorks | None = None
) -> Program | None:
    """Return what :func:`lower` returns, on a machine that has the words of the layer's tensors. Raise InputError as it does."""
    try:
        work, op = work_of(instance, sized.shapes), instance.layer.op
        if work is None:
            return None
        if alike is not None and isinstance(work, Hashable):
            return alike.lower(work, instance.name, op, sized, with_folds=with_folds)
        return work.lower(instance.name, op, sized, with_folds=with_folds)
    except MemoryError as error:
        hint = "a smaller batch or layer, a larger array or larger scratchpads take less"
        raise InputError(f"its plan is too large: {error}", where=f"layer '{instance.name}'", hint=hint) from error


def require_shape_rule(instance: LayerInstance, shapes: str) -> None:
    """Raise InputError if SCALE-Sim's shape rule is to apply to a layer of a training step."""
    if instance.layer.pass_name != "forward" and shapes != "standard":
        expected = "expected shapes: standard for a training step, whose gradients have the shapes that everybody uses"
        raise InputError(f"{expected}, got {shapes}", where="shapes", hint="set shapes=standard")


def with_layer_words(instance: LayerInstance, system: System) -> System:
    """Return the system with the word sizes that the layer's tensors have on its ports.

    Raise InputError if SCALE-Sim's shape rule is to apply to a training step, or if a scratchpad's lines do not hold whole words.
    """
    require_shape_rule(instance, system.shapes)
    sizes = word_sizes(instance, system.words)
    changed = {field: size for field, size in sizes.items() if size != getattr(system.words, field)}
    if not changed:
        return system
    try:
        return override_system(system, [f"words.{field}={size}" for field, size in changed.items()])
    except InputError as error:
        first = error.errors[0] if isinstance(error, InputErrors) else error
        raise InputError(first.message, f"layer '{instance.name}'", _why(instance, changed)) from error


def _why(instance: LayerInstance, changed: Mapping[str, int]) -> str:
    """Return why a layer's words have these sizes."""
    if instance.words is not None:
        given = ", ".join(f"words.{field}={size}" for field, size in changed.items())
        return f"the graph gives this layer {given}; --set words.of_quantised=machine gives it the machine's own"
    sources = rule_of(instance.layer).word_sizes
    meaning = " and ".join(f"words.{field} is words.{sources[field]}" for field in changed)
    return f"in this layer of a training step {meaning}"


def fusions(network: Network) -> dict[str, str]:
    """Return the element-wise layers that fusing makes free, each with the layer into which it is fused.

    An activation or normalisation is fused into the product or sum before it (or before a chain of such layers) if it is the only
    reader of that result. In training a normalisation is not fused, because it needs the statistics of its batch first.
    """
    joined: dict[str, str] = {}
    for instance in network.instances():
        if not rule_of(instance.layer).joins or len(instance.producers) != 1:
            continue
        producer = instance.producers[0]
        root = joined.get(producer, producer)
        if network.graph.out_degree(producer) == 1 and rule_of(network.layer(root)).absorbs:
            joined[instance.name] = root
    return joined
