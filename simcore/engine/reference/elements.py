"""Elements of a Program's streams, word by word: the tiles that they touch and the lines that they need."""

from __future__ import annotations

from simcore.engine.reference.requests import Element, Request
from simcore.machine.machine import Machine
from simcore.program.program import Op, Port, Program, Reg, Seg
from simcore.program.streams import element_word


def element_at(program: Program, port: Port, segment: int, number: int) -> Element:
    """Return the element ``number`` of a port's segment, with the word of every lane."""
    row = program.segments[port][segment]
    words: list[tuple[int, int] | None] = []
    for lane in range(int(row[Seg.LANES] * row[Seg.JOINED])):
        tile, word = element_word(row, program.geometry, number, lane)
        words.append(None if tile < 0 else (int(tile), int(word)))
    first_tile = int(program.regions[row[Seg.REGION], Reg.FIRST_TILE])
    return Element(
        due=int(row[Seg.DUE] + number * row[Seg.DUE_STRIDE]),
        segment=segment,
        number=number,
        words=words,
        region=int(row[Seg.REGION]),
        tiles=frozenset(first_tile + word[0] for word in words if word is not None),
    )


def requests_of(
    program: Program, machine: Machine, element: Element, resident: dict[int, int], port: Port, op: int
) -> list[Request]:
    """Return one request for each line of the element, in the order in which the element's lanes first touch the lines."""
    region = program.regions[element.region]
    scratchpad = int(region[Reg.SCRATCHPAD])
    spec = machine.scratchpads[scratchpad]
    slot_of: dict[int, int] = {}
    for word in element.words:
        if word is not None:
            slot = resident[int(region[Reg.FIRST_TILE]) + word[0]]
            first_line = int(region[Reg.BASE_LINE] + (slot - region[Reg.FIRST_SLOT]) * region[Reg.SLOT_LINES])
            slot_of.setdefault(first_line + word[1] * int(region[Reg.WORD_BYTES]) // spec.line_bytes, slot)
    return [Request(scratchpad, *spec.place(line), op, port, slot) for line, slot in slot_of.items()]


def burst_places(program: Program, machine: Machine, op_index: int, burst: int) -> list[tuple[int, int, int]]:
    """Return (scratchpad, bank, row) of each line of one burst of a DMA operation."""
    op = program.ops[op_index]
    region = program.regions[op[Op.REGION]]
    spec = machine.scratchpads[region[Reg.SCRATCHPAD]]
    first_line = int(region[Reg.BASE_LINE] + (op[Op.SLOT] - region[Reg.FIRST_SLOT]) * region[Reg.SLOT_LINES])
    begin = burst * machine.burst_bytes
    end = min(begin + machine.burst_bytes, int(op[Op.BYTES]))
    lines = range(begin // spec.line_bytes, (end + spec.line_bytes - 1) // spec.line_bytes)
    return [(int(region[Reg.SCRATCHPAD]), *spec.place(first_line + line)) for line in lines]
