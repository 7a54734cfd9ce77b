"""The form of a DRAM standard in a run: plain integers, with nothing left to look up or evaluate.

`ResolvedDram` is the contract between the standards (`simcore.dram.standard`, `simcore.dram.resolve`), the two controllers and
the checker. Every time is a number of cycles of the command clock unless its name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

IntArray: TypeAlias = NDArray[np.int64]

# Columns of `ResolvedDram.constraints`: one row per (preceding, following) pair of commands.
LEVEL, PRECEDING, FOLLOWING, LATENCY, WINDOW, SIBLING = range(6)
CONSTRAINT_COLUMNS = 6

# The state that a command needs of the addressed bank, or of every bank below the addressed node: `ResolvedDram.needs`.
NEEDS_ANY, NEEDS_CLOSED, NEEDS_OPEN = range(3)

# Whether a command gives the open row to the bank's periphery, which reads or writes it: `ResolvedDram.holds`.
HOLDS_NOT, HOLDS_READ, HOLDS_WRITE = range(3)

# The roles of commands for a controller. `ResolvedDram.roles` gives the command, or -1 if the standard has none.
Role = Literal[
    "activate",
    "precharge",
    "precharge_all",
    "read",
    "write",
    "read_precharge",
    "write_precharge",
    "refresh_all",
    "refresh_bank",
    # Writes with only the pulse of a zero (RESET) or of a one (SET), in standards that distinguish them.
    "write_reset",
    "write_set",
    "write_reset_precharge",
    "write_set_precharge",
]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Rule:
    """One timing constraint as the table states it. Messages, documentation and the checker use it.

    `following` may come `latency` cycles or more after `preceding` at the same node of `level` (`sibling`: at another node under
    the same parent). With a `window` of w, the latency counts from the w-th last of all `preceding` commands together; one that
    is listed k times counts k times. Commands are indices into `ResolvedDram.commands`.
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
    """Currents of one chip in mA and supplies in V, by their datasheet names (IDD0, IDD2N, ..., IPP0), with their source.

    A standard without published currents has none; its energy is then an error and never a guess. ``width_bits`` is the part of a
    channel's width for which one set of currents stands: a rank has ``channel_width_bits / width_bits`` such chips.
    """

    name: str
    supply_v: float
    pump_v: float
    milliamperes: Mapping[str, float]
    width_bits: int
    source: str


@dataclass(frozen=True, slots=True)
class Interface:
    """The electrical side of the data lines: the energy of one bit outside the chips' IDD currents.

    With `termination` "supply", lines end at VDDQ, so only a low bit draws current (POD, DDR4 and later). With "centre", they end
    at VDDQ / 2 (SSTL).
    """

    supply_v: float
    driver_ohm: float
    termination_ohm: float
    termination: str
    source: str


@dataclass(frozen=True, slots=True)
class ResolvedDram:
    """One standard, in one organisation, at one speed: all that the controllers, the checker and the energy model need.

    `levels` are the fields of an address, outermost first. `timing_levels` are the nodes to which constraints apply: the same
    levels up to the bank, then `subarray` (rows `row // rows_per_subarray` of one bank). The two share their indices up to the
    bank. Arrays over commands have the order of `commands`; flags are 0 or 1.
    """

    name: str  # the user's name for it, e.g. "ddr4_2400r"
    standard: str  # "ddr4"
    organisation: str  # "8Gb_x8"
    speed: str  # "2400R"

    levels: tuple[str, ...]  # ("channel", "rank", "bankgroup", "bank", "row", "column")
    counts: tuple[int, ...]  # nodes per level under one parent; columns are counted in bursts (transactions per row)
    field_bits: tuple[int, ...]  # address bits per level, in the order of `levels`
    timing_levels: tuple[str, ...]  # ("channel", "rank", "bankgroup", "bank", "subarray")
    rows_per_subarray: int

    commands: tuple[str, ...]
    command_level: IntArray  # index into timing_levels of the addressed node; a command affects all nodes below it
    needs: IntArray  # NEEDS_ANY, NEEDS_CLOSED or NEEDS_OPEN
    opens: IntArray  # 1: leaves the bank open on the command's row
    closes: IntArray  # 1: leaves every bank below the addressed node closed
    reads: IntArray
    writes: IntArray
    refreshes: IntArray
    same_subarray: IntArray  # 1: the row must lie in the subarray of the open row (a row copy)
    after: IntArray  # index of the command that must have come to the bank before (a row copy that lands), or -1
    holds: (
        IntArray  # HOLDS_NOT, HOLDS_READ or HOLDS_WRITE: the bank's periphery has the row for as many cycles as the column says
    )
    buses: tuple[str, ...]  # the command slots of a cycle, in the order of service: ("command",) or ("column", "row")
    bus_level: int  # index into timing_levels: each node of it has command buses of its own; the channel, as a rule
    command_bus: IntArray  # index into buses; without a meaning for commands with `holds`, which take no bus
    command_cycles: IntArray  # cycles a command occupies its bus (already in the constraints)
    roles: Mapping[str, int]  # ROLES -> command index or -1

    constraints: IntArray  # [n, 6]: LEVEL, PRECEDING, FOLLOWING, LATENCY, WINDOW, SIBLING
    rules: tuple[Rule, ...]  # the same constraints, grouped and with their expressions

    timing: Mapping[str, int]  # every timing parameter in cycles (nCL, nRCD, ...)
    tck_ps: int
    burst_cycles: int  # nBL
    read_latency: int  # nCL: from RD to the first data
    write_latency: int  # nCWL
    refresh_interval: int  # nREFI; 0 means never (non-volatile)
    refresh_bank_interval: int  # nREFIpb; 0 means that the standard has no per-bank refresh
    rank_level: int  # index into levels of the node that is refreshed as a whole: "rank" or "pseudochannel"
    bank_level: int  # index into levels of "bank"
    row_level: int  # index into timing_levels of the nodes that each keep one row open: "bank" or "subarray"

    channel_width_bits: int
    chip_width_bits: int
    chips_per_rank: int
    transaction_bytes: int  # bytes of one RD or WR: 64 (DDR), 32 (a pseudo-channel of HBM2)
    offset_bits: int  # log2(transaction_bytes)

    currents: Currents | None
    interface: Interface | None = None
    sources: Mapping[str, str] = field(default_factory=dict)  # the source of each group of numbers

    @property
    def node_counts(self) -> tuple[int, ...]:
        """Return the nodes per level under one parent, from the channel to the nodes that keep rows open."""
        banks = self.counts[: self.bank_level + 1]
        if self.row_level == self.bank_level:
            return banks
        return (*banks, self.counts[self.bank_level + 1] // self.rows_per_subarray)

    def index(self, command: str) -> int:
        """Return the integer of a command. Raise ValueError for a command that the standard does not have."""
        return self.commands.index(command)
