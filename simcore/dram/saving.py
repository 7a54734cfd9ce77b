"""The command stream and the requests of a run as CSV files, in the forms in which the golden ones are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from pathlib import Path

from simcore.dram.commands import HEADER, field_names
from simcore.dram.outcome import COMMAND_CLOCK, COMMAND_LEVELS, COMMAND_NUMBER, WRITE, DramOutcome
from simcore.dram.tables import ResolvedDram
from simcore.dram.text import check_destination, write_whole
from simcore.errors import InputError

REQUEST_HEADER = ("idx", "op", "arrive", "depart")

#: Rows turned into Python's integers at a time.
_PIECE = 1 << 16


def check_outputs(dram: ResolvedDram, trace: Path, commands: Path | None, requests: Path | None) -> None:
    """Raise InputError, before the run, where these files could not be written after it."""
    if commands is not None:
        for name, count in zip(field_names(dram), dram.counts, strict=True):
            if name not in HEADER and count > 1:
                raise InputError(f"{dram.name}: a command stream has no column for its level '{name}'", str(commands))
    named = [path for path in (commands, requests) if path is not None]
    for path in named:
        check_destination(path)
    files = [path.resolve() for path in (trace, *named)]
    if len(set(files)) < len(files):
        raise InputError("expected trace, commands and requests to be different files", str(named[-1]))


def save_streams(outcome: DramOutcome, commands: Path | None, requests: Path | None) -> None:
    """Write what is asked for, gzipped where the name ends in .gz: all of it, or nothing. What was there is replaced."""
    files: Mapping[Path, Iterable[str]] = {
        path: lines
        for path, lines in ((commands, command_lines(outcome)), (requests, request_lines(outcome)))
        if path is not None
    }
    write_whole(files)


def command_lines(outcome: DramOutcome) -> Iterator[str]:
    """``clock,command,channel,...`` and a line per command in the order of issue.

    A level that the command does not address, or that the standard does not have, is -1.
    """
    yield ",".join(HEADER)
    fields, names = field_names(outcome.dram), outcome.dram.commands
    places = [COMMAND_LEVELS + fields.index(name) if name in fields else None for name in HEADER[2:]]
    for start in range(0, len(outcome.commands), _PIECE):
        piece = outcome.commands[start : start + _PIECE]
        levels = [repeat(-1) if place is None else piece[:, place].tolist() for place in places]
        clocks, numbers = piece[:, COMMAND_CLOCK].tolist(), piece[:, COMMAND_NUMBER].tolist()
        for clock, number, *address in zip(clocks, numbers, *levels, strict=False):
            yield f"{clock},{names[number]},{','.join(map(str, address))}"


def request_lines(outcome: DramOutcome) -> Iterator[str]:
    """``idx,op,arrive,depart`` and a line per request in the order of the trace; what departing means says `DramOutcome`."""
    yield ",".join(REQUEST_HEADER)
    for start in range(0, len(outcome.op), _PIECE):
        columns = [values[start : start + _PIECE].tolist() for values in (outcome.op, outcome.arrive, outcome.depart)]
        for index, (op, arrive, depart) in enumerate(zip(*columns, strict=True), start):
            yield f"{index},{'W' if op == WRITE else 'R'},{arrive},{depart}"
