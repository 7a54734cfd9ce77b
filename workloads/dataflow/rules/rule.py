"""The rule of a layer kind: all that planning, sizing, training and checking ask about it, in one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.work import Work
from workloads.layers import Layer
from workloads.network import LayerInstance

AnyLayer = TypeVar("AnyLayer", bound=Layer)
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ProductValues(Generic[AnyLayer]):
    """The numbers of a product, for the reference engine's PEs and for checks. Functions take the layer and its instance first.

    The first tensor is the layer's first input, batch first. ``second_shape`` is the shape of the second one: weights, or what
    else the layer multiplies by. ``loop_nest`` lays both out as the pixels [batch, channels, height, width] and filters [filters,
    channels of a group, height, width] of the Work's shape; ``result`` lays what that gives, [batch, filters, rows, columns], out
    as the layer's result. ``by_numpy`` computes the result from the two tensors in another way.
    """

    second_shape: Callable[[AnyLayer, LayerInstance], tuple[int, ...]]
    loop_nest: Callable[[AnyLayer, LayerInstance, Array, Array], tuple[Array, Array]]
    result: Callable[[AnyLayer, LayerInstance, Array], Array]
    by_numpy: Callable[[AnyLayer, LayerInstance, npt.NDArray[np.int64], npt.NDArray[np.int64]], npt.NDArray[np.int64]]


@dataclass(frozen=True)
class LayerRule(Generic[AnyLayer]):
    """How a kind of layer runs and trains. All but ``work`` may be left out.

    ``work``: what the layer computes; None for a view, which is another name for words where they lie and takes no cycles.

    ``absorbs``: an element-wise layer right behind, the only reader, can join it at no cost. ``joins``: it is such a layer.
    ``reads_ifmap``: its first operand is what it reads as its ifmap, so that it can be read where the layer before wrote it.
    ``hands_on``: its result lies as readers take it. ``word_sizes``: by field of the System's words the one whose size it has in
    this layer, where it is not its own.

    ``gradient`` adds the layers that compute the gradients of its inputs and weights; None where it cannot be trained.
    ``obstacle``: what stands in the way of training this one layer (told whether its input needs a gradient), or None.
    ``trained``: the layer as a training step runs it (told whether a gradient will come back to it). ``loss``: the layer with the
    loss, for an output of the network that is made to end in it.

    ``values``: the numbers of a product that runs on the array.
    """

    work: Callable[[AnyLayer, LayerInstance], Work] | None
    absorbs: bool = False
    joins: bool = False
    reads_ifmap: bool = True
    hands_on: bool = True
    word_sizes: Mapping[str, str] = field(default_factory=dict)
    gradient: Callable[[AnyLayer, Backward], Gradients] | None = None
    obstacle: Callable[[AnyLayer, LayerInstance, bool], str | None] | None = None
    trained: Callable[[AnyLayer, bool], Layer] | None = None
    loss: Callable[[AnyLayer], Layer] | None = None
    values: ProductValues[AnyLayer] | None = None
