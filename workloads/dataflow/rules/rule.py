"""The rule of a layer kind: one value with all that planning, sizing, training and checking need to know about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.work import Work
from workloads.layers import Layer
from workloads.layers.held import Held
from workloads.network import LayerInstance

AnyLayer = TypeVar("AnyLayer", bound=Layer)
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ProductValues(Generic[AnyLayer]):
    """The numbers of a product, for the reference engine's PEs and for checks.

    Each function takes the layer and its instance first. The first tensor is the layer's first input, batch first.
    ``second_shape`` returns the shape of the second tensor: the weights, or whatever else the layer multiplies by. ``loop_nest``
    arranges both as the pixels [batch, channels, height, width] and filters [filters, channels of a group, height, width] of the
    Work's shape. ``result`` turns the output of that loop nest, [batch, filters, rows, columns], into the layer's result.
    ``by_numpy`` computes the result from the two tensors by another method.
    """

    second_shape: Callable[[AnyLayer, LayerInstance], tuple[int, ...]]
    loop_nest: Callable[[AnyLayer, LayerInstance, Array, Array], tuple[Array, Array]]
    result: Callable[[AnyLayer, LayerInstance, Array], Array]
    by_numpy: Callable[[AnyLayer, LayerInstance, npt.NDArray[np.int64], npt.NDArray[np.int64]], npt.NDArray[np.int64]]


@dataclass(frozen=True)
class LayerRule(Generic[AnyLayer]):
    """How a kind of layer runs and trains. Every field except ``work`` has a default.

    ``work`` returns what the layer computes. It is None for a view, which gives existing words another name and takes no cycles.

    ``absorbs`` says that an element-wise layer right behind this one, if it is the only reader, can be fused into it at no cost.
    ``joins`` says that this layer is such an element-wise layer. ``reads_ifmap`` says that its first operand is the tensor it
    reads as ifmap, and its second one, if there is one, that which it reads through the filters' port, so that it can read both
    where other layers left them. ``word_sizes`` maps a field of the System's words to the field whose size it takes in this
    layer, if that is another one.

    ``gradient`` adds the layers that compute the gradients of the inputs and weights; it is None for a layer that cannot be
    trained. ``obstacle`` returns the reason that prevents training of one particular layer, or None; it is told whether the input
    needs a gradient. ``trained`` returns the layer that a training step runs; it is told whether a gradient comes back to the
    layer. ``loss`` returns the layer that includes the loss, for an output of the network that can end in one.

    ``holds`` says what the layer keeps in each scratchpad in a training step. It is None for a layer that is in none.

    ``values`` gives the numbers of a product that runs on the array.
    """

    work: Callable[[AnyLayer, LayerInstance], Work] | None
    absorbs: bool = False
    joins: bool = False
    reads_ifmap: bool = True
    word_sizes: Mapping[str, str] = field(default_factory=dict)
    gradient: Callable[[AnyLayer, Backward], Gradients] | None = None
    obstacle: Callable[[AnyLayer, LayerInstance, bool], str | None] | None = None
    trained: Callable[[AnyLayer, bool], Layer] | None = None
    loss: Callable[[AnyLayer], Layer] | None = None
    holds: Held | Callable[[AnyLayer], Held] | None = None
    values: ProductValues[AnyLayer] | None = None
