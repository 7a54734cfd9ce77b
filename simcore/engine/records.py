"""What an engine writes down about a run besides the Outcomes of its layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simcore.engine.store import Store
from simcore.machine.line_writes import LineWrites
from simcore.program.traces import Traced


@dataclass(frozen=True)
class Records:
    """The writes of each line are added to ``line_writes``, and accesses go to ``traced``. None: not recorded.

    ``kept`` keeps layers for later layers that equal them; None keeps them for this run alone.
    """

    line_writes: LineWrites | None = None
    traced: Traced | None = None
    kept: Store[Any] | None = None
