"""The command stream of a run: the commands of all phases, one phase after the other, in one array."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from simcore.dram.outcome import COMMAND_CLOCK, COMMAND_LEVELS
from simcore.dram.tables import IntArray
from simcore.errors import InputError
from simcore.pim.phases import Phase

#: The longest stream: about 100 MB of text.
MOST_COMMANDS = 2_000_000


@dataclass
class CommandLog:
    """The commands so far. ``clock`` is the cycle in which the next phase begins."""

    clock: int = 0
    _pieces: list[IntArray] = field(default_factory=list)

    def add(self, commands: IntArray, channel: int = 0) -> None:
        """Add the commands of a phase that begins now."""
        moved = commands.copy()
        moved[:, COMMAND_CLOCK] += self.clock
        moved[:, COMMAND_LEVELS] = channel
        self._pieces.append(moved)

    def commands(self) -> IntArray:
        """Return all commands in the order of their cycles."""
        joined = np.concatenate(self._pieces)
        found: IntArray = joined[np.argsort(joined[:, COMMAND_CLOCK], kind="stable")]
        return found


def refuse_long_stream(phases: Iterable[Phase]) -> None:
    """Raise InputError for phases whose commands are more than a file should hold."""
    count = sum(phase.times * phase.repeats * phase.sequence.commands * phase.banks * phase.subarrays for phase in phases)
    if count > MOST_COMMANDS:
        hint = "choose layers with --layers, or fewer banks, subarrays or bits"
        raise InputError(
            f"expected a stream of at most {MOST_COMMANDS:,} commands, got one of about {count:,}", "--commands", hint
        )
