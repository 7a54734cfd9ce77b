"""Gradients of joins, repeated values, sums, copies and parts, and the work of each on the vector unit."""

from __future__ import annotations

from math import prod

from workloads.dataflow.row_work import Rowwise, Spread
from workloads.dataflow.rules.backward import Backward, Gradients
from workloads.dataflow.rules.rule import LayerRule
from workloads.layers import Add, Combine, Copy, Mul, Part, Reduce, Repeat, Resample
from workloads.layers.gradients import GradientView
from workloads.layers.held import GRADIENTS, GRADIENTS_AND_VALUES, NOTHING
from workloads.layers.operand_gradients import FactorGradient, PartGradient, SpreadGradient, SummedGradient
from workloads.network import LayerInstance

#: Sums and means, whose gradient at each value needs no value.
LINEAR_REDUCTIONS = ("mean", "sum")


def _words(instance: LayerInstance) -> tuple[int, int]:
    """Return the words of the output's gradient and of the result, for the batch."""
    return instance.batch * prod(instance.input_shapes[0]), instance.batch * prod(instance.output_shape)


def _spread(layer: SpreadGradient, instance: LayerInstance) -> Spread:
    return Spread(*_words(instance))


def _summed(layer: SummedGradient, instance: LayerInstance) -> Spread:
    return Spread(*_words(instance), taps=layer.taps)


def _times(layer: FactorGradient, instance: LayerInstance) -> Rowwise | Spread:
    """Return one pass over the gradient and another operand. An operand that is smaller is fetched again and again."""
    read, written = _words(instance)
    operands = ("ifmap", "filter")
    return Rowwise(written, operands=operands) if read == written else Spread(read, written, operands=operands)


# Joins ------------------------------------------------------------------------------------------------------------------------


def sum_gradient(layer: Add, back: Backward) -> Gradients:
    """Return the output's gradient, which is also that of each operand; an operand that was repeated gets sums of it."""
    inputs, view = {}, ""
    for position, wanted in enumerate(back.wanted):
        shape = back.instance.input_shapes[position]
        if not wanted:
            continue
        if shape != back.instance.output_shape:
            inputs[position] = back.builder.add(SummedGradient(f"{back.name}.{position}", shape), [back.gradient])
        else:
            view = view or back.builder.add(GradientView(back.name, shape), [back.gradient])
            inputs[position] = view
    return Gradients(inputs)


def product_gradient(layer: Mul | Combine, back: Backward) -> Gradients:
    """Return the gradient of each operand: the output's times the other operands, one after the other."""
    inputs = {}
    for position, wanted in enumerate(back.wanted):
        others = [producer for index, producer in enumerate(back.instance.producers) if index != position]
        gradient = back.gradient
        for number, other in enumerate(others if wanted else ()):
            is_last = number == len(others) - 1
            shape = back.instance.input_shapes[position] if is_last else back.instance.output_shape
            name = f"{back.name}.{position}" if is_last else f"{back.name}.{position}.{number}"
            gradient = back.builder.add(FactorGradient(name, shape, 1), [gradient, other])
        if wanted:
            inputs[position] = gradient
    return Gradients(inputs)


def turned_obstacle(layer: Mul | Combine, instance: LayerInstance, input_needs_gradient: bool) -> str | None:
    """Only a rotation is a product; its gradient is the opposite rotation, with the same factors."""
    if isinstance(layer, Mul) or layer.function == "rotary":
        return None
    return f"combine of kind '{layer.function}'"


# Moves ------------------------------------------------------------------------------------------------------------------------


def _repeat_gradient(layer: Repeat, back: Backward) -> Gradients:
    return Gradients({0: back.builder.add(SummedGradient(back.name, back.shape), [back.gradient])})


def resample_gradient(layer: Resample, back: Backward) -> Gradients:
    """Return the sums of the output's gradient at the neighbours from which each result was made."""
    return Gradients({0: back.builder.add(SummedGradient(back.name, back.shape, layer.taps), [back.gradient])})


def spread_gradient(layer: Reduce | Copy, back: Backward) -> Gradients:
    """Return the output's gradient at each place that it came from."""
    return Gradients({0: back.builder.add(SpreadGradient(back.name, back.shape), [back.gradient])})


def reduction_obstacle(layer: Reduce, instance: LayerInstance, input_needs_gradient: bool) -> str | None:
    """Only sums and means have gradients that need no value."""
    return None if layer.function in LINEAR_REDUCTIONS else f"reduction of kind '{layer.function}'"


def _part_gradient(layer: Part, back: Backward) -> Gradients:
    return Gradients({0: back.builder.add(PartGradient(back.name, layer.shape), [back.gradient])})


REPEAT = LayerRule(None, gradient=_repeat_gradient, holds=NOTHING)
PART = LayerRule(None, gradient=_part_gradient, holds=NOTHING)
FACTOR_GRADIENT = LayerRule(_times, holds=GRADIENTS_AND_VALUES)
SUMMED_GRADIENT = LayerRule(_summed, holds=GRADIENTS)
SPREAD_GRADIENT = LayerRule(_spread, holds=GRADIENTS)
