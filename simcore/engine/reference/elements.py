"""Elements of a Program's streams, word by word: the tiles that they touch and the lines that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from simcore.engine.reference.requests import Element, Request
from simcore.machine.machine import Machine
from simcore.program.program import Op, Port, Program, Reg, Seg
from simcore.program.streams import element_word

#: The formula of the streams. Python computes it in its own integers, several times as fast as in numpy's.
_element_word = cast(Callable[[list[int], list[int], int, int], tuple[int, int]], element_word)


def elements_of(program: Program, port: Port) -> Iterator[Element]:
    """Yield the elements of a port in order, each with the word of every lane."""
    geometry: list[int] = program.geometry.tolist()
    for segment, row in enumerate(program.segments[port]):
        row_of_ints: list[int] = row.tolist()
        for number in range(row_of_ints[Seg.COUNT]):
            yield _element(program, geometry, segment, row_of_ints, number)


def _element(program: Program, geometry: list[int], segment: int, row: list[int], number: int) -> Element:
    words: list[tuple[int, int] | None] = []
    for lane in range(row[Seg.LANES] * row[Seg.JOINED]):
        tile, word = _element_word(row, geometry, number, lane)
        words.append(None if tile < 0 else (tile, word))
    first_tile = int(program.regions[row[Seg.REGION], Reg.FIRST_TILE])
    return Element(
        due=row[Seg.DUE] + number * row[Seg.DUE_STRIDE],
        segment=segment,
        number=number,
        words=words,
        region=row[Seg.REGION],
        tiles=frozenset(first_tile + word[0] for word in words if word is not None),
    )


def requests_of(
    program: Program, machine: Machine, element: Element, resident: dict[int, int], port: Port, op: int
) -> list[Request]:
    """Return one request for each line of the element, in the order in which the element's lanes first touch the lines."""
    region: list[int] = program.regions[element.region].tolist()
    scratchpad = region[Reg.SCRATCHPAD]
    spec = machine.scratchpads[scratchpad]
    slot_of: dict[int, int] = {}
    for word in element.words:
        if word is not None:
            slot = resident[region[Reg.FIRST_TILE] + word[0]]
            first_line = region[Reg.BASE_LINE] + (slot - region[Reg.FIRST_SLOT]) * region[Reg.SLOT_LINES]
            slot_of.setdefault(first_line + word[1] * region[Reg.WORD_BYTES] // spec.line_bytes, slot)
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
