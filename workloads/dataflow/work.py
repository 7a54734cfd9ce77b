"""The work of a layer, independent of any machine: planning, sizing and other kinds of machine read this description."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from simcore.program.program import Program
from simcore.spec.system import System


@dataclass(frozen=True)
class Words:
    """Words of a layer's tensors, for the whole batch.

    ``inputs`` are read with the ifmap's word size. ``weights``, or the second operand of a product of two activations, are read
    with the filters' word size. ``results`` are written with the ofmap's word size.
    """

    inputs: int
    weights: int
    results: int

    def in_bytes(self, system: System) -> tuple[int, int]:
        """Return the bytes read and the bytes written, with each word counted once."""
        sizes = system.words
        return self.inputs * sizes.ifmap_bytes + self.weights * sizes.filter_bytes, self.results * sizes.ofmap_bytes


class Work(ABC):
    """What one layer computes: a frozen value that a :class:`workloads.dataflow.rules.LayerRule` makes from the layer's shapes.

    There is one subclass for each way in which the systolic machine runs a layer: ``Product`` (array.py), ``Windows``,
    ``Elementwise`` and the ``RowWork`` of row_work.py. Other kinds of machine read ``macs``, ``words`` and the subclass's fields.
    """

    @property
    def macs(self) -> int:
        """Return the multiply-accumulates, which are 0 for everything except products."""
        return 0

    @property
    @abstractmethod
    def words(self) -> Words:
        """Return the words of the layer's tensors, each counted once."""

    @property
    def words_moved(self) -> Words:
        """Return the least number of words that the systolic machine moves: ``words``, unless it needs several passes."""
        return self.words

    @abstractmethod
    def steps(self, system: System) -> int:
        """Return the steps of the systolic machine if streams are cut as little as possible. The Program has at least as many."""

    @abstractmethod
    def lower(self, name: str, op: str, system: System, *, with_folds: bool = False) -> Program:
        """Return the Program of the systolic machine. ``with_folds`` adds the Fold records that the reference engine's PEs need.

        Raise InputError if a scratchpad cannot hold the data that one element of a stream needs.
        """
