"""The DMA of the compiled engine with its operations and burst_lists, and the main memory with one shared port."""

from __future__ import annotations

from simcore.clock import core_cycle_of, domain_cycle_at
from simcore.engine.compiled import columns as c
from simcore.engine.compiled.banks import enqueue, grant_at_once
from simcore.engine.compiled.bursts import add_burst, next_done, take_done
from simcore.engine.compiled.columns import FILLING, LOADING, READING, SENT, SPARE, STORING
from simcore.engine.compiled.jit import inlined
from simcore.engine.compiled.lines import line_of
from simcore.engine.compiled.tables import Tables
from simcore.machine.machine import BLOCK, XOR
from simcore.program.program import QUEUES, Op, OpKind, Port, Reg
from simcore.timing.bank_timing import READ, WRITE

_OUTPUT, _DMA, _QUEUES = int(Port.OUTPUT), int(Port.DMA), len(QUEUES)
_KIND, _REGION, _TILE, _SLOT, _BYTES = int(Op.KIND), int(Op.REGION), int(Op.TILE), int(Op.SLOT), int(Op.BYTES)
_ADDRESS, _NEEDED = int(Op.ADDRESS), int(Op.NEEDED)
_DEP_PORT, _DEP_COUNT, _DEP_OP = int(Op.DEP_PORT), int(Op.DEP_COUNT), int(Op.DEP_OP)
_LOAD, _ACQUIRE, _STORE = int(OpKind.LOAD), int(OpKind.ACQUIRE), int(OpKind.STORE)
_PAD, _BASE_LINE, _SLOT_LINES, _FIRST_SLOT = int(Reg.SCRATCHPAD), int(Reg.BASE_LINE), int(Reg.SLOT_LINES), int(Reg.FIRST_SLOT)

_core_cycle_of = inlined(core_cycle_of)
_domain_cycle_at = inlined(domain_cycle_at)


@inlined
def place(tables: Tables, pad: int, line: int) -> tuple[int, int]:
    """Return (bank, row) of a line. The banks of all scratchpads are numbered in one sequence."""
    pads = tables.pads
    if pads[pad, c.PAD_INTERLEAVING] == BLOCK:
        return pads[pad, c.PAD_FIRST_BANK] + line // pads[pad, c.PAD_ROWS], line % pads[pad, c.PAD_ROWS]
    count, shift = pads[pad, c.PAD_BANKS], pads[pad, c.PAD_BANK_SHIFT]
    row = line >> shift if shift >= 0 else line // count
    bank = line - row * count
    if pads[pad, c.PAD_INTERLEAVING] == XOR:
        bank ^= row % count
    return pads[pad, c.PAD_FIRST_BANK] + bank, row


@inlined
def fill_request(tables: Tables, request: int, port: int, bank: int, row: int, op: int, owner: int, now: int) -> None:
    """Fill the request row of a read element or a burst."""
    requests = tables.requests
    (
        requests[request, c.REQUEST_PORT],
        requests[request, c.REQUEST_BANK],
        requests[request, c.REQUEST_ROW],
        requests[request, c.REQUEST_OP],
    ) = port, bank, row, op
    (
        requests[request, c.REQUEST_ARRIVE],
        requests[request, c.REQUEST_OWNER],
        requests[request, c.REQUEST_GRANTED],
        requests[request, c.REQUEST_SLOT],
    ) = now, owner, c.NONE, c.NONE
    requests[request, c.REQUEST_LEFT_FREE], requests[request, c.REQUEST_COUNTED] = 0, 0


@inlined
def memory_takes(tables: Tables, byte_count: int, now: int) -> int:
    """Let main memory take a burst. Return the core cycle in which the burst is done."""
    scalars = tables.scalars
    p, q, rate = scalars[c.SCALAR_RATIO_P], scalars[c.SCALAR_RATIO_Q], scalars[c.SCALAR_RATE_BYTES]
    free, part, comes = scalars[c.SCALAR_MEMORY_FREE], scalars[c.SCALAR_MEMORY_PART], _domain_cycle_at(now, p, q)
    if free < comes:
        free, part = comes, 0
    part += byte_count * scalars[c.SCALAR_RATE_CYCLES]
    free += part // rate
    part %= rate
    scalars[c.SCALAR_MEMORY_FREE], scalars[c.SCALAR_MEMORY_PART] = free, part
    done = _core_cycle_of(free + (1 if part > 0 else 0) + scalars[c.SCALAR_MEMORY_LATENCY], p, q)
    return max(done, now + 1)


@inlined
def _give_to_memory(tables: Tables, burst: int, write: int, now: int) -> None:
    """ISSUE: hand a burst to main memory. Simple memory sets at once when the burst is done, a DRAM later."""
    scalars, bursts, ops, burst_lists = tables.scalars, tables.bursts, tables.ops, tables.burst_lists
    if scalars[c.SCALAR_HAS_DRAM]:
        bursts[burst, c.BURST_ADDRESS] = (
            ops[bursts[burst, c.BURST_OP], _ADDRESS] + bursts[burst, c.BURST_NUMBER] * scalars[c.SCALAR_BURST_BYTES]
        )
        bursts[burst, c.BURST_WRITE], bursts[burst, c.BURST_MEMORY_DONE] = write, c.FAR
        burst_lists[SENT, scalars[c.SCALAR_SENT]] = burst
        scalars[c.SCALAR_SENT] += 1
        return
    done = memory_takes(tables, bursts[burst, c.BURST_BYTES], now)
    bursts[burst, c.BURST_MEMORY_DONE] = done
    due = c.SCALAR_STORED if write else c.SCALAR_ARRIVES
    scalars[due] = min(scalars[due], done)


@inlined
def _finish_burst(tables: Tables, burst: int) -> None:
    scalars, bursts, op_states, ops = tables.scalars, tables.bursts, tables.op_states, tables.ops
    resident, burst_lists = tables.resident, tables.burst_lists
    burst_lists[SPARE, scalars[c.SCALAR_SPARE_BURSTS]] = burst
    scalars[c.SCALAR_SPARE_BURSTS] += 1
    scalars[c.SCALAR_OUTSTANDING] -= 1
    scalars[c.SCALAR_EVENTS] += 1
    op = bursts[burst, c.BURST_OP]
    op_states[op, c.OP_LEFT] -= 1
    if op_states[op, c.OP_LEFT] == 0:
        op_states[op, c.OP_DONE] = scalars[c.SCALAR_OPS_LEFT]
        scalars[c.SCALAR_MAY_START] = 1
        scalars[c.SCALAR_OPS_LEFT] -= 1
        if ops[op, _KIND] == _LOAD:
            resident[ops[op, _TILE]] = ops[op, _SLOT]


@inlined
def finish_bursts(tables: Tables, now: int) -> None:
    """SETTLE, first half: finish loads whose lines are written and stores that memory has taken."""
    scalars, bundles, burst_lists = tables.scalars, tables.bundles, tables.burst_lists
    kept = 0
    for i in range(scalars[c.SCALAR_FILLING]):
        burst = burst_lists[FILLING, i]
        bundle = c.READ_PORTS * scalars[c.SCALAR_WINDOW] + burst
        if bundles[bundle, c.BUNDLE_UNGRANTED] == 0 and bundles[bundle, c.BUNDLE_READY] <= now:
            _finish_burst(tables, burst)
        else:
            burst_lists[FILLING, kept] = burst
            kept += 1
    scalars[c.SCALAR_FILLING] = kept
    if scalars[c.SCALAR_STORED] <= now:
        while True:
            burst = take_done(tables, STORING, now)
            if burst == c.NONE:
                break
            _finish_burst(tables, burst)
        scalars[c.SCALAR_STORED] = next_done(tables, STORING)


@inlined
def start_operations(tables: Tables) -> None:
    """SETTLE, second half: start the operations of each queue whose dependencies hold, and note what wakes the others."""
    scalars, ports, queues, op_states = tables.scalars, tables.ports, tables.queues, tables.op_states
    slots, ops, resident = tables.slots, tables.ops, tables.resident
    scalars[c.SCALAR_MAY_START] = 0
    for port in range(ports.shape[0]):
        ports[port, c.PORT_WAKE] = c.FAR
    for queue in range(_QUEUES):
        while (
            queues[queue, c.QUEUE_LEFT] < scalars[c.SCALAR_DMA_BYTES] and queues[queue, c.QUEUE_NEXT] < queues[queue, c.QUEUE_END]
        ):
            op = queues[queue, c.QUEUE_NEXT]
            port, after, slot = ops[op, _DEP_PORT], ops[op, _DEP_OP], ops[op, _SLOT]
            if port >= 0 and ports[port, c.PORT_CONSUMED] < ops[op, _DEP_COUNT]:
                ports[port, c.PORT_WAKE] = min(ports[port, c.PORT_WAKE], ops[op, _DEP_COUNT])
                break
            if after >= 0 and not op_states[after, c.OP_DONE]:
                break
            if slots[slot, c.SLOT_WRITES] > 0:
                scalars[c.SCALAR_MAY_START] = 1
                break
            scalars[c.SCALAR_EVENTS] += 1
            scalars[c.SCALAR_DMA_EVENTS] += 1
            op_states[op, c.OP_STARTED] = scalars[c.SCALAR_DMA_EVENTS]
            op_states[op, c.OP_OUTPUTS] = ports[_OUTPUT, c.PORT_CONSUMED]
            kind, tile = ops[op, _KIND], ops[op, _TILE]
            if kind != _STORE:
                if slots[slot, c.SLOT_HOLDER] != c.NONE:
                    resident[slots[slot, c.SLOT_HOLDER]] = c.NONE
                slots[slot, c.SLOT_HOLDER] = tile
            if kind == _ACQUIRE:
                resident[tile] = slot
                op_states[op, c.OP_DONE] = scalars[c.SCALAR_OPS_LEFT]
                scalars[c.SCALAR_OPS_LEFT] -= 1
            else:
                if queues[queue, c.QUEUE_LEFT] == 0:
                    queues[queue, c.QUEUE_HEAD], queues[queue, c.QUEUE_BURSTS] = op, 0
                    scalars[c.SCALAR_STARTED] += 1
                queues[queue, c.QUEUE_LEFT] += ops[op, _BYTES]
            queues[queue, c.QUEUE_NEXT] += 1


@inlined
def _offer_lines(tables: Tables, burst: int, write: int, now: int) -> None:
    """Offer the scratchpad lines of a burst to their banks."""
    scalars, bundles, bursts, regions, ops = tables.scalars, tables.bundles, tables.bursts, tables.regions, tables.ops
    op = bursts[burst, c.BURST_OP]
    region = ops[op, _REGION]
    pad = regions[region, _PAD]
    base = regions[region, _BASE_LINE] + (ops[op, _SLOT] - regions[region, _FIRST_SLOT]) * regions[region, _SLOT_LINES]
    begin = bursts[burst, c.BURST_NUMBER] * scalars[c.SCALAR_BURST_BYTES]
    first = line_of(tables, pad, begin)
    last = line_of(tables, pad, begin + bursts[burst, c.BURST_BYTES] - 1)
    bundle = c.READ_PORTS * scalars[c.SCALAR_WINDOW] + burst
    bundles[bundle, c.BUNDLE_UNGRANTED], bundles[bundle, c.BUNDLE_READY], bundles[bundle, c.BUNDLE_REQUESTS] = (
        last - first + 1,
        now,
        last - first + 1,
    )
    for line in range(first, last + 1):
        bank, row = place(tables, pad, base + line)
        if not grant_at_once(tables, pad, bank, _DMA, write, bundle, now):
            request = bundles[bundle, c.BUNDLE_FIRST] + line - first
            fill_request(tables, request, _DMA, bank, row, write, bundle, now)
            enqueue(tables, request, 0)
    scalars[c.SCALAR_EVENTS] += 1


@inlined
def deliver_and_send(tables: Tables, now: int) -> None:
    """ISSUE: offer the lines of loads that have arrived, and send stores whose lines are read to main memory."""
    scalars, bundles, burst_lists = tables.scalars, tables.bundles, tables.burst_lists
    if scalars[c.SCALAR_ARRIVES] <= now:
        while True:
            burst = take_done(tables, LOADING, now)
            if burst == c.NONE:
                break
            _offer_lines(tables, burst, WRITE, now)
            burst_lists[FILLING, scalars[c.SCALAR_FILLING]] = burst
            scalars[c.SCALAR_FILLING] += 1
        scalars[c.SCALAR_ARRIVES] = next_done(tables, LOADING)
    kept = 0
    for i in range(scalars[c.SCALAR_READING]):
        burst = burst_lists[READING, i]
        bundle = c.READ_PORTS * scalars[c.SCALAR_WINDOW] + burst
        if bundles[bundle, c.BUNDLE_UNGRANTED] == 0 and bundles[bundle, c.BUNDLE_READY] <= now:
            _give_to_memory(tables, burst, WRITE, now)
            add_burst(tables, STORING, burst)
            scalars[c.SCALAR_EVENTS] += 1
        else:
            burst_lists[READING, kept] = burst
            kept += 1
    scalars[c.SCALAR_READING] = kept


@inlined
def _needed_first(tables: Tables) -> int:
    """Return the queue of which the next operation is needed first, among queues with started ones; the first of equals."""
    queues, ops = tables.queues, tables.ops
    found, least = 0, c.FAR
    for queue in range(_QUEUES):
        if queues[queue, c.QUEUE_LEFT] > 0:
            needed = ops[queues[queue, c.QUEUE_HEAD], _NEEDED]
            if needed < least:
                found, least = queue, needed
    return found


@inlined
def new_bursts(tables: Tables, now: int) -> None:
    """ISSUE: start bursts, those needed first, until they hold what main memory moves in a cycle or too many are outstanding."""
    scalars, queues, bursts, ops = tables.scalars, tables.queues, tables.bursts, tables.ops
    burst_lists, read_bytes, write_bytes = tables.burst_lists, tables.read_bytes, tables.write_bytes
    left = scalars[c.SCALAR_DMA_BYTES]
    while left > 0 and scalars[c.SCALAR_STARTED] > 0 and scalars[c.SCALAR_OUTSTANDING] < scalars[c.SCALAR_OUTSTANDING_LIMIT]:
        queue = _needed_first(tables)
        op, number = queues[queue, c.QUEUE_HEAD], queues[queue, c.QUEUE_BURSTS]
        scalars[c.SCALAR_SPARE_BURSTS] -= 1
        burst = burst_lists[SPARE, scalars[c.SCALAR_SPARE_BURSTS]]
        scalars[c.SCALAR_OUTSTANDING] += 1
        scalars[c.SCALAR_EVENTS] += 1
        count = min(scalars[c.SCALAR_BURST_BYTES], ops[op, _BYTES] - number * scalars[c.SCALAR_BURST_BYTES])
        bursts[burst, c.BURST_OP], bursts[burst, c.BURST_BYTES], bursts[burst, c.BURST_NUMBER] = op, count, number
        if ops[op, _KIND] == _LOAD:
            _give_to_memory(tables, burst, READ, now)
            add_burst(tables, LOADING, burst)
            read_bytes[ops[op, _REGION]] += count
        else:
            _offer_lines(tables, burst, READ, now)
            burst_lists[READING, scalars[c.SCALAR_READING]] = burst
            scalars[c.SCALAR_READING] += 1
            write_bytes[ops[op, _REGION]] += count
        queues[queue, c.QUEUE_BURSTS] = number + 1
        queues[queue, c.QUEUE_LEFT] -= count
        left -= count
        if queues[queue, c.QUEUE_LEFT] < scalars[c.SCALAR_DMA_BYTES]:
            scalars[c.SCALAR_MAY_START] = 1
        if queues[queue, c.QUEUE_LEFT] == 0:
            scalars[c.SCALAR_STARTED] -= 1
        elif (number + 1) * scalars[c.SCALAR_BURST_BYTES] >= ops[op, _BYTES]:
            op += 1
            while ops[op, _KIND] == _ACQUIRE:
                op += 1
            queues[queue, c.QUEUE_HEAD], queues[queue, c.QUEUE_BURSTS] = op, 0
