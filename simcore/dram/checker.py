"""A check of command streams: every pair of commands against the table's rules, every command against its bank's state.

The checker shares no code with the controllers. It knows the rules and remembers, for every node, the clock of the last commands
of each kind. It can therefore check any stream, from simcore or from another simulator.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from simcore.dram.commands import Command, read_commands
from simcore.dram.tables import HOLDS_NOT, HOLDS_WRITE, NEEDS_CLOSED, NEEDS_OPEN, ResolvedDram, Rule

CLOSED = -1


@dataclass(frozen=True, slots=True)
class Violation:
    """The error of one command: the broken rule, the first legal cycle (or the needed state), and the cycle (or state) found."""

    line: int
    clock: int
    command: str
    rule: str
    needed: str
    came: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.command} breaks {self.rule}: needed {self.needed}, came {self.came}"


def check_file(path: str | Path, dram: ResolvedDram) -> list[Violation]:
    """Return all violations in a file's command stream. Raise InputError if the file cannot be read as one."""
    return check_commands(read_commands(path, dram), dram)


def check_commands(commands: Iterable[Command], dram: ResolvedDram) -> list[Violation]:
    """Return all violations of a command stream, in the order of the stream."""
    checker = _Checker(dram)
    for command in commands:
        checker.take(command)
    return checker.violations


class _Pair(NamedTuple):
    """One rule without a window, as it applies to one following command."""

    name: str
    level: int
    preceding: int
    latency: int
    sibling: bool


class _Came(NamedTuple):
    """A command that came to a node: its clock, its line in the file, and which command."""

    clock: int
    line: int
    command: int


# The last command of a kind at each node.
_History = dict[tuple[int, ...], _Came]


class _Checker:
    def __init__(self, dram: ResolvedDram) -> None:
        self.dram = dram
        self.subarray = dram.bank_level + 1  # index of the level between bank and row, if the table has one
        self.pairs: list[list[_Pair]] = [[] for _ in dram.commands]
        for rule in dram.rules:
            for following in rule.following if rule.window == 1 else ():
                for preceding in rule.preceding:
                    self.pairs[following].append(_Pair(rule.name, rule.level, preceding, rule.latency, rule.sibling))
        # Rules with a window, each with the commands that it counts at each node, the newest last.
        self.windows: list[tuple[Rule, dict[tuple[int, ...], deque[_Came]]]] = [
            (rule, {}) for rule in dram.rules if rule.window > 1
        ]
        self.came: list[list[_History]] = [[{} for _ in dram.timing_levels] for _ in dram.commands]
        self.row: dict[tuple[int, ...], int] = {}  # open banks only (or open subarrays, if each subarray keeps a row open)
        self.bus: dict[tuple[tuple[int, ...], int], tuple[int, int]] = {}
        # The rows that a bank's periphery has, and its peripheries: until when, and the line that gave the row.
        self.held: dict[tuple[int, ...], tuple[int, int]] = {}
        self.peripheries: dict[tuple[int, ...], tuple[int, int]] = {}
        # Commands that must have come to a bank before another does (bank, the other): the node to which they came last.
        self.prepared: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = {}
        self.last = Command(0, -1, 0, ())
        self.violations: list[Violation] = []
        self.has_subarray_rules = any(rule.level == self.subarray for rule in dram.rules)

    def take(self, command: Command) -> None:
        """Check a command and then apply it, whether it was legal or not."""
        node = self.node(command)
        self.check_order(command)
        self.check_bus(command, node)
        self.check_state(command, node)
        self.check_held(command, node)
        self.check_after(command, node)
        for pair in self.pairs[command.command]:
            self.check_pair(command, node, pair)
        for rule, counted in self.windows:
            self.check_window(command, node, rule, counted)
        self.remember(command, node)
        self.change_state(command, node)
        self.last = command

    def node(self, command: Command) -> tuple[int, ...]:
        """Return the path of the node that a command addresses. A bank's command includes the subarray of its row."""
        level = int(self.dram.command_level[command.command])
        depth = min(level, self.dram.bank_level)
        path = command.address[: depth + 1]
        if self.dram.row_level == self.subarray:
            return path if level < self.subarray else (*path, command.address[self.subarray] // self.dram.rows_per_subarray)
        if not self.has_subarray_rules or depth < self.dram.bank_level:
            return path
        row = command.address[self.subarray] if self.dram.opens[command.command] else self.row.get(path, CLOSED)
        return path if row == CLOSED else (*path, row // self.dram.rows_per_subarray)

    def wrong(self, command: Command, rule: str, needed: str, came: str) -> None:
        name = self.dram.commands[command.command]
        self.violations.append(Violation(command.line, command.clock, name, rule, needed, came))

    def check_order(self, command: Command) -> None:
        if command.clock < self.last.clock:
            self.wrong(command, "order", f"cycle {self.last.clock} or later", f"cycle {command.clock}")

    def check_bus(self, command: Command, node: tuple[int, ...]) -> None:
        """Check that each command bus (of a channel, as a rule) carries one command at a time. A hold takes no bus."""
        if self.dram.holds[command.command] != HOLDS_NOT:
            return
        bus = int(self.dram.command_bus[command.command])
        key = (node[: self.dram.bus_level + 1], bus)
        free_at, line = self.bus.get(key, (command.clock, 0))
        if command.clock < free_at:
            needed = f"cycle {free_at} (line {line} holds the bus)"
            self.wrong(command, f"one command at a time on the {self.dram.buses[bus]} bus", needed, f"cycle {command.clock}")
        self.bus[key] = (command.clock + int(self.dram.command_cycles[command.command]), command.line)

    def check_state(self, command: Command, node: tuple[int, ...]) -> None:
        """Note a violation if the banks below the command's node are not in the state that the command needs."""
        dram, index = self.dram, command.command
        bank = node[: dram.row_level + 1]
        is_bank = len(bank) == dram.row_level + 1
        if dram.needs[index] == NEEDS_CLOSED:
            for open_bank, row in self.row.items():
                if open_bank[: len(bank)] == bank:
                    self.wrong(command, "bank closed", "a closed bank", f"bank {_shown(open_bank)} open on row {row}")
        elif dram.needs[index] == NEEDS_OPEN and is_bank:
            row = self.row.get(bank, CLOSED)
            asked = command.address[dram.bank_level + 1]
            if row == CLOSED:
                self.wrong(command, "bank open", "an open bank", f"bank {_shown(bank)} closed")
            elif dram.same_subarray[index]:
                self.check_subarray(command, row, asked)
            elif row != asked and not dram.opens[index]:
                self.wrong(command, "row open", f"row {asked} open", f"row {row} open in bank {_shown(bank)}")

    def check_held(self, command: Command, node: tuple[int, ...]) -> None:
        """Check that no command comes to a row that a bank's periphery has; note a row that it gets, one of a bank at a time."""
        for place in [place for place, (until, _) in self.held.items() if until <= command.clock]:
            del self.held[place]
        for place, (until, line) in self.held.items():
            if place[: len(node)] == node:
                self.wrong(
                    command, "row held by the periphery", f"cycle {until} (line {line} holds it)", f"cycle {command.clock}"
                )
        holds = int(self.dram.holds[command.command])
        if holds == HOLDS_NOT:
            return
        bank, cycles = node[: self.dram.bank_level + 1], command.address[-1]
        free_at, line = self.peripheries.get(bank, (command.clock, 0))
        if command.clock < free_at:
            needed = f"cycle {free_at} (line {line} has it)"
            self.wrong(command, "one row at a time in the periphery of a bank", needed, f"cycle {command.clock}")
        self.peripheries[bank] = command.clock + cycles, command.line
        recovery = self.dram.timing["nWR"] if holds == HOLDS_WRITE else 0
        self.held[node] = command.clock + cycles + recovery, command.line

    def check_after(self, command: Command, node: tuple[int, ...]) -> None:
        """Check that a command which another must precede in its bank comes after it, and only once; note such another."""
        bank, needed = node[: self.dram.bank_level + 1], int(self.dram.after[command.command])
        if needed >= 0 and self.prepared.pop((bank, command.command), None) is None:
            first = self.dram.commands[needed]
            self.wrong(command, f"after {first}", f"{first} in bank {_shown(bank)} before it", "none")
        for follower in (self.dram.after == command.command).nonzero()[0].tolist():
            self.prepared[bank, follower] = node

    def check_subarray(self, command: Command, row: int, asked: int) -> None:
        size = self.dram.rows_per_subarray
        if row // size != asked // size:
            first = row // size * size
            self.wrong(command, "same subarray", f"a row of {first} to {first + size - 1}", f"row {asked}")

    def check_pair(self, command: Command, node: tuple[int, ...], pair: _Pair) -> None:
        """Check one rule at every node of its level that the command affects."""
        # A preceding command that addresses a node above the rule's level is remembered at that higher node.
        depth = min(pair.level, int(self.dram.command_level[pair.preceding]))
        history = self.came[pair.preceding][depth]
        if pair.sibling:
            found = [
                came
                for place, came in history.items()
                if place[:depth] == node[:depth] and len(node) > depth and place[depth] != node[depth]
            ]
        elif len(node) > depth:
            exact = history.get(node[: depth + 1])
            found = [] if exact is None else [exact]
        else:
            found = [came for place, came in history.items() if place[: len(node)] == node]
        for came in found:
            self.check_latency(command, pair.name, came, pair.latency)

    def check_window(
        self, command: Command, node: tuple[int, ...], rule: Rule, counted: dict[tuple[int, ...], deque[_Came]]
    ) -> None:
        """Check a rule with a window at the nodes that the command affects, then count the command there."""
        at = node[: rule.level + 1]
        if command.command in rule.following:
            for place, past in counted.items():
                if place[: len(at)] == at and len(past) >= rule.window:
                    self.check_latency(command, rule.name, past[-rule.window], rule.latency)
        if command.command in rule.preceding:
            times = rule.preceding.count(command.command)
            for place in [at] if len(at) > rule.level else [place for place in counted if place[: len(at)] == at]:
                past = counted.setdefault(place, deque(maxlen=rule.window))
                past.extend([_Came(command.clock, command.line, command.command)] * times)

    def check_latency(self, command: Command, rule: str, came: _Came, latency: int) -> None:
        if command.clock < came.clock + latency:
            earlier = f"{self.dram.commands[came.command]} of line {came.line} at {came.clock}"
            self.wrong(command, rule, f"cycle {came.clock + latency} ({earlier} + {latency})", f"cycle {command.clock}")

    def remember(self, command: Command, node: tuple[int, ...]) -> None:
        """Keep a command's cycle and line at every node on its way, as far back as the longest window looks."""
        for level in range(len(node)):
            self.came[command.command][level][node[: level + 1]] = _Came(command.clock, command.line, command.command)

    def change_state(self, command: Command, node: tuple[int, ...]) -> None:
        """Open or close the banks that a command reaches."""
        bank = node[: self.dram.row_level + 1]
        if self.dram.opens[command.command]:
            self.row[bank] = command.address[self.dram.bank_level + 1]
        elif self.dram.closes[command.command]:
            for closed in [open_bank for open_bank in self.row if open_bank[: len(bank)] == bank]:
                del self.row[closed]
            for key in [key for key, place in self.prepared.items() if place[: len(bank)] == bank]:
                del self.prepared[key]


def _shown(bank: tuple[int, ...]) -> str:
    return ".".join(str(index) for index in bank)
