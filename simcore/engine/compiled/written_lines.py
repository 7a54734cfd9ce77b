"""The lines that a layer wrote, and how often: a difference of counts, over its own regions instead of all lines of the machine.

Large scratchpads have millions of lines, and a layer's tensors few of them. Only lines of a layer's regions are ever written: by
its loads, and by its output port.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore.machine.line_writes import LineWrites
from simcore.machine.machine import BLOCK, Scratchpad
from simcore.program.program import Int64Array, Program, Reg


@dataclass(frozen=True)
class Rows:
    """Rows ``first`` to ``end`` (excluded) of every bank of a scratchpad, and how often each had been written: [bank, row]."""

    pad: int
    first: int
    end: int
    before: Int64Array


def rows_before(program: Program, pads: tuple[Scratchpad, ...], counted: LineWrites) -> list[Rows]:
    """Return the rows in which a layer's regions lie, each once, with their counts before the layer runs."""
    spans = sorted({_rows_of(region, pads) for region in program.regions})
    merged: list[tuple[int, int, int]] = []
    for pad, first, end in spans:
        if merged and merged[-1][0] == pad and first <= merged[-1][2]:
            merged[-1] = (pad, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((pad, first, end))
    return [Rows(pad, first, end, counted.pads[pad][:, first:end].copy()) for pad, first, end in merged]


def _rows_of(region: Int64Array, pads: tuple[Scratchpad, ...]) -> tuple[int, int, int]:
    """Return the scratchpad of a region, its first row and the one behind its last. Blocks of lines may take a whole bank."""
    number = int(region[Reg.SCRATCHPAD])
    pad = pads[number]
    if pad.interleaving == BLOCK:
        return number, 0, pad.rows
    first, lines = int(region[Reg.BASE_LINE]), int(region[Reg.SLOTS] * region[Reg.SLOT_LINES])
    return number, first // pad.banks, min(-(-(first + lines) // pad.banks), pad.rows)


def written_since(rows: list[Rows], counted: LineWrites) -> tuple[Int64Array, Int64Array]:
    """Return the lines that were written since, as indices into ``counted.flat``, ascending, and how often each was."""
    lines, writes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    firsts = counted.first_rows
    for each in rows:
        pad = counted.pads[each.pad]
        more = pad[:, each.first : each.end] - each.before
        bank, row = np.nonzero(more)
        lines.append(firsts[each.pad] + bank * pad.shape[1] + each.first + row)
        writes.append(more[bank, row])
    found, times = np.concatenate(lines), np.concatenate(writes)
    order = np.argsort(found, kind="stable")
    return found[order], times[order]
