"""The tables of replay, which its kernel takes beside those of the layer, their columns and their bounds."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.tables import Table, Vector
from simcore.program.program import QUEUES, Int64Array

# memo: the next block, the state by its number (or NONE), whether the tables of the layer hold it, the move made last (or NONE).
BLOCK, STATE, HELD, LAST = range(4)
# How many states, moves and words are known, and moves in use; the misses that replay may still have before it rests, and those
# that it may have after the next rest.
STATES, MOVES, WORDS, USED, CREDIT, NEXT_CREDIT = range(4, 10)
# Counts of blocks: known, simulated alone, and without a key. One known block in so many is compared; those that went otherwise.
HITS, MISSES, WITHOUT_KEY, COMPARED_EVERY, DIFFERENCES = range(10, 15)
# The next word of `found`, and whether words are taken from the tables rather than the tables set to them.
AT, TAKING = range(15, 17)
# Of the block: output elements back to the oldest buffered one, the tiles that it touches, the byte from which bytes count.
BACK, TILES, ORIGIN = range(17, 20)
# Before the block: the cycle, the started operations, and those that were not done.
BEGAN, EVENTS, OPS_LEFT = range(20, 23)
# The frames of the scratchpads (`frames`), the first of the counters of waits, and the most words that a block adds.
FRAMES, WAITS, MOST = range(23, 26)
MEMO_COLUMNS = 26
#: In ORIGIN: bytes count from the first one that is written.
FIRST = -2

# states: where the words begin and end, the next state in the bucket, and (beside the key) BACK of that state.
STATE_AT, STATE_END, STATE_LINK, STATE_BACK = range(4)
# moves: a block that was simulated once: the states at its ends, its cycles, how often it was used in which frames since its uses
# were added, the next move in its bucket, the move that followed it last; then where its words begin: plan, streams, operations,
# counters; their end; by how much it shifts the frames, and the frames in which alone it is repeated (or NONE).
MOVE_STATE, MOVE_TO, MOVE_CYCLES, MOVE_USES, MOVE_FRAMES, MOVE_LINK, MOVE_NEXT = range(7)
MOVE_PLAN, MOVE_STREAMS, MOVE_OPERATIONS, MOVE_COUNTERS, MOVE_END, MOVE_SHIFT, MOVE_ONLY = range(7, 14)

# A move's plan: per queue the operations that started and the bytes put into bursts; per port the elements in its window after
# the block; then, each with its number, the operations that started and that were done.
PLAN_STARTED, PLAN_MOVED, PLAN_QUEUE = range(3)
PLAN_WINDOW = PLAN_QUEUE * len(QUEUES)
PLAN_STARTS = PLAN_WINDOW + c.ARRAY_PORTS

# before: a queue before the block. streams: a port's elements consumed before the block, and due in it. tiles: tiles that the
# block touches, their slots or NONE, and the slots that they have or get in the block.
NEXT, HEAD, BURSTS, LEFT = range(4)
CONSUMED, DUE = range(2)
TILE, SLOT, COMES = range(3)

#: The most tiles (bits of a word) and words of a block's key; a block with more is simulated. One function writes fewer words of
#: operations than ROOM_FOR_OPERATIONS before it looks at their number again.
MOST_TILES, MOST_WORDS, ROOM_FOR_OPERATIONS = 60, 4096, 64
#: Bounds of the memo: words of 8 bytes, states, moves, buckets of each. When it is full, all is forgotten.
ROOM, MOST_STATES, MOST_MOVES, BUCKETS = 1 << 21, 1 << 14, 1 << 14, 1 << 12


class Replay(NamedTuple):
    """The memo of a layer, and room for keys."""

    memo: Vector
    #: The steps before which blocks begin, and the last step. Per scratchpad, the bytes after which banks repeat, and the banks
    #: by which lines may be shifted.
    blocks: Vector
    periods: Vector
    turns: Vector
    streams: Annotated[Int64Array, 2, 2]
    before: Annotated[Int64Array, 2, 4]
    #: Per queue, the oldest operation that is not done.
    oldest: Vector
    tiles: Annotated[Int64Array, 2, 3]
    #: The number, in a state's words, of each burst and of each entry of a write buffer.
    names: Vector
    #: The counters before a block; words of a key, of a state, and of all that is known.
    counted: Vector
    key: Vector
    found: Vector
    words: Vector
    states: Annotated[Int64Array, 2, 4]
    moves: Annotated[Int64Array, 2, 14]
    buckets: Table
    used: Vector
