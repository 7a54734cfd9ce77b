"""One DRAM as several: the rules of each limit apart, so that an issuer can say which limit a command waited for."""

from __future__ import annotations

from dataclasses import replace

from simcore.dram.resolve_rules import constraint_array
from simcore.dram.tables import HOLDS_READ, HOLDS_WRITE, ResolvedDram
from simcore.pim.limits import CAUSES, OWN, cause_of

#: The causes that rules of the table make, in the order of CAUSES, but row copies last, because few runs have any. The issuer
#: itself makes the others.
RULE_CAUSES = (*(cause for cause in CAUSES if cause not in ("periphery", "row_copy", "lock_step")), "row_copy")


def parts_of(dram: ResolvedDram) -> tuple[ResolvedDram, ...]:
    """Return the DRAM with only the rules of single subarrays, then one with the rules of each of RULE_CAUSES.

    A command may come when all of them allow it. Rules of latency 0, which constrain nothing, are in none of them.
    """
    parts = []
    for cause in (OWN, *map(CAUSES.index, RULE_CAUSES)):
        rules = tuple(rule for rule in dram.rules if cause_of(rule, dram) == cause and rule.latency > 0)
        parts.append(replace(dram, rules=rules, constraints=constraint_array(rules)))
    return tuple(parts)


def sensing_cycles(dram: ResolvedDram, command: int) -> int:
    """Return the cycles from an activation until its row can be read or written by this command (RD or WR)."""
    found = [
        rule.latency
        for rule in dram.rules
        if rule.level == dram.row_level and dram.roles["activate"] in rule.preceding and command in rule.following
    ]
    return max(found, default=0)


def hold_commands(dram: ResolvedDram) -> dict[int, int]:
    """Return the commands that give a row to the periphery for reading and writing: by HOLDS_READ and HOLDS_WRITE, NONE is -1."""
    found = {int(kind): command for command, kind in enumerate(dram.holds)}
    return {kind: found.get(kind, -1) for kind in (HOLDS_READ, HOLDS_WRITE)}
