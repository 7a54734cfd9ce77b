"""What a DRAM standard becomes before a run: plain integers, and nothing left to look up or to evaluate.

`ResolvedDram` is the contract between the standards (`simcore.dram.standard`, `simcore.dram.resolve`), the two controllers and
the checker. Every time is a number of clock cycles of the command clock unless its name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

IntArray: TypeAlias = NDArray[np.int64]

# Columns of `ResolvedDram.constraints`: one row per (preceding, following) pair of commands.
LEVEL, PRECEDING, FOLLOWING, LATENCY, WINDOW, SIBLING = range(6)
CONSTRAINT_COLUMNS = 6

# What the addressed bank (or every bank below the addressed node) must be for a command to be issued: `ResolvedDram.needs`.
NEEDS_ANY, NEEDS_CLOSED, NEEDS_OPEN = range(3)

# The parts a command can play for a controller; `ResolvedDram.roles` gives the command, or -1 if the standard has none.
ROLES = (
    "activate",
    "precharge",
    "precharge_all",
    "read",
    "write",
    "read_precharge",
    "write_precharge",
    "refresh_all",
    "refresh_bank",
    # Writes with the pulse of a zero (RESET) or of a one (SET) alone, where a standard keeps them apart.
    "write_reset",
    "write_set",
    "write_reset_precharge",
    "write_set_precharge",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One timing constraint as the table states it: kept for messages, documentation and the checker.

    `following` may come `latency` cycles or more after `preceding` at the same node of `level` (`sibling`: at another node under
    the same parent); with a `window` of w, after the w-th last `preceding`. Commands are indices into `ResolvedDram.commands`.
    """

    name: str
    level: int
    preceding: tuple[int, ...]
    following: tuple[int, ...]
    latency: int
    window: int
    sibling: bool
    expression: str
    source: str


@dataclass(frozen=True, slots=True)
class Currents:
    """Currents of one chip in mA and supplies in V, by their datasheet names (IDD0, IDD2N, ..., IPP0), with where they come from.

    A standard without published ones has none: energy is then refused, never guessed. ``width_bits`` is how much of a channel's
    width one set of currents stands for: a rank has ``channel_width_bits / width_bits`` such chips.
    """

    name: str
    supply_v: float
    pump_v: float
    milliamperes: Mapping[str, float]
    width_bits: int
    source: str


@dataclass(frozen=True, slots=True)
class Interface:
    """The data lines' electrical side: what one bit costs outside the chips' IDD currents.

    `termination` "supply": to VDDQ, so that only a low bit draws current (POD, DDR4 and later); "centre": to VDDQ / 2 (SSTL).
    """

    supply_v: float
    driver_ohm: float
    termination_ohm: float
    termination: str
    source: str


@dataclass(frozen=True, slots=True)
class ResolvedDram:
    """One standard, in one organisation, at one speed: all that the controllers, the checker and the energy model need.

    `levels` are the fields of an address from the outside in; `timing_levels` the nodes that constraints speak of: the same up to
    the bank, then `subarray` (rows `row // rows_per_subarray` of one bank). The two share their indices up to the bank.
    Arrays over commands have the order of `commands`; flags are 0 or 1.
    """

    name: str  # as a user names it, e.g. "ddr4_2400r"
    standard: str  # "ddr4"
    organisation: str  # "8Gb_x8"
    speed: str  # "2400R"

    levels: tuple[str, ...]  # ("channel", "rank", "bankgroup", "bank", "row", "column")
    counts: tuple[int, ...]  # nodes per level under one parent; columns counted in bursts (transactions per row)
    field_bits: tuple[int, ...]  # address bits per level, in the order of `levels`
    timing_levels: tuple[str, ...]  # ("channel", "rank", "bankgroup", "bank", "subarray")
    rows_per_subarray: int

    commands: tuple[str, ...]
    command_level: IntArray  # index into timing_levels of the node a command addresses: all nodes below it take part
    needs: IntArray  # NEEDS_ANY, NEEDS_CLOSED or NEEDS_OPEN
    opens: IntArray  # leaves the bank open on the command's row
    closes: IntArray  # leaves every bank below the addressed node closed
    reads: IntArray
    writes: IntArray
    refreshes: IntArray
    same_subarray: IntArray  # the row must lie in the subarray of the row that is open (a row copy)
    buses: tuple[str, ...]  # command slots of a cycle, in the order in which they are served: ("command",) or ("column", "row")
    command_bus: IntArray  # index into buses
    command_cycles: IntArray  # cycles a command occupies its bus (already in the constraints)
    roles: Mapping[str, int]  # ROLES -> command index or -1

    constraints: IntArray  # [n, 6]: LEVEL, PRECEDING, FOLLOWING, LATENCY, WINDOW, SIBLING
    rules: tuple[Rule, ...]  # the same, grouped and with their expressions

    timing: Mapping[str, int]  # every timing parameter in cycles (nCL, nRCD, ...)
    tck_ps: int
    burst_cycles: int  # nBL
    read_latency: int  # nCL: RD to the first data
    write_latency: int  # nCWL
    refresh_interval: int  # nREFI; 0: never (non-volatile)
    refresh_bank_interval: int  # nREFIpb; 0: the standard has no per-bank refresh
    rank_level: int  # index into levels of the node refreshed as a whole: "rank" or "pseudochannel"
    bank_level: int  # index into levels of "bank"
    row_level: int  # index into timing_levels of the nodes that each keep one row open: "bank" or "subarray"

    channel_width_bits: int
    chip_width_bits: int
    chips_per_rank: int
    transaction_bytes: int  # bytes of one RD or WR: 64 (DDR), 32 (a pseudo-channel of HBM2)
    offset_bits: int  # log2(transaction_bytes)

    currents: Currents | None
    interface: Interface | None = None
    sources: Mapping[str, str] = field(default_factory=dict)  # where each group of numbers comes from

    @property
    def node_counts(self) -> tuple[int, ...]:
        """Nodes per level under one parent, from the channel to the nodes that keep rows open."""
        banks = self.counts[: self.bank_level + 1]
        if self.row_level == self.bank_level:
            return banks
        return (*banks, self.counts[self.bank_level + 1] // self.rows_per_subarray)

    def index(self, command: str) -> int:
        """The integer of a command. Raises ValueError for a command the standard does not have."""
        return self.commands.index(command)
