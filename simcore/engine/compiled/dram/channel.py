"""One cycle of one channel in the compiled engine: refreshes, row policy, and a command on each bus."""

from __future__ import annotations

from simcore.engine.compiled.columns import FAR
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.bank_turns import step_in_turn
from simcore.engine.compiled.dram.priority import apply_policy, push_refresh
from simcore.engine.compiled.dram.step import step_bus
from simcore.engine.compiled.dram.tables import ControllerTables
from simcore.engine.compiled.jit import inlined


@inlined
def step_channel(tables: ControllerTables, channel: int, now: int) -> bool:
    """Run a cycle of a channel's controller, which notes when to look again. Return False if there is no room for refreshes."""
    fixed, channels = tables.fixed, tables.channels
    has_room = channels[channel, d.CHANNEL_PRIORITY] + 2 * fixed[d.FIXED_BANKS] <= d.PRIORITY_ENTRIES
    if has_room and channels[channel, d.CHANNEL_REFRESH] == now:
        push_refresh(tables, channel)
    soonest = FAR
    if fixed[d.FIXED_POLICY] != d.POLICY_OPEN:
        soonest = apply_policy(tables, channel, now)
    if fixed[d.FIXED_SCHEDULER] == d.BANK_ROUND_ROBIN:
        soonest = min(soonest, step_in_turn(tables, channel, now))
    else:
        for bus in range(fixed[d.FIXED_BUSES]):
            soonest = min(soonest, step_bus(tables, channel, bus, now))
    channels[channel, d.CHANNEL_WAKE] = min(max(soonest, now + 1), channels[channel, d.CHANNEL_REFRESH])
    return has_room
