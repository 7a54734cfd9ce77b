"""The tracks of an array: layers, the array, its ports, the DMA, every port of every bank, and main memory."""

from __future__ import annotations

from collections.abc import Sequence

from simcore.program.outcome import CAUSE_NAMES
from simcore.program.program import Int64Array, Port
from simcore.program.traces import NOTHING, Access, Event, State, Traced
from simcore.results.perfetto.dram import DramTracks
from simcore.results.perfetto.drawing import Drawing
from simcore.results.perfetto.writer import PerfettoFile

COMPUTE = "compute"


class ArrayTracks(Drawing):
    """The tracks of an array with scratchpads, and of main memory if that is a DRAM (``dram``).

    An engine hands rows over layer by layer, in the order of their cycles.
    """

    def __init__(self, out: PerfettoFile, scratchpads: Sequence[str]) -> None:
        """Begin the tracks of a machine with scratchpads of these names."""
        self.out, self.scratchpads = out, tuple(scratchpads)
        self.layers, self.array = out.track("layers"), out.track("array")
        ports = out.track("ports")
        self.ports = [out.track(port.name.lower(), ports) for port in Port]
        self.bursts = out.track("DMA: bursts on their way", values=True)
        self._pads = [out.track(name) for name in self.scratchpads]
        self.dram: DramTracks | None = None
        self._served: dict[int, tuple[str, int, int, int]] = {}
        self._layer: tuple[str, int, int] | None = None

    @property
    def traced(self) -> Traced:
        commands = None if self.dram is None else self.commands
        return Traced(scratchpads=self.accesses, array=self.states, bursts=self.outstanding, commands=commands)

    def states(self, layer: str, rows: Int64Array) -> None:
        """Add what the array did: it computed, or stalled for a cause, at a port of its own."""
        for row in rows.tolist():
            begin, end = row[State.CYCLE], row[State.CYCLE] + row[State.CYCLES]
            self._lasts(layer, begin, end)
            if self.out.is_full(begin):
                continue
            if row[State.CAUSE] == NOTHING:
                self.out.slice(self.array, COMPUTE, begin, end)
                continue
            cause, port = CAUSE_NAMES[row[State.CAUSE]], Port(row[State.PORT]).name.lower()
            more: dict[str, str | int] = {"cause": cause, "port": port}
            if row[State.SCRATCHPAD] != NOTHING:
                more["scratchpad"] = self.scratchpads[row[State.SCRATCHPAD]]
            if row[State.BANK] != NOTHING:
                more["bank"] = row[State.BANK]
            if row[State.HOLDER] != NOTHING:
                more["holder"] = Port(row[State.HOLDER]).name.lower()
            self.out.slice(self.array, cause, begin, end, more)
            self.out.slice(self.ports[row[State.PORT]], cause, begin, end, more)

    def accesses(self, layer: str, rows: Int64Array) -> None:
        """Add the accesses of banks: a slice from the grant until the bank's port is free, or the write is preempted."""
        for row in rows.tolist():
            event = row[Access.EVENT]
            if event == Event.FORWARDED or self.out.is_full(row[Access.CYCLE]):
                continue
            track = self._bank(row[Access.SCRATCHPAD], row[Access.BANK], row[Access.BANK_PORT])
            if event == Event.PREEMPTED:
                if track in self._served:  # a write that was granted before the first cycle is not
                    name, begin, _, line = self._served.pop(track)
                    self._access(track, name, begin, row[Access.CYCLE], line)
                continue
            self._end(track)
            name = f"{Port(row[Access.PORT]).name.lower()} {'write' if row[Access.WRITE] else 'read'}"
            self._served[track] = name, row[Access.CYCLE], row[Access.FREE], row[Access.ROW]

    def outstanding(self, layer: str, rows: Int64Array) -> None:
        """Add how many bursts of the DMA are on their way, from a cycle on."""
        for cycle, bursts in rows.tolist():
            if not self.out.is_full(cycle):
                self.out.value(self.bursts, cycle, bursts)

    def commands(self, layer: str, rows: Int64Array) -> None:
        """Add commands of the DRAM."""
        assert self.dram is not None
        self.dram.commands(rows)

    def close(self) -> None:
        """End what still lasts: accesses of banks, commands of the DRAM, and the last layer."""
        for track in list(self._served):
            self._end(track)
        if self.dram is not None and self._layer is not None:
            self.dram.close(self._layer[2])
        self._end_layer()

    def _lasts(self, layer: str, begin: int, end: int) -> None:
        if self._layer is not None and self._layer[0] == layer:
            self._layer = layer, self._layer[1], end
            return
        self._end_layer()
        self._layer = layer, begin, end

    def _end_layer(self) -> None:
        if self._layer is not None:
            self.out.slice(self.layers, *self._layer)
            self._layer = None

    def _end(self, track: int) -> None:
        """Add the access that a bank's port served last, which lasted as long as it was told."""
        if track in self._served:
            self._access(track, *self._served.pop(track))

    def _access(self, track: int, name: str, begin: int, end: int, line: int) -> None:
        self.out.slice(track, name, begin, end, {"row": line})

    def _bank(self, pad: int, bank: int, port: int) -> int:
        """Return the track of a bank's port."""
        name = f"bank {bank}" if port == 0 else f"bank {bank} port {port}"
        return self.out.child(name, self._pads[pad], 2 * bank + port)
