"""The tracks of a DRAM that computes: layers and phases, or stages and steps of a pipeline, subarrays, data buses and ranks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from simcore.dram.outcome import COMMAND_CLOCK
from simcore.pim.activity import ROW_OPERATIONS, Activity, PhaseActivity
from simcore.pim.limits import CAUSES
from simcore.pim.phases import PHASE_KINDS
from simcore.pim_dram.machine import PimMachine
from simcore.program.program import Int64Array
from simcore.program.traces import NOTHING, Traced
from simcore.results.perfetto.dram import DramTracks
from simcore.results.perfetto.drawing import Drawing
from simcore.results.perfetto.writer import PerfettoFile

#: Bytes after which nothing more is written. The engine that knows subarrays takes a minute or two for them.
MOST_BYTES = 5_000_000


class PimTracks(Drawing):
    """The tracks of a DRAM that computes. A cycle is one of the DRAM's clock.

    Slices are cut to cycles from ``first`` up to, not with, ``end``. Phases come before what subarrays do in them.
    """

    def __init__(self, out: PerfettoFile, machine: PimMachine, first: int, end: int | None) -> None:
        """Begin the tracks of a machine."""
        self.out, self.first, self.end = out, first, end
        out.most_bytes = min(out.most_bytes, MOST_BYTES)
        self._is_pipeline = machine.spec.placement == "pipelined"
        self.layers = out.track("stages" if self._is_pipeline else "layers")
        self.phases = out.track("steps" if self._is_pipeline else "phases")
        self.banks = out.track("banks")
        self.dram = DramTracks(out, machine.dram, first=first)
        #: The cycles in which phases end, in order.
        self._ends: list[int] = []
        self._layer: tuple[str, int, int] | None = None

    @property
    def traced(self) -> Traced:
        return Traced(phases=self.add_phases, operations=self.add_operations, commands=self.add_commands)

    def add_phases(self, layer: str, rows: Int64Array) -> None:
        """Add phases of a layer, steps of a pipeline, or shares of a stage in a step."""
        for row in rows.tolist():
            begin, end = row[PhaseActivity.CYCLE], row[PhaseActivity.CYCLE] + row[PhaseActivity.CYCLES]
            kind, stage = PHASE_KINDS[row[PhaseActivity.KIND]], row[PhaseActivity.STAGE]
            more: dict[str, str | int] = {"layer": layer} if layer else {}
            if stage != NOTHING:
                name = f"stage {stage}{', transfers' if row[PhaseActivity.BESIDE] else ''}"
                track = self.out.child(name, self.layers, 2 * stage + row[PhaseActivity.BESIDE])
                self._put(track, kind, begin, end, more)
                continue
            if not self._is_pipeline:
                self._lasts(layer, begin, end)
                columns = PhaseActivity.REPEATS, PhaseActivity.BANKS, PhaseActivity.SUBARRAYS
                more |= {column.name.lower(): row[column] for column in columns}
            self._ends.append(end)
            self._put(self.phases, kind, begin, end, more)

    def add_operations(self, layer: str, rows: Int64Array) -> None:
        """Add what subarrays did: an operation, or a wait for a cause."""
        for row in rows.tolist():
            begin, cause = row[Activity.CYCLE], row[Activity.CAUSE]
            name = ROW_OPERATIONS[row[Activity.OPERATION]] if cause == NOTHING else CAUSES[cause]
            subarray, bank = row[Activity.SUBARRAY], row[Activity.BANK]
            told = "transfers" if subarray == NOTHING else f"subarray {subarray}"
            track = self.out.child(told, self.out.child(f"bank{bank}", self.banks, bank), subarray + 1)
            more: dict[str, str | int] = {"operation": row[Activity.NUMBER], "row": row[Activity.ROW]}
            self._put(track, name, begin, begin + row[Activity.CYCLES], more)

    def add_commands(self, layer: str, rows: Int64Array) -> None:
        """Add commands of a phase or a step: the next phase begins on an idle machine, right after a refresh."""
        ends = self._ends[bisect_right(self._ends, int(rows[0, COMMAND_CLOCK]))]
        self.dram.end = ends if self.end is None else min(ends, self.end)
        self.dram.commands(rows)

    def close(self) -> None:
        self._end_layer()
        if self._ends:
            self.dram.close(self._ends[-1] if self.end is None else min(self._ends[-1], self.end))

    def _lasts(self, layer: str, begin: int, end: int) -> None:
        if self._layer is not None and self._layer[0] == layer:
            begin = self._layer[1]
        else:
            self._end_layer()
        self._layer = layer, begin, end

    def _end_layer(self) -> None:
        if self._layer is not None:
            name, begin, end = self._layer
            self._put(self.layers, name, begin, end, {})
            self._layer = None

    def _put(self, track: int, name: str, begin: int, end: int, more: Mapping[str, str | int]) -> None:
        """Add a slice, as far as it lies in the wanted cycles."""
        begin, end = max(begin, self.first), end if self.end is None else min(end, self.end)
        if begin < end and not self.out.is_full(begin):
            self.out.slice(track, name, begin, end, more)
