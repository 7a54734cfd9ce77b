"""The work of an attention layer."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.errors import InputError
from simcore.program.program import Program
from simcore.spec.system import System
from workloads.dataflow.attention.choice import Chosen, choose
from workloads.dataflow.attention.program import lower_attention
from workloads.dataflow.attention.shape import AttentionShape
from workloads.dataflow.work import Words, Work


@dataclass(frozen=True)
class FlashAttention(Work):
    """Attention over tiles of queries and keys, with the running maximum and sum of each row kept in the vector unit."""

    shape: AttentionShape

    @property
    def macs(self) -> int:
        shape = self.shape
        return shape.groups * shape.queries * shape.keys * (shape.width + shape.value_width)

    @property
    def words(self) -> Words:
        return Words(self.shape.query_words, self.shape.key_words, self.shape.result_words)

    def steps(self, system: System) -> int:
        return self.chosen("attention", system).steps

    def chosen(self, name: str, system: System) -> Chosen:
        """Return the tiles on this machine. Raise InputError, for the layer of that name, if scores cannot stay on chip."""
        found = choose(self.shape, system)
        if isinstance(found, str):
            hint = "set attention=spilled"
            raise InputError(f"expected scores that can stay on chip, but {found}", f"layer '{name}'", hint)
        return found

    def lower(self, name: str, op: str, system: System, *, with_folds: bool = False) -> Program:
        return lower_attention(name, op, self.shape, system, self.chosen(name, system))
