"""A slow, obvious twin of Programs: it walks every element of every port and executes the DMA's plan step by step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from simcore.program.program import QUEUES, Int64Array, Op, OpKind, Port, Program, Reg, Seg
from simcore.program.streams import element_word
from simcore.spec.system import System

Word = tuple[int, int, int]  # region, tile within the region, word


@dataclass
class Element:
    """One element of a port: the step in which it is due, the words it touches, and the output elements for which it waits."""

    due: int
    words: list[Word]
    after_write: int


def elements(program: Program, port: int) -> list[Element]:
    """Return all elements of a port, in order."""
    found = []
    for segment in program.segments[port]:
        for e in range(segment[Seg.COUNT]):
            lanes = range(segment[Seg.LANES] * segment[Seg.JOINED])
            places = [element_word(segment, program.geometry, e, lane) for lane in lanes]
            words = [(int(segment[Seg.REGION]), int(tile), int(word)) for tile, word in places if tile >= 0]
            after = int(segment[Seg.AFTER_WRITE])
            found.append(Element(int(segment[Seg.DUE] + e * segment[Seg.DUE_STRIDE]), words, -1 if after < 0 else after + e + 1))
    return found


def word_counts(program: Program) -> list[int]:
    """Return the words that each port moves, counted by walking."""
    return [sum(len(element.words) for element in elements(program, port)) for port in range(4)]


@dataclass
class Walk:
    """State of an abstract run: the tile in each slot, and the words of it that are valid."""

    program: Program
    consumed: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    done: set[int] = field(default_factory=set)
    holds: dict[int, int] = field(default_factory=dict)
    valid: dict[int, set[int]] = field(default_factory=dict)
    memory: dict[int, set[int]] = field(default_factory=dict)
    last_store: dict[int, int] = field(default_factory=dict)
    loads: Counter[int] = field(default_factory=Counter)
    stored: Counter[int] = field(default_factory=Counter)

    def ready(self, op: Int64Array) -> bool:
        """Return whether an operation may start."""
        port, after = int(op[Op.DEP_PORT]), int(op[Op.DEP_OP])
        return (port < 0 or self.consumed[port] >= op[Op.DEP_COUNT]) and (after < 0 or after in self.done)

    def waits_for(self, index: int, other: int) -> bool:
        """Return whether an operation waits for another, directly or through other operations."""
        while index >= 0 and index != other:
            index = int(self.program.ops[index, Op.DEP_OP])
        return index == other

    def carry_out(self, index: int) -> None:
        """Start and finish an operation."""
        op = self.program.ops[index]
        slot, tile = int(op[Op.SLOT]), int(op[Op.TILE])
        if op[Op.KIND] == OpKind.STORE:
            assert self.holds.get(slot) == tile, "a store finds another tile in its slot"
            self.memory[tile] = set(self.valid[tile])
            self.last_store[tile] = index
            self.stored[tile] += 1
        else:
            if slot in self.holds:
                del self.valid[self.holds[slot]]
            assert tile not in self.valid, "a tile in two slots"
            assert tile not in self.last_store or self.waits_for(index, self.last_store[tile]), "a load may pass its own store"
            self.holds[slot] = tile
            self.loads[tile] += int(op[Op.KIND] == OpKind.LOAD)
            self.valid[tile] = set(self.memory.get(tile, ())) if op[Op.KIND] == OpKind.LOAD else set()
        self.done.add(index)

    def settle(self, heads: list[int]) -> None:
        """Execute every load and acquisition that can start."""
        moved = True
        while moved:
            moved = False
            for queue in range(len(QUEUES) - 1):
                while self.advance(queue, heads):
                    moved = True

    def advance(self, queue: int, heads: list[int]) -> bool:
        """Execute the next operation of a queue, if it can start. Return whether it did."""
        index = heads[queue]
        if index == int(self.program.queue_start[queue + 1]) or not self.ready(self.program.ops[index]):
            return False
        self.carry_out(index)
        heads[queue] += 1
        return True

    def bring(self, tile: int, heads: list[int]) -> None:
        """Make a tile resident with as few stores as possible, so that a load that should have waited for a store is caught."""
        while tile not in self.valid:
            assert self.advance(len(QUEUES) - 1, heads), f"tile {tile} is needed and never comes: a deadlock"
            self.settle(heads)


def check_plan(program: Program, system: System) -> Walk:
    """Execute the plan and assert that no tile is missing or stale when it is needed.

    Loads run as early as they may start, and stores as late as possible. Words of partial sums must be written before they are
    read, and stored results must be complete.
    """
    walk = Walk(program)
    regions = program.regions
    lines = [pad.line_bytes for pad in system.scratchpads.values()]
    slot_bytes = [int(row[Reg.SLOT_LINES]) * lines[row[Reg.SCRATCHPAD]] for row in regions]
    ports = [elements(program, port) for port in range(4)]
    steps: dict[int, list[tuple[int, Element]]] = {}
    for port in (Port.IFMAP, Port.FILTER, Port.PSUM, Port.OUTPUT):
        dues = [element.due for element in ports[port]]
        assert dues == sorted(dues), f"port {port.name} is out of order"
        assert not dues or (len(set(dues)) == len(dues) and dues[0] >= 0 and dues[-1] < program.steps)
        for element in ports[port]:
            steps.setdefault(element.due, []).append((int(port), element))
    heads = [int(start) for start in program.queue_start[:-1]]
    walk.settle(heads)
    for step in sorted(steps):
        for port, element in steps[step]:
            assert element.after_write <= walk.consumed[Port.OUTPUT], "a partial sum is read before it is written"
            for region, tile, word in element.words:
                number = int(regions[region, Reg.FIRST_TILE]) + tile
                assert 0 <= tile < regions[region, Reg.TILES]
                assert (word + 1) * regions[region, Reg.WORD_BYTES] <= slot_bytes[region], "a word beyond its slot"
                walk.bring(number, heads)
                if port == Port.OUTPUT:
                    walk.valid[number].add(word)
                elif port == Port.PSUM:
                    assert word in walk.valid[number], "a partial sum that was never written"
        for port, _ in steps[step]:
            walk.consumed[port] += 1
        walk.settle(heads)
    while walk.advance(len(QUEUES) - 1, heads):
        pass
    assert heads == [int(end) for end in program.queue_start[1:]], "operations left over: a deadlock"
    return walk


def region_words(program: Program, port: int) -> Counter[Word]:
    """Return how often a port touches each word of each region."""
    return Counter(word for element in elements(program, port) for word in element.words)


def tile_words_written(program: Program, region: int) -> Int64Array:
    """Return the words that the output port writes to each tile of a region."""
    written = np.zeros(int(program.regions[region, Reg.TILES]), dtype=np.int64)
    for found, tile, _ in region_words(program, Port.OUTPUT):
        if found == region:
            written[tile] += 1
    return written
