"""The initial tables of the compiled request controllers, from a resolved standard and a controller's specification."""

from __future__ import annotations

import numpy as np

from simcore.dram.controller import ACCESSES_BEFORE_CONFLICT, ControllerSpec
from simcore.dram.mapping import address_mapping
from simcore.dram.tables import ROLES, ResolvedDram
from simcore.dram.write_pulse import pulse_roles, set_threshold
from simcore.engine.compiled.columns import FAR, NONE
from simcore.engine.compiled.dram import columns as d
from simcore.engine.compiled.dram.device_state import device_tables
from simcore.engine.compiled.dram.tables import ControllerTables, MappingTables
from simcore.program.program import Int64Array

_SCHEDULERS = {
    "frfcfs": d.FRFCFS,
    "frfcfs-rowhit": d.FRFCFS_ROWHIT,
    "fcfs": d.FCFS,
    "bank-round-robin": d.BANK_ROUND_ROBIN,
}
_POLICIES = {"open": d.POLICY_OPEN, "closed-after": d.POLICY_CLOSED_AFTER, "timeout": d.POLICY_TIMEOUT}
_PULSES = {"worst": d.PULSE_WORST, "reset": d.PULSE_RESET, "set": d.PULSE_SET, "random": d.PULSE_RANDOM}
_REFRESH = {"none": d.REFRESH_NONE, "all-bank": d.REFRESH_ALL, "per-bank": d.REFRESH_BANK}


def controller_tables(dram: ResolvedDram, controller: ControllerSpec, requests: int, log_rows: int = 0) -> ControllerTables:
    """Return idle controllers on a closed DRAM, with room for the answers to ``requests`` and for a log of ``log_rows`` commands.

    The standard must allow the controller (`check_controller`).
    """
    fixed = _fixed(dram, controller)
    channels, banks = dram.counts[0], int(np.prod(dram.counts[: dram.bank_level + 1]))
    per_channel = banks // channels
    in_turn = controller.scheduler == "bank-round-robin"
    slots = controller.read_queue + controller.write_queue + per_channel * (controller.bank_queue if in_turn else 1)
    channel_table = np.zeros((channels, d.CHANNEL_COLUMNS), dtype=np.int64)
    channel_table[:, d.CHANNEL_FREE] = slots
    channel_table[:, d.CHANNEL_REFRESH] = fixed[d.FIXED_INTERVAL]
    channel_table[:, d.CHANNEL_WAKE] = 1
    channel_table[:, d.CHANNEL_NEXT_DUE] = NONE
    channel_table[:, d.CHANNEL_TURN] = per_channel - 1
    return ControllerTables(
        device=device_tables(dram, _used(dram, controller), log_rows),
        mapping=_mapping(dram, controller),
        fixed=fixed,
        progress=np.zeros(d.PROGRESS_COLUMNS, dtype=np.int64),
        channels=channel_table,
        slots=np.zeros((d.SLOT_COLUMNS, channels * slots), dtype=np.int64),
        order=np.zeros((channels * d.ORDERS + banks * in_turn, slots), dtype=np.int64),
        free=np.arange(channels * slots, dtype=np.int64).reshape(channels, slots),
        priority=np.zeros((channels * d.PRIORITY_ROWS, d.PRIORITY_ENTRIES), dtype=np.int64),
        uses=np.zeros((d.USE_COLUMNS, banks), dtype=np.int64),
        hit_banks=np.full(banks, NONE, dtype=np.int64),
        counts=np.zeros((banks, d.COUNT_COLUMNS), dtype=np.int64),
        answers=np.zeros((d.ANSWER_COLUMNS, requests), dtype=np.int64),
    )


def _mapping(dram: ResolvedDram, controller: ControllerSpec) -> MappingTables:
    mapping = address_mapping(dram, controller.mapping)
    sizes = np.array(dram.counts, dtype=np.int64)
    # These are copies, because a read-only array has another type in a kernel.
    return MappingTables(mapping.fields.copy(), mapping.xors.copy(), sizes, np.zeros(len(dram.levels), dtype=np.int64))


def _used(dram: ResolvedDram, controller: ControllerSpec) -> set[int]:
    """Return the commands that this controller may issue."""
    names = ["activate", "precharge", "read", "write", *pulse_roles(controller)]
    if controller.row_policy.name == "closed-after":
        names += ["read_precharge", "write_precharge", *[f"{role}_precharge" for role in pulse_roles(controller)]]
    names += {"none": [], "all-bank": ["refresh_all", "precharge_all"], "per-bank": ["refresh_bank"]}[controller.refresh]
    return {dram.roles[name] for name in names} - {NONE}


def _fixed(dram: ResolvedDram, controller: ControllerSpec) -> Int64Array:
    fixed = np.zeros(d.FIXED_COLUMNS, dtype=np.int64)
    fixed[: len(ROLES)] = [dram.roles[role] for role in ROLES]
    policy = controller.row_policy
    fixed[d.FIXED_SCHEDULER] = _SCHEDULERS[controller.scheduler]
    fixed[d.FIXED_POLICY] = _POLICIES[policy.name]
    fixed[d.FIXED_POLICY_LIMIT] = policy.timeout_cycles if policy.name == "timeout" else policy.accesses
    fixed[d.FIXED_REFRESH] = _REFRESH[controller.refresh]
    intervals = {"none": FAR, "all-bank": dram.refresh_interval or FAR, "per-bank": dram.refresh_bank_interval}
    fixed[d.FIXED_INTERVAL] = intervals[controller.refresh]
    fixed[d.FIXED_CHANNELS] = dram.counts[0]
    fixed[d.FIXED_BANKS] = np.prod(dram.counts[1 : dram.bank_level + 1])
    fixed[d.FIXED_READ_QUEUE], fixed[d.FIXED_WRITE_QUEUE] = controller.read_queue, controller.write_queue
    fixed[d.FIXED_DRAIN_ABOVE], fixed[d.FIXED_DRAIN_BELOW] = controller.drain_above, controller.drain_until_below
    fixed[d.FIXED_BANK_QUEUE], fixed[d.FIXED_BEFORE_CONFLICT] = controller.bank_queue, ACCESSES_BEFORE_CONFLICT
    fixed[d.FIXED_BUSES] = len(dram.buses)
    fixed[d.FIXED_READ_CYCLES] = dram.read_latency + dram.burst_cycles
    fixed[d.FIXED_OFFSET_BITS] = dram.offset_bits
    fixed[d.FIXED_BANK_LEVEL] = dram.bank_level
    fixed[d.FIXED_PULSE], fixed[d.FIXED_SEED] = _PULSES[controller.write_pulse.name], controller.write_pulse.seed
    fixed[d.FIXED_SET_SHARE] = set_threshold(controller.write_pulse)
    fixed[d.FIXED_ROW_LEVEL], fixed[d.FIXED_COLUMN_LEVEL] = dram.levels.index("row"), dram.levels.index("column")
    return fixed
