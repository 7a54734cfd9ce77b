"""The pulse of a write to a non-volatile memory: the longer one, that of a zero (RESET), or that of a one (SET)."""

from __future__ import annotations

from typing import Literal

from simcore.dram.controller import ControllerSpec, WritePulseSpec
from simcore.dram.tables import FOLLOWING, ResolvedDram
from simcore.errors import InputError

Pulse = Literal["worst", "reset", "set"]

_PULSES: dict[str, tuple[Pulse, ...]] = {"worst": (), "reset": ("reset",), "set": ("set",), "random": ("reset", "set")}
_MASK = (1 << 64) - 1
#: There are fewer than 2^20 channels (`simcore.dram.resolve`), and seeds are below 2^32.
_CHANNEL_BITS = 20
#: The upper 53 bits of a random 64-bit number are compared with a share in units of 2^-53.
_SHARE_BITS = 53


def pulse_roles(controller: ControllerSpec) -> list[str]:
    """Return the roles of the write commands for a pulse, without the roles that also close the row."""
    return [f"write_{pulse}" for pulse in _PULSES[controller.write_pulse.name]]


def check_write_pulse(dram: ResolvedDram, controller: ControllerSpec) -> None:
    """Raise InputError if the standard lacks such a write, or if it may come at another time than the write that it replaces."""
    for role in pulse_roles(controller):
        for plain, pulsed in (("write", role), ("write_precharge", f"{role}_precharge")):
            if plain != "write" and (controller.row_policy.name != "closed-after" or dram.roles[plain] < 0):
                continue
            write, other = dram.roles[plain], dram.roles[pulsed]
            if other < 0:
                name = controller.write_pulse.name
                raise InputError(f"{dram.name}: no command with role {pulsed}, which write_pulse {name!r} needs")
            if _before(dram, write) != _before(dram, other):
                names = f"{dram.commands[other]} and {dram.commands[write]}"
                raise InputError(
                    f"{dram.name}: expected the same constraints before {names}, which may differ only in their pulses"
                )


def _before(dram: ResolvedDram, command: int) -> set[tuple[int, ...]]:
    rows = dram.constraints[dram.constraints[:, FOLLOWING] == command]
    return {tuple(value for column, value in enumerate(row) if column != FOLLOWING) for row in rows.tolist()}


def set_threshold(pulse: WritePulseSpec) -> int:
    """Return the share of SET pulses in units of 2^-53."""
    return int(pulse.set_share * (1 << _SHARE_BITS))


def random_pulse(pulse: WritePulseSpec, channel: int, number: int) -> Pulse:
    """Return the pulse of a channel's write ``number`` (from 0), a hash of seed, channel and number. It needs no state."""
    value = mixed(mixed((pulse.seed << _CHANNEL_BITS) + channel) + number)
    return "set" if value >> (64 - _SHARE_BITS) < set_threshold(pulse) else "reset"


def mixed(value: int) -> int:
    """Return SplitMix64 of a value (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014)."""
    value = value + 0x9E3779B97F4A7C15 & _MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31
