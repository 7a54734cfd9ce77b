"""What a layer is on a DRAM that computes: dot products, work of the periphery, or nothing."""

from __future__ import annotations

from simcore.pim.mapping.dots import Dots
from simcore.pim.mapping.vector_work import VectorWork
from workloads.dataflow.array import Product
from workloads.dataflow.elementwise import Elementwise
from workloads.dataflow.lowering import work_of
from workloads.dataflow.row_work import RowWork
from workloads.dataflow.shape import ConvShape
from workloads.dataflow.windows import Windows
from workloads.dataflow.work import Work
from workloads.layers import MatMul
from workloads.network import LayerInstance


def layer_work(instance: LayerInstance) -> Dots | VectorWork | None:
    """Return a layer's dot products or its work in the periphery, or None for a view.

    Raise InputError for a layer without a rule.
    """
    work = work_of(instance)
    if work is None:
        return None
    if isinstance(work, Product):
        changing = isinstance(instance.layer, MatMul) or instance.layer.pass_name != "forward"
        return dots_of(work.shape, weights_change=changing)
    words = work.words
    return VectorWork(
        operation=getattr(instance.layer, "function", instance.layer.op),
        read_words=words.inputs + words.weights,
        written_words=words.results,
        word_operations=_word_operations(work),
    )


def dots_of(shape: ConvShape, *, weights_change: bool = False) -> Dots:
    """Return the dot products of a convolution, or of a matrix product in the form of one."""
    extent = (shape.kernel[0] - 1) * shape.dilation[0] + 1
    row_words = min(shape.height, extent) * shape.row_words()
    return Dots(
        length=shape.taps,
        filters=shape.group_filters,
        pixels=shape.pixels,
        groups=shape.groups,
        images=shape.batch,
        input_words=max(1, shape.ifmap_words()),
        row_pixels=shape.out_width,
        row_words=row_words,
        halo_words=min(row_words, max(0, extent - shape.stride[0]) * shape.row_words()),
        weights_change=weights_change,
    )


def _word_operations(work: Work) -> int:
    """Return the operations on single words: a tap of a pool, a term of a sum, a value in each pass over a row."""
    if isinstance(work, Windows):
        return work.shape.pixels * work.shape.channels * work.shape.kernel[0] * work.shape.kernel[1]
    if isinstance(work, Elementwise):
        return (work.operands - 1) * work.results
    if isinstance(work, RowWork):
        flows = work.flows(1)
        return flows.rows * flows.steps
    return max(work.words.inputs, work.words.results)
