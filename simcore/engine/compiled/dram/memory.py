"""The DRAM as main memory in the compiled engine: bursts become transactions, and DRAM cycles run from event to event."""

from __future__ import annotations

from simcore.clock import core_cycle_of, domain_cycle_at
from simcore.engine.compiled import columns as c
from simcore.engine.compiled.columns import FAR
from simcore.engine.compiled.dma import SENT
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.channel import step_channel
from simcore.engine.compiled.dram.flat_tables import table_of, vector_of
from simcore.engine.compiled.dram.kernel import accept
from simcore.engine.compiled.dram.memory_state import TABLES
from simcore.engine.compiled.dram.queues import decode
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array

_core_cycle_of = inlined(core_cycle_of)
_domain_cycle_at = inlined(domain_cycle_at)

_FIXED, _SCALARS, _COMMANDS, _RULES, _RINGS, _READY, _BANKS, _RANKS = (
    TABLES.index(name) for name in ("fixed", "scalars", "commands", "rules", "rings", "ready", "banks", "ranks")
)
_COUNTS, _ISSUED, _HIT_BANKS, _CHANNELS, _SLOTS, _ORDER, _PRIORITY, _FREE = (
    TABLES.index(name) for name in ("counts", "issued", "hit_banks", "channels", "slots", "order", "priority", "free")
)
_FIELDS, _XORS, _NUMBERS, _SIZES, _LOG, _LINK, _FIFOS, _WAITING, _NOTES, _ARRIVE, _DEPART, _KIND = (
    TABLES.index(name)
    for name in ("fields", "xors", "numbers", "sizes", "log", "link", "fifos", "waiting", "notes", "arrive", "depart", "kind")
)


@inlined
def _take(
    scalars: Int64Array,
    bursts: Int64Array,
    fixed: Int64Array,
    fields: Int64Array,
    xors: Int64Array,
    numbers: Int64Array,
    link: Int64Array,
    fifos: Int64Array,
    waiting: Int64Array,
    notes: Int64Array,
    burst: int,
    now: int,
) -> None:
    """Put the transactions of a burst into the FIFOs of their channels, by rising address."""
    # The DRAM cycles of a layer's first core cycle may have been run in the layer before.
    offered = max(link[d.LINK_BEGIN], _domain_cycle_at(now, link[d.LINK_P], link[d.LINK_Q]))
    first = bursts[burst, c.BURST_ADDRESS] >> fixed[d.FIXED_OFFSET_BITS]
    last = (bursts[burst, c.BURST_ADDRESS] + bursts[burst, c.BURST_BYTES] - 1) >> fixed[d.FIXED_OFFSET_BITS]
    for line in range(first, last + 1):
        address, channel = line << fixed[d.FIXED_OFFSET_BITS], 0
        if fixed[d.FIXED_CHANNELS] > 1:
            decode(fields, xors, numbers, address)
            channel = numbers[0]
        at = (fifos[channel, d.FIFO_HEAD] + fifos[channel, d.FIFO_LENGTH]) % link[d.LINK_PLACES]
        waiting[channel * d.WAITING_ROWS + d.WAITING_ADDRESS, at] = address
        waiting[channel * d.WAITING_ROWS + d.WAITING_WRITE, at] = bursts[burst, c.BURST_WRITE]
        waiting[channel * d.WAITING_ROWS + d.WAITING_BURST, at] = burst
        if fifos[channel, d.FIFO_LENGTH] == 0:
            fifos[channel, d.FIFO_AT] = offered
        fifos[channel, d.FIFO_LENGTH] += 1
    notes[burst, d.NOTE_LEFT], notes[burst, d.NOTE_LAST] = last - first + 1, 0
    scalars[c.SCALAR_HELD] += last - first + 1
    scalars[c.SCALAR_AWAITED] += 1


@inlined
def _transaction_done(
    scalars: Int64Array, bursts: Int64Array, link: Int64Array, notes: Int64Array, burst: int, at: int, now: int
) -> int:
    """Note that a transaction is done in DRAM cycle ``at``; returns the core cycle in which its burst is, FAR while it is not."""
    notes[burst, d.NOTE_LEFT] -= 1
    notes[burst, d.NOTE_LAST] = max(notes[burst, d.NOTE_LAST], at)
    if notes[burst, d.NOTE_LEFT]:
        return FAR
    done = max(_core_cycle_of(notes[burst, d.NOTE_LAST], link[d.LINK_P], link[d.LINK_Q]), now + 1)
    bursts[burst, c.BURST_MEMORY_DONE] = done
    if not bursts[burst, c.BURST_WRITE]:
        scalars[c.SCALAR_ARRIVES] = min(scalars[c.SCALAR_ARRIVES], done)
    scalars[c.SCALAR_AWAITED] -= 1
    return done


def run_memory(dram: Int64Array, scalars: Int64Array, bursts: Int64Array, burst_lists: Int64Array, now: int, bound: int) -> int:
    """Take what was sent in core cycle ``now`` and run the DRAM's cycles before core cycle ``bound``, from event to event.

    The core has nothing to do after ``now`` and before ``bound``. So the DRAM runs ahead only while it holds transactions, and no
    further than to the core cycle in which a burst is done or none is left: returns that cycle, or ``bound``. In a DRAM cycle the
    controllers come first, then the heads of the FIFOs are offered.
    """
    fixed, state = vector_of(dram, _FIXED), vector_of(dram, _SCALARS)
    commands, rules, rings, ready = (
        table_of(dram, _COMMANDS),
        table_of(dram, _RULES),
        table_of(dram, _RINGS),
        table_of(dram, _READY),
    )
    banks, ranks = table_of(dram, _BANKS), table_of(dram, _RANKS)
    counts, issued, hit_banks = table_of(dram, _COUNTS), table_of(dram, _ISSUED), vector_of(dram, _HIT_BANKS)
    channels, slots, order = table_of(dram, _CHANNELS), table_of(dram, _SLOTS), table_of(dram, _ORDER)
    priority, free, log = table_of(dram, _PRIORITY), table_of(dram, _FREE), table_of(dram, _LOG)
    fields, xors = table_of(dram, _FIELDS), table_of(dram, _XORS)
    numbers, sizes = vector_of(dram, _NUMBERS), vector_of(dram, _SIZES)
    link, fifos, waiting = vector_of(dram, _LINK), table_of(dram, _FIFOS), table_of(dram, _WAITING)
    notes = table_of(dram, _NOTES)
    arrive, depart, kind = vector_of(dram, _ARRIVE), vector_of(dram, _DEPART), vector_of(dram, _KIND)
    for i in range(scalars[c.SCALAR_SENT]):
        _take(scalars, bursts, fixed, fields, xors, numbers, link, fifos, waiting, notes, burst_lists[SENT, i], now)
    scalars[c.SCALAR_SENT] = 0
    while True:
        time = FAR
        for channel in range(fixed[d.FIXED_CHANNELS]):
            time = min(time, min(channels[channel, d.CHANNEL_WAKE], fifos[channel, d.FIFO_AT]))
        cycle = FAR if time == FAR else _core_cycle_of(time, link[d.LINK_P], link[d.LINK_Q])
        scalars[c.SCALAR_DRAM_NEXT] = cycle
        if cycle >= bound or (cycle > now and scalars[c.SCALAR_HELD] == 0):
            return bound
        for channel in range(fixed[d.FIXED_CHANNELS]):
            if channels[channel, d.CHANNEL_WAKE] <= time:
                were_free = channels[channel, d.CHANNEL_FREE]
                if not step_channel(
                    fixed,
                    state,
                    commands,
                    rules,
                    rings,
                    ready,
                    banks,
                    ranks,
                    counts,
                    issued,
                    hit_banks,
                    channels,
                    slots,
                    order,
                    priority,
                    free,
                    log,
                    depart,
                    channel,
                    time,
                ):
                    scalars[c.SCALAR_OVERRUN] = 1
                    return bound
                for i in range(were_free, channels[channel, d.CHANNEL_FREE]):
                    slot = free[channel, i]
                    scalars[c.SCALAR_HELD] -= 1
                    if not slots[d.SLOT_WRITE, slot]:
                        burst = slots[d.SLOT_NUMBER, slot]
                        bound = min(bound, _transaction_done(scalars, bursts, link, notes, burst, depart[burst], cycle))
                if fifos[channel, d.FIFO_LENGTH] and fifos[channel, d.FIFO_AT] == FAR:
                    fifos[channel, d.FIFO_AT] = time
            if fifos[channel, d.FIFO_AT] <= time:
                fifos[channel, d.FIFO_AT] = FAR
                head = fifos[channel, d.FIFO_HEAD]
                burst = waiting[channel * d.WAITING_ROWS + d.WAITING_BURST, head]
                kind[burst] = 0
                if accept(
                    fixed,
                    state,
                    fields,
                    xors,
                    numbers,
                    sizes,
                    channels,
                    slots,
                    order,
                    free,
                    waiting[channel * d.WAITING_ROWS + d.WAITING_ADDRESS, head],
                    waiting[channel * d.WAITING_ROWS + d.WAITING_WRITE, head],
                    burst,
                    arrive,
                    depart,
                    kind,
                    time,
                ):
                    fifos[channel, d.FIFO_HEAD] = head + 1 if head + 1 < link[d.LINK_PLACES] else 0
                    fifos[channel, d.FIFO_LENGTH] -= 1
                    if fifos[channel, d.FIFO_LENGTH]:
                        fifos[channel, d.FIFO_AT] = time + 1
                    if kind[burst]:
                        scalars[c.SCALAR_HELD] -= 1
                        link[d.LINK_FORWARDED + kind[burst] - 1] += 1
                    if bursts[burst, c.BURST_WRITE]:
                        bound = min(bound, _transaction_done(scalars, bursts, link, notes, burst, time, cycle))
                    elif kind[burst]:
                        bound = min(bound, _transaction_done(scalars, bursts, link, notes, burst, depart[burst], cycle))
        if scalars[c.SCALAR_HELD] == 0:
            bound = min(bound, max(cycle, now + 1))
