"""Frames: banks that are counted from another one than the first of their scratchpad.

Where lines go round banks that are alike, a machine whose lines and requests all lie some banks further does the same, some banks
further. States, inputs and counters of moves therefore name a bank by its number in the frame of its scratchpad, which begins at
the bank of the line that was named first when the state was taken. The frames of all scratchpads are fields of one number.
"""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import called
from simcore.engine.compiled.replay import tables as r
from simcore.engine.compiled.tables import Tables
from simcore.program.outcome import Cause
from simcore.program.program import Reg

_PAD, _BASE_LINE, _SLOT_LINES, _FIRST_SLOT = int(Reg.SCRATCHPAD), int(Reg.BASE_LINE), int(Reg.SLOT_LINES), int(Reg.FIRST_SLOT)
_CAUSES = len(Cause)
#: The bits of a scratchpad's frame, its value before a line was named, and that of all frames. A System has four scratchpads at
#: most.
_BITS, UNSET, ALL_UNSET = 15, (1 << 15) - 1, (1 << 60) - 1


@called
def phase(tables: Tables, replay: r.Replay, region: int, slot: int, byte: int) -> int:
    """Return where a byte of a slot lies, from the frame's begin, within the period after which the banks repeat."""
    regions, memo = tables.regions, replay.memo
    pad = regions[region, _PAD]
    line = regions[region, _BASE_LINE] + (slot - regions[region, _FIRST_SLOT]) * regions[region, _SLOT_LINES]
    period, line_bytes = replay.periods[pad], tables.pads[pad, c.PAD_LINE_BYTES]
    place, frame = line * line_bytes + byte, memo[r.FRAMES] >> pad * _BITS & UNSET
    if frame == UNSET:
        frame = place // line_bytes % replay.turns[pad]
        memo[r.FRAMES] -= UNSET - frame << pad * _BITS
    place -= frame * line_bytes
    return place & period - 1 if period & period - 1 == 0 else place % period


@called
def settle(replay: r.Replay) -> None:
    """Let frames of scratchpads in which no line was named begin at the first bank."""
    for pad in range(4):
        if replay.memo[r.FRAMES] >> pad * _BITS & UNSET == UNSET:
            replay.memo[r.FRAMES] -= UNSET << pad * _BITS


@called
def bank_in(tables: Tables, frames: int, number: int) -> int:
    """Return the bank that has a number in the frames."""
    pad, pads = tables.banks[number, c.BANK_PAD], tables.pads
    bank = number + (frames >> pad * _BITS & UNSET)
    return bank - pads[pad, c.PAD_BANKS] if bank >= pads[pad, c.PAD_FIRST_BANK] + pads[pad, c.PAD_BANKS] else bank


@called
def shifted(tables: Tables, frames: int, by: int, sign: int) -> int:
    """Return the frames, each further ``by`` the banks in another number of this kind, or back if ``sign`` is -1."""
    found = 0
    for pad in range(tables.pads.shape[0]):
        bank = (frames >> pad * _BITS & UNSET) + sign * (by >> pad * _BITS & UNSET)
        found |= bank % tables.pads[pad, c.PAD_BANKS] << pad * _BITS
    return found


@called
def counter_in(tables: Tables, frames: int, number: int) -> int:
    """Return the place of the counter that has a number in the frames. The counts and stalls of each bank come first."""
    first, width, banks = 0, c.COUNT_COLUMNS, tables.banks.shape[0]
    if number >= banks * width:
        first, width = banks * width, _CAUSES
    if number >= first + banks * width:
        return number
    bank = (number - first) // width
    return number + (bank_in(tables, frames, bank) - bank) * width
