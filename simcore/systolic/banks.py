"""The banks of a systolic machine: their names in tables, and the number of writes that their lines endure."""

from __future__ import annotations

from models.endurance import Endurance, endurance_of, endurance_of_cells
from simcore.results.banks import BankName
from simcore.spec import BankGroup, System, TechnologySpec
from simcore.timing.bank_timing import resolve_timing


def bank_names(system: System) -> list[BankName]:
    """Return every bank of the system, in the engines' order."""
    found: list[BankName] = []
    for name, spec in system.scratchpads.items():
        for bank, memory in enumerate(spec.memory_of_banks):
            found.append(BankName(name, bank, memory, spec.line_bytes, spec.ports_per_bank, spec.write_buffer.depth))
    return found


def bank_endurance(system: System) -> tuple[Endurance, ...]:
    """Return the endurance of every bank's lines, in the engines' order. Raise InputError for an unknown model or table."""
    found: list[Endurance] = []
    for pad in system.scratchpads.values():
        for group in pad.groups:
            found += [_endurance(group, system.technology)] * group.banks
    return tuple(found)


def _endurance(group: BankGroup, technology: TechnologySpec) -> Endurance:
    if group.macro is not None:
        return endurance_of_cells([group.macro.cell, *(part.cell for part in group.macro.beside)], technology.endurance_writes)
    assert group.timing is not None
    timing = resolve_timing(group.timing.model, group.timing.parameters)
    return endurance_of(timing, technology.table, technology.endurance_writes)
