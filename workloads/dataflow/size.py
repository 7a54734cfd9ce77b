"""How large a layer is, from its shape alone: known at once for any size, before anything is planned."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from math import prod

from simcore.dram.statistics import peak_bandwidth_bytes_per_s
from simcore.spec import DramMemorySpec, MemorySpec
from simcore.spec.system import System
from workloads.dataflow.flows import Flows
from workloads.dataflow.folds import sides
from workloads.dataflow.gradients import gradient_shape, vector_gradient
from workloads.dataflow.lowering import SOFTMAX_PASSES, fusions, results_of_windows, windows_shape, with_training_words
from workloads.dataflow.shape import ConvShape, array_shape
from workloads.layers import LRN, Activation, Add, BatchNorm, Concat, GlobalPool, Pool, ShapeOnly, Softmax
from workloads.layers.trained import SoftmaxLoss
from workloads.network import LayerInstance, Network


@dataclass(frozen=True)
class Size:
    """``steps``: array steps of a layer whose streams are cut as little as possible; its Program has as many, or more.

    ``read_bytes``, ``written_bytes``: its tensors, each moved once from or to main memory.
    """

    steps: int = 0
    read_bytes: int = 0
    written_bytes: int = 0

    @property
    def bytes_moved(self) -> int:
        """Bytes in both directions."""
        return self.read_bytes + self.written_bytes

    def cycles(self, system: System) -> float:
        """Core cycles it takes about: its steps, or its bytes at main memory's bandwidth if those take longer."""
        return max(self.steps, self.bytes_moved * system.core_clock_hz / _bytes_per_s(system.memory))


def _bytes_per_s(memory: MemorySpec) -> float:
    """Main memory's bandwidth at best."""
    if isinstance(memory, DramMemorySpec):
        return peak_bandwidth_bytes_per_s(memory.resolved())
    return memory.bytes_per_cycle * memory.clock_hz


def network_sizes(network: Network, system: System, only: Container[str] | None = None) -> dict[str, Size]:
    """By name the sizes of the layers that :func:`lower_network` makes Programs of."""
    joined = fusions(network) if system.vector_unit.fuse else {}
    return {
        instance.name: layer_size(instance, system)
        for instance in network.instances()
        if (only is None or instance.name in only) and instance.name not in joined
    }


def layer_size(instance: LayerInstance, system: System) -> Size:
    """The size of one layer; 0 for a view, which moves nothing. Raises InputError as :func:`with_training_words`."""
    system = with_training_words(instance, system)
    shape = gradient_shape(instance) or array_shape(instance, system.shapes)
    if shape is not None:
        return _array_size(shape, system)
    layer, lanes = instance.layer, system.vector_unit.lanes
    words = instance.batch * prod(instance.output_shape)
    if isinstance(layer, (ShapeOnly, Concat)):
        return Size()
    if isinstance(layer, (Pool, GlobalPool)):
        return _pool_size(windows_shape(instance), results_of_windows(instance), lanes, system)
    if isinstance(layer, Add):
        passes = len(instance.input_shapes) - 1
        return Size(passes * -(-words // lanes), *_bytes(system, passes * 2 * words, passes * words))
    if isinstance(layer, Softmax | SoftmaxLoss):
        length = instance.output_shape[layer.axis]
        return Size(words // length * SOFTMAX_PASSES * -(-length // lanes), *_bytes(system, words, words))
    if isinstance(layer, (Activation, BatchNorm, LRN)):
        return Size(-(-words // lanes), *_bytes(system, words, words))
    return _flows_size(vector_gradient(instance, lanes), system)


def _bytes(system: System, read: int, written: int) -> tuple[int, int]:
    """Bytes read and written."""
    return read * system.words.ifmap_bytes, written * system.words.ofmap_bytes


def _array_size(shape: ConvShape, system: System) -> Size:
    """Every fold streams its whole dimension: ``stream_starts`` added up, without its arrays."""
    array = system.array
    along_rows, along_columns, along_time = sides(shape, array.dataflow)
    folds = shape.groups * -(-along_rows // array.rows) * -(-along_columns // array.columns)
    preload = 0 if array.dataflow == "os" else array.rows
    drain = array.rows + array.columns - 2
    if array.fold_overlap:
        free = array.rows if array.dataflow == "os" else 2 * array.rows + array.columns - 2
        steps = preload + (folds - 1) * max(along_time, free) + along_time + drain
    else:
        steps = folds * (along_time + preload + drain)
    filters = shape.filters * shape.taps * system.words.filter_bytes
    read, written = _bytes(system, _ifmap_words(shape), shape.pixels * shape.filters)
    return Size(steps, filters + read, written)


def _ifmap_words(shape: ConvShape) -> int:
    """Words of the ifmap rows in use, or a little more."""
    return shape.batch * min(shape.height, shape.out_height * shape.kernel[0]) * shape.row_words()


def _flows_size(layer: Flows, system: System) -> Size:
    words = {tensor: layer.rows * flow.length for tensor, flow in layer.flows.items()}
    written = words.pop("ofmap")
    return Size(layer.rows * layer.steps, *_bytes(system, sum(words.values()), written))


def _pool_size(shape: ConvShape, results: int, lanes: int, system: System) -> Size:
    taps = shape.kernel[0] * shape.kernel[1]
    moved = _bytes(system, _ifmap_words(shape), shape.pixels * shape.channels * results)
    return Size(-(-shape.channels // lanes) * shape.pixels * taps, *moved)
