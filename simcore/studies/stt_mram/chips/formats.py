"""The number formats in which the study trains, and what it trains."""

from __future__ import annotations

from dataclasses import dataclass

from simcore.studies.write_errors.training_runs import DataSource
from workloads.faults.sum_words import SUM_BITS
from workloads.faults.words import word_format
from workloads.learning.machine_step.machine import MachineSetup, Master
from workloads.learning.setup import TrainingSetup

#: Lower bits of a word that may err, most first, by word.
OPERAND_LEVELS = {"bf16": (7, 6, 5, 4, 3, 2), "fixed16": (12, 10, 8, 6, 4)}
#: Lower bits of a partial sum that may err: the fraction of a float32, or all but the upper quarter of an integer.
SUM_BITS_THAT_MAY_ERR = {"bf16": 23, "fixed16": 3 * SUM_BITS // 4}


@dataclass(frozen=True)
class Format:
    """The words of a machine, and where the weights that an update changes are kept."""

    word: str
    master: Master = "words"

    @property
    def name(self) -> str:
        """Return the format in words."""
        return self.word if self.master == "words" else f"{self.word}, {self.master} master weights"

    @property
    def word_bits(self) -> int:
        """Return the bits of a word."""
        return word_format(self.word).word_bits

    @property
    def levels(self) -> tuple[int, ...]:
        """Return the numbers of lower bits of an operand that a search lets err, most first."""
        return OPERAND_LEVELS[self.word]

    @property
    def sum_bits(self) -> int:
        """Return how many lower bits of a partial sum may err."""
        return SUM_BITS_THAT_MAY_ERR[self.word]


#: The machine's own format first.
FORMATS = (Format("bf16"), Format("fixed16"), Format("bf16", "fp32"))


@dataclass(frozen=True)
class Task:
    """A network, its images and the epochs of its training."""

    net: str
    data: DataSource
    epochs: int

    def setup(self, words: Format, array: tuple[str, ...] = ()) -> MachineSetup:
        """Return the training of this task in a format, on the preset with these overrides."""
        training = TrainingSetup(net=self.net, word=words.word, epochs=self.epochs)
        return MachineSetup(training=training, overrides=array, master=words.master)
