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
from simcore.engine.compiled.replay.frames import ALL_UNSET, shifted
from simcore.engine.compiled.replay.operations import note_queues
from simcore.engine.compiled.replay.state import restore, state_words
from simcore.engine.compiled.replay.streams import stream_words
from simcore.engine.compiled.tables import Tables, numba_type
from simcore.program.program import Port
from simcore.timing.addresses import calling_four

#: Blocks between two looks at the clock; what a repeated block adds to the credit, up to the most; a simulated one takes 1. When
#: the credit is used up, replay rests for so many blocks for each one that it may then simulate alone.
_LOOK_EVERY, _GAIN, _MOST_CREDIT, _REST = 256, 4, 2048, 8

_OUTPUT = int(Port.OUTPUT)

_call_layer = calling_four(RUN_SIGNATURE)


@entry(int64(int64[::1], int64, int64, numba_type(Tables), numba_type(r.Replay), int64))
def run_blocks(serves: Any, run_layer: Any, run_memory: Any, tables: Tables, replay: r.Replay, slice_us: int) -> int:
    """Continue a layer until it is done or for ``slice_us`` microseconds. Return how the call ended, as `run_layer` does.

    No key holds a DRAM's state, so blocks in which a DRAM serves bursts are simulated.
    """
    memo, scalars, blocks = replay.memo, tables.scalars, replay.blocks
    began, looks_in = clock_us(), _LOOK_EVERY
    while memo[r.BLOCK] + 2 < blocks.shape[0]:
        looks_in -= 1
        if looks_in == 0:
            looks_in = _LOOK_EVERY
            if clock_us() - began >= slice_us:
                m.add_uses(tables, replay)
                return GOES_ON
        if memo[r.CREDIT] <= 0:
            _rest(tables, replay)
        if scalars[c.SCALAR_STEP] < blocks[memo[r.BLOCK]]:
            # The first block, whose stalls have a cause of their own, or a rest
            scalars[c.SCALAR_STOP_STEP] = blocks[memo[r.BLOCK]]
            status = _call_layer(run_layer, serves, run_memory, tables, slice_us)
            if status != GOES_ON or scalars[c.SCALAR_STEP] < blocks[memo[r.BLOCK]]:
                return status
            continue
        if scalars[c.SCALAR_HAS_DRAM] and scalars[c.SCALAR_OUTSTANDING]:
            _break(tables, replay)
            memo[r.BLOCK] += 1
            continue
        if memo[r.STATE] == c.NONE:
            memo[r.STATE] = _state(tables, replay, ALL_UNSET)
        memo[r.BACK], move = replay.states[memo[r.STATE], r.STATE_BACK], c.NONE
        streams = stream_words(tables, replay, blocks[memo[r.BLOCK] + 1] - scalars[c.SCALAR_STEP])
        if streams != c.NONE:
            note_queues(tables, replay)
            move = m.find_move(tables, replay, streams)
        memo[r.BLOCK] += 1
        if move != c.NONE:
            memo[r.HITS] += 1
            memo[r.CREDIT] = min(memo[r.CREDIT] + _GAIN, _MOST_CREDIT)
            if memo[r.HITS] % memo[r.COMPARED_EVERY] != 0:
                _follow(tables, replay, move)
                continue
        else:
            memo[r.MISSES] += 1
            memo[r.CREDIT] -= 1
        status = _simulate(serves, run_layer, run_memory, tables, replay, streams, move)
        if status != GOES_ON or scalars[c.SCALAR_STEP] < blocks[memo[r.BLOCK]]:
            return status
    _hold(tables, replay)
    scalars[c.SCALAR_STOP_STEP] = c.FAR
    return _call_layer(run_layer, serves, run_memory, tables, slice_us)


@called
def _break(tables: Tables, replay: r.Replay) -> None:
    """End a chain of blocks."""
    _hold(tables, replay)
    replay.memo[r.STATE] = replay.memo[r.LAST] = c.NONE


@called
def _rest(tables: Tables, replay: r.Replay) -> None:
    """Let the next blocks be simulated without a look at them, more of them each time."""
    memo = replay.memo
    _break(tables, replay)
    memo[r.CREDIT] = memo[r.NEXT_CREDIT]
    memo[r.NEXT_CREDIT] *= 2
    memo[r.BLOCK] = min(memo[r.BLOCK] + _REST * memo[r.CREDIT], replay.blocks.shape[0] - 2)


@called
def _forget(tables: Tables, replay: r.Replay) -> None:
    """Forget all states and moves."""
    memo, buckets = replay.memo, replay.buckets
    _break(tables, replay)
    memo[r.STATES] = memo[r.MOVES] = memo[r.WORDS] = 0
    for bucket in range(r.BUCKETS):
        buckets[0, bucket] = buckets[1, bucket] = c.NONE


@called
def _state(tables: Tables, replay: r.Replay, frames: int) -> int:
    """Return the number of the state in the tables. Frames that are unset begin where the next block first names a line."""
    memo, pads, requests = replay.memo, tables.pads, tables.requests
    _count_buffered(tables)
    memo[r.FRAMES], memo[r.BACK] = frames, 0
    for pad in range(pads.shape[0]):
        if pads[pad, c.PAD_BUFFERED]:
            oldest = requests[pads[pad, c.PAD_BUFFER_HEAD], c.REQUEST_MADE] // c.MADE_LINES
            memo[r.BACK] = max(memo[r.BACK], tables.ports[_OUTPUT, c.PORT_CONSUMED] - oldest)
    stream_words(tables, replay, replay.blocks[memo[r.BLOCK] + 1] - tables.scalars[c.SCALAR_STEP])
    return m.number_of_state(replay, state_words(tables, replay))


@called
def _follow(tables: Tables, replay: r.Replay, move: int) -> None:
    """Repeat a move. The tables no longer hold the machine's state."""
    memo, moves, scalars, bin_number = replay.memo, replay.moves, tables.scalars, tables.scalars[c.SCALAR_BIN] + 1
    m.repeat_move(tables, replay, move)
    if memo[r.LAST] != c.NONE:
        moves[memo[r.LAST], r.MOVE_NEXT] = move
    memo[r.HELD], memo[r.LAST], memo[r.STATE] = 0, move, moves[move, r.MOVE_TO]
    memo[r.FRAMES] = shifted(tables, memo[r.FRAMES], moves[move, r.MOVE_SHIFT], 1)
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
def _simulate(serves: Any, run_layer: int, run_memory: int, tables: Tables, replay: r.Replay, streams: int, known: int) -> int:
    """Simulate a block, and remember it if it has a key. If it is ``known``, count it if it went otherwise."""
    memo, scalars, state = replay.memo, tables.scalars, replay.memo[r.STATE]
    _hold(tables, replay)
    for i in range(tables.counters.shape[0]):
        replay.counted[i] = tables.counters[i]
    memo[r.BEGAN], memo[r.EVENTS] = scalars[c.SCALAR_NOW], scalars[c.SCALAR_DMA_EVENTS]
    scalars[c.SCALAR_STOP_STEP] = replay.blocks[memo[r.BLOCK]]
    status = _call_layer(run_layer, serves, run_memory, tables, c.FAR)
    _count_buffered(tables)
    memo[r.STATE] = c.NONE
    if status == GOES_ON and streams != c.NONE and m.write_move(tables, replay, state, streams):
        memo[r.STATE] = _end_move(tables, replay, streams, known)
        # In shadow mode the next block begins in the known state, restored.
        memo[r.HELD] = 1 if memo[r.COMPARED_EVERY] > 1 else 0
    else:
        memo[r.WITHOUT_KEY] += 1
        memo[r.LAST] = c.NONE
    full = memo[r.WORDS] + memo[r.MOST] > replay.words.shape[0] or memo[r.STATES] + 4 > replay.states.shape[0]
    if full or memo[r.MOVES] + 2 > replay.moves.shape[0]:
        _forget(tables, replay)
    return status


@called
def _end_move(tables: Tables, replay: r.Replay, streams: int, known: int) -> int:
    """Keep the move in the next row, or compare a ``known`` one with it. Return the state at its end."""
    memo, moves, move, frames = replay.memo, replay.moves, replay.memo[r.MOVES], replay.memo[r.FRAMES]
    if known == c.NONE:
        m.keep_move(replay, streams)
        moves[move, r.MOVE_TO] = state = _state(tables, replay, ALL_UNSET)
        moves[move, r.MOVE_SHIFT] = shifted(tables, memo[r.FRAMES], frames, -1)
    else:
        equal, move = m.equal_moves(replay, known, move), known
        state = _state(tables, replay, shifted(tables, frames, moves[known, r.MOVE_SHIFT], 1))
        memo[r.DIFFERENCES] += 0 if equal and state == moves[known, r.MOVE_TO] else 1
    if memo[r.LAST] != c.NONE:
        moves[memo[r.LAST], r.MOVE_NEXT] = move
    memo[r.LAST] = move
    return state
