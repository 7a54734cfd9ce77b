"""The loop over the blocks of a layer: repeat those that are known, simulate the others and remember them."""

from __future__ import annotations

from typing import Any

from numba import int64

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.columns import GOES_ON
from simcore.engine.compiled.cpu_clock import clock_us
from simcore.engine.compiled.jit import called, entry
from simcore.engine.compiled.kernel import RUN_SIGNATURE
from simcore.engine.compiled.replay import moves as m
from simcore.engine.compiled.replay import tables as r
from simcore.engine.compiled.replay.operations import note_queues
from simcore.engine.compiled.replay.state import restore, state_words
from simcore.engine.compiled.replay.streams import stream_words
from simcore.engine.compiled.tables import Tables, numba_type
from simcore.timing.addresses import calling_four

#: Blocks between two looks at the clock; what a repeated block adds to the credit, up to the most; a simulated one takes 1.
_LOOK_EVERY, _GAIN, _MOST_CREDIT = 256, 4, 320

_call_layer = calling_four(RUN_SIGNATURE)


@entry(int64(int64[::1], int64, numba_type(Tables), numba_type(r.Replay), int64))
def run_blocks(serves: Any, run_layer: Any, tables: Tables, replay: r.Replay, slice_us: int) -> int:
    """Continue a layer until it is done or for ``slice_us`` microseconds. Return how the call ended, as `run_layer` does."""
    memo, scalars, blocks = replay.memo, tables.scalars, replay.blocks
    began, looks_in = clock_us(), _LOOK_EVERY
    while memo[r.CREDIT] > 0 and memo[r.BLOCK] + 2 < blocks.shape[0]:
        looks_in -= 1
        if looks_in == 0:
            looks_in = _LOOK_EVERY
            if clock_us() - began >= slice_us:
                m.add_uses(tables, replay)
                return GOES_ON
        if memo[r.STATE] == c.NONE:
            _count_buffered(tables)
            memo[r.STATE] = m.number_of_state(replay, state_words(tables, replay))
        move = streams = c.NONE
        if memo[r.STATE] != c.NONE:
            memo[r.BACK] = replay.words[replay.states[memo[r.STATE], r.STATE_AT]]
            length = blocks[memo[r.BLOCK] + 1] - scalars[c.SCALAR_STEP]
            streams = stream_words(tables, replay, scalars[c.SCALAR_STEP], length)
        if streams != c.NONE:
            note_queues(tables, replay)
            move = m.find_move(tables, replay, streams)
        memo[r.BLOCK] += 1
        if move != c.NONE:
            memo[r.HITS] += 1
            memo[r.CREDIT] = min(memo[r.CREDIT] + _GAIN, _MOST_CREDIT)
            if not memo[r.SHADOW]:
                _follow(tables, replay, move)
                continue
        else:
            memo[r.MISSES] += 1
            memo[r.CREDIT] -= 1
        status = _simulate(serves, run_layer, tables, replay, streams, move)
        if status != GOES_ON or scalars[c.SCALAR_STEP] < blocks[memo[r.BLOCK]]:
            return status
    _hold(tables, replay)
    scalars[c.SCALAR_STOP_STEP] = c.FAR
    return _call_layer(run_layer, serves, 0, tables, slice_us)


@called
def _follow(tables: Tables, replay: r.Replay, move: int) -> None:
    """Repeat a move. The tables no longer hold the machine's state."""
    memo, moves, scalars, bin_number = replay.memo, replay.moves, tables.scalars, tables.scalars[c.SCALAR_BIN] + 1
    m.repeat_move(tables, replay, move)
    if memo[r.LAST] != c.NONE:
        moves[memo[r.LAST], r.MOVE_NEXT] = move
    memo[r.HELD], memo[r.LAST], memo[r.STATE] = 0, move, moves[move, r.MOVE_TO]
    following = replay.blocks[memo[r.BLOCK]]
    scalars[c.SCALAR_COMPUTE] += following - scalars[c.SCALAR_STEP]
    scalars[c.SCALAR_STEP] = following
    scalars[c.SCALAR_NOW] += moves[move, r.MOVE_CYCLES]
    if bin_number < tables.bin_steps.shape[0] and following >= tables.bin_steps[bin_number]:
        m.add_uses(tables, replay)
        scalars[c.SCALAR_BIN] = bin_number
        tables.bin_start_cycles[bin_number] = scalars[c.SCALAR_NOW]


@called
def _hold(tables: Tables, replay: r.Replay) -> None:
    """Make the tables hold the machine's state."""
    if not replay.memo[r.HELD]:
        m.add_uses(tables, replay)
        restore(tables, replay, replay.memo[r.STATE])
        replay.memo[r.HELD] = 1


@called
def _count_buffered(tables: Tables) -> None:
    """Count the entries of all write buffers up to this cycle, in the last of the counters."""
    now, pads, columns = tables.scalars[c.SCALAR_NOW], tables.pads, tables.buffer_cycles.shape[1]
    for pad in range(pads.shape[0]):
        place = tables.counters.shape[0] - (pads.shape[0] - pad) * columns + pads[pad, c.PAD_BUFFERED]
        tables.counters[place] += now - pads[pad, c.PAD_COUNTED]
        pads[pad, c.PAD_COUNTED] = now


@called
def _simulate(serves: Any, run_layer: int, tables: Tables, replay: r.Replay, streams: int, known: int) -> int:
    """Simulate a block, and remember it if it has a key. In shadow mode it may be ``known``; count it if it went otherwise."""
    memo, moves, scalars, state, move = replay.memo, replay.moves, tables.scalars, replay.memo[r.STATE], replay.memo[r.MOVES]
    _hold(tables, replay)
    _count_buffered(tables)
    for i in range(tables.counters.shape[0]):
        replay.counted[i] = tables.counters[i]
    memo[r.BEGAN], memo[r.EVENTS] = scalars[c.SCALAR_NOW], scalars[c.SCALAR_DMA_EVENTS]
    scalars[c.SCALAR_STOP_STEP] = replay.blocks[memo[r.BLOCK]]
    status = _call_layer(run_layer, serves, 0, tables, c.FAR)
    _count_buffered(tables)
    memo[r.STATE] = c.NONE
    if status == GOES_ON and scalars[c.SCALAR_STEP] >= scalars[c.SCALAR_STOP_STEP] and streams != c.NONE:
        to = m.number_of_state(replay, state_words(tables, replay))
        if to != c.NONE and m.write_move(tables, replay, state, to, streams):
            memo[r.STATE] = to
            if known == c.NONE:
                m.keep_move(replay, streams)
                known = move
            else:
                # The next row holds what simulation says.
                memo[r.DIFFERENCES] += 0 if m.equal_moves(replay, known, move) else 1
            if memo[r.LAST] != c.NONE:
                moves[memo[r.LAST], r.MOVE_NEXT] = known
            memo[r.LAST] = known
            memo[r.HELD] = 0 if memo[r.SHADOW] else 1
    if memo[r.STATE] == c.NONE:
        memo[r.WITHOUT_KEY] += 1
        memo[r.LAST] = c.NONE
    most = 2 * replay.found.shape[0] + 4 * r.MOST_WORDS + 2 * replay.counted.shape[0]
    full = memo[r.WORDS] + most > replay.words.shape[0] or memo[r.STATES] + 4 > replay.states.shape[0]
    if full or memo[r.MOVES] + 2 > replay.moves.shape[0]:
        memo[r.CREDIT] = 0
    return status
