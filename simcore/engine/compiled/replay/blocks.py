"""Whether a layer can be replayed, where its blocks begin, and the tables for it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.replay import tables as r
from simcore.engine.compiled.state import MachineState
from simcore.engine.compiled.tables import Tables, table, vector
from simcore.machine.machine import BLOCK, LOW_ORDER, XOR
from simcore.program.program import QUEUES, Geo, Int64Array, Kind, Port, Program, Seg

#: A layer with fewer steps is simulated. A block has about so many steps; a fold of no more than that is one block.
_FEWEST_STEPS, _STEPS, _WHOLE_STEPS = 60_000, 112, 192
#: The blocks that are simulated alone before replay must have paid: one in so many of a layer, or in so many where ports share a
#: scratchpad, so that less repeats; at most so many; and that may be simulated alone after the first rest.
_CREDIT, _SHARED_CREDIT, _MOST_CREDIT, _NEXT_CREDIT = 3, 30, 2048, 64
#: On machines that may have more requests at once, or have more banks, to note a block costs more than simulating it.
_MOST_REQUESTS, _MOST_BANKS = 4096, 4096
#: One repeated block in so many is compared with its simulation: a prime, so that it falls on all places of a pattern.
_COMPARED_EVERY = 1021


@dataclass(frozen=True)
class Replayed:
    """What replay did in a layer: its blocks, those repeated, simulated one by one, and without a key.

    The other blocks were simulated in stretches. ``differences`` are the compared blocks that went otherwise than known.
    """

    layer: str
    blocks: int
    hits: int
    misses: int
    without_key: int
    differences: int


@dataclass(eq=False)
class BlockReplay:
    """The replay of an engine. One repeated block in ``compared_every`` is simulated instead, and compared (1: shadow mode)."""

    compared_every: int = _COMPARED_EVERY
    replayed: list[Replayed] = field(default_factory=list)
    _room: dict[str, Int64Array] = field(default_factory=dict)

    def begin(self, state: MachineState, program: Program, layer: Tables) -> r.Replay | None:
        """Return fresh tables for a layer, or None if it must be simulated."""
        if not can_replay(state, program) or len(layer.requests) > _MOST_REQUESTS or len(layer.servers) > _MOST_BANKS:
            return None
        shapes = {"words": (r.ROOM,), "states": (r.MOST_STATES, 4), "moves": (r.MOST_MOVES, 14), "used": (r.MOST_MOVES,)}
        self._room = self._room or {name: np.empty(shape, dtype=np.int64) for name, shape in shapes.items()}
        replay = _tables(state, program, layer, self._room)
        replay.memo[r.COMPARED_EVERY] = self.compared_every
        return replay

    def end(self, program: Program, replay: r.Replay) -> bool:
        """Note what replay did in a layer. Return whether the blocks that were compared went as known; else warn."""
        counts = replay.memo[[r.HITS, r.MISSES, r.WITHOUT_KEY, r.DIFFERENCES]].tolist()
        self.replayed.append(Replayed(program.name, len(replay.blocks) - 1, *counts))
        if found := self.replayed[-1].differences:
            answer = "the layer is simulated again without replay"
            warnings.warn(f"layer {program.name}: {found} repeated blocks went otherwise than known; {answer}", stacklevel=2)
        return found == 0


def can_replay(state: MachineState, program: Program) -> bool:
    """Return whether replay knows everything on which such a layer depends, and whether it may pay."""
    if program.steps < _FEWEST_STEPS or not (state.tables.banks[:, c.BANK_READ_HELD] > 0).all():
        return False
    # With block interleaving banks repeat only after the whole scratchpad, so that almost nothing is equal. A preempted write
    # gives back cycles of another time.
    fits = all(pad.interleaving != BLOCK and not pad.preemption for pad in state.machine.scratchpads)
    planar = len(program.geometry) > 0 and bool(program.geometry[Geo.PLANAR])
    for port, segments in enumerate(program.segments.ports):
        column, most, linear = segments.columns, segments.most, segments.most[Seg.KIND] == Kind.LINEAR
        apart = (column[Seg.JOINED] > 1) & (column[Seg.STRIDE] != column[Seg.LANES]) & (column[Seg.KIND] == Kind.LINEAR)
        fits = fits and not (most[Seg.SKEWED] or most[Seg.KIND] == Kind.TAPS or np.any(apart) or (planar and not linear))
        fits = fits and (most[Seg.SETS] <= 1 or linear)
        if port in (Port.PSUM, Port.OUTPUT):
            fits = fits and linear
        # Of one region of partial sums it is known which results are forwarded to them.
        if port == Port.PSUM:
            fits = fits and segments.least[Seg.REGION] == most[Seg.REGION]
    return fits


def block_steps(program: Program) -> Int64Array:
    """Return the steps before which blocks begin, and the last step: whole folds, or rows of pixels, or parts of them.

    Without folds they are the bins of the timeline, or parts of them.
    """
    starts = program.fold_steps()
    if len(starts) < 2:
        starts = program.bin_steps
    starts = np.concatenate([starts[:1] * 0, starts[starts > 0], [program.steps]])
    width = max(int(program.geometry[Geo.OUT_W]) if len(program.geometry) else 0, 1)
    # Parts of a row, or several rows, that have about so many steps.
    length = width / max(1, round(width / _STEPS)) if width >= _STEPS else width * max(1, _STEPS // width)
    sizes = np.diff(starts)
    parts = np.where(sizes <= _WHOLE_STEPS, 1, np.ceil(sizes / length)).astype(np.int64)
    first = np.repeat(starts[:-1], parts)
    within = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    return np.append(first + np.floor(within * length).astype(np.int64), program.steps)


def _turns(state: MachineState) -> list[int]:
    """Return, per scratchpad, the banks by which lines may be shifted: all if they are alike and lines go round, else one."""
    alike = [
        state.tables.banks[pad.first_bank :][: pad.banks, c.BANK_READ_HELD : c.BANK_WRITE_DONE + 1]
        for pad in state.machine.scratchpads
    ]
    return [
        pad.banks if pad.interleaving == LOW_ORDER and bool(np.all(cycles == cycles[0])) else 1
        for pad, cycles in zip(state.machine.scratchpads, alike, strict=True)
    ]


def _tables(state: MachineState, program: Program, layer: Tables, room: dict[str, Int64Array]) -> r.Replay:
    pads, limit, elements = state.machine.scratchpads, state.machine.outstanding_bursts, c.READ_PORTS * state.machine.port_window
    memo, blocks = vector(r.MEMO_COLUMNS), block_steps(program)
    # A word of each server and bank, the words of each burst, window element and buffered write, and those of all requests.
    found = 32 + 2 * len(pads) + len(layer.servers) + len(layer.banks) + 6 * limit + 3 * elements
    found += 7 * len(layer.free_writes) + 3 * len(layer.requests)
    memo[[r.STATE, r.LAST, r.HELD, r.BLOCK]] = c.NONE, c.NONE, 1, 1
    share = _CREDIT if len(pads) > 2 else _SHARED_CREDIT
    memo[[r.CREDIT, r.NEXT_CREDIT]] = min(len(blocks) // share, _MOST_CREDIT), _NEXT_CREDIT
    memo[r.WAITS] = (layer.wait_cycles.ctypes.data - layer.counters.ctypes.data) // layer.counters.itemsize
    memo[r.MOST] = 2 * found + 4 * r.MOST_WORDS + 2 * len(layer.counters)
    return r.Replay(
        memo=memo,
        blocks=blocks,
        periods=np.array([pad.banks * pad.line_bytes * (pad.banks if pad.interleaving == XOR else 1) for pad in pads]),
        turns=np.array(_turns(state)),
        streams=table(c.ARRAY_PORTS, 2),
        before=table(len(QUEUES), 4),
        oldest=np.array(program.queue_start[:-1], dtype=np.int64),
        tiles=table(r.MOST_TILES, 3),
        names=vector(len(layer.bursts) + len(layer.requests)),
        counted=vector(len(layer.counters)),
        key=vector(r.MOST_WORDS),
        found=vector(found),
        buckets=table(2, r.BUCKETS, c.NONE),
        **room,
    )
