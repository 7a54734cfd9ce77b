"""The control of the array, which makes one step per cycle or stalls.

A step needs every operand due in it, and room in the write buffer for the outputs due in it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import simpy

from simcore.clock import Phase
from simcore.engine.reference.dma import Dma
from simcore.engine.reference.elements import elements_of, requests_of
from simcore.engine.reference.port import ReadPort
from simcore.engine.reference.requests import NEVER, Element, Request
from simcore.engine.reference.shared import Shared
from simcore.engine.reference.tally import Stall
from simcore.engine.reference.values import ValueFlow
from simcore.program.outcome import Cause
from simcore.program.program import Port, Reg
from simcore.timing.bank_timing import WRITE

#: After this many stalled cycles in a row, the plan counts as waiting for itself.
STUCK_CYCLES = 1 << 22

#: The cause of a read's wait at a bank, by the port whose request holds the bank.
_CAUSE_OF_HOLDER = {Port.DMA: Cause.DMA_COLLISION, Port.OUTPUT: Cause.WRITE_CONFLICT}


class ArrayControl:
    """A counter of the layer's steps. ``done`` happens after the last step, when everything is written back."""

    def __init__(
        self,
        shared: Shared,
        readers: list[ReadPort],
        dma: Dma,
        values: ValueFlow | None = None,
        on_step: Callable[[int], None] | None = None,
    ) -> None:
        """Start the control of one layer at step 0. After each step, call ``on_step`` with the number of steps made."""
        self.shared, self.readers, self.dma, self.values, self.on_step = shared, readers, dma, values, on_step
        self.step, self.done, self._stalled_for = 0, shared.clock.event(), 0
        self._outputs = elements_of(shared.program, Port.OUTPUT)
        self._output = next(self._outputs, None)
        shared.clock.process(self._run())

    def _run(self) -> Generator[simpy.Event, None, None]:
        while True:
            yield self.shared.clock.next(Phase.ADVANCE)
            if self.values is not None:
                self.values.settle()
            if self._stalled_for > STUCK_CYCLES:
                raise RuntimeError(
                    f"layer {self.shared.program.name}: no step for {STUCK_CYCLES} cycles; its plan waits for itself"
                )
            if self.step < self.shared.program.steps:
                stall = self._stall()
                self._count_buffered()
                if stall is None:
                    self._advance()
                else:
                    self.shared.tally.stalled(stall, self.shared.clock.cycle)
                    self._stalled_for += 1
                continue
            writing = next((number for number, pad in enumerate(self.shared.scratchpads) if pad.buffer), None)
            if self.dma.is_idle() and writing is None and self.dma.memory.is_idle():
                self.done.succeed(self.shared.clock.cycle)
                return
            self._count_buffered()
            waits_for_writes = self.dma.is_idle() and writing is not None
            stall = Stall(Cause.DRAIN, Port.OUTPUT, writing) if waits_for_writes else Stall(Cause.DRAIN, Port.DMA)
            self.shared.tally.stalled(stall, self.shared.clock.cycle)

    def _count_buffered(self) -> None:
        self.shared.tally.buffered([len(pad.buffer) for pad in self.shared.scratchpads])

    # Reasons for a stall -----------------------------------------------------------------------------------------------------

    def _stall(self) -> Stall | None:
        stall = next(filter(None, map(self._read_stall, self.readers)), None) or self._write_stall()
        if stall is not None and self.step == 0:
            return self._waits_for_memory(Cause.FIRST_FILL, stall.port, stall.scratchpad)
        return stall

    def _read_stall(self, reader: ReadPort) -> Stall | None:
        element = reader.upcoming()
        if element is None or element.due != self.step:
            return None
        if not reader.window:
            # With an empty window, the port was free to offer the element in this cycle's ISSUE. Only a missing tile can have
            # prevented it.
            return self._waits_for_memory(Cause.DRAM_WAIT, reader.port, self._scratchpad_of(element))
        if element.is_ready(self.shared.clock.cycle):
            return None
        waiting = element.first_waiting()
        if waiting is None:
            return Stall(Cause.READ_LATENCY, reader.port, self._scratchpad_of(element))
        pad = self.shared.scratchpads[waiting.scratchpad]
        holder = pad.banks[waiting.bank].holder(self.shared.clock.cycle)
        cause = _CAUSE_OF_HOLDER.get(Port(holder), Cause.READ_CONFLICT)
        bank = pad.spec.first_bank + waiting.bank
        return Stall(cause, reader.port, waiting.scratchpad, bank, waiter=reader.port, holder=holder)

    def _write_stall(self) -> Stall | None:
        element = self._output
        if element is None or element.due != self.step:
            return None
        if not element.tiles <= self.shared.resident.keys():
            return self._waits_for_memory(Cause.DRAM_WAIT, Port.OUTPUT, self._scratchpad_of(element))
        lines = self._lines(element)
        scratchpad = self._scratchpad_of(element)
        pad = self.shared.scratchpads[scratchpad]
        if pad.has_room(len(lines)):
            return None
        oldest = pad.buffer[0]
        is_served = oldest.granted_at != NEVER
        holder = Port.OUTPUT if is_served else pad.banks[oldest.bank].holder(self.shared.clock.cycle)
        bank = pad.spec.first_bank + oldest.bank
        return Stall(Cause.WRITE_BACKPRESSURE, Port.OUTPUT, scratchpad, bank, waiter=Port.OUTPUT, holder=holder)

    def _waits_for_memory(self, cause: Cause, port: Port, scratchpad: int | None) -> Stall:
        """Return the stall, and whether a line of the DMA waits at a bank of the scratchpad: at the first such bank."""
        assert scratchpad is not None
        banks = self.shared.scratchpads[scratchpad].banks
        kept = next((bank for bank in banks if bank.keeps_waiting(Port.DMA)), None)
        holder = None if kept is None else kept.holder(self.shared.clock.cycle)
        return Stall(cause, port, scratchpad, waiter=Port.DMA, holder=holder)

    def _scratchpad_of(self, element: Element) -> int:
        return int(self.shared.program.regions[element.region, Reg.SCRATCHPAD])

    def _lines(self, element: Element) -> list[Request]:
        return requests_of(self.shared.program, self.shared.machine, element, self.shared.resident, Port.OUTPUT, WRITE)

    # One step ----------------------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        for reader in self.readers:
            if reader.window and reader.window[0].due == self.step:
                self._consume(reader.port, reader.window.popleft())
        if self._output is not None and self._output.due == self.step:
            self._post(self._output)
        if self.values is not None:
            self.values.step(self.step)
        self.shared.tally.computed(self.shared.clock.cycle)
        self.step += 1
        self._stalled_for = 0
        self.shared.tally.timeline.advanced(self.step, self.shared.clock.cycle)
        if self.on_step is not None:
            self.on_step(self.step)

    def _consume(self, port: Port, element: Element) -> None:
        self.shared.consumed[port] += 1
        self.shared.tally.port_elements[port] += 1
        if self.values is not None:
            self.values.consumed(port, element)

    def _post(self, element: Element) -> None:
        lines = self._lines(element)
        self.shared.scratchpads[lines[0].scratchpad].post(lines)
        self.shared.consumed[Port.OUTPUT] += 1
        tally = self.shared.tally
        tally.port_elements[Port.OUTPUT] += 1
        tally.port_words[Port.OUTPUT] += sum(word is not None for word in element.words)
        tally.port_lines[Port.OUTPUT] += len(lines)
        if self.values is not None:
            self.values.posted(element)
        self._output = next(self._outputs, None)
