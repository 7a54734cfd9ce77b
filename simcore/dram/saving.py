"""The command stream and the requests of a run as CSV files, in the formats of the golden files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path

from simcore.dram.commands import HEADER, field_names
from simcore.dram.outcome import COMMAND_CLOCK, COMMAND_LEVELS, COMMAND_NUMBER, WRITE, DramOutcome
from simcore.dram.tables import IntArray, ResolvedDram
from simcore.errors import InputError
from simcore.saving import text_files

REQUEST_HEADER = ("idx", "op", "arrive", "depart")

#: The number of rows that are converted to Python's integers at a time.
_PIECE = 1 << 16


@contextmanager
def stream_files(
    dram: ResolvedDram, trace: Path, commands: Path | None, requests: Path | None
) -> Iterator[Callable[[DramOutcome], None]]:
    """Claim the wanted files before the run. After it, call the yielded function with the run's outcome to write them.

    Either all files are written or none. A file whose name ends in .gz is gzipped. Earlier streams of simcore are replaced. Raise
    InputError if the files cannot be written, hold something else, or are the same file.
    """
    if commands is not None:
        for name, count in zip(field_names(dram), dram.counts, strict=True):
            if name not in HEADER and count > 1:
                raise InputError(f"{dram.name}: a command stream has no column for its level '{name}'", str(commands))
    named = {path: header for path, header in ((commands, HEADER), (requests, REQUEST_HEADER)) if path is not None}
    files = [path.resolve() for path in (trace, commands, requests) if path is not None]
    if len(set(files)) < len(files):
        raise InputError("expected trace, commands and requests to be different files", str(requests or commands))
    with text_files({path: ",".join(header) for path, header in named.items()}) as write:
        yield lambda outcome: write(_streams(outcome, commands, requests))


def _streams(outcome: DramOutcome, commands: Path | None, requests: Path | None) -> dict[Path, Iterator[str]]:
    wanted = ((commands, command_lines(outcome.dram, outcome.commands)), (requests, request_lines(outcome)))
    return {path: lines for path, lines in wanted if path is not None}


def command_lines(dram: ResolvedDram, commands: IntArray) -> Iterator[str]:
    """Yield ``clock,command,channel,...`` and a line per command in the order of issue.

    A level that the command does not address, or that the standard does not have, is -1.
    """
    yield ",".join(HEADER)
    fields, names = field_names(dram), dram.commands
    places = [COMMAND_LEVELS + fields.index(name) if name in fields else None for name in HEADER[2:]]
    for start in range(0, len(commands), _PIECE):
        piece = commands[start : start + _PIECE]
        levels = [repeat(-1) if place is None else piece[:, place].tolist() for place in places]
        clocks, numbers = piece[:, COMMAND_CLOCK].tolist(), piece[:, COMMAND_NUMBER].tolist()
        for clock, number, *address in zip(clocks, numbers, *levels, strict=False):
            yield f"{clock},{names[number]},{','.join(map(str, address))}"


def request_lines(outcome: DramOutcome) -> Iterator[str]:
    """Yield ``idx,op,arrive,depart`` and a line per request in trace order. `DramOutcome` defines when a request departs."""
    yield ",".join(REQUEST_HEADER)
    for start in range(0, len(outcome.op), _PIECE):
        columns = [values[start : start + _PIECE].tolist() for values in (outcome.op, outcome.arrive, outcome.depart)]
        for index, (op, arrive, depart) in enumerate(zip(*columns, strict=True), start):
            yield f"{index},{'W' if op == WRITE else 'R'},{arrive},{depart}"
