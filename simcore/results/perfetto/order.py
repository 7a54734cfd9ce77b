"""The wish for a timeline, and the file in which it is whole or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcore.errors import InputError
from simcore.program.program import Int64Array
from simcore.program.traces import Take, Traced
from simcore.results.perfetto.drawing import Drawing
from simcore.results.perfetto.writer import FIRST_PACKET, PerfettoFile
from simcore.saving.durable import sync
from simcore.saving.failures import refusals_of
from simcore.saving.work_folder import NEW, clear, work_folder

if TYPE_CHECKING:
    from simcore.kinds import MachineKind
    from simcore.spec import MachineSpec


@dataclass(frozen=True)
class TimelineOrder:
    """The wish for a timeline of core cycles ``first_cycle`` up to, not with, ``end_cycle`` (None: the end of the run).

    ``file`` may exist if simcore wrote it as a timeline. Raise InputError for cycles that cannot be.
    """

    file: Path
    first_cycle: int = 0
    end_cycle: int | None = None

    def __post_init__(self) -> None:
        # Cycles may come from a table, whose numbers are numpy's.
        object.__setattr__(self, "first_cycle", int(self.first_cycle))
        object.__setattr__(self, "end_cycle", None if self.end_cycle is None else int(self.end_cycle))
        if self.first_cycle < 0 or (self.end_cycle is not None and self.end_cycle <= self.first_cycle):
            found = f"{self.first_cycle}:{'' if self.end_cycle is None else self.end_cycle}"
            raise InputError(f"expected cycles from 0 on, of which the second is larger, got {found}", "--cycles")

    def require(self, kind: MachineKind[Any, Any], machine: MachineSpec, engine: str) -> None:
        """Raise InputError if the kind's engine cannot write a timeline."""
        kind.require_timeline(engine)

    def engine_of(self, kind: MachineKind[Any, Any]) -> str | None:
        """Return the engine that writes the timeline unless another is named, or None if the kind has none."""
        return next(iter(kind.timeline_engines), None)

    @contextmanager
    def files(self, kind: MachineKind[Any, Any], machine: MachineSpec) -> Iterator[WrittenTimeline]:
        """Claim the file, and yield what an engine writes into. It gets its name when the block ends without an exception.

        Raise InputError for a place that cannot be written or holds something else, and if the system refuses to write.
        """
        target = Path(os.path.realpath(self.file))
        _require_place(target, self.file)
        with work_folder(target) as work, ExitStack() as stack:
            try:
                with refusals_of(self.file):
                    file = stack.enter_context(open(work / NEW, "wb"))
                    out = PerfettoFile(file)
                    drawing = kind.timeline(machine, out, self.first_cycle, self.end_cycle)
                yield WrittenTimeline(self, out, drawing)
                with refusals_of(self.file):
                    drawing.close()
                    file.close()
                    sync(work / NEW)
                    os.replace(work / NEW, target)
                    sync(target.parent)
            finally:
                clear(work / NEW)


@dataclass(frozen=True)
class WrittenTimeline:
    """A timeline that an engine writes."""

    order: TimelineOrder
    out: PerfettoFile
    drawing: Drawing

    @property
    def traced(self) -> Traced:
        """Return the order to the engine."""

        def told(take: Take | None) -> Take | None:
            """Return the function with the system's refusals turned into InputErrors about the file."""

            def guarded(layer: str, rows: Int64Array) -> None:
                assert take is not None
                with refusals_of(self.order.file):
                    take(layer, rows)

            return None if take is None else guarded

        taken = self.drawing.traced
        return Traced(
            scratchpads=told(taken.scratchpads),
            first_cycle=self.order.first_cycle,
            end_cycle=self.order.end_cycle,
            array=told(taken.array),
            bursts=told(taken.bursts),
            commands=told(taken.commands),
            operations=told(taken.operations),
            phases=told(taken.phases),
            is_full=self._is_cut,
        )

    def _is_cut(self) -> bool:
        return self.out.cut_at is not None

    def facts(self) -> dict[str, Any]:
        """Return what a manifest says about the timeline. ``cut_at_cycle`` is null if nothing was left out."""
        cycles = [self.order.first_cycle, self.order.end_cycle]
        return {
            "cycles": cycles,
            "timeline": str(self.order.file),
            "slices": self.out.slices,
            "cut_at_cycle": self.out.cut_at,
        }


def _require_place(target: Path, told_as: Path) -> None:
    """Raise InputError for a folder that is missing, and for a file that is no timeline of simcore."""
    if not target.parent.is_dir():
        raise InputError(f"cannot write here: no folder '{told_as.parent}'", str(told_as))
    if not os.path.lexists(target):
        return
    if not target.is_file():
        raise InputError("cannot write here: it is no file", str(told_as))
    with refusals_of(told_as), open(target, "rb") as file:
        begins = file.read(len(FIRST_PACKET))
    if begins not in (FIRST_PACKET, b""):
        raise InputError("is a file that simcore did not write as a timeline", str(told_as), "choose another name")
