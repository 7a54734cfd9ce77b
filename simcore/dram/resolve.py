"""The way from a table to integers. `resolve` takes a standard in one organisation at one speed and leaves nothing to look up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from simcore.dram.resolve_rules import constraint_array, resolved_rules
from simcore.dram.resolve_timing import resolved_timing
from simcore.dram.schema import CommandSpec, OrganisationSpec, StandardSpec
from simcore.dram.standard import Standard, dram_names, is_name, load_standard
from simcore.dram.tables import (
    HOLDS_NOT,
    HOLDS_READ,
    HOLDS_WRITE,
    NEEDS_ANY,
    NEEDS_CLOSED,
    NEEDS_OPEN,
    ROLES,
    Currents,
    IntArray,
    Interface,
    ResolvedDram,
)
from simcore.errors import InputError, did_you_mean

Source = str | Path | Mapping[str, Any]
_NEEDS = {"any": NEEDS_ANY, "closed": NEEDS_CLOSED, "open": NEEDS_OPEN}
_MOST_BANKS, _MOST_BYTES = 2**20, 2**48
_NEEDED_ROLES = ("activate", "precharge", "read", "write")

#: `ResolvedDram.holds` of the values of the key `holds`.
_HOLDS = {None: HOLDS_NOT, "read": HOLDS_READ, "write": HOLDS_WRITE}


def load_dram(source: Source, overrides: Mapping[str, int] | None = None) -> ResolvedDram:
    """Return the DRAM that a preset's name (``ddr4_2400r``), a YAML file, ``FILE.py:NAME`` or a dictionary describes.

    ``overrides`` sets timings in cycles and level counts (``{"nRCD": 17, "rank": 2}``). Raise InputError for an unknown table or
    preset, unknown or missing keys, and impossible numbers.
    """
    changed = dict(overrides or {})
    if is_name(source) and all(type(value) is int for value in changed.values()):
        return _load_shipped(str(source), tuple(changed.items()))
    return _load(source, changed)


@lru_cache(maxsize=64)
def _load_shipped(name: str, overrides: tuple[tuple[str, int], ...]) -> ResolvedDram:
    """Resolve a DRAM that comes with simcore once. A plan asks for it several times for each layer."""
    return _load(name, dict(overrides))


def _load(source: Source, overrides: Mapping[str, int]) -> ResolvedDram:
    standard = load_standard(source)
    if standard.preset is None:
        known = f"its key 'preset' must choose among {', '.join(standard.choice)}"
        raise InputError(f"expected one preset of '{standard.spec.name}', got {len(standard.choice)}", str(source), known)
    preset = standard.spec.presets[standard.preset]
    for what, key, options in (
        ("organisation", preset.organisation, standard.spec.organisations),
        ("speed", preset.speed, standard.spec.speeds),
        ("currents", preset.currents, standard.spec.currents),
    ):
        if key is not None and key not in options:
            where = standard.where("presets", standard.preset, what)
            raise InputError(f"presets.{standard.preset}: no {what} '{key}'", where, did_you_mean(key, options))
    name = standard.preset if standard.spec.name in (standard.preset.split("_")[0], standard.preset) else standard.spec.name
    return _resolve(standard, name, preset.organisation, preset.speed, preset.currents, overrides)


def resolve(
    standard: Source | Standard,
    organisation: str,
    speed: str,
    overrides: Mapping[str, int] | None = None,
    currents: str | None = None,
) -> ResolvedDram:
    """Return a standard in one organisation at one speed, with one set of currents for energy.

    Raise InputError as `load_dram` does.
    """
    found = standard if isinstance(standard, Standard) else load_standard(standard)
    return _resolve(found, f"{found.spec.name}_{speed.lower()}", organisation, speed, currents, overrides or {})


def _resolve(
    standard: Standard, name: str, organisation: str, speed: str, currents: str | None, overrides: Mapping[str, int]
) -> ResolvedDram:
    spec = standard.spec
    for what, key, known in (("organisation", organisation, spec.organisations), ("speed", speed, spec.speeds)):
        if key not in known:
            raise InputError(f"no {what} '{key}' in '{spec.name}'", standard.where(f"{what}s"), did_you_mean(key, known))
    _check_shape(standard)
    place = spec.organisations[organisation]
    counts = _counts(standard, organisation, overrides)
    timing = resolved_timing(standard, organisation, speed, overrides)
    rules = resolved_rules(standard, timing, spec.speeds[speed].tck_ps)
    return ResolvedDram(
        name=name,
        standard=spec.name,
        organisation=organisation,
        speed=speed,
        **_of_levels(spec, counts),
        **_of_commands(spec),
        **_of_timing(timing),
        **_of_channel(spec, place),
        roles=_roles(standard),
        constraints=constraint_array(rules),
        rules=rules,
        tck_ps=spec.speeds[speed].tck_ps,
        currents=_currents(standard, currents, place),
        interface=None if spec.interface is None else Interface(**spec.interface.model_dump()),
        sources={**spec.sources, "organisation": place.source, "speed": spec.speeds[speed].source},
    )


def _of_levels(spec: StandardSpec, counts: Mapping[str, int]) -> dict[str, Any]:
    """Return the fields that follow from the levels and from the nodes in each."""
    levels = (*spec.levels[: spec.levels.index("bank") + 1], "row", "column")
    return {
        "levels": levels,
        "counts": tuple(counts[level] for level in levels),
        "field_bits": tuple(counts[level].bit_length() - 1 for level in levels),
        "timing_levels": spec.levels,
        "buses": spec.buses,
        "bus_level": spec.levels.index(spec.bus_level),
        "rank_level": levels.index(spec.refresh_level),
        "bank_level": levels.index("bank"),
        "row_level": spec.levels.index(spec.row_level),
    }


def _of_commands(spec: StandardSpec) -> dict[str, Any]:
    """Return the fields that have one number for each command."""
    names, commands = tuple(spec.commands), spec.commands.values()
    return {
        "commands": names,
        "command_level": _column([spec.levels.index(command.level) for command in commands]),
        "needs": _column([_NEEDS[command.needs] for command in commands]),
        **{key: _flags(spec.commands, key) for key in ("opens", "closes", "reads", "writes", "refreshes")},
        "same_subarray": _flags(spec.commands, "within"),
        "after": _column([-1 if command.after is None else names.index(command.after) for command in commands]),
        "holds": _column([_HOLDS[command.holds] for command in commands]),
        "command_bus": _column([spec.buses.index(command.bus or spec.buses[0]) for command in commands]),
        "command_cycles": _column([command.cycles for command in commands]),
    }


def _of_timing(timing: Mapping[str, int]) -> dict[str, Any]:
    """Return the timings, and those of them that have a name of their own."""
    return {
        "timing": timing,
        "burst_cycles": timing["nBL"],
        "read_latency": timing["nCL"],
        "write_latency": timing["nCWL"],
        "refresh_interval": timing.get("nREFI", 0),
        "refresh_bank_interval": timing.get("nREFIpb", 0),
    }


def _of_channel(spec: StandardSpec, place: OrganisationSpec) -> dict[str, Any]:
    """Return the widths of a channel and of its chips, and the bytes of a transaction."""
    transaction_bytes = place.channel_width_bits * spec.burst_length // 8
    return {
        "rows_per_subarray": place.rows_per_subarray,
        "channel_width_bits": place.channel_width_bits,
        "chip_width_bits": place.chip_width_bits,
        "chips_per_rank": place.channel_width_bits // place.chip_width_bits,
        "transaction_bytes": transaction_bytes,
        "offset_bits": transaction_bytes.bit_length() - 1,
    }


def _column(values: list[int]) -> IntArray:
    column = np.array(values, dtype=np.int64)
    column.flags.writeable = False
    return column


def _flags(commands: Mapping[str, CommandSpec], key: str) -> IntArray:
    return _column([int(bool(getattr(command, key))) for command in commands.values()])


def _check_shape(standard: Standard) -> None:
    """Check that levels, buses and commands refer to each other correctly."""
    spec = standard.spec
    if spec.levels[:1] != ("channel",) or "bank" not in spec.levels or spec.levels[-1] not in ("bank", "subarray"):
        message = f"levels: expected channel first and bank, or bank and subarray, last, got {', '.join(spec.levels)}"
        raise InputError(message, standard.where("levels"))
    if spec.refresh_level not in spec.levels:
        message = f"refresh_level: no level '{spec.refresh_level}'"
        raise InputError(message, standard.where("refresh_level"), did_you_mean(spec.refresh_level, spec.levels))
    if spec.bus_level not in spec.levels:
        message = f"bus_level: no level '{spec.bus_level}'"
        raise InputError(message, standard.where("bus_level"), did_you_mean(spec.bus_level, spec.levels))
    if spec.row_level not in spec.levels:
        raise InputError(f"row_level: expected one of levels, got '{spec.row_level}'", standard.where("row_level"))
    for name, command in spec.commands.items():
        where = standard.where("commands", name)
        if command.level not in spec.levels:
            raise InputError(f"commands.{name}: no level '{command.level}'", where, did_you_mean(command.level, spec.levels))
        if command.bus is not None and command.bus not in spec.buses:
            raise InputError(f"commands.{name}: no bus '{command.bus}'", where, did_you_mean(command.bus, spec.buses))
        if command.after is not None and command.after not in spec.commands:
            message = f"commands.{name}: no command '{command.after}'"
            raise InputError(message, where, did_you_mean(command.after, spec.commands))
        if command.holds is not None and command.bus is not None:
            raise InputError(f"commands.{name}: expected no bus with holds, got '{command.bus}'", where)
        if command.bus is None and command.holds is None and len(spec.buses) > 1:
            raise InputError(f"commands.{name}: expected a bus, one of {', '.join(spec.buses)}", where)
        if command.opens and command.closes:
            raise InputError(f"commands.{name}: expected opens or closes, got both", where)


def _roles(standard: Standard) -> dict[str, int]:
    roles: dict[str, int] = dict.fromkeys(ROLES, -1)
    for index, (name, command) in enumerate(standard.spec.commands.items()):
        if command.role is None:
            continue
        if roles[command.role] >= 0:
            other = list(standard.spec.commands)[roles[command.role]]
            message = f"commands.{name}: expected one command with role {command.role}, got '{other}' and '{name}'"
            raise InputError(message, standard.where("commands", name))
        roles[command.role] = index
    for role in _NEEDED_ROLES:
        if roles[role] < 0:
            raise InputError(f"commands: expected a command with role {role}", standard.where("commands"))
    return roles


def _counts(standard: Standard, organisation: str, overrides: Mapping[str, int]) -> dict[str, int]:
    """Return the nodes per level, with columns in bursts. All are powers of two, because an address is cut into bits."""
    spec, where = standard.spec, standard.where("organisations", organisation, "counts")
    levels = (*spec.levels[: spec.levels.index("bank") + 1], "row", "column")
    given = {"channel": 1, **spec.organisations[organisation].counts}
    for level in given:
        if level not in levels:
            message = f"organisations.{organisation}.counts: no level '{level}'"
            raise InputError(message, where, did_you_mean(level, levels))
    given.update({key: value for key, value in overrides.items() if key in levels})
    for level in levels:
        if level not in given:
            raise InputError(f"organisations.{organisation}.counts: missing level '{level}'", where)
        if given[level] < 1 or given[level] & (given[level] - 1):
            at = f"overrides.{level}" if level in overrides else where
            raise InputError(f"organisations.{organisation}.counts.{level}: expected a power of two, got {given[level]}", at)
    _check_size(given, levels, spec.organisations[organisation], f"organisations.{organisation}.counts", where)
    if given["column"] % spec.burst_length:
        message = f"organisations.{organisation}.counts.column: expected a multiple of burst_length {spec.burst_length}"
        raise InputError(f"{message}, got {given['column']}", where)
    _check_widths(spec.organisations[organisation], organisation, where)
    _check_subarrays(standard, organisation, given["row"])
    return {**given, "column": given["column"] // spec.burst_length}


def _check_size(given: Mapping[str, int], levels: tuple[str, ...], place: OrganisationSpec, name: str, where: str) -> None:
    """Raise InputError for more banks than tables can hold or more bytes than a trace can address."""
    banks = prod(given[level] for level in levels[: levels.index("bank") + 1])
    if banks > _MOST_BANKS:
        raise InputError(f"{name}: expected at most {_MOST_BANKS} banks in all, got {banks}", where)
    capacity = prod(given[level] for level in levels) * place.channel_width_bits // 8
    if capacity > _MOST_BYTES:
        raise InputError(f"{name}: expected at most {_MOST_BYTES} bytes in all, got {capacity}", where)


def _check_widths(place: OrganisationSpec, organisation: str, where: str) -> None:
    width, chip = place.channel_width_bits, place.chip_width_bits
    if width % 8 or width & (width - 1):
        raise InputError(f"organisations.{organisation}.channel_width_bits: expected a power of two from 8, got {width}", where)
    if width % chip:
        raise InputError(f"organisations.{organisation}.chip_width_bits: expected a divisor of {width}, got {chip}", where)


def _check_subarrays(standard: Standard, organisation: str, rows: int) -> None:
    """Check that part of the row's bits numbers the subarrays, if each subarray keeps a row open."""
    size = standard.spec.organisations[organisation].rows_per_subarray
    if standard.spec.row_level == "subarray" and (size & (size - 1) or size > rows):
        where = standard.where("organisations", organisation, "rows_per_subarray")
        message = f"organisations.{organisation}.rows_per_subarray: expected a power of two up to {rows}, got {size}"
        raise InputError(message, where)


def _currents(standard: Standard, name: str | None, place: OrganisationSpec) -> Currents | None:
    if name is None:
        return None
    if name not in standard.spec.currents:
        where = standard.where("currents")
        raise InputError(f"no currents '{name}' in '{standard.spec.name}'", where, did_you_mean(name, standard.spec.currents))
    spec = standard.spec.currents[name]
    width = spec.width_bits or place.chip_width_bits
    return Currents(name, spec.supply_v, spec.pump_v, dict(spec.milliamperes), width, spec.source)


__all__ = ["dram_names", "load_dram", "resolve"]
