"""The time of a layer on a yardstick: the longer of two times that follow from its counts, in whole core cycles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from simcore.errors import InputError
from simcore.kinds.runs import RunOrder
from simcore.yardsticks.spec import EfficiencySpec, PeakSpec, YardstickSpec

if TYPE_CHECKING:
    from workloads.dataflow.work import Work
    from workloads.network import LayerInstance

#: Operators that have an efficiency point of their own. Any other layer with multiply-accumulates counts as a matrix product.
OPERATORS = ("conv", "linear", "matmul")


@dataclass(frozen=True)
class Roof:
    """The limits of a machine. ``peak`` is None if nothing limits the compute. ``bytes_per_s`` is main memory's bandwidth."""

    core_clock_hz: int
    bytes_per_s: Fraction
    peak: PeakSpec | None
    efficiency: EfficiencySpec


@dataclass(frozen=True)
class Bounds:
    """The work of one layer that runs, and its two times as exact numbers of core cycles.

    ``operator`` is conv, linear, matmul or vector. ``word_bytes`` is the word size of the wider operand.
    """

    operator: str
    word_bytes: int
    macs: int
    read_bytes: int
    written_bytes: int
    peak_macs_per_s: int | None
    compute_time: Fraction
    memory_time: Fraction

    @property
    def cycles(self) -> int:
        """Return the longer time, rounded up to whole cycles and at least one."""
        return max(1, ceil(max(self.compute_time, self.memory_time)))

    @property
    def compute_cycles(self) -> int:
        """Return the compute time, rounded up to whole cycles."""
        return ceil(self.compute_time)

    @property
    def bound_by(self) -> str:
        """Return what takes longer, ``compute`` or ``memory``."""
        return "compute" if self.compute_time > self.memory_time else "memory"


@dataclass(frozen=True)
class BoundLayer:
    """A layer of the network, the layer that it joined, and its bounds. Views and joined layers have no bounds (None)."""

    instance: LayerInstance
    fused_into: str | None
    bounds: Bounds | None


def bound_layers(spec: YardstickSpec, roof: Roof, order: RunOrder) -> Iterator[BoundLayer]:
    """Yield the wanted layers in execution order.

    Raise InputError for a layer without a rule, and for SCALE-Sim's shape rule in a training step.
    """
    from workloads.dataflow.attention.blocks import Joined, attention_joined
    from workloads.dataflow.lowering import fusions, require_shape_rule, work_of

    flash = spec.attention == "flash"
    found = attention_joined(order.network, causal=False) if flash else Joined(order.network, ())
    fused = fusions(found.network) if spec.fuse else {}
    joined = {**fused, **found.parts}
    as_one = {instance.name: instance for instance in found.network.with_results_written_by(fused).instances()}
    for each in order.network.instances():
        if order.wanted is not None and each.name not in order.wanted:
            continue
        instance = as_one.get(each.name, each)
        require_shape_rule(instance, spec.shapes)
        root = joined.get(instance.name)
        work = None if root else work_of(instance, spec.shapes)
        yield BoundLayer(instance, root, None if work is None else bounds_of(instance, work, spec, roof))


def bounds_of(instance: LayerInstance, work: Work, spec: YardstickSpec, roof: Roof) -> Bounds:
    """Return the bounds of one layer. Each of its tensors crosses main memory once, whatever the neighbouring layers are."""
    from workloads.dataflow.word_sizes import word_sizes

    inputs_bytes, weights_bytes, results_bytes = word_sizes(instance, spec.words).values()
    words = work.words
    read, written = words.inputs * inputs_bytes + words.weights * weights_bytes, words.results * results_bytes
    operator = _operator(instance.layer.op, work.macs)
    word_bytes = max(inputs_bytes, weights_bytes) if work.macs else inputs_bytes
    point = getattr(roof.efficiency, operator)
    share = Fraction(1) if point is None else point.share
    peak = None if roof.peak is None else _peak(roof.peak, word_bytes, instance.name)
    compute = Fraction(work.macs * roof.core_clock_hz, peak) / share if peak is not None and work.macs else Fraction(0)
    memory = (read + written) * roof.core_clock_hz / roof.bytes_per_s
    memory = memory / share if operator == "vector" else memory
    return Bounds(operator, word_bytes, work.macs, read, written, peak, compute, memory)


def _operator(op: str, macs: int) -> str:
    if not macs:
        return "vector"
    return op if op in OPERATORS else "matmul"


def _peak(peak: PeakSpec, word_bytes: int, name: str) -> int:
    """Return the rate for words of this size. Raise InputError if the machine has none for them."""
    found = peak.for_words(word_bytes)
    if found is None:
        hint = "the graph gives this layer wider words than the machine's; --set words.of_quantised=machine"
        raise InputError(f"expected a peak for words of {word_bytes} bytes or wider, got none", f"layer '{name}'", hint)
    return found
