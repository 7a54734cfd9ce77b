"""The energy rates of a system: the bridge from the parts of a machine to picojoules, by the technology table."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import cast

from models.arrays.banks import macro_figures
from models.scratchpad_table import ScratchpadFigures
from models.technology import Technology
from models.technology import energy_table as technology_table
from simcore.dram.energy import command_energy
from simcore.dram.tables import ResolvedDram
from simcore.errors import InputError
from simcore.machine.bank_group import BanksOfMacros, blamed, group_timing
from simcore.spec import BankGroup, DramMemorySpec, System
from simcore.spec.memory import SimpleMemorySpec
from simcore.spec.scratchpad import ScratchpadSpec
from simcore.spec.system import ScratchpadName
from simcore.systolic.energy import BankRates, EnergyRates, MemoryRates
from simcore.systolic.logic import NOT_COUNTED, logic_areas, logic_rates, logic_sources
from simcore.systolic.own_counters import event_rates
from simcore.systolic.storage import check_storage, surely_checked


def energy_rates(system: System) -> EnergyRates:
    """Return the energy of one unit of each count on this system. Each bank counts as an array of its own.

    Raise InputError for an unknown technology or type of main memory, for a node without figures, for macros that their table
    does not hold, for a leakage class that the technology table does not know, and for stored bits of unknown cells.
    """
    check_storage(system)
    technology = technology_table(system.technology.table, system.technology.node_nm)
    sources, notes, missing = logic_sources(system, technology), dict[str, None](), list(NOT_COUNTED)
    memory = dram = None
    if isinstance(system.memory, DramMemorySpec):
        dram = _with_currents(system.memory.resolved(), sources, missing)
    else:
        memory = _memory_rates(system.memory, technology, sources, missing)
    banks, areas = _banks(system, technology, sources, notes)
    areas |= logic_areas(system, technology)
    events = event_rates(system)
    sources.update({f"{rate.scratchpad}, {rate.counter}": rate.source for rate in events})
    return EnergyRates(
        logic=logic_rates(system, technology, areas),
        memory=memory,
        dram=dram,
        banks=tuple(banks),
        core_clock_hz=system.core_clock_hz,
        areas=areas,
        leakage_class=system.technology.leakage_class,
        gating=system.technology.gating,
        sources=sources,
        notes=tuple(notes),
        not_counted=tuple(missing),
        events=events,
    )


def _banks(
    system: System, technology: Technology, sources: dict[str, str], notes: dict[str, None]
) -> tuple[list[BankRates], dict[str, float]]:
    """Return the rates of every bank and the area of every scratchpad. Add sources and notes."""
    banks: list[BankRates] = []
    areas: dict[str, float] = {}
    for name, pad in system.scratchpads.items():
        first = len(banks)
        for group in pad.groups:
            figures = _figures(system, technology, name, group)
            rates, checks = _bank_rates(figures, pad, technology), surely_checked(system, name, group)
            banks += [replace(rates, area_mm2=rates.area_mm2 * (1 + checks))] * group.banks
            if checks:
                counted = f"{name}: its area counts {100 * checks:g} % of check bits, because one read flips too many bits"
                notes[counted] = None
            sources[f"{name}, {group.memory}"] = f"{figures.kind}: {figures.source}"
            notes.update(dict.fromkeys(figures.notes))
        areas[name] = sum(bank.area_mm2 for bank in banks[first:])
        if pad.ports_per_bank > 1:
            sources[f"{name}, ports"] = technology.ports_source
            notes[_ports_note(name, pad, technology)] = None
    return banks, areas


def _figures(system: System, technology: Technology, scratchpad: str, group: BankGroup) -> ScratchpadFigures:
    pad = system.scratchpads[cast(ScratchpadName, scratchpad)]
    if group.timing is None:
        try:
            return macro_figures(BanksOfMacros.of(system, pad, group))
        except InputError as error:
            raise blamed(system, scratchpad, group, error) from None
    wanted = system.technology.leakage_class
    if wanted != technology.leakage_class:
        raise InputError(
            f"expected {technology.leakage_class}, the class of the table '{technology.name}', got {wanted}",
            where="technology.leakage_class",
            hint=f"only macros have other classes: scratchpads.{scratchpad}.macro=sram, technology.node_nm=22",
        )
    model = group_timing(system, scratchpad, group)
    return technology.scratchpad(model, pad.capacity_bytes // pad.banks)


def _bank_rates(figures: ScratchpadFigures, pad: ScratchpadSpec, technology: Technology) -> BankRates:
    more = technology.ports(pad.ports_per_bank, volatile=figures.volatile_leakage_mw > 0)
    return BankRates(
        read_pj=figures.read_pj_per_byte * pad.line_bytes * more.access,
        write_pj=figures.write_pj_per_byte * pad.line_bytes * more.access,
        leakage_mw=figures.leakage_mw * more.leakage,
        volatile_leakage_mw=figures.volatile_leakage_mw * more.leakage,
        area_mm2=figures.area_mm2 * more.area,
    )


def _ports_note(name: str, pad: ScratchpadSpec, technology: Technology) -> str:
    more = technology.ports(pad.ports_per_bank, volatile=True)
    of_accesses = f"if it is SRAM {more.access:.2f} times the energy of an access"
    return (
        f"{name}: a bank of {pad.ports_per_bank} ports counts with {more.area:.2f} times the area of a single-port bank, "
        f"{more.leakage:.2f} times its leakage and {of_accesses}"
    )


def _memory_rates(
    memory: SimpleMemorySpec, technology: Technology, sources: dict[str, str], missing: list[str]
) -> MemoryRates | None:
    """Return the energies of this type of main memory, or None if it has no type. Add its source, and what is not known."""
    if memory.type is None:
        known = ", ".join(technology.main_memory_types)
        missing.append(f"main memory, because memory.type does not name its type ({known})")
        return None
    figures = technology.main_memory(memory.type)
    channels = ceil(memory.bytes_per_cycle * memory.clock_hz / figures.channel_bytes_per_s)
    sources["dram"] = f"{figures.kind}: {memory.type}, {channels} channel{'s' if channels > 1 else ''}; {figures.source}"
    if figures.background_mw is None or figures.refresh_mw is None:
        missing.append(f"background and refresh of main memory, which are not known for {memory.type}")
    return MemoryRates(
        figures.read_pj_per_byte,
        figures.write_pj_per_byte,
        None if figures.background_mw is None else channels * figures.background_mw,
        None if figures.refresh_mw is None else channels * figures.refresh_mw,
    )


def _with_currents(dram: ResolvedDram, sources: dict[str, str], missing: list[str]) -> ResolvedDram | None:
    """Return the DRAM if its table has the currents for its energy. Else say so in ``missing`` and return None."""
    try:
        command_energy(dram)
    except InputError as error:
        missing.append(f"main memory ({error.message})")
        return None
    assert dram.currents is not None
    sources["dram"] = f"derived from datasheet currents: {dram.currents.source}"
    if dram.interface is None:
        missing.append("the data lines of main memory")
    else:
        sources["dram data lines"] = f"derived: {dram.interface.source}"
    return dram
