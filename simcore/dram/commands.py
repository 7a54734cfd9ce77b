"""Command streams from files in the CSV of simcore and Ramulator or the columns of DRAMsim3, plain or gzipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from simcore.dram.tables import HOLDS_NOT, ResolvedDram
from simcore.dram.text import numbered_lines
from simcore.errors import InputError, did_you_mean
from simcore.reading.numbers import shown

HEADER = ("clock", "command", "channel", "rank", "bankgroup", "bank", "row", "column")
# Other simulators' names for the columns, and those of their columns that say nothing about timing.
_ALIASES = {"pseudochannel": "rank"}
_IGNORED = ("type", "source")
#: The latest clock cycle of a command.
LATEST = 1 << 62

# DRAMsim3's command names, with simcore's role for each.
_DRAMSIM3 = {
    "activate": "activate",
    "precharge": "precharge",
    "read": "read",
    "write": "write",
    "read_p": "read_precharge",
    "write_p": "write_precharge",
    "refresh": "refresh_all",
    "refresh_bank": "refresh_bank",
}


class Command(NamedTuple):
    """A command of a stream: its line in the file, its clock cycle, and its address in the order of `ResolvedDram.levels`.

    Levels below the addressed node are -1; ``command`` is an index into `ResolvedDram.commands`.
    """

    line: int
    clock: int
    command: int
    address: tuple[int, ...]


def read_commands(path: str | Path, dram: ResolvedDram) -> Iterator[Command]:
    """Yield the commands of a file, in its order.

    The first line decides the format: a CSV header (``clock,command,...``), or DRAMsim3's ``clock command channel rank bankgroup
    bank row column`` with row and column in hexadecimal. Raise InputError with FILE:LINE for an unknown command or column, for
    text that is no number, and for an address that the organisation does not have.
    """
    lines = numbered_lines(path)
    first = next(lines, None)
    if first is None:
        return
    parse: Callable[[str, str], tuple[int, str, dict[str, int]]]
    if "," in first[1]:
        columns = _columns(first[1], f"{path}:{first[0]}")
        rows, names, parse = lines, _own_names(dram), _csv_parser(columns)
    else:
        rows, names, parse = _again(first, lines), _dramsim3_names(dram), _parse_dramsim3
    fields = field_names(dram)
    for number, line in rows:
        where = f"{path}:{number}"
        clock, name, values = parse(line, where)
        if name not in names:
            raise InputError(f"no command '{name}' in {dram.name}", where, did_you_mean(name, names))
        address = tuple(values.get(field, 0) for field in fields)
        yield Command(number, clock, names[name], _checked(address, names[name], dram, where))


def field_names(dram: ResolvedDram) -> tuple[str, ...]:
    """Return the column name of each of `ResolvedDram.levels`. The level that is refreshed as a whole is named ``rank``."""
    return tuple("rank" if index == dram.rank_level else level for index, level in enumerate(dram.levels))


def _again(first: tuple[int, str], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest


def _own_names(dram: ResolvedDram) -> dict[str, int]:
    return {name: index for index, name in enumerate(dram.commands)}


def _dramsim3_names(dram: ResolvedDram) -> dict[str, int]:
    return {name: dram.roles[role] for name, role in _DRAMSIM3.items() if dram.roles[role] >= 0}


def _columns(header: str, where: str) -> list[str]:
    columns = [_ALIASES.get(name.strip().lower(), name.strip().lower()) for name in header.split(",")]
    for name in columns:
        if name not in (*HEADER, *_IGNORED):
            raise InputError(f"unknown column '{name}'", where, did_you_mean(name, HEADER))
    for name in ("clock", "command", "channel", "bank", "row"):
        if name not in columns:
            raise InputError(f"missing column '{name}'", where, f"expected {','.join(HEADER)}")
    return columns


def _csv_parser(columns: list[str]) -> Callable[[str, str], tuple[int, str, dict[str, int]]]:
    clock_at, command_at = columns.index("clock"), columns.index("command")
    fields = [(position, name) for position, name in enumerate(columns) if name in HEADER[2:]]

    def parse(line: str, where: str) -> tuple[int, str, dict[str, int]]:
        """Return the clock, command and numbers per level in one line. Raise InputError for a line that is none."""
        parts = line.split(",")
        if len(parts) != len(columns):
            raise InputError(f"expected {len(columns)} columns, got {len(parts)}", where)
        try:
            values = {name: int(parts[position]) for position, name in fields}
            return _clock(parts[clock_at]), parts[command_at].strip(), values
        except ValueError as error:
            raise InputError(f"expected integers, got {shown(line)}", where) from error

    return parse


def _parse_dramsim3(line: str, where: str) -> tuple[int, str, dict[str, int]]:
    parts = line.split()
    if len(parts) != len(HEADER):
        raise InputError(f"expected {len(HEADER)} columns ({' '.join(HEADER)}), got {len(parts)}", where)
    try:
        values = [int(part) for part in parts[2:6]] + [int(part, 16) for part in parts[6:]]
        # DRAMsim3 writes one file per channel, and -1 as the channel of a refresh and of the precharges that prepare a refresh.
        values[0] = max(0, values[0])
        return _clock(parts[0]), parts[1], dict(zip(HEADER[2:], values, strict=True))
    except ValueError as error:
        raise InputError(f"expected integers, row and column hexadecimal, got {shown(line)}", where) from error


def _clock(text: str) -> int:
    """Return a clock cycle. Raise ValueError for any other text."""
    clock = int(text)
    if abs(clock) > LATEST:
        raise ValueError(f"a cycle beyond {LATEST}")
    return clock


def _checked(address: tuple[int, ...], command: int, dram: ResolvedDram, where: str) -> tuple[int, ...]:
    """Return the address with -1 below the addressed node. Where row or column do not matter, any value is legal."""
    depth = min(int(dram.command_level[command]), dram.bank_level)
    for level in range(depth + 1):
        if not 0 <= address[level] < dram.counts[level]:
            message = f"{dram.levels[level]} of {dram.commands[command]}: expected 0 to {dram.counts[level] - 1}"
            raise InputError(f"{message}, got {address[level]}", where)
    if depth < dram.bank_level:
        return address[: depth + 1] + (-1,) * (len(address) - depth - 1)
    row = dram.bank_level + 1
    is_of_subarray = dram.command_level[command] > dram.bank_level
    uses_row = dram.opens[command] or dram.reads[command] or dram.writes[command] or is_of_subarray
    if uses_row and not 0 <= address[row] < dram.counts[row]:
        message = f"row of {dram.commands[command]}: expected 0 to {dram.counts[row] - 1}, got {address[row]}"
        raise InputError(message, where)
    if dram.holds[command] != HOLDS_NOT and address[-1] < 1:
        raise InputError(f"column of {dram.commands[command]}: expected a number of cycles from 1, got {address[-1]}", where)
    return address
