"""The phases of a layer on DRAM that computes: what runs, on how many subarrays, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simcore.pim.counts import Counts
from simcore.pim.sequence import Sequence

PhaseKind = Literal["weights", "copy", "multiply", "vector", "move"]
PHASE_KINDS: tuple[PhaseKind, ...] = ("weights", "copy", "multiply", "vector", "move")


@dataclass(frozen=True)
class Phase:
    """One phase: ``sequence``, ``repeats`` times one after the other, in ``subarrays`` of each of ``banks`` of every channel.

    It begins on an idle machine, right after a refresh, and is over when the last subarray has finished. A layer has ``times``
    such phases, which are equal. ``counts`` are those of one sequence in one subarray.
    """

    kind: PhaseKind
    sequence: Sequence
    counts: Counts
    repeats: int
    banks: int
    subarrays: int
    times: int = 1
