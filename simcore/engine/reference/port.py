"""A read port at the array's edge, which offers its elements in order and holds a window of them in its edge FIFO."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator

import simpy

from simcore.clock import Phase
from simcore.engine.reference.elements import elements_of, requests_of
from simcore.engine.reference.requests import Element
from simcore.engine.reference.shared import Shared
from simcore.program.program import Port, Seg
from simcore.timing.bank_timing import READ


class ReadPort:
    """A process that offers one element per cycle while fewer than ``port_window`` elements are offered and not yet consumed."""

    def __init__(self, shared: Shared, port: Port) -> None:
        """Start a read port at its layer's first element, with nothing offered."""
        self.shared, self.port = shared, port
        self.segments = shared.program.segments[port]
        #: Elements that are offered and not yet consumed. This process appends in ISSUE, and the array pops in ADVANCE.
        self.window: deque[Element] = deque()
        self._elements = elements_of(shared.program, port)
        self._next = next(self._elements, None)
        shared.clock.process(self._run())

    def upcoming(self) -> Element | None:
        """Return the element that the array consumes next: the oldest in the window, else the next one to be offered."""
        return self.window[0] if self.window else self._next

    def is_resident(self, element: Element) -> bool:
        """Return whether every tile that the element touches is in the scratchpad."""
        return element.tiles <= self.shared.resident.keys()

    def _run(self) -> Generator[simpy.Event, None, None]:
        while (element := self._next) is not None:
            yield self.shared.clock.next(Phase.ISSUE)
            if len(self.window) < self.shared.machine.port_window and self._may_offer(element):
                self._offer(element)

    def _may_offer(self, element: Element) -> bool:
        after = int(self.segments[element.segment, Seg.AFTER_WRITE])
        if self.port == Port.PSUM and after >= 0 and self.shared.consumed[Port.OUTPUT] < after + element.number + 1:
            return False
        return self.is_resident(element)

    def _offer(self, element: Element) -> None:
        shared = self.shared
        element.requests = requests_of(shared.program, shared.machine, element, shared.resident, self.port, READ)
        for request in element.requests:
            shared.scratchpads[request.scratchpad].offers[self.port].append(request)
        shared.tally.port_words[self.port] += sum(word is not None for word in element.words)
        shared.tally.port_lines[self.port] += len(element.requests)
        self.window.append(element)
        self._next = next(self._elements, None)
