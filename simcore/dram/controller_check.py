"""Whether a standard has what a controller needs."""

from __future__ import annotations

from simcore.dram.controller import ControllerSpec
from simcore.dram.tables import FOLLOWING, LEVEL, PRECEDING, ResolvedDram
from simcore.dram.write_pulse import check_write_pulse
from simcore.errors import InputError

_REFRESH_ROLES = {"none": (), "all-bank": ("refresh_all", "precharge_all"), "per-bank": ("refresh_bank",)}


def check_controller(dram: ResolvedDram, controller: ControllerSpec) -> None:
    """Raise InputError where the standard lacks what the controller needs."""
    needed = ["activate", "precharge", "read", "write"]
    if controller.refresh != "all-bank" or dram.refresh_interval:
        needed += _REFRESH_ROLES[controller.refresh]
    for role in needed:
        if dram.roles[role] < 0:
            raise InputError(f"{dram.name}: no command with role {role}, which refresh {controller.refresh!r} needs")
    if controller.refresh == "per-bank" and not dram.refresh_bank_interval:
        raise InputError(f"{dram.name}: no interval nREFIpb, which refresh 'per-bank' needs")
    if dram.row_level != dram.bank_level:
        raise InputError(f"{dram.name}: the controllers open one row of a bank, and row_level 'subarray' asks for more")
    check_write_pulse(dram, controller)
    issued = {dram.roles[role] for role in (*needed, "read_precharge", "write_precharge")}
    check_subarray_rules(dram, issued)


def check_subarray_rules(dram: ResolvedDram, issued: set[int]) -> None:
    """Raise InputError where a rule between commands of ``issued`` speaks of nodes below those that keep rows open.

    A device keeps none of them apart: whoever issues commands on one asks this first.
    """
    for rule in dram.constraints:
        if rule[LEVEL] > dram.row_level and rule[PRECEDING] in issued and rule[FOLLOWING] in issued:
            names = f"{dram.commands[rule[PRECEDING]]} to {dram.commands[rule[FOLLOWING]]}"
            raise InputError(f"{dram.name}: the controllers keep no subarray apart, as the constraint from {names} asks for")
