"""The options ``--trace`` and ``--trace-cycles``, ``--timeline`` and ``--cycles``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simcore.errors import InputError
from simcore.reading.numbers import cut, shown

if TYPE_CHECKING:
    from simcore.results.perfetto.order import TimelineOrder
    from simcore.results.trace_files import TraceOrder


@dataclass(frozen=True)
class TracedOptions:
    """What to trace, and in which core cycles: ``first`` up to, not with, ``end``; None means to the end of the run."""

    kinds: tuple[str, ...]
    first: int = 0
    end: int | None = None

    def into(self, folder: Path, told_as: Path | None) -> TraceOrder:
        """Return the order for traces in a folder. Raise InputError for kinds and cycles that cannot be traced."""
        from simcore.results.trace_files import TraceOrder  # loads pyarrow

        return TraceOrder(folder, self.kinds, self.first, self.end, told_as)


def traced_of(kinds: Sequence[str] | None, cycles: str | None) -> TracedOptions | None:
    """Return the two options in one, or None if nothing is to be traced. Raise InputError for cycles that are no FIRST:END."""
    if not kinds:
        if cycles is not None:
            raise InputError("expected --trace scratchpads or --trace dram with it, got none", cut(f"--trace-cycles {cycles}"))
        return None
    first, end = (0, None) if cycles is None else _span(cycles, "--trace-cycles")
    return TracedOptions(tuple(dict.fromkeys(kinds)), first, end)


def timeline_of(file: Path | None, cycles: str | None, traced: TracedOptions | None) -> TimelineOrder | None:
    """Return the order for a timeline, or None. Raise InputError for cycles without it, and for traces beside it."""
    if file is None:
        if cycles is not None:
            raise InputError("expected --timeline FILE with it, got none", cut(f"--cycles {cycles}"))
        return None
    if traced is not None:
        raise InputError("expected --timeline or --trace, got both", "--timeline", "run twice")
    from simcore.results.perfetto.order import TimelineOrder

    return TimelineOrder(file, *((0, None) if cycles is None else _span(cycles, "--cycles")))


def _span(cycles: str, option: str) -> tuple[int, int | None]:
    found = re.fullmatch(r"([0-9]{0,18}):([0-9]{0,18})", cycles.strip(), flags=re.ASCII)
    if found is None or found.group() == ":":
        raise InputError(f"expected FIRST:END, such as 1000:2000, got {shown(cycles)}", cut(f"{option} {cycles}"))
    first, end = found.groups()
    return int(first or 0), int(end) if end else None
