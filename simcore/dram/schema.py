"""The keys of a DRAM table (`models/dram/*.yaml` or a user's own file). Specs are frozen and refuse unknown keys."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from simcore.dram.tables import Role
from simcore.reading.numbers import shown
from simcore.reading.values import Broken, Count, Flag, Spec, Text, raise_broken


def _latency(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise_broken([Broken((), f"expected a number of cycles or an expression, got {shown(value)}")])
    return str(value)


Latency = Annotated[str, BeforeValidator(_latency)]
Figure = Annotated[float, Field(ge=0, allow_inf_nan=False)]
LevelCount = Annotated[int, Field(strict=True, ge=1, le=2**30)]


class CommandSpec(Spec):
    """One command: the node that it addresses, the state that it needs of the banks below, and the state that it leaves."""

    level: Text
    needs: Literal["any", "closed", "open"] = "any"
    opens: Flag = False
    closes: Flag = False
    reads: Flag = False
    writes: Flag = False
    refreshes: Flag = False
    within: Literal["subarray"] | None = None
    bus: Text | None = None
    cycles: Count = 1
    role: Role | None = None


class ConstraintSpec(Spec):
    """A constraint: ``following`` may come ``latency`` cycles after ``preceding`` at the same node of ``level``, or later.

    With ``sibling``, it applies at another node under the same parent.
    """

    level: Text
    preceding: tuple[Text, ...]
    following: tuple[Text, ...]
    latency: Latency
    window: Count = 1
    sibling: Flag = False
    source: Text | None = None


class OrganisationSpec(Spec):
    """The number of nodes of each level under one parent. Columns are words of the channel's width."""

    counts: dict[Text, LevelCount]
    channel_width_bits: Count
    chip_width_bits: Count
    rows_per_subarray: Count
    timings: dict[Text, Latency] = Field(default_factory=dict)
    source: Text


class SpeedSpec(Spec):
    """A speed bin: its clock and its timings."""

    tck_ps: Count
    timings: dict[Text, Latency] = Field(default_factory=dict)
    source: Text


class CurrentsSpec(Spec):
    """Datasheet currents of one chip. ``width_bits`` is that chip's width if it differs from the organisation's chips."""

    supply_v: Figure
    pump_v: Figure = 0.0
    milliamperes: dict[Text, Figure]
    width_bits: Count | None = None
    source: Text


class InterfaceSpec(Spec):
    """Drivers and termination of the data lines, from which the I/O energy follows."""

    supply_v: Figure
    driver_ohm: Figure
    termination_ohm: Figure
    termination: Literal["supply", "centre"]
    source: Text


class PresetSpec(Spec):
    """A name for an organisation at a speed."""

    organisation: Text
    speed: Text
    currents: Text | None = None


class StandardSpec(Spec):
    """A whole table, as a YAML file describes it."""

    name: Text
    description: Text = ""
    levels: tuple[Text, ...]
    refresh_level: Text
    row_level: Literal["bank", "subarray"] = "bank"
    burst_length: Count
    buses: tuple[Text, ...]
    sources: dict[Text, Text]
    commands: dict[Text, CommandSpec]
    parameters: dict[Text, Text]
    timings: dict[Text, Latency] = Field(default_factory=dict)
    constraints: dict[Text, ConstraintSpec]
    organisations: dict[Text, OrganisationSpec]
    speeds: dict[Text, SpeedSpec]
    currents: dict[Text, CurrentsSpec] = Field(default_factory=dict)
    interface: InterfaceSpec | None = None
    presets: dict[Text, PresetSpec]
    preset: Text | None = None
