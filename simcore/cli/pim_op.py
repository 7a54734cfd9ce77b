"""``simcore pim op``: one operation on many elements by PIMeval's BitSIMD table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from models.pim.bitsimd import SYSTEMS, is_extended, time_of
from simcore.cli.console import console, print_json, table
from simcore.errors import InputError, did_you_mean


def op_command(operation: str, bits: int, elements: int, name: str, geometry: Mapping[str, int], as_json: bool) -> None:
    """Print the time of the operation and its parts."""
    if name not in SYSTEMS:
        raise InputError(f"no system '{name}' with a table of operations", hint=did_you_mean(name, SYSTEMS))
    system = replace(SYSTEMS[name], **geometry)
    time, extended = time_of(operation, bits, elements, system), is_extended(operation, bits)
    times = {"runtime_ns": time.runtime_ns, "read_ns": time.read_ns, "write_ns": time.write_ns, "logic_ns": time.logic_ns}
    if as_json:
        print_json({**times, "passes": time.passes, "extends_the_table": extended})
        return
    rows = [(name.removesuffix("_ns"), value) for name, value in times.items()]
    console().print(table(f"{operation} of {elements:,} elements of {bits} bits, {time.passes:,} passes", ("", "ns"), rows))
    if extended:
        console().print("PIMeval's table does not have this operation; its formula was extended.")
