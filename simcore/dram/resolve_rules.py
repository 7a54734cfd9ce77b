"""Constraints as integers, with names looked up, latencies evaluated, and multi-cycle commands and shared buses included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from simcore.dram.expression import evaluate
from simcore.dram.schema import ConstraintSpec
from simcore.dram.standard import Standard
from simcore.dram.tables import CONSTRAINT_COLUMNS, IntArray, Rule
from simcore.errors import InputError, did_you_mean


def resolved_rules(standard: Standard, timing: Mapping[str, int], tck_ps: int) -> tuple[Rule, ...]:
    """Return the rules of the table, then the rules of buses that a command occupies for several cycles.

    A table counts a latency from the last cycle of the preceding command to the last cycle of the following one, because a
    command is complete only then. A rule counts between the first cycles, in which commands are issued. A latency below 0
    constrains nothing and becomes 0. Raise InputError for a constraint that names an unknown level, command or timing.
    """
    rules = [rule for name in standard.spec.constraints for rule in _rules_of(standard, name, timing, tck_ps)]
    return tuple(rules + list(_bus_rules(standard)))


def constraint_array(rules: Sequence[Rule]) -> IntArray:
    """Return one row per (preceding, following) pair, each once, in the order of the rules. The array is read-only.

    The rows do not say which commands a rule with a window counts together. `ResolvedDram.rules` does.
    """
    rows = [
        (rule.level, preceding, following, rule.latency, rule.window, int(rule.sibling))
        for rule in rules
        for preceding in rule.preceding
        for following in rule.following
    ]
    array = np.array(list(dict.fromkeys(rows)), dtype=np.int64).reshape(-1, CONSTRAINT_COLUMNS)
    array.flags.writeable = False
    return array


def _rules_of(standard: Standard, name: str, timing: Mapping[str, int], tck_ps: int) -> Iterator[Rule]:
    spec, constraint = standard.spec, standard.spec.constraints[name]
    where = standard.where("constraints", name)
    if constraint.level not in spec.levels:
        message = f"constraints.{name}: no level '{constraint.level}'"
        raise InputError(message, standard.where("constraints", name, "level"), did_you_mean(constraint.level, spec.levels))
    latency = evaluate(constraint.latency, _lookup(standard, name, timing), tck_ps, where)
    groups: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
    for preceding, following, lengths in _pairs(standard, name, constraint):
        before, after = groups.setdefault(lengths, ([], []))
        before.append(preceding)
        after.append(following)
    counted = _counted_together(standard, name, constraint) if constraint.window > 1 else None
    for (first, second), (before, after) in groups.items():
        yield Rule(
            name=name,
            level=spec.levels.index(constraint.level),
            preceding=counted or tuple(dict.fromkeys(before)),
            following=tuple(dict.fromkeys(after)),
            latency=max(0, latency + first - second),
            window=constraint.window,
            sibling=constraint.sibling,
            expression=constraint.latency,
            source=constraint.source or spec.sources.get("constraints", ""),
        )


def _counted_together(standard: Standard, name: str, constraint: ConstraintSpec) -> tuple[int, ...]:
    """Return the preceding commands of a rule with a window, each as often as it counts."""
    spec, where = standard.spec, standard.where("constraints", name)
    if len({spec.commands[command].cycles for command in constraint.preceding}) > 1:
        raise InputError(f"constraints.{name}.preceding: expected commands of as many cycles in a window", where)
    if constraint.sibling:
        raise InputError(f"constraints.{name}: expected no window between siblings", where)
    return tuple(list(spec.commands).index(command) for command in constraint.preceding)


def _pairs(standard: Standard, name: str, constraint: ConstraintSpec) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Yield every (preceding, following) pair of commands and their lengths in bus cycles."""
    commands = list(standard.spec.commands)
    for side in ("preceding", "following"):
        listed = getattr(constraint, side)
        if not listed:
            raise InputError(f"constraints.{name}.{side}: expected a command, got none", standard.where("constraints", name))
        for position, command in enumerate(listed):
            if command not in commands:
                where = standard.where("constraints", name, side, position)
                raise InputError(f"constraints.{name}.{side}: no command '{command}'", where, did_you_mean(command, commands))
    cycles = {command: spec.cycles for command, spec in standard.spec.commands.items()}
    for preceding in constraint.preceding:
        for following in constraint.following:
            yield commands.index(preceding), commands.index(following), (cycles[preceding], cycles[following])


def _lookup(standard: Standard, name: str, timing: Mapping[str, int]) -> Callable[[str], int]:
    where = standard.where("constraints", name, "latency")

    def value_of(parameter: str) -> int:
        """Return the cycles of a timing. Raise InputError, which names the constraint, for an unknown or missing one."""
        if parameter in timing:
            return timing[parameter]
        if parameter in standard.spec.parameters:
            raise InputError(f"constraints.{name}: timing '{parameter}' is missing: no speed or organisation gives it", where)
        hint = did_you_mean(parameter, standard.spec.parameters)
        raise InputError(f"constraints.{name}: unknown timing '{parameter}'", where, hint)

    return value_of


def _bus_rules(standard: Standard) -> Iterator[Rule]:
    """Yield the rules of buses: a command of several cycles holds its bus, which a node of the bus's level shares."""
    spec = standard.spec
    buses = {name: None if command.holds else command.bus or spec.buses[0] for name, command in spec.commands.items()}
    for index, (name, command) in enumerate(spec.commands.items()):
        if command.cycles > 1 and command.holds is None:
            sharing = tuple(position for position, other in enumerate(buses) if buses[other] == buses[name])
            yield Rule(
                name=f"{buses[name]} bus held by {name}",
                level=spec.levels.index(spec.bus_level),
                preceding=(index,),
                following=sharing,
                latency=command.cycles,
                window=1,
                sibling=False,
                expression=str(command.cycles),
                source=spec.sources.get("commands", ""),
            )
