"""What limits activations in a DRAM that computes: which limits hold, how activations are counted, and which rule makes which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from simcore.dram.resolve import load_dram
from simcore.dram.standard import pim_names
from simcore.dram.tables import ResolvedDram, Rule
from simcore.errors import InputError, did_you_mean

Refresh = Literal["none", "all-bank", "per-bank"]
REFRESHES: tuple[Refresh, ...] = ("none", "all-bank", "per-bank")

#: The causes of a wait, in the order in which a cycle is charged: to the first that held it up. `transfer` is the data bus,
#: `periphery` the logic of a bank that is given rows, `row_copy` the links between its subarrays. The others keep an operation or
#: its commands from coming earlier.
CAUSES = ("transfer", "periphery", "row_copy", "refresh", "power", "tFAW", "tRRD", "command_bus", "lock_step")
#: The timing from which the table makes the rules of a limit. The rules of refresh and transfers are those of their commands.
_TIMINGS = {"nRRD": "tRRD", "nRRDS": "tRRD", "nRRDL": "tRRD", "nFAW": "tFAW", "nPOW": "power", "nCMD": "command_bus"}
#: The commands of row copies: from row buffer to row buffer, and the activation of the row that takes the value.
LINK, LAND = "LINK", "LAND"
#: The cause number of rules that belong to one subarray alone. Waiting for them is computing.
OWN = -1


@dataclass(frozen=True)
class PimLimits:
    """The limits that hold. ``power_cycles`` is the period in which 32 activations are allowed; 0 means no such limit.

    An AAP counts as ``aap_activations`` activations (1: its second one counts for nothing). Several rows that are raised together
    count as one activation or, with ``count_rows``, each row as one.
    """

    trrd: bool = True
    tfaw: bool = True
    command_bus: bool = True
    power_cycles: int = 0
    refresh: Refresh = "all-bank"
    aap_activations: int = 1
    count_rows: bool = False

    def __post_init__(self) -> None:
        if self.aap_activations not in (1, 2):
            raise InputError(f"expected an AAP to count as 1 or 2 activations, got {self.aap_activations}")
        if self.refresh not in REFRESHES:
            raise InputError(f"no refresh '{self.refresh}'", hint=did_you_mean(self.refresh, REFRESHES))
        if self.power_cycles < 0:
            raise InputError(f"expected a power period of at least 0 cycles, got {self.power_cycles}")


#: No limit at all: each subarray computes as if it were alone.
NO_LIMITS = PimLimits(trrd=False, tfaw=False, command_bus=False, refresh="none")


def load_pim_dram(name: str, limits: PimLimits, overrides: Mapping[str, int] | None = None) -> ResolvedDram:
    """Return a DRAM that computes, without the timings of limits that do not hold (they become 0).

    ``name`` is a preset (``ddr4_2400r`` means ``pim-ddr4_2400r``) or a table as `load_dram` takes it. Raise InputError for a DRAM
    that has no command to raise several rows.
    """
    found = f"pim-{name}" if f"pim-{name}" in pim_names() else name
    dram = load_dram(found, overrides)
    if "COPY" not in dram.commands or dram.timing_levels[dram.row_level] != "subarray":
        hint = f"DRAM that computes: {', '.join(pim_names())}"
        raise InputError(f"{dram.name}: no command COPY, so its subarrays cannot compute", hint=hint)
    off = {"tRRD": limits.trrd, "tFAW": limits.tfaw, "command_bus": limits.command_bus, "power": limits.power_cycles > 0}
    replaced = {timing: 0 for timing, cause in _TIMINGS.items() if timing in dram.timing and not off[cause]}
    if limits.power_cycles:
        replaced["nPOW"] = limits.power_cycles
    dram = load_dram(found, {**(overrides or {}), **replaced})
    _check(dram, limits)
    return dram


def cause_of(rule: Rule, dram: ResolvedDram) -> int:
    """Return the index in CAUSES of the limit that a rule belongs to, or OWN."""
    if any(dram.refreshes[command] for command in (*rule.preceding, *rule.following)) and "nCMD" not in rule.expression:
        return CAUSES.index("refresh")
    found = [_TIMINGS[name] for name in re.findall(r"\w+", rule.expression) if name in _TIMINGS]
    if found:
        return CAUSES.index(found[0])
    if {LINK, LAND} & {dram.commands[command] for command in (*rule.preceding, *rule.following)}:
        return CAUSES.index("row_copy")
    moves = any(dram.reads[command] or dram.writes[command] for command in (*rule.preceding, *rule.following))
    return CAUSES.index("transfer") if moves else OWN


def _check(dram: ResolvedDram, limits: PimLimits) -> None:
    """Check what the issuers rely on: each command of a subarray takes time, and refreshes leave time to compute."""
    for name in ("nAAD", "nRAS", "nRP"):
        if dram.timing[name] < 1:
            raise InputError(f"{dram.name}: expected {name} of at least 1 cycle, got {dram.timing[name]}")
    if dram.timing["nAAD"] > dram.timing["nRAS"]:
        raise InputError(f"{dram.name}: expected nAAD of at most nRAS ({dram.timing['nRAS']}), got {dram.timing['nAAD']}")
    row_cycle = dram.timing["nRAS"] + dram.timing["nWLOV"] + dram.timing["nRP"]
    role = {"none": None, "all-bank": "refresh_all", "per-bank": "refresh_bank"}[limits.refresh]
    if role is not None and dram.roles[role] < 0:
        raise InputError(f"{dram.name}: has no {limits.refresh} refresh")
    if limits.refresh == "all-bank" and dram.refresh_interval < dram.timing["nRFC"] + 2 * row_cycle:
        raise InputError(f"{dram.name}: refreshes leave no time to compute (tREFI {dram.refresh_interval} cycles)")
    banks = 1
    for count in dram.node_counts[: dram.bank_level + 1]:
        banks *= count
    if limits.refresh == "per-bank" and dram.refresh_bank_interval * banks < dram.timing["nRFCpb"] + 2 * row_cycle:
        raise InputError(f"{dram.name}: refreshes leave no time to compute (tREFIpb {dram.refresh_bank_interval} cycles)")
