"""Moves: blocks that were simulated once. How they are found, and what they do to counters, ports and DMA operations.

Words are compared whole; hashes only find candidates.
"""

from __future__ import annotations

from simcore.engine.compiled import columns as c
from simcore.engine.compiled.jit import called
from simcore.engine.compiled.replay import tables as r
from simcore.engine.compiled.replay.frames import bank_in, counter_in
from simcore.engine.compiled.replay.operations import operation_words, was_done
from simcore.engine.compiled.tables import Tables
from simcore.program.outcome import Cause
from simcore.program.program import QUEUES, Int64Array, Op, OpKind, Port, Seg

_OUTPUT, _DMA, _PORTS, _QUEUES, _CAUSES = int(Port.OUTPUT), int(Port.DMA), len(Port), len(QUEUES), len(Cause)
_DUE, _DUE_STRIDE, _COUNT = int(Seg.DUE), int(Seg.DUE_STRIDE), int(Seg.COUNT)
_KIND, _TILE, _SLOT, _BYTES = int(Op.KIND), int(Op.TILE), int(Op.SLOT), int(Op.BYTES)
_ACQUIRE, _STORE = int(OpKind.ACQUIRE), int(OpKind.STORE)
_MASK, _LOW = (1 << 56) - 1, (1 << 31) - 1


@called
def _bucket(words: Int64Array, count: int, begin: int) -> int:
    hashed = begin + 1
    for i in range(count):
        hashed = ((hashed & _LOW) * 16777619 ^ hashed >> 25 ^ words[i] ^ words[i] >> 33) & _MASK
    return (hashed ^ hashed >> 13 ^ hashed >> 29) % r.BUCKETS


@called
def _equal(words: Int64Array, at: int, others: Int64Array, first: int, count: int) -> bool:
    equal = 0
    while equal < count and words[at + equal] == others[first + equal]:
        equal += 1
    return equal == count


@called
def number_of_state(replay: r.Replay, count: int) -> int:
    """Return the number of the state whose ``count`` words are in ``found``. Remember the state if it is new."""
    memo, states, found, words = replay.memo, replay.states, replay.found, replay.words
    bucket = _bucket(found, count, 0)
    state = replay.buckets[0, bucket]
    while state != c.NONE:
        at = states[state, r.STATE_AT]
        if states[state, r.STATE_END] - at == count and _equal(words, at, found, 0, count):
            return state
        state = states[state, r.STATE_LINK]
    state, at = memo[r.STATES], memo[r.WORDS]
    for i in range(count):
        words[at + i] = found[i]
    states[state, r.STATE_AT], states[state, r.STATE_END], states[state, r.STATE_LINK] = at, at + count, replay.buckets[0, bucket]
    states[state, r.STATE_BACK], replay.buckets[0, bucket] = memo[r.BACK], state
    memo[r.STATES], memo[r.WORDS] = state + 1, at + count
    return state


@called
def _fits(tables: Tables, replay: r.Replay, move: int, streams: int) -> bool:
    """Return whether a move begins in the present state, with the streams in ``key`` and the present operations."""
    moves, key, words, at = replay.moves, replay.key, replay.words, replay.moves[move, r.MOVE_STREAMS]
    if moves[move, r.MOVE_STATE] != replay.memo[r.STATE] or moves[move, r.MOVE_OPERATIONS] - at != streams:
        return False
    if moves[move, r.MOVE_ONLY] != c.NONE and moves[move, r.MOVE_ONLY] != replay.memo[r.FRAMES]:
        return False
    if not _equal(words, at, key, 0, streams):
        return False
    end = operation_words(tables, replay, moves[move, r.MOVE_PLAN], streams)
    return end == moves[move, r.MOVE_COUNTERS] - at and _equal(words, at + streams, key, streams, end - streams)


@called
def find_move(tables: Tables, replay: r.Replay, streams: int) -> int:
    """Return the move from the present state with the ``streams`` words in ``key``, or NONE if it is not known."""
    memo, moves = replay.memo, replay.moves
    move = moves[memo[r.LAST], r.MOVE_NEXT] if memo[r.LAST] != c.NONE else c.NONE
    if move != c.NONE and _fits(tables, replay, move, streams):
        return move
    move = replay.buckets[1, _bucket(replay.key, streams, memo[r.STATE])]
    while move != c.NONE and not _fits(tables, replay, move, streams):
        move = moves[move, r.MOVE_LINK]
    return move


@called
def write_move(tables: Tables, replay: r.Replay, state: int, streams: int) -> bool:
    """Write the move of the block that was just simulated, but for its end, into the next row. Return False for no key."""
    memo, moves, move, words, banks = replay.memo, replay.moves, replay.memo[r.MOVES], replay.words, tables.banks.shape[0]
    at = _plan_words(tables, replay, memo[r.WORDS])
    end = operation_words(tables, replay, memo[r.WORDS], streams) if at != c.NONE else at
    if end == c.NONE:
        return False
    moves[move, r.MOVE_STATE], moves[move, r.MOVE_USES], moves[move, r.MOVE_NEXT] = state, 0, c.NONE
    moves[move, r.MOVE_CYCLES], moves[move, r.MOVE_ONLY] = tables.scalars[c.SCALAR_NOW] - memo[r.BEGAN], c.NONE
    moves[move, r.MOVE_PLAN], moves[move, r.MOVE_STREAMS], moves[move, r.MOVE_OPERATIONS] = memo[r.WORDS], at, at + streams
    for i in range(end):
        words[at + i] = replay.key[i]
    at += end
    moves[move, r.MOVE_COUNTERS] = at
    first = 0
    for width in (c.COUNT_COLUMNS, _CAUSES):
        for number in range(banks):
            bank = bank_in(tables, memo[r.FRAMES], number)
            at = _changes(tables, replay, first + number * width, first + bank * width, width, at)
        first += banks * width
    moves[move, r.MOVE_END] = _changes(tables, replay, first, first, tables.counters.shape[0] - first, at)
    for pair in range(at, moves[move, r.MOVE_END], 2):
        # Waits of the DMA are counted at the first bank of several, so that they are not the same in other frames.
        wait = words[pair] - memo[r.WAITS]
        if 0 <= wait < tables.pads.shape[0] * _PORTS * _PORTS and wait // _PORTS % _PORTS == _DMA:
            moves[move, r.MOVE_ONLY] = memo[r.FRAMES]
    return True


@called
def _changes(tables: Tables, replay: r.Replay, number: int, place: int, count: int, at: int) -> int:
    """Write what changed in ``count`` counters from a place on, numbered from ``number`` on. Return the next place."""
    counters, counted, words = tables.counters, replay.counted, replay.words
    for i in range(count):
        if counters[place + i] != counted[place + i]:
            words[at], words[at + 1] = number + i, counters[place + i] - counted[place + i]
            at += 2
    return at


@called
def equal_moves(replay: r.Replay, one: int, other: int) -> bool:
    """Return whether two moves have the same words and cycles."""
    moves, words, first, second = replay.moves, replay.words, replay.moves[one, r.MOVE_PLAN], replay.moves[other, r.MOVE_PLAN]
    if moves[one, r.MOVE_CYCLES] != moves[other, r.MOVE_CYCLES] or moves[one, r.MOVE_ONLY] != moves[other, r.MOVE_ONLY]:
        return False
    count = moves[one, r.MOVE_END] - first
    return count == moves[other, r.MOVE_END] - second and _equal(words, first, words, second, count)


@called
def keep_move(replay: r.Replay, streams: int) -> None:
    """Remember the move in the next row."""
    memo, moves, move = replay.memo, replay.moves, replay.memo[r.MOVES]
    bucket = _bucket(replay.key, streams, moves[move, r.MOVE_STATE])
    moves[move, r.MOVE_LINK], replay.buckets[1, bucket] = replay.buckets[1, bucket], move
    memo[r.MOVES], memo[r.WORDS] = move + 1, moves[move, r.MOVE_END]


@called
def _plan_words(tables: Tables, replay: r.Replay, begin: int) -> int:
    """Write what a block that was simulated did to the ports and to the DMA. Return the next place, or NONE for no key."""
    queues, op_states, ops, words, before = tables.queues, tables.op_states, tables.ops, replay.words, replay.before
    starts, events = begin + r.PLAN_STARTS, replay.memo[r.EVENTS]
    words[starts] = tables.scalars[c.SCALAR_DMA_EVENTS] - events
    if words[starts] > r.MOST_WORDS // 2:
        return c.NONE
    done = starts + 1 + words[starts]
    at = done + 1
    for queue in range(_QUEUES):
        plan, following, moved = begin + queue * r.PLAN_QUEUE, before[queue, r.NEXT], before[queue, r.LEFT]
        for op in range(following, queues[queue, c.QUEUE_NEXT]):
            moved += ops[op, _BYTES] if ops[op, _KIND] != _ACQUIRE else 0
            words[starts + op_states[op, c.OP_STARTED] - events] = queue
        moved -= queues[queue, c.QUEUE_LEFT]
        if moved and tables.scalars[c.SCALAR_HAS_DRAM]:
            return c.NONE
        words[plan + r.PLAN_STARTED], words[plan + r.PLAN_MOVED] = queues[queue, c.QUEUE_NEXT] - following, moved
        for op in range(replay.oldest[queue], queues[queue, c.QUEUE_NEXT]):
            if op_states[op, c.OP_DONE] and not was_done(tables, replay, op):
                words[at] = queue | (op - following) * 16
                at += 1
                if at - begin > r.MOST_WORDS:
                    return c.NONE
    words[done] = at - done - 1
    for port in range(c.ARRAY_PORTS):
        words[begin + r.PLAN_WINDOW + port] = tables.ports[port, c.PORT_IN_WINDOW]
    return at


@called
def repeat_move(tables: Tables, replay: r.Replay, move: int) -> None:
    """Do to the ports and the DMA what a move does, and count its use."""
    moves, memo, words, scalars, ops = replay.moves, replay.memo, replay.words, tables.scalars, tables.ops
    if moves[move, r.MOVE_USES] == 0:
        replay.used[memo[r.USED]] = move
        memo[r.USED] += 1
    elif moves[move, r.MOVE_FRAMES] != memo[r.FRAMES]:
        _add(tables, replay, move)
    moves[move, r.MOVE_USES] += 1
    moves[move, r.MOVE_FRAMES] = memo[r.FRAMES]
    plan, starts = moves[move, r.MOVE_PLAN], moves[move, r.MOVE_PLAN] + r.PLAN_STARTS
    done = starts + words[starts] + 1
    # An operation takes a slot only when those that took it before are done. So those that began before the block come first.
    for i in range(done + 1, done + 1 + words[done]):
        op = replay.before[words[i] & 15, r.NEXT] + (words[i] >> 4)
        tables.op_states[op, c.OP_DONE] = scalars[c.SCALAR_OPS_LEFT]
        scalars[c.SCALAR_OPS_LEFT] -= 1
        if ops[op, _KIND] != _STORE and words[i] < 0:
            tables.resident[ops[op, _TILE]] = ops[op, _SLOT]
    for i in range(starts + 1, done):
        _start(tables, replay, words[i])
    for queue in range(_QUEUES):
        _move_bytes(tables, replay, queue, words[plan + queue * r.PLAN_QUEUE + r.PLAN_MOVED])
    for port in range(c.ARRAY_PORTS):
        _advance(tables, port, words[plan + r.PLAN_WINDOW + port], replay.streams[port, r.DUE])


@called
def _start(tables: Tables, replay: r.Replay, queue: int) -> None:
    """Start the next operation of a queue. If it is done in the block, too, its tile is resident at once.

    It counts as started with the block. No output of its tile comes between: a tile of the block is resident only afterwards.
    """
    events, op_states, ops, slots, resident = c.SCALAR_DMA_EVENTS, tables.op_states, tables.ops, tables.slots, tables.resident
    op = tables.queues[queue, c.QUEUE_NEXT]
    slot, tile = ops[op, _SLOT], ops[op, _TILE]
    tables.queues[queue, c.QUEUE_NEXT] += 1
    tables.scalars[events] += 1
    op_states[op, c.OP_STARTED], op_states[op, c.OP_OUTPUTS] = tables.scalars[events], replay.streams[_OUTPUT, r.CONSUMED]
    if ops[op, _KIND] != _STORE:
        if slots[slot, c.SLOT_HOLDER] != c.NONE:
            resident[slots[slot, c.SLOT_HOLDER]] = c.NONE
        slots[slot, c.SLOT_HOLDER] = tile
        if op_states[op, c.OP_DONE]:
            resident[tile] = slot


@called
def _move_bytes(tables: Tables, replay: r.Replay, queue: int, moved: int) -> None:
    """Put bytes of the started operations of a queue into bursts."""
    queues, ops, size, head = tables.queues, tables.ops, tables.scalars[c.SCALAR_BURST_BYTES], replay.before[queue, r.HEAD]
    byte, left = moved + replay.before[queue, r.BURSTS] * size, 0
    while head < queues[queue, c.QUEUE_NEXT] and (ops[head, _KIND] == _ACQUIRE or byte >= ops[head, _BYTES]):
        byte -= ops[head, _BYTES] if ops[head, _KIND] != _ACQUIRE else 0
        head += 1
    for op in range(head, queues[queue, c.QUEUE_NEXT]):
        left += ops[op, _BYTES] if ops[op, _KIND] != _ACQUIRE else 0
    queues[queue, c.QUEUE_HEAD], queues[queue, c.QUEUE_BURSTS], queues[queue, c.QUEUE_LEFT] = head, byte // size, left - byte


@called
def _advance(tables: Tables, port: int, window: int, due: int) -> None:
    """Let a port consume the elements that were due, and offer more until so many are in its ``window``."""
    ports, segments, s = tables.ports, tables.segments, tables.ports[port, c.PORT_SEGMENT]
    number, last = ports[port, c.PORT_NUMBER] + due + window - ports[port, c.PORT_IN_WINDOW], ports[port, c.PORT_LAST_SEGMENT]
    ports[port, c.PORT_CONSUMED] += due
    ports[port, c.PORT_IN_WINDOW] = window
    while s < last and number >= segments[s, _COUNT]:
        number -= segments[s, _COUNT]
        s += 1
    ports[port, c.PORT_SEGMENT], ports[port, c.PORT_NUMBER], ports[port, c.PORT_NEXT_DUE] = s, number, c.FAR
    if s < last:
        ports[port, c.PORT_NEXT_DUE] = segments[s, _DUE] + number * segments[s, _DUE_STRIDE]


@called
def add_uses(tables: Tables, replay: r.Replay) -> None:
    """Add to the counters what the moves change. All were used in this bin."""
    for i in range(replay.memo[r.USED]):
        _add(tables, replay, replay.used[i])
    replay.memo[r.USED] = 0


@called
def _add(tables: Tables, replay: r.Replay, move: int) -> None:
    """Add to the counters, as often as it was used in its frames, what a move changes."""
    moves, words, counters, bin_number = replay.moves, replay.words, tables.counters, tables.scalars[c.SCALAR_BIN]
    for pair in range(moves[move, r.MOVE_COUNTERS], moves[move, r.MOVE_END], 2):
        place = counter_in(tables, moves[move, r.MOVE_FRAMES], words[pair])
        change = words[pair + 1] * moves[move, r.MOVE_USES]
        counters[place] += change
        # The counts per bank come first. Two of them are in the timeline, too.
        bank, column = place // c.COUNT_COLUMNS, place % c.COUNT_COLUMNS
        if bank < tables.banks.shape[0] and column == c.COUNT_CONFLICT:
            tables.conflict[bank, bin_number] += change
        elif bank < tables.banks.shape[0] and column == c.COUNT_BUSY:
            tables.busy[bank, bin_number] += change
    moves[move, r.MOVE_USES] = 0
