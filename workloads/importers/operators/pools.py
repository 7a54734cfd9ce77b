"""Pools over windows and over whole images."""

from __future__ import annotations

from math import prod

from workloads import layers
from workloads.importers.operators.batch import images
from workloads.importers.operators.convolutions import Window
from workloads.importers.operators.node import Node, Operator
from workloads.importers.operators.volumes import Volume


def _pool(node: Node) -> list[str]:
    kernel = node.attributes["kernel_shape"]
    if len(kernel) == 3:
        return _pool_of_volume(node, Volume(node, kernel))
    window = Window(node, kernel)
    if window.kernel == window.stride == (1, 1) and not any(window.padding):
        return [node.add(layers.Identity(node.name), node.read(0))]  # an adaptive pool whose output has the size of its input
    kind = "max" if node.op == "MaxPool" else "avg"
    ceil_mode = bool(node.integer("ceil_mode"))
    pool = layers.Pool(node.name, kind, window.kernel, window.stride, window.padding, window.dilation, ceil_mode)
    return [window.whole(node.add(pool, window.image()))]


def _pool_of_volume(node: Node, volume: Volume) -> list[str]:
    """Return a pool of each depth, and joins of those that a depth of the result reads; the padding takes no part."""
    window, kind = Window(volume.flat(), volume.kernel[1:]), "max" if node.op == "MaxPool" else "avg"
    ceil_mode, pooled, made = bool(node.integer("ceil_mode")), {}, []
    for at, depths in enumerate(volume.depths()):
        inside = [depth for depth in depths if 0 <= depth < volume.depth]
        for depth in inside:
            if depth not in pooled:
                sizes = window.kernel, window.stride, window.padding, window.dilation
                pool = layers.Pool(node.part(f"pool_{depth}"), kind, *sizes, ceil_mode)
                pooled[depth] = node.add(pool, volume.slice(depth))
        name = node.part(f"join_{at}")
        join = layers.Combine(name) if kind == "max" else layers.Add(name)
        made.append(pooled[inside[0]] if len(inside) == 1 else node.add(join, *(pooled[depth] for depth in inside)))
    return volume.joined(made)


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
