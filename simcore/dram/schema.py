"""The keys of a DRAM table (`models/dram/*.yaml` or a user's own file). Specs are frozen and refuse unknown keys."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from simcore.dram.tables import Role
from simcore.reading.keys import Written, key
from simcore.reading.numbers import shown
from simcore.reading.values import Broken, Count, Flag, Spec, Text, raise_broken


def _latency(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise_broken([Broken((), f"expected a number of cycles or an expression, got {shown(value)}")])
    return str(value)


Latency = Annotated[str, BeforeValidator(_latency), Written("a number of cycles or an expression")]
Figure = Annotated[float, Field(ge=0, allow_inf_nan=False)]
LevelCount = Annotated[int, Field(strict=True, ge=1, le=2**30)]


class CommandSpec(Spec):
    """One command: the node that it addresses, the state that it needs of the banks below, and the state that it leaves."""

    level: Annotated[Text, key("Level of the nodes that the command addresses.", cycles=True)]
    needs: Annotated[
        Literal["any", "closed", "open"],
        key("State that the command needs of every bank below its node. The timing checker demands it.", cycles=False),
    ] = "any"
    opens: Annotated[Flag, key("Whether the command leaves the bank open on its row.", cycles=True)] = False
    closes: Annotated[Flag, key("Whether the command leaves every bank below its node closed.", cycles=True)] = False
    reads: Annotated[Flag, key("Whether the command reads a transaction.", cycles=True)] = False
    writes: Annotated[Flag, key("Whether the command writes a transaction.", cycles=True)] = False
    refreshes: Annotated[Flag, key("Whether the command refreshes its node, which decides its energy.", cycles=False)] = False
    within: Annotated[
        Literal["subarray"] | None,
        key(
            "With `subarray` the row must lie in the subarray of the open row (a row copy). No controller sends such a command.",
            cycles=False,
        ),
    ] = None
    after: Annotated[
        Text | None,
        key(
            "Command that must have come to the same bank since the last command of this kind there, from a row that is still "
            "open. The timing checker demands it.",
            cycles=False,
        ),
    ] = None
    holds: Annotated[
        Literal["read", "write"] | None,
        key(
            "The logic of the bank reads or writes the open row from this command on, for as many cycles as its column says. "
            "Until then, and for nWR after a write, the checker allows no command to the row. The command takes no slot of a "
            "command bus. No controller sends it.",
            cycles=False,
        ),
    ] = None
    bus: Annotated[
        Text | None,
        key(
            "Command slot that the command takes, one of `buses`. Needed where there are several, except with `holds`.",
            cycles=True,
        ),
    ] = None
    cycles: Annotated[Count, key("Cycles for which the command takes its slot.", "cycles", cycles=True)] = 1
    role: Annotated[
        Role | None,
        key("What the controllers use the command for. They never send a command without a role.", cycles=True),
    ] = None


class ConstraintSpec(Spec):
    """A constraint: ``following`` may come ``latency`` cycles after ``preceding`` at the same node of ``level``, or later."""

    level: Annotated[Text, key("Level of the nodes at which the constraint holds.", cycles=True)]
    preceding: Annotated[tuple[Text, ...], key("Commands after which the constraint holds.", cycles=True)]
    following: Annotated[tuple[Text, ...], key("Commands that have to wait.", cycles=True)]
    latency: Annotated[
        Latency,
        key(
            "Cycles from the last cycle of the one command to the last cycle of the other. Below 0 it constrains nothing.",
            "cycles",
            cycles=True,
        ),
    ]
    window: Annotated[
        Count,
        key(
            "Which earlier `preceding` the latency counts from: the last (1), or the fourth last (4, as in tFAW). All of them "
            "count together, and one that is listed twice counts twice.",
            "commands",
            cycles=True,
        ),
    ] = 1
    sibling: Annotated[
        Flag, key("Whether the constraint holds at the other nodes under the same parent instead.", cycles=True)
    ] = False
    source: Annotated[Text | None, key("Where the constraint comes from.", cycles=False)] = None


class OrganisationSpec(Spec):
    """The number of nodes of each level under one parent. Columns are words of the channel's width."""

    counts: Annotated[
        dict[Text, LevelCount], key("Nodes of each level under one parent, powers of two; also `row` and `column`.", cycles=True)
    ]
    channel_width_bits: Annotated[Count, key("Width of a channel's data lines.", "bits", cycles=True)]
    chip_width_bits: Annotated[
        Count, key("Width of one chip, from which the chips of a rank follow, and so its energy.", "bits", cycles=False)
    ]
    rows_per_subarray: Annotated[
        Count,
        key("Neighbouring rows of a bank that form a subarray. The controllers do not use subarrays.", "rows", cycles=False),
    ]
    timings: Annotated[
        dict[Text, Latency], key("Timings of this organisation, in place of the table's and the speed's.", "cycles", cycles=True)
    ] = Field(default_factory=dict)
    source: Annotated[Text, key("Where the numbers come from.", cycles=False)]


class SpeedSpec(Spec):
    """A speed bin: its clock and its timings."""

    tck_ps: Annotated[Count, key("Period of the command clock.", "ps", cycles=True)]
    timings: Annotated[dict[Text, Latency], key("Timings of this speed, in place of the table's.", "cycles", cycles=True)] = (
        Field(default_factory=dict)
    )
    source: Annotated[Text, key("Where the numbers come from.", cycles=False)]


class CurrentsSpec(Spec):
    """Datasheet currents of one chip, from which the energy of its commands follows."""

    supply_v: Annotated[Figure, key("Supply voltage (VDD).", "V", cycles=False)]
    pump_v: Annotated[Figure, key("Pump voltage (VPP). It counts only with IPP0 and IPP3N.", "V", cycles=False)] = 0.0
    milliamperes: Annotated[
        dict[Text, Figure],
        key("Currents by their datasheet names: IDD0, IDD2N, IDD3N, IDD4R, IDD4W, IDD5B, ...", "mA", cycles=False),
    ]
    width_bits: Annotated[
        Count | None, key("Width of the chip that was measured, if it differs from `chip_width_bits`.", "bits", cycles=False)
    ] = None
    source: Annotated[Text, key("Where the numbers come from.", cycles=False)]


class InterfaceSpec(Spec):
    """Drivers and termination of the data lines, from which the I/O energy follows."""

    supply_v: Annotated[Figure, key("Supply voltage of the data lines (VDDQ).", "V", cycles=False)]
    driver_ohm: Annotated[Figure, key("Resistance of a driver (RON).", "ohm", cycles=False)]
    termination_ohm: Annotated[Figure, key("Resistance of the termination (RTT).", "ohm", cycles=False)]
    termination: Annotated[
        Literal["supply", "centre"],
        key(
            "Where the lines end: at VDDQ, so that only a low bit draws current (`supply`), or at VDDQ / 2 (`centre`).",
            cycles=False,
        ),
    ]
    source: Annotated[Text, key("Where the numbers come from.", cycles=False)]


class PresetSpec(Spec):
    """A name for an organisation at a speed."""

    organisation: Annotated[Text, key("One of `organisations`.", cycles=True)]
    speed: Annotated[Text, key("One of `speeds`.", cycles=True)]
    currents: Annotated[Text | None, key("One of `currents`. Without it the preset has no energy.", cycles=False)] = None


class StandardSpec(Spec):
    """A whole table, as a YAML file describes it."""

    name: Annotated[Text, key("Name of the standard.", cycles=False, default="the file's")]
    description: Annotated[Text, key("What the standard is, in one line.", cycles=False)] = ""
    levels: Annotated[
        tuple[Text, ...],
        key("Nodes from the channel down to `bank`, and `subarray` if the table has subarrays.", cycles=True),
    ]
    refresh_level: Annotated[
        Text, key("Level of the nodes that are refreshed as a whole: `rank` or `pseudochannel`.", cycles=True)
    ]
    row_level: Annotated[
        Literal["bank", "subarray"],
        key(
            "Nodes that each keep one row open. The controllers refuse `subarray`; other issuers of commands take it.",
            cycles=True,
        ),
    ] = "bank"
    burst_length: Annotated[Count, key("Transfers of one read or write command.", "transfers", cycles=True)]
    buses: Annotated[tuple[Text, ...], key("Command slots of a cycle, in the order in which they are served.", cycles=True)]
    bus_level: Annotated[
        Text,
        key("Level whose nodes have command slots of their own: the channel, or a lower level with sequencers.", cycles=True),
    ] = "channel"
    sources: Annotated[dict[Text, Text], key("Where each group of numbers comes from.", cycles=False)]
    commands: Annotated[dict[Text, CommandSpec], key("Commands by name.")]
    parameters: Annotated[dict[Text, Text], key("Timings by name, each with its meaning.", cycles=False)]
    timings: Annotated[
        dict[Text, Latency],
        key(
            "Timings of all speeds and organisations: cycles, or expressions such as `nRAS + nRP` and `cycles(360)`.",
            "cycles",
            cycles=True,
        ),
    ] = Field(default_factory=dict)
    constraints: Annotated[dict[Text, ConstraintSpec], key("Constraints between commands, by name.")]
    organisations: Annotated[dict[Text, OrganisationSpec], key("Organisations by name.")]
    speeds: Annotated[dict[Text, SpeedSpec], key("Speed bins by name.")]
    currents: Annotated[dict[Text, CurrentsSpec], key("Sets of currents by name.")] = Field(default_factory=dict)
    interface: Annotated[InterfaceSpec | None, key("Drivers and termination of the data lines.")] = None
    presets: Annotated[dict[Text, PresetSpec], key("Names for an organisation at a speed.")]
    preset: Annotated[Text | None, key("The preset that runs, where the file gives several.", cycles=True)] = None
