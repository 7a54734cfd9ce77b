"""Weight updates, and the zeros that fill parts of gradients."""

from __future__ import annotations

from math import prod

from workloads.dataflow.row_work import Rowwise, Spread, StateUpdate
from workloads.dataflow.rules.rule import LayerRule
from workloads.dataflow.rules.word_sizes import UPDATE_WORDS
from workloads.layers.gradients import ZeroGradient, ZeroInsertion
from workloads.layers.held import GRADIENTS
from workloads.layers.updates import Update
from workloads.network import LayerInstance


def _update(layer: Update, instance: LayerInstance) -> StateUpdate:
    return StateUpdate(prod(instance.output_shape), layer.tensors)


def _zeros(layer: ZeroGradient, instance: LayerInstance) -> Rowwise:
    return Rowwise(instance.batch * prod(instance.output_shape), operands=())


def _insertion(layer: ZeroInsertion, instance: LayerInstance) -> Spread:
    return Spread(instance.batch * prod(instance.input_shapes[0]), instance.batch * prod(instance.output_shape))


#: The ifmap of an update is weights and moments. The gradient is read through the scratchpad of the filters.
UPDATE = LayerRule(_update, reads_ifmap=False, word_sizes=UPDATE_WORDS, holds={"ifmap": None, "filter": None, "ofmap": None})
ZERO_GRADIENT = LayerRule(_zeros, holds={"ofmap": "errors"})
ZERO_INSERTION = LayerRule(_insertion, holds=GRADIENTS)
