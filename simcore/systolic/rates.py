"""The energy rates of a system: the bridge from the parts of a machine to picojoules, by the technology table."""

from __future__ import annotations

from typing import cast

from models.arrays.banks import macro_figures
from models.technology import ScratchpadFigures, Technology
from models.technology import energy_table as technology_table
from simcore.dram.energy import command_energy
from simcore.dram.tables import ResolvedDram
from simcore.errors import InputError
from simcore.machine.bank_group import BanksOfMacros, blamed, group_timing
from simcore.spec import BankGroup, DramMemorySpec, System
from simcore.spec.system import ScratchpadName
from simcore.systolic.energy import BankRates, EnergyRates
from simcore.systolic.own_counters import event_rates


def energy_rates(system: System) -> EnergyRates:
    """Return the energy of one unit of each count on this system. Each bank counts as an array of its own.

    Raise InputError for an unknown technology, for macros that their table does not hold, and for a leakage class that the
    technology table does not know.
    """
    technology = technology_table(system.technology.table, system.technology.node_nm)
    mac, dram = technology.mac(system.words.ifmap_bytes), technology.dram
    sources = {"mac": f"{mac.kind}: {mac.source}"}
    notes: dict[str, None] = {}
    memory = None
    if isinstance(system.memory, DramMemorySpec):
        memory = _with_currents(system.memory.resolved(), sources, notes)
    else:
        sources["dram"] = f"{dram.kind}: {dram.source}"
    banks: list[BankRates] = []
    for name, pad in system.scratchpads.items():
        for group in pad.groups:
            figures = _figures(system, technology, name, group)
            banks += [_bank_rates(figures, pad.line_bytes)] * group.banks
            sources[f"{name}, {group.memory}"] = f"{figures.kind}: {figures.source}"
            notes.update(dict.fromkeys(figures.notes))
        if pad.ports_per_bank > 1:
            notes[f"{name}: a bank of {pad.ports_per_bank} ports counts with the energy and area of a single-port bank"] = None
    events = event_rates(system)
    sources.update({f"{rate.scratchpad}, {rate.counter}": rate.source for rate in events})
    return EnergyRates(
        mac_pj=mac.pj,
        dram_byte_pj=None if isinstance(system.memory, DramMemorySpec) else dram.pj,
        dram=memory,
        banks=tuple(banks),
        core_clock_hz=system.core_clock_hz,
        leakage_class=system.technology.leakage_class,
        gating=system.technology.gating,
        sources=sources,
        notes=tuple(notes),
        events=events,
    )


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
            hint=f"only macros have other classes: --set scratchpads.{scratchpad}.macro=sram, technology.node_nm=22",
        )
    model = group_timing(system, scratchpad, group)
    return technology.scratchpad(model, pad.capacity_bytes // pad.banks)


def _bank_rates(figures: ScratchpadFigures, line_bytes: int) -> BankRates:
    return BankRates(
        read_pj=figures.read_pj_per_byte * line_bytes,
        write_pj=figures.write_pj_per_byte * line_bytes,
        leakage_mw=figures.leakage_mw,
        volatile_leakage_mw=figures.volatile_leakage_mw,
        area_mm2=figures.area_mm2,
    )


def _with_currents(dram: ResolvedDram, sources: dict[str, str], notes: dict[str, None]) -> ResolvedDram | None:
    """Return the DRAM if its table has the currents for its energy. Else add a note and return None."""
    try:
        command_energy(dram)
    except InputError as error:
        notes[f"main memory is not included ({error.message})"] = None
        return None
    assert dram.currents is not None
    sources["dram"] = f"derived from datasheet currents: {dram.currents.source}"
    if dram.interface is None:
        notes["the data lines of main memory are not included"] = None
    else:
        sources["dram data lines"] = f"derived: {dram.interface.source}"
    return dram
