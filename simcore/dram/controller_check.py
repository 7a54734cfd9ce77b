"""A check that a standard has what a controller needs."""

from __future__ import annotations

from simcore.dram.controller import ControllerSpec
from simcore.dram.tables import FOLLOWING, LEVEL, PRECEDING, ResolvedDram
from simcore.dram.write_pulse import check_write_pulse
from simcore.errors import InputError

_REFRESH_ROLES = {"none": (), "all-bank": ("refresh_all", "precharge_all"), "per-bank": ("refresh_bank",)}

#: Roles of commands that address a whole rank or pseudo-channel, the table's refresh_level. The others address a bank.
_OF_RANKS = ("precharge_all", "refresh_all")


def check_controller(dram: ResolvedDram, controller: ControllerSpec) -> None:
    """Raise InputError if the standard lacks something that the controller needs."""
    needed = ["activate", "precharge", "read", "write"]
    if controller.refresh != "all-bank" or dram.refresh_interval:
        needed += _REFRESH_ROLES[controller.refresh]
    for role in needed:
        if dram.roles[role] < 0:
            raise InputError(f"{dram.name}: no command with role {role}, which refresh {controller.refresh!r} needs")
    if controller.refresh == "per-bank" and not dram.refresh_bank_interval:
        raise InputError(f"{dram.name}: no interval nREFIpb, which refresh 'per-bank' needs")
    if dram.row_level != dram.bank_level:
        raise InputError(f"{dram.name}: the controllers open one row per bank, but row_level 'subarray' allows more")
    _check_levels(dram)
    check_write_pulse(dram, controller)
    issued = {dram.roles[role] for role in (*needed, "read_precharge", "write_precharge")}
    check_subarray_rules(dram, issued)


def _check_levels(dram: ResolvedDram) -> None:
    """Raise InputError for a command with a role that addresses other nodes than the controllers mean by this role."""
    for role, number in dram.roles.items():
        wanted = dram.rank_level if role in _OF_RANKS else dram.bank_level
        if number >= 0 and dram.command_level[number] != wanted:
            name, got = dram.commands[number], dram.timing_levels[dram.command_level[number]]
            expected = f"expected level '{dram.timing_levels[wanted]}' for the role {role}"
            raise InputError(f"{dram.name}: commands.{name}: {expected}, got '{got}'")


def check_subarray_rules(dram: ResolvedDram, issued: set[int]) -> None:
    """Raise InputError if a rule between commands of ``issued`` applies to nodes below those that keep rows open.

    A device does not track such nodes, so whoever issues commands on a device must make this check first.
    """
    for rule in dram.constraints:
        if rule[LEVEL] > dram.row_level and rule[PRECEDING] in issued and rule[FOLLOWING] in issued:
            names = f"{dram.commands[rule[PRECEDING]]} to {dram.commands[rule[FOLLOWING]]}"
            raise InputError(f"{dram.name}: the controllers track no subarrays, but the constraint from {names} needs them")
