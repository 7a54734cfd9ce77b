"""The DRAM as main memory of the compiled engine. Bursts become transactions, and DRAM cycles run from event to event."""

from __future__ import annotations

from numba import int64

from simcore.clock import core_cycle_of, domain_cycle_at
from simcore.engine.compiled import columns as c
from simcore.engine.compiled.columns import FAR, SENT
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.accept import accept
from simcore.engine.compiled.dram.channel import step_channel
from simcore.engine.compiled.dram.queues import decode
from simcore.engine.compiled.dram.tables import MemoryTables
from simcore.engine.compiled.flat_access import tables_in
from simcore.engine.compiled.jit import entry, inlined
from simcore.program.program import Int64Array

#: The signature of `run_memory`.
MEMORY_SIGNATURE = int64(int64[::1], int64[::1], int64[:, ::1], int64[:, ::1], int64, int64)

_core_cycle_of = inlined(core_cycle_of)
_domain_cycle_at = inlined(domain_cycle_at)


@inlined
def _put(memory: MemoryTables, address: int, write: int, burst: int, offered: int) -> None:
    """Put a transaction into the FIFO of its channel, which offers its head from DRAM cycle ``offered`` on."""
    fixed, link, fifos, waiting, channel = memory.controllers.fixed, memory.link, memory.fifos, memory.waiting, 0
    if fixed[d.FIXED_CHANNELS] > 1:
        decode(memory.controllers.mapping, address)
        channel = memory.controllers.mapping.numbers[0]
    at = (fifos[channel, d.FIFO_HEAD] + fifos[channel, d.FIFO_LENGTH]) % link[d.LINK_PLACES]
    waiting[channel * d.WAITING_ROWS + d.WAITING_ADDRESS, at] = address
    waiting[channel * d.WAITING_ROWS + d.WAITING_WRITE, at] = write
    waiting[channel * d.WAITING_ROWS + d.WAITING_BURST, at] = burst
    if fifos[channel, d.FIFO_LENGTH] == 0:
        fifos[channel, d.FIFO_AT] = offered
    fifos[channel, d.FIFO_LENGTH] += 1


@inlined
def _take(memory: MemoryTables, scalars: Int64Array, bursts: Int64Array, burst: int, now: int) -> None:
    """Put the transactions of a burst into the FIFOs of their channels, in order of address."""
    link, notes, offset_bits = memory.link, memory.notes, memory.controllers.fixed[d.FIXED_OFFSET_BITS]
    # The layer before may already have run the DRAM cycles of this layer's first core cycle.
    offered = max(link[d.LINK_BEGIN], _domain_cycle_at(now, link[d.LINK_P], link[d.LINK_Q]))
    first = bursts[burst, c.BURST_ADDRESS] >> offset_bits
    last = (bursts[burst, c.BURST_ADDRESS] + bursts[burst, c.BURST_BYTES] - 1) >> offset_bits
    for line in range(first, last + 1):
        _put(memory, line << offset_bits, bursts[burst, c.BURST_WRITE], burst, offered)
    notes[burst, d.NOTE_LEFT], notes[burst, d.NOTE_LAST] = last - first + 1, 0
    scalars[c.SCALAR_HELD] += last - first + 1
    scalars[c.SCALAR_AWAITED] += 1


@inlined
def _transaction_done(memory: MemoryTables, scalars: Int64Array, bursts: Int64Array, burst: int, at: int, now: int) -> int:
    """Note that a transaction is done in DRAM cycle ``at``. Return the core cycle in which its burst is done, else FAR."""
    link, notes = memory.link, memory.notes
    notes[burst, d.NOTE_LEFT] -= 1
    notes[burst, d.NOTE_LAST] = max(notes[burst, d.NOTE_LAST], at)
    if notes[burst, d.NOTE_LEFT]:
        return FAR
    done = max(_core_cycle_of(notes[burst, d.NOTE_LAST], link[d.LINK_P], link[d.LINK_Q]), now + 1)
    bursts[burst, c.BURST_MEMORY_DONE] = done
    due = c.SCALAR_STORED if bursts[burst, c.BURST_WRITE] else c.SCALAR_ARRIVES
    scalars[due] = min(scalars[due], done)
    scalars[c.SCALAR_AWAITED] -= 1
    return done


@inlined
def _next_cycle(memory: MemoryTables) -> int:
    """Return the next DRAM cycle in which a controller or a FIFO has something to do, or FAR if there is none."""
    channels, fifos = memory.controllers.channels, memory.fifos
    # Most memories have one channel, for which a loop would cost more than its work.
    time = min(channels[0, d.CHANNEL_WAKE], fifos[0, d.FIFO_AT])
    for channel in range(1, memory.controllers.fixed[d.FIXED_CHANNELS]):
        time = min(time, min(channels[channel, d.CHANNEL_WAKE], fifos[channel, d.FIFO_AT]))
    return time


@inlined
def _serve(
    memory: MemoryTables, scalars: Int64Array, bursts: Int64Array, channel: int, time: int, cycle: int
) -> tuple[bool, int]:
    """Run a DRAM cycle of a channel's controller. Core cycle ``cycle`` sees its effects.

    Return (whether there is room for refreshes, the core cycle in which the first burst that now waits for nothing is done, or
    FAR).
    """
    controllers, fifos, done = memory.controllers, memory.fifos, FAR
    channels, slots, answers = controllers.channels, controllers.slots, controllers.answers
    were_free = channels[channel, d.CHANNEL_FREE]
    has_room = step_channel(controllers, channel, time)
    for i in range(were_free, channels[channel, d.CHANNEL_FREE]):
        slot = controllers.free[channel, i]
        scalars[c.SCALAR_HELD] -= 1
        if not slots[d.SLOT_WRITE, slot]:
            burst = slots[d.SLOT_NUMBER, slot]
            done = min(done, _transaction_done(memory, scalars, bursts, burst, answers[d.ANSWER_DEPART, burst], cycle))
    if fifos[channel, d.FIFO_LENGTH] and fifos[channel, d.FIFO_AT] == FAR:
        fifos[channel, d.FIFO_AT] = time
    return has_room, done


@inlined
def _note(memory: MemoryTables, scalars: Int64Array, channel: int, address: int, write: int, kind: int, time: int) -> None:
    """Note a transaction that the controller of a channel accepted in DRAM cycle ``time``."""
    trace, at = memory.trace, scalars[c.SCALAR_TRANSACTIONS]
    trace[at, d.TRACE_AT], trace[at, d.TRACE_CHANNEL], trace[at, d.TRACE_ADDRESS] = time, channel, address
    trace[at, d.TRACE_WRITE], trace[at, d.TRACE_ANSWER] = write, kind
    scalars[c.SCALAR_TRANSACTIONS] = at + 1
    if at + 1 >= scalars[c.SCALAR_TRANSACTION_ROOM]:
        scalars[c.SCALAR_TRACE_IS_FULL] = 1


@inlined
def _offer_head(memory: MemoryTables, scalars: Int64Array, bursts: Int64Array, channel: int, time: int, cycle: int) -> int:
    """Offer the oldest transaction of a FIFO. Return the core cycle in which its burst is done, FAR if it is not."""
    link, fifos, waiting, answers = memory.link, memory.fifos, memory.waiting, memory.controllers.answers
    fifos[channel, d.FIFO_AT] = FAR
    head, row = fifos[channel, d.FIFO_HEAD], channel * d.WAITING_ROWS
    address, write = waiting[row + d.WAITING_ADDRESS, head], waiting[row + d.WAITING_WRITE, head]
    burst = waiting[row + d.WAITING_BURST, head]
    answers[d.ANSWER_KIND, burst] = 0
    if not accept(memory.controllers, address, write, burst, time):
        return FAR
    fifos[channel, d.FIFO_HEAD] = head + 1 if head + 1 < link[d.LINK_PLACES] else 0
    fifos[channel, d.FIFO_LENGTH] -= 1
    if fifos[channel, d.FIFO_LENGTH]:
        fifos[channel, d.FIFO_AT] = time + 1
    kind = answers[d.ANSWER_KIND, burst]
    if cycle < scalars[c.SCALAR_TRANSACTION_END] and cycle >= scalars[c.SCALAR_TRANSACTION_FROM]:
        _note(memory, scalars, channel, address, write, kind, time)
    if kind:
        scalars[c.SCALAR_HELD] -= 1
        link[d.LINK_FORWARDED + kind - 1] += 1
    if write or kind:
        done = time if write else answers[d.ANSWER_DEPART, burst]
        return _transaction_done(memory, scalars, bursts, burst, done, cycle)
    return FAR


@entry(MEMORY_SIGNATURE)
def run_memory(dram: Int64Array, scalars: Int64Array, bursts: Int64Array, burst_lists: Int64Array, now: int, bound: int) -> int:
    """Take the bursts sent in core cycle ``now`` and run the DRAM's cycles before core cycle ``bound``, from event to event.

    The core has nothing to do between ``now`` and ``bound``. The DRAM therefore runs ahead only while it holds transactions, and
    only up to the core cycle in which a burst is done or none is left. Return that cycle, or ``bound``. In a DRAM cycle the
    controllers act first, then the FIFOs offer their heads.
    """
    memory = tables_in(dram, MemoryTables)
    link, fifos, channels = memory.link, memory.fifos, memory.controllers.channels
    for i in range(scalars[c.SCALAR_SENT]):
        _take(memory, scalars, bursts, burst_lists[SENT, i], now)
    scalars[c.SCALAR_SENT] = 0
    while True:
        time = _next_cycle(memory)
        cycle = FAR if time == FAR else _core_cycle_of(time, link[d.LINK_P], link[d.LINK_Q])
        scalars[c.SCALAR_DRAM_NEXT] = cycle
        if cycle >= bound or (cycle > now and scalars[c.SCALAR_HELD] == 0):
            return bound
        for channel in range(memory.controllers.fixed[d.FIXED_CHANNELS]):
            if channels[channel, d.CHANNEL_WAKE] <= time:
                has_room, done = _serve(memory, scalars, bursts, channel, time, cycle)
                if not has_room:
                    scalars[c.SCALAR_OVERRUN] = 1
                    return bound
                bound = min(bound, done)
            if fifos[channel, d.FIFO_AT] <= time:
                bound = min(bound, _offer_head(memory, scalars, bursts, channel, time, cycle))
        if scalars[c.SCALAR_HELD] == 0:
            bound = min(bound, max(cycle, now + 1))
