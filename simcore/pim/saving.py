"""The command stream of micro-programs as a CSV file, which `simcore dram check` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from simcore.dram.commands import HEADER
from simcore.dram.saving import command_lines
from simcore.dram.tables import IntArray, ResolvedDram
from simcore.saving import text_files


@contextmanager
def command_file(dram: ResolvedDram, path: Path | None) -> Iterator[Callable[[IntArray], None]]:
    """Claim the file, if one is wanted, and yield the function that writes commands to it. It is written whole or not at all."""
    named = {} if path is None else {path: ",".join(HEADER)}
    with text_files(named) as write:
        yield lambda commands: write({} if path is None else {path: command_lines(dram, commands)})
