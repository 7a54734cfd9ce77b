"""One cycle of one channel in the compiled engine: its refreshes, its row policy, and a command on each bus."""

from __future__ import annotations

from simcore.engine.compiled.columns import FAR
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.bank_turns import step_in_turn
from simcore.engine.compiled.dram.priority import apply_policy, push_refresh
from simcore.engine.compiled.dram.step import step_bus
from simcore.engine.compiled.jit import inlined
from simcore.program.program import Int64Array


@inlined
def step_channel(
    fixed: Int64Array,
    scalars: Int64Array,
    commands: Int64Array,
    rules: Int64Array,
    rings: Int64Array,
    ready: Int64Array,
    banks: Int64Array,
    ranks: Int64Array,
    counts: Int64Array,
    issued: Int64Array,
    hit_banks: Int64Array,
    channels: Int64Array,
    slots: Int64Array,
    order: Int64Array,
    priority: Int64Array,
    free: Int64Array,
    log: Int64Array,
    depart: Int64Array,
    channel: int,
    now: int,
) -> bool:
    """A cycle of a channel's controller, which notes when to look again; False if there is no room for refreshes."""
    has_room = channels[channel, d.CHANNEL_PRIORITY] + 2 * fixed[d.FIXED_BANKS] <= d.PRIORITY_ENTRIES
    if has_room and channels[channel, d.CHANNEL_REFRESH] == now:
        push_refresh(fixed, channels, commands, priority, channel)
    soonest = FAR
    if fixed[d.FIXED_POLICY] != d.POLICY_OPEN:
        soonest = apply_policy(fixed, channels, banks, ready, priority, channel, now)
    if fixed[d.FIXED_SCHEDULER] == d.BANK_ROUND_ROBIN:
        due = step_in_turn(
            fixed,
            scalars,
            commands,
            rules,
            rings,
            ready,
            banks,
            ranks,
            counts,
            issued,
            channels,
            slots,
            order,
            priority,
            free,
            log,
            depart,
            channel,
            now,
        )
        soonest = min(soonest, due)
    else:
        for bus in range(fixed[d.FIXED_BUSES]):
            due = step_bus(
                fixed,
                scalars,
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
                bus,
                now,
            )
            soonest = min(soonest, due)
    channels[channel, d.CHANNEL_WAKE] = min(max(soonest, now + 1), channels[channel, d.CHANNEL_REFRESH])
    return has_room
