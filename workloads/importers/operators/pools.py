"""Pools over windows and over whole images."""

from __future__ import annotations

from math import prod

from workloads import layers
from workloads.importers.operators.batch import images
from workloads.importers.operators.convolutions import Window
from workloads.importers.operators.node import Node, Operator


def _pool(node: Node) -> list[str]:
    window = Window(node, node.attributes["kernel_shape"])
    if window.kernel == window.stride == (1, 1) and not any(window.padding):
        return [node.add(layers.Identity(node.name), node.read(0))]  # an adaptive pool whose output has the size of its input
    kind = "max" if node.op == "MaxPool" else "avg"
    ceil_mode = bool(node.integer("ceil_mode"))
    pool = layers.Pool(node.name, kind, window.kernel, window.stride, window.padding, window.dilation, ceil_mode)
    return [window.whole(node.add(pool, window.image()))]


def _global_pool(node: Node) -> list[str]:
    kind, shape = "max" if node.op == "GlobalMaxPool" else "avg", node.shape(0)
    source = node.read(0)
    if len(shape) == 3:
        return [node.add(layers.GlobalPool(node.name, kind), source)]
    image = node.add(layers.Reshape(node.part("image"), (shape[0], 1, prod(shape[1:]))), source)
    pooled = node.add(layers.GlobalPool(node.name, kind), image)
    return [pooled if node.result() == (shape[0], 1, 1) else node.add(layers.Reshape(node.part("whole"), node.result()), pooled)]


POOL = Operator(_pool, images)
GLOBAL_POOL = Operator(_global_pool, images)
