"""The DMA's part of a block's inputs: the operations that mattered to a known move, and how far the started ones are.

How many they are is known only after a block was simulated. So the words are made for a move, from the queues before the block,
and compared with the move's own.
"""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import called
from simcore.engine.compiled.replay import tables as r
from simcore.engine.compiled.replay.frames import phase
from simcore.engine.compiled.tables import Tables
from simcore.program.program import QUEUES, Op, OpKind

_QUEUES = len(QUEUES)
_KIND, _REGION, _TILE, _SLOT, _BYTES = int(Op.KIND), int(Op.REGION), int(Op.TILE), int(Op.SLOT), int(Op.BYTES)
_DEP_PORT, _DEP_COUNT, _DEP_OP, _NEEDED = int(Op.DEP_PORT), int(Op.DEP_COUNT), int(Op.DEP_OP), int(Op.NEEDED)
_ACQUIRE, _STORE = int(OpKind.ACQUIRE), int(OpKind.STORE)


@called
def note_queues(tables: Tables, replay: r.Replay) -> None:
    """Note the queues before a block."""
    queues, before, oldest = tables.queues, replay.before, replay.oldest
    replay.memo[r.OPS_LEFT] = tables.scalars[c.SCALAR_OPS_LEFT]
    for queue in range(_QUEUES):
        before[queue, r.NEXT], before[queue, r.HEAD] = queues[queue, c.QUEUE_NEXT], queues[queue, c.QUEUE_HEAD]
        before[queue, r.BURSTS], before[queue, r.LEFT] = queues[queue, c.QUEUE_BURSTS], queues[queue, c.QUEUE_LEFT]
        if before[queue, r.LEFT] == 0:
            before[queue, r.HEAD], before[queue, r.BURSTS] = before[queue, r.NEXT], 0
        while oldest[queue] < queues[queue, c.QUEUE_NEXT] and tables.op_states[oldest[queue], c.OP_DONE]:
            oldest[queue] += 1


@called
def was_done(tables: Tables, replay: r.Replay, op: int) -> bool:
    """Return whether an operation was done before the block."""
    return tables.op_states[op, c.OP_DONE] > replay.memo[r.OPS_LEFT]


@called
def operation_words(tables: Tables, replay: r.Replay, plan: int, at: int) -> int:
    """Write into ``key`` the operations that mattered to the move with a ``plan``. Return the next place, or NONE."""
    before, key, words, ops, begin = replay.before, replay.key, replay.words, tables.ops, plan
    _note_coming(tables, replay, plan)
    for queue in range(_QUEUES):
        moved, following = words[plan + r.PLAN_MOVED], before[queue, r.NEXT]
        # With the bytes that the DMA might have begun
        reach = moved + tables.scalars[c.SCALAR_DMA_BYTES]
        end, byte, known = following + words[plan], before[queue, r.BURSTS] * tables.scalars[c.SCALAR_BURST_BYTES], 0
        for op in range(replay.oldest[queue], min(end + 1, tables.queues[queue, c.QUEUE_END])):
            if at == c.NONE or at > r.MOST_WORDS - r.ROOM_FOR_OPERATIONS:
                return c.NONE
            if op >= following:
                if known >= reach and op >= end:
                    break
                at = _start_words(tables, replay, op, at)
            if op < end and ops[op, _KIND] != _STORE and not was_done(tables, replay, op):
                at = _tile_words(tables, replay, op, following - op, at)
            if before[queue, r.HEAD] <= op < end and ops[op, _KIND] != _ACQUIRE and at != c.NONE:
                if known < reach:
                    left = min(ops[op, _BYTES] - byte, reach - known)
                    key[at], key[at + 1] = ops[op, _KIND] | ops[op, _REGION] << 4, left
                    key[at + 2] = _rank(tables, replay, begin, ops[op, _NEEDED])
                    key[at + 3] = phase(tables, replay, ops[op, _REGION], ops[op, _SLOT], byte) if known < moved else c.NONE
                    at += 4
                known += ops[op, _BYTES] - byte
                byte = 0
        if at == c.NONE:
            return at
        key[at] = -5
        at += 1
        plan += r.PLAN_QUEUE
    return at


@called
def _end(tables: Tables, replay: r.Replay, plan: int, queue: int) -> int:
    """Return the end of the operations of a queue that start in the block.

    A move known from another place may have started more operations than this queue still has.
    """
    end = replay.before[queue, r.NEXT] + replay.words[plan + queue * r.PLAN_QUEUE]
    return min(end, tables.queues[queue, c.QUEUE_END])


@called
def _note_coming(tables: Tables, replay: r.Replay, plan: int) -> None:
    """Note the slots that the tiles of the block have, or get from the operations of a move."""
    tiles, ops, missing = replay.tiles, tables.ops, 0
    for number in range(replay.memo[r.TILES]):
        tiles[number, r.COMES] = tiles[number, r.SLOT]
        missing += tiles[number, r.SLOT] == c.NONE
    for queue in range(_QUEUES if missing else 0):
        for op in range(replay.oldest[queue], _end(tables, replay, plan, queue)):
            for number in range(replay.memo[r.TILES] if ops[op, _KIND] != _STORE else 0):
                if tiles[number, r.TILE] == ops[op, _TILE] and tiles[number, r.SLOT] == c.NONE:
                    tiles[number, r.COMES] = ops[op, _SLOT]


@called
def _tile_words(tables: Tables, replay: r.Replay, op: int, back: int, at: int) -> int:
    """Write which tile of the block an operation brings, if any, and where.

    Return NONE if that tile is resident already, or if a later operation brings it elsewhere.
    """
    tiles, key, ops = replay.tiles, replay.key, tables.ops
    for number in range(replay.memo[r.TILES]):
        if tiles[number, r.TILE] == ops[op, _TILE]:
            key[at], key[at + 1] = -6 - number, back
            key[at + 2] = phase(tables, replay, ops[op, _REGION], ops[op, _SLOT], 0)
            alone = tiles[number, r.SLOT] == c.NONE and tiles[number, r.COMES] == ops[op, _SLOT]
            return at + 3 if alone else c.NONE
    return at


@called
def _start_words(tables: Tables, replay: r.Replay, op: int, at: int) -> int:
    """Write for what an operation waits, and which tiles of the block lie in its slot.

    That it loads or stores is said by the words of its bytes: one that starts in the block has such words, unless it acquires.
    """
    ops, key, port, awaited = tables.ops, replay.key, tables.ops[op, _DEP_PORT], tables.ops[op, _DEP_OP]
    key[at], key[at + 1], key[at + 2] = port, c.NONE, 0
    if port >= 0:
        left = max(ops[op, _DEP_COUNT] - replay.streams[port, r.CONSUMED], 0)
        key[at] |= min(left, replay.streams[port, r.DUE] + 1) << 4
    if awaited >= 0 and not was_done(tables, replay, awaited):
        queue = 0
        while awaited >= tables.queues[queue, c.QUEUE_END]:
            queue += 1
        key[at + 1] = queue + _QUEUES * (replay.before[queue, r.NEXT] - awaited + (1 << 30))
    for number in range(replay.memo[r.TILES]):
        if replay.tiles[number, r.COMES] == ops[op, _SLOT]:
            key[at + 2] |= 1 << number
    return at + 3


@called
def _rank(tables: Tables, replay: r.Replay, plan: int, needed: int) -> int:
    """Return how many operations whose bursts may start in the block are needed earlier than step ``needed``."""
    rank = 0
    for queue in range(_QUEUES):
        for op in range(replay.before[queue, r.HEAD], _end(tables, replay, plan, queue)):
            if tables.ops[op, _NEEDED] < needed and tables.ops[op, _KIND] != _ACQUIRE:
                rank += 1
    return rank
