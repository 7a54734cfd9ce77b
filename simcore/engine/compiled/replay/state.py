"""The state of a machine at the beginning of a block, in words: all that decides what comes, beside the block's inputs.

The words count cycles from the current one and banks in the frames, and name requests by what owns them. What lies so far back
that it no longer matters is cut off. One pass over the tables serves both ways: `_word` either notes a value or returns the one
that was noted.
"""

from __future__ import annotations

from simcore.clock import domain_cycle_at
from simcore.engine.compiled import columns as c
from simcore.engine.compiled.bursts import next_done
from simcore.engine.compiled.columns import LOADING, READING, SPARE, STORING
from simcore.engine.compiled.cursor import locate
from simcore.engine.compiled.dma import fill_request, place
from simcore.engine.compiled.jit import called, inlined
from simcore.engine.compiled.lines import linear_lines
from simcore.engine.compiled.replay import tables as r
from simcore.engine.compiled.replay.frames import bank_in, phase, settle
from simcore.engine.compiled.replay.streams import walk_back
from simcore.engine.compiled.replay.waiting import enter_waiting, waiting_words
from simcore.engine.compiled.tables import Tables
from simcore.machine.machine import ROUND_ROBIN
from simcore.program.program import QUEUES, Op, Port, Seg
from simcore.timing.bank_timing import WRITE

_OUTPUT, _QUEUES = int(Port.OUTPUT), len(QUEUES)
_REGION, _SLOT, _BYTES = int(Op.REGION), int(Op.SLOT), int(Op.BYTES)
_DUE, _DUE_STRIDE, _COUNT = int(Seg.DUE), int(Seg.DUE_STRIDE), int(Seg.COUNT)

_domain_cycle_at = inlined(domain_cycle_at)


@called
def state_words(tables: Tables, replay: r.Replay) -> int:
    """Write the present state into ``found``. Return the number of words."""
    memo, now = replay.memo, tables.scalars[c.SCALAR_NOW]
    memo[r.AT], memo[r.TAKING] = 0, 1
    # Bursts that are loaded may name the first line of a scratchpad.
    _bursts(tables, replay, now)
    settle(replay)
    _pass(tables, replay, now)
    waiting_words(tables, replay, now)
    _windows(tables, replay, now)
    return memo[r.AT]


@called
def restore(tables: Tables, replay: r.Replay, state: int) -> None:
    """Set the tables to a known state, at the present cycle and wherever the ports and the DMA are."""
    memo, at, now = replay.memo, replay.states[state, r.STATE_AT], tables.scalars[c.SCALAR_NOW]
    for word in range(at, replay.states[state, r.STATE_END]):
        replay.found[word - at] = replay.words[word]
    memo[r.AT], memo[r.TAKING] = 0, 0
    _empty(tables, now)
    _bursts(tables, replay, now)
    _pass(tables, replay, now)
    _list_spare(tables, replay)
    enter_waiting(tables, replay, now)
    _windows(tables, replay, now)


@inlined
def _word(replay: r.Replay, value: int) -> int:
    """Note a value of the tables, or return the value to which the tables are set."""
    memo, found, at = replay.memo, replay.found, replay.memo[r.AT]
    memo[r.AT] = at + 1
    if memo[r.TAKING]:
        found[at] = value
    return found[at]


@called
def _pass(tables: Tables, replay: r.Replay, now: int) -> None:
    scalars, servers, banks, pads = tables.scalars, tables.servers, tables.banks, tables.pads
    if not scalars[c.SCALAR_HAS_DRAM]:
        _memory(tables, replay, now)
    scalars[c.SCALAR_POSTED] = _word(replay, scalars[c.SCALAR_POSTED])
    for pad in range(pads.shape[0]):
        pads[pad, c.PAD_DRAINING] = _word(replay, pads[pad, c.PAD_DRAINING])
    for number in range(banks.shape[0]):
        bank = bank_in(tables, replay.memo[r.FRAMES], number)
        pad, first = banks[bank, c.BANK_PAD], banks[bank, c.BANK_FIRST_SERVER]
        for server in range(first, first + pads[pad, c.PAD_SERVERS]):
            left = servers[server, c.SERVER_FREE_AT] - now
            word = _word(replay, left << 4 | servers[server, c.SERVER_PORT] if left > 0 else 0)
            servers[server, c.SERVER_FREE_AT], servers[server, c.SERVER_PORT] = now + (word >> 4), word & 15
        if pads[pad, c.PAD_ARBITER] == ROUND_ROBIN:
            banks[bank, c.BANK_LAST_PORT] = _word(replay, banks[bank, c.BANK_LAST_PORT])
    _buffers(tables, replay, now)


@called
def _memory(tables: Tables, replay: r.Replay, now: int) -> None:
    """Simple memory is free at a time, within a cycle of its clock. A DRAM is at rest whenever a state is noted."""
    scalars = tables.scalars
    p, q = scalars[c.SCALAR_RATIO_P], scalars[c.SCALAR_RATIO_Q]
    free, part, begins = scalars[c.SCALAR_MEMORY_FREE], scalars[c.SCALAR_MEMORY_PART], _domain_cycle_at(now, p, q)
    if free < begins:
        free, part = begins, 0
    scalars[c.SCALAR_MEMORY_FREE] = now * q // p + _word(replay, free - now * q // p)
    scalars[c.SCALAR_MEMORY_PART] = _word(replay, part)
    _word(replay, now * q % p)


@called
def _bursts(tables: Tables, replay: r.Replay, now: int) -> None:
    scalars, burst_lists, number = tables.scalars, tables.burst_lists, 0
    for kind in range(READING + 1):
        scalars[c.SCALAR_LOADING + kind] = count = _word(replay, scalars[c.SCALAR_LOADING + kind])
        first = scalars[c.SCALAR_FIRST_LOADING + kind] if kind in (LOADING, STORING) else 0
        for i in range(count):
            at = (first + i) % scalars[c.SCALAR_OUTSTANDING_LIMIT]
            if not replay.memo[r.TAKING]:
                burst_lists[kind, at] = number
            replay.names[burst_lists[kind, at]] = number
            number += 1
            _burst(tables, replay, kind, burst_lists[kind, at], now)


@called
def _burst(tables: Tables, replay: r.Replay, kind: int, burst: int, now: int) -> None:
    """Name a burst by its operation, counted back from the next of the queue, and by its number, from those started."""
    bursts, ops, queues, bundles = tables.bursts, tables.ops, tables.queues, tables.bundles
    size, queue, op = tables.scalars[c.SCALAR_BURST_BYTES], 0, bursts[burst, c.BURST_OP]
    while op >= queues[queue, c.QUEUE_END]:
        queue += 1
    word = _word(replay, queue | queues[queue, c.QUEUE_NEXT] - op << 4)
    queue = word & 15
    op = queues[queue, c.QUEUE_NEXT] - (word >> 4)
    started = (ops[op, _BYTES] + size - 1) // size
    if queues[queue, c.QUEUE_LEFT] > 0 and op == queues[queue, c.QUEUE_HEAD]:
        started = queues[queue, c.QUEUE_BURSTS]
    number = started - _word(replay, started - bursts[burst, c.BURST_NUMBER])
    bursts[burst, c.BURST_OP], bursts[burst, c.BURST_NUMBER] = op, number
    bursts[burst, c.BURST_BYTES] = _word(replay, bursts[burst, c.BURST_BYTES])
    if kind in (LOADING, STORING):
        bursts[burst, c.BURST_MEMORY_DONE] = now + _word(replay, bursts[burst, c.BURST_MEMORY_DONE] - now)
        if kind == LOADING:
            _word(replay, ops[op, _REGION] << 40 | phase(tables, replay, ops[op, _REGION], ops[op, _SLOT], number * size))
        return
    bundle = c.READ_PORTS * tables.scalars[c.SCALAR_WINDOW] + burst
    bundles[bundle, c.BUNDLE_READY] = now + _word(replay, max(bundles[bundle, c.BUNDLE_READY] - now, 0))
    bundles[bundle, c.BUNDLE_UNGRANTED] = _word(replay, bundles[bundle, c.BUNDLE_UNGRANTED])


@called
def _windows(tables: Tables, replay: r.Replay, now: int) -> None:
    # When the elements are due follows from the Program. How many a window holds follows, too: a port that holds more than in an
    # earlier block has offered more, so that its stream names fewer elements to come. So no port holds more than in an earlier
    # block with equal streams, and since these words come last, their number says that none holds fewer.
    ports, bundles, segments, window = tables.ports, tables.bundles, tables.segments, tables.scalars[c.SCALAR_WINDOW]
    for port in range(c.READ_PORTS):
        count = ports[port, c.PORT_IN_WINDOW]
        s, number = walk_back(tables, port, count)
        ports[port, c.PORT_HEAD_DUE] = segments[s, _DUE] + number * segments[s, _DUE_STRIDE] if count else c.FAR
        for i in range(count):
            element = port * window + (ports[port, c.PORT_HEAD] + i) % window
            bundles[element, c.BUNDLE_DUE] = segments[s, _DUE] + number * segments[s, _DUE_STRIDE]
            bundles[element, c.BUNDLE_READY] = now + _word(replay, max(bundles[element, c.BUNDLE_READY] - now, 0))
            bundles[element, c.BUNDLE_UNGRANTED] = _word(replay, bundles[element, c.BUNDLE_UNGRANTED])
            bundles[element, c.BUNDLE_PAD] = _word(replay, bundles[element, c.BUNDLE_PAD])
            number += 1
            if number == segments[s, _COUNT]:
                s, number = s + 1, 0


@called
def _buffers(tables: Tables, replay: r.Replay, now: int) -> None:
    """Name an entry of a write buffer by its output element, counted back from the next, and by its line in it."""
    requests, pads, taking, consumed = tables.requests, tables.pads, replay.memo[r.TAKING], tables.ports[_OUTPUT, c.PORT_CONSUMED]
    first = row = requests.shape[0] - tables.free_writes.shape[0]
    for pad in range(pads.shape[0]):
        count = _word(replay, pads[pad, c.PAD_BUFFERED])
        entry = pads[pad, c.PAD_BUFFER_HEAD] if taking else row
        for _ in range(count):
            made = requests[entry, c.REQUEST_MADE]
            done = max(requests[entry, c.REQUEST_DONE] - now, 0) + 1 if requests[entry, c.REQUEST_GRANTED] != c.NONE else 0
            replay.names[tables.bursts.shape[0] + entry] = row - first
            back, line = _word(replay, consumed - made // c.MADE_LINES), _word(replay, made % c.MADE_LINES)
            done = _word(replay, done)
            if not taking:
                requests[entry, c.REQUEST_MADE] = (consumed - back) * c.MADE_LINES + line
                _enter(tables, pad, entry, back, line, now + done - 1 if done > 0 else c.NONE)
            row += 1
            entry = requests[entry, c.REQUEST_NEWER] if taking else row


@called
def _enter(tables: Tables, pad: int, entry: int, back: int, line: int, done: int) -> None:
    """Buffer a line of the output element ``back`` elements before the next. Its bank is ``done`` with it then, unless NONE."""
    ports, requests, pads = tables.ports, tables.requests, tables.pads
    s, number = ports[_OUTPUT, c.PORT_SEGMENT], ports[_OUTPUT, c.PORT_NUMBER]
    ports[_OUTPUT, c.PORT_SEGMENT], ports[_OUTPUT, c.PORT_NUMBER] = walk_back(tables, _OUTPUT, back)
    locate(tables, _OUTPUT)
    linear_lines(tables, ports[_OUTPUT, c.PORT_SEGMENT], ports[_OUTPUT, c.PORT_REGION], _OUTPUT, pad)
    ports[_OUTPUT, c.PORT_SEGMENT], ports[_OUTPUT, c.PORT_NUMBER] = s, number
    bank, row = place(tables, pad, tables.lines[line])
    fill_request(tables, entry, _OUTPUT, bank, row, WRITE, entry, 0)
    requests[entry, c.REQUEST_SLOT], requests[entry, c.REQUEST_NEWER] = tables.line_slots[line], c.NONE
    requests[entry, c.REQUEST_OLDER] = pads[pad, c.PAD_BUFFER_TAIL]
    tables.slots[tables.line_slots[line], c.SLOT_WRITES] += 1
    if pads[pad, c.PAD_BUFFERED] == 0:
        pads[pad, c.PAD_BUFFER_HEAD] = entry
    else:
        requests[pads[pad, c.PAD_BUFFER_TAIL], c.REQUEST_NEWER] = entry
    pads[pad, c.PAD_BUFFER_TAIL] = entry
    pads[pad, c.PAD_BUFFERED] += 1
    if back == 1:
        # Lines that were posted last belong to the last element.
        tables.scalars[c.SCALAR_POSTED_PAD] = pad
    if done != c.NONE:
        requests[entry, c.REQUEST_GRANTED], requests[entry, c.REQUEST_DONE], requests[entry, c.REQUEST_COUNTED] = 0, done, 1
        tables.inflight[pad, pads[pad, c.PAD_INFLIGHT]] = entry
        pads[pad, c.PAD_INFLIGHT] += 1
        pads[pad, c.PAD_INFLIGHT_MIN] = min(pads[pad, c.PAD_INFLIGHT_MIN], done)


@called
def _empty(tables: Tables, now: int) -> None:
    """Forget the requests in the tables, and what follows from others."""
    banks, pads, requests, scalars, ports = tables.banks, tables.pads, tables.requests, tables.scalars, tables.ports
    for bank in range(banks.shape[0]):
        banks[bank, c.BANK_DIRECT_HEAD] = banks[bank, c.BANK_BUFFERED_HEAD] = c.NONE
        banks[bank, c.BANK_WAITING] = banks[bank, c.BANK_LISTED] = 0
    for pad in range(pads.shape[0]):
        entry = pads[pad, c.PAD_BUFFER_HEAD]
        while entry != c.NONE:
            tables.slots[requests[entry, c.REQUEST_SLOT], c.SLOT_WRITES] = 0
            entry = requests[entry, c.REQUEST_NEWER]
        pads[pad, c.PAD_LISTED] = pads[pad, c.PAD_BUFFERED] = pads[pad, c.PAD_INFLIGHT] = 0
        pads[pad, c.PAD_BUFFER_HEAD] = pads[pad, c.PAD_BUFFER_TAIL] = c.NONE
        pads[pad, c.PAD_INFLIGHT_MIN], pads[pad, c.PAD_COUNTED] = c.FAR, now
    for row in range(requests.shape[0]):
        # Lines without a request of their own count as granted.
        requests[row, c.REQUEST_GRANTED] = 0
    for port in range(c.ARRAY_PORTS):
        ports[port, c.PORT_HEAD], ports[port, c.PORT_BLOCKED_TILE] = 0, c.NONE
    scalars[c.SCALAR_FIRST_LOADING] = scalars[c.SCALAR_FIRST_STORING] = scalars[c.SCALAR_NOTHING] = 0
    scalars[c.SCALAR_OUTPUT_LINES], scalars[c.SCALAR_MAY_START] = c.NONE, 1


@called
def _list_spare(tables: Tables, replay: r.Replay) -> None:
    """List the entries that were posted last, free rows, and the bursts that are left of each operation."""
    scalars, requests, queues, op_states = tables.scalars, tables.requests, tables.queues, tables.op_states
    entry, free, bursts = tables.pads[scalars[c.SCALAR_POSTED_PAD], c.PAD_BUFFER_TAIL], tables.free_writes.shape[0], 0
    for i in range(scalars[c.SCALAR_POSTED] - 1, -1, -1):
        tables.posted[i] = entry
        entry = requests[entry, c.REQUEST_OLDER]
    for pad in range(tables.pads.shape[0]):
        free -= tables.pads[pad, c.PAD_BUFFERED]
    for i in range(free):
        tables.free_writes[i] = requests.shape[0] - 1 - i
    for kind in range(READING + 1):
        bursts += scalars[c.SCALAR_LOADING + kind]
    for burst in range(bursts, scalars[c.SCALAR_OUTSTANDING_LIMIT]):
        tables.burst_lists[SPARE, burst - bursts] = burst
    scalars[c.SCALAR_FREE_WRITES], scalars[c.SCALAR_OUTSTANDING], scalars[c.SCALAR_STARTED] = free, bursts, 0
    scalars[c.SCALAR_SPARE_BURSTS] = scalars[c.SCALAR_OUTSTANDING_LIMIT] - bursts
    scalars[c.SCALAR_ARRIVES], scalars[c.SCALAR_STORED] = next_done(tables, LOADING), next_done(tables, STORING)
    for queue in range(_QUEUES):
        head = queues[queue, c.QUEUE_HEAD] if queues[queue, c.QUEUE_LEFT] > 0 else queues[queue, c.QUEUE_NEXT]
        for op in range(replay.oldest[queue], queues[queue, c.QUEUE_NEXT]):
            count = (tables.ops[op, _BYTES] - 1) // scalars[c.SCALAR_BURST_BYTES] + 1
            op_states[op, c.OP_LEFT] = count if op >= head else 0
        if queues[queue, c.QUEUE_LEFT] > 0:
            scalars[c.SCALAR_STARTED] += 1
            op_states[head, c.OP_LEFT] -= queues[queue, c.QUEUE_BURSTS]
    for burst in range(bursts):
        op_states[tables.bursts[burst, c.BURST_OP], c.OP_LEFT] += 1
