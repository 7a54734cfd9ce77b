"""What a layer does, told apart from any machine: the one description that planning, sizing and other kinds of machine read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from simcore.program.program import Program
from simcore.spec.system import System


@dataclass(frozen=True)
class Words:
    """Words of a layer's tensors, the whole batch.

    ``inputs`` are read in the ifmap's word size, ``weights`` (of a product of two activations its second operand) in the
    filters', ``results`` are written in the ofmap's.
    """

    inputs: int
    weights: int
    results: int

    def in_bytes(self, system: System) -> tuple[int, int]:
        """Bytes read and bytes written, each word once."""
        sizes = system.words
        return self.inputs * sizes.ifmap_bytes + self.weights * sizes.filter_bytes, self.results * sizes.ofmap_bytes


class Work(ABC):
    """What one layer computes. A frozen value: a :class:`workloads.dataflow.rules.LayerRule` makes it from the layer's shapes.

    There is one subclass for each way in which the systolic machine runs a layer: ``Product`` (array.py), ``Windows``,
    ``Elementwise`` and the ``RowWork`` of row_work.py. Other kinds of machine read ``macs``, ``words`` and the subclass's fields.
    """

    @property
    def macs(self) -> int:
        """Multiply-accumulates; 0 for all but products."""
        return 0

    @property
    @abstractmethod
    def words(self) -> Words:
        """Words of the layer's tensors, each counted once."""

    @property
    def words_moved(self) -> Words:
        """Words that the systolic machine moves at least: ``words``, unless it takes the layer in several passes."""
        return self.words

    @abstractmethod
    def steps(self, system: System) -> int:
        """Steps of the systolic machine if streams are cut as little as possible; the Program has as many, or more."""

    @abstractmethod
    def lower(self, name: str, op: str, system: System, *, with_folds: bool = False) -> Program:
        """The Program of the systolic machine. ``with_folds`` adds the Fold records that the reference engine's PEs need.

        Raises InputError where a scratchpad cannot hold what one element of a stream needs.
        """
