"""Parts of recurrent networks: the functions of a cell, between the products of two steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from workloads.layers.base import Layer
from workloads.layers.windows import Shape


@dataclass(frozen=True)
class Cell(Layer):
    """One step of a recurrent cell with ``hidden`` values: gates (..., gates x hidden) and the last state become the next one.

    The state has ``states`` values for each hidden one: an LSTM's are its output and its memory, which stand behind each other
    in the last axis.
    """

    hidden: int
    gates: int
    states: int = 1
    op: ClassVar[str] = "cell"

    def __post_init__(self) -> None:
        for field in ("hidden", "gates", "states"):
            self.require_positive(field, getattr(self, field))

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Return (..., states x hidden). Raise InputError for gates or a state of other sizes."""
        if len(inputs) != 2:
            raise self.error("2 inputs, gates and state", len(inputs))
        gates, state = inputs
        if gates[-1] != self.gates * self.hidden:
            raise self.error(f"gates (..., {self.gates * self.hidden})", gates)
        if prod(state) != prod(gates[:-1]) * self.states * self.hidden:
            raise self.error(f"a state (..., {self.states * self.hidden})", state)
        return *gates[:-1], self.states * self.hidden
