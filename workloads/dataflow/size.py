"""How large a layer is, from its shape alone: known at once for any size, before anything is planned."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from math import prod

from simcore.dram.statistics import peak_bandwidth_bytes_per_s
from simcore.spec import DramMemorySpec, MemorySpec
from simcore.spec.system import System
from workloads.dataflow.folds import sides
from workloads.dataflow.lowering import SOFTMAX_PASSES, fusions, windows_shape
from workloads.dataflow.shape import ConvShape, array_shape
from workloads.layers import Add, Concat, GlobalPool, Pool, ShapeOnly, Softmax
from workloads.network import LayerInstance, Network


@dataclass(frozen=True)
class Size:
    """``steps``: array steps of a layer whose streams are cut as little as possible; its Program has as many, or more.

    ``bytes_moved``: its tensors, each moved once.
    """

    steps: int = 0
    bytes_moved: int = 0

    def __add__(self, other: Size) -> Size:
        return Size(self.steps + other.steps, self.bytes_moved + other.bytes_moved)

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
    """The size of one layer; 0 for a view, which moves nothing."""
    shape = array_shape(instance, system.shapes)
    if shape is not None:
        return _array_size(shape, system)
    layer, lanes = instance.layer, system.vector_unit.lanes
    words = instance.batch * prod(instance.output_shape)
    if isinstance(layer, (ShapeOnly, Concat)):
        return Size()
    if isinstance(layer, (Pool, GlobalPool)):
        return _pool_size(windows_shape(instance), lanes, system)
    if isinstance(layer, Add):
        passes = len(instance.input_shapes) - 1
        return Size(passes * -(-words // lanes), passes * _bytes(system, 2 * words, words))
    length = instance.output_shape[layer.axis] if isinstance(layer, Softmax) else words
    passes = SOFTMAX_PASSES if isinstance(layer, Softmax) else 1
    return Size(words // length * passes * -(-length // lanes), _bytes(system, words, words))


def _bytes(system: System, read: int, written: int) -> int:
    return read * system.words.ifmap_bytes + written * system.words.ofmap_bytes


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
    return Size(steps, filters + _bytes(system, _ifmap_words(shape), shape.pixels * shape.filters))


def _ifmap_words(shape: ConvShape) -> int:
    """Words of the ifmap rows in use, or a little more."""
    return shape.batch * min(shape.height, shape.out_height * shape.kernel[0]) * shape.row_words()


def _pool_size(shape: ConvShape, lanes: int, system: System) -> Size:
    taps = shape.kernel[0] * shape.kernel[1]
    moved = _bytes(system, _ifmap_words(shape), shape.pixels * shape.channels)
    return Size(-(-shape.channels // lanes) * shape.pixels * taps, moved)
