"""The DRAM device of the reference engine: a tree of nodes that know when each command may come, and the open rows.

The device knows commands but not their purpose. Requests, refreshes and micro-programs belong to the issuers of commands. An
issuer asks `Device.ready_at` and `Device.open_row`, and sends with `Device.issue`.
"""

from __future__ import annotations

from collections import deque
from itertools import product

from simcore.dram.tables import FOLLOWING, LATENCY, LEVEL, PRECEDING, SIBLING, WINDOW, ResolvedDram
from simcore.engine.reference.dram.record import CommandRecord, Node

#: An address: the numbers per level from the channel to the bank, or to the subarray if each subarray keeps a row open. None
#: addresses every node of its level.
Address = tuple[int | None, ...]


class Device:
    """One channel's banks. The device applies every constraint of the standard to each node of the constraint's level.

    ``open_row`` is the open row of each bank, or None for a closed bank. The device notes each command in ``record``. If each
    subarray keeps a row open (`ResolvedDram.row_level`), "bank" means a subarray, here and in the record.
    """

    def __init__(self, dram: ResolvedDram, channel: int, record: CommandRecord) -> None:
        self.dram, self.channel, self.record = dram, channel, record
        self.banks = list(product([channel], *(range(count) for count in dram.node_counts[1:])))
        self.open_row: dict[Node, int | None] = dict.fromkeys(self.banks)
        self._ready: dict[tuple[Node, int], int] = {}
        self._rules: dict[tuple[int, int], list[tuple[int, int, bool]]] = {}
        for row in dram.constraints.tolist():
            if row[WINDOW] == 1:
                rule = (row[FOLLOWING], row[LATENCY], bool(row[SIBLING]))
                self._rules.setdefault((row[LEVEL], row[PRECEDING]), []).append(rule)
        self._windows = [rule for rule in dram.rules if rule.window > 1]
        #: The last cycles of the commands that a rule with a window counts at a node, the newest last.
        self._counted: dict[tuple[Node, int], deque[int]] = {}

    def below(self, address: Address) -> list[Node]:
        """Return the banks that an address reaches."""
        if None not in address:
            return [address]  # type: ignore[list-item]
        return [bank for bank in self.banks if all(want in (None, got) for want, got in zip(address, bank, strict=True))]

    def is_open(self, address: Address) -> bool:
        """Return whether a row is open in any bank that an address reaches."""
        return any(self.open_row[bank] is not None for bank in self.below(address))

    def is_ready(self, command: int, address: Address, now: int) -> bool:
        """Return whether all nodes on the way to the address, and all nodes below the address, may take the command now."""
        return all(self._ready.get((node, command), 0) <= now for node in self._nodes(address))

    def ready_at(self, command: int, address: Address) -> int:
        """Return the first cycle in which all these nodes may take the command."""
        return max(self._ready.get((node, command), 0) for node in self._nodes(address))

    def issue(self, command: int, address: Address, row: int, column: int, now: int) -> None:
        """Take a command, which must be ready. Apply the constraints at every node concerned, and open or close rows."""
        for node in self._nodes(address):
            for following, latency, sibling in self._rules.get((len(node) - 1, command), ()):
                if sibling:
                    for other in range(self.dram.node_counts[len(node) - 1]):
                        if other != node[-1]:
                            self._delay((*node[:-1], other), following, now + latency)
                else:
                    self._delay(node, following, now + latency)
            self._count(command, node, now)
        reached = self.below(address)
        for bank in reached:
            if self.dram.opens[command]:
                self._set_row(bank, row, now)
            elif self.dram.closes[command]:
                self._set_row(bank, None, now)
        self.record.note(command, reached[0], row, column, now)

    def _count(self, command: int, node: Node, now: int) -> None:
        """Apply the rules with a window: a command counts as often as the rule lists it."""
        for number, rule in enumerate(self._windows):
            if rule.level == len(node) - 1 and command in rule.preceding:
                past = self._counted.setdefault((node, number), deque(maxlen=rule.window))
                past.extend([now] * rule.preceding.count(command))
                if len(past) == rule.window:
                    for following in rule.following:
                        self._delay(node, following, past[0] + rule.latency)

    def _set_row(self, bank: Node, row: int | None, now: int) -> None:
        was_open, self.open_row[bank] = self.open_row[bank] is not None, row
        if was_open != (row is not None):
            self.record.note_open(bank, 1 if row is not None else -1, now)

    def _delay(self, node: Node, command: int, until: int) -> None:
        self._ready[node, command] = max(until, self._ready.get((node, command), 0))

    def _nodes(self, address: Address) -> list[Node]:
        """Return every node, from the channel to the banks, on the way to an address or below it."""
        if None not in address:
            return [address[: level + 1] for level in range(self.dram.row_level + 1)]  # type: ignore[misc]
        return list(dict.fromkeys(bank[: level + 1] for bank in self.below(address) for level in range(self.dram.row_level + 1)))
