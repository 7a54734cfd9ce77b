"""The DRAM itself in the reference engine: a tree of nodes that know when each command may come, and the rows that are open."""

from __future__ import annotations

from collections import deque
from itertools import product

from simcore.dram.tables import FOLLOWING, LATENCY, LEVEL, PRECEDING, SIBLING, WINDOW, ResolvedDram

#: An address: the numbers per level from the channel to the bank; None addresses every node of that level.
Address = tuple[int | None, ...]
Node = tuple[int, ...]


class Device:
    """One channel's banks. Every constraint of the standard is applied at the nodes of its level, one by one."""

    def __init__(self, dram: ResolvedDram, channel: int) -> None:
        self.dram, self.channel, self.bank_level = dram, channel, dram.bank_level
        self.banks = list(product([channel], *(range(count) for count in dram.counts[1 : dram.bank_level + 1])))
        self.open_row: dict[Node, int | None] = dict.fromkeys(self.banks)
        self._ready: dict[tuple[Node, int], int] = {}
        self._history: dict[tuple[Node, int], deque[int]] = {}
        self._rules: dict[tuple[int, int], list[tuple[int, int, int, bool]]] = {}
        for row in dram.constraints.tolist():
            rule = (row[FOLLOWING], row[LATENCY], row[WINDOW], bool(row[SIBLING]))
            self._rules.setdefault((row[LEVEL], row[PRECEDING]), []).append(rule)
        self._longest = int(dram.constraints[:, WINDOW].max(initial=1))

    def below(self, address: Address) -> list[Node]:
        """The banks that an address reaches."""
        return [bank for bank in self.banks if all(want in (None, got) for want, got in zip(address, bank, strict=True))]

    def is_open(self, address: Address) -> bool:
        """Whether a row is open in any bank that an address reaches."""
        return any(self.open_row[bank] is not None for bank in self.below(address))

    def is_ready(self, command: int, address: Address, now: int) -> bool:
        """Whether every node on the way, and every node below the address, may take the command now."""
        if None not in address:
            nodes = [address[: level + 1] for level in range(self.bank_level + 1)]
            return all(self._ready.get((node, command), 0) <= now for node in nodes)  # type: ignore[arg-type]
        return all(self._ready.get((node, command), 0) <= now for node in self._nodes(address))

    def issue(self, command: int, address: Address, row: int | None, now: int) -> None:
        """Take a command: remember it at every node it concerns, apply the constraints, open or close rows."""
        for node in self._nodes(address):
            past = self._history.setdefault((node, command), deque(maxlen=self._longest))
            past.appendleft(now)
            for following, latency, window, sibling in self._rules.get((len(node) - 1, command), ()):
                if sibling:
                    for other in range(self.dram.counts[len(node) - 1]):
                        if other != node[-1]:
                            self._delay((*node[:-1], other), following, now + latency)
                elif len(past) >= window:
                    self._delay(node, following, past[window - 1] + latency)
        for bank in self.below(address):
            if self.dram.opens[command]:
                self.open_row[bank] = row
            elif self.dram.closes[command]:
                self.open_row[bank] = None

    def _delay(self, node: Node, command: int, until: int) -> None:
        self._ready[node, command] = max(until, self._ready.get((node, command), 0))

    def _nodes(self, address: Address) -> list[Node]:
        """Every node from the channel to the banks that lies on the way to an address or below it."""
        return list(dict.fromkeys(bank[: level + 1] for bank in self.below(address) for level in range(self.bank_level + 1)))
