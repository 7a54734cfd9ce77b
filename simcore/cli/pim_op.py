"""``simcore pim op``: one operation on many elements by PIMeval's BitSIMD table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from models.pim.bitsimd import SYSTEMS, is_extended, row_accesses, time_of
from simcore.cli.console import console, print_json, table
from simcore.cli.options import file_named
from simcore.dram.commands import HEADER
from simcore.errors import InputError, did_you_mean
from simcore.reading.numbers import counted
from simcore.saving import text_files


def op_command(
    operation: str,
    bits: int,
    elements: int,
    *,
    name: str,
    geometry: Mapping[str, int],
    commands: str | None,
    as_json: bool,
) -> None:
    """Print the time of the operation and its parts, and write its commands in one subarray to the file ``commands``."""
    if name not in SYSTEMS:
        raise InputError(f"no system '{name}' with a table of operations", hint=did_you_mean(name, SYSTEMS))
    system = replace(SYSTEMS[name], **geometry)
    time, extended = time_of(operation, bits, elements, system), is_extended(operation, bits)
    path = file_named(commands, "--commands")
    if path is not None:
        with text_files({path: ",".join(HEADER)}) as write:
            write({path: command_lines(row_accesses(operation, bits, elements, system), system.tras_cycles)})
    times = {"runtime_ns": time.runtime_ns, "read_ns": time.read_ns, "write_ns": time.write_ns, "logic_ns": time.logic_ns}
    if as_json:
        print_json({**times, "passes": time.passes, "extends_the_table": extended})
        return
    rows = [(name.removesuffix("_ns"), value) for name, value in times.items()]
    title = f"{operation} of {counted(elements, 'element')} of {counted(bits, 'bit')} on {name}: {counted(time.passes, 'pass')}"
    console().print(table(title, ("", "ns"), rows))
    if extended:
        console().print("PIMeval's table does not have this operation; its formula was extended.")


def command_lines(accesses: Iterable[tuple[int, int]], open_cycles: int) -> Iterator[str]:
    """Yield the lines of a command stream in which each row access is an ACT and, ``open_cycles`` later, a precharge."""
    yield ",".join(HEADER)
    for cycle, row in accesses:
        yield f"{cycle},ACT,0,0,0,0,{row},-1"
        yield f"{cycle + open_cycles},PREpb,0,0,0,0,{row},-1"
