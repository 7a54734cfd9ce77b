"""The request of a training run on a machine: plain data, without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from simcore.errors import InputError, did_you_mean
from workloads.learning.setup import TrainingSetup

#: Where the weights that an update changes are kept: in words of the machine, with their errors, or beside them in float32.
Master = Literal["words", "fp32"]


@dataclass(frozen=True, kw_only=True)
class MachineSetup:
    """What is trained, and the machine whose writes meet errors: a System with overrides, which decides how layers are cut.

    ``master`` "words" keeps weights and moments in the machine's words, as it has no others; "fp32" also keeps them in float32
    beside the machine. Raise InputError for an unknown name, and for training without words.
    """

    training: TrainingSetup = field(default_factory=TrainingSetup)
    system: str = "train-sram"
    overrides: tuple[str, ...] = ()
    master: Master = "words"

    def __post_init__(self) -> None:
        if self.master not in get_args(Master):
            raise InputError(
                f"no way to keep weights is called '{self.master}'", "master", did_you_mean(self.master, get_args(Master))
            )
        if self.training.word is None:
            raise InputError("expected a word format, because no scratchpad of this study holds float32", where="word")
