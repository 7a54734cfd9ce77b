"""Energies of a system's parts, from the technology table: the bridge from what a machine is made of to picojoules."""

from __future__ import annotations

from models.technology import energy_table as technology_table
from simcore.dram.energy import command_energy
from simcore.dram.tables import ResolvedDram
from simcore.errors import InputError
from simcore.results.energy import EnergyRates
from simcore.spec import DramMemorySpec, System
from simcore.timing import resolve_timing


def energy_rates(system: System) -> EnergyRates:
    """What one unit of each count costs here; a bank is an array of its own. Raises InputError for an unknown technology."""
    technology = technology_table(system.technology.table, system.technology.node_nm)
    mac, dram = technology.mac(system.words.ifmap_bytes), technology.dram
    read_pj: list[float] = []
    write_pj: list[float] = []
    leakage_mw = area_mm2 = 0.0
    sources = {"mac": f"{mac.kind}: {mac.source}"}
    notes: dict[str, None] = {}
    memory = None
    if isinstance(system.memory, DramMemorySpec):
        memory = _with_currents(system.memory.resolved(), sources, notes)
    else:
        sources["dram"] = f"{dram.kind}: {dram.source}"
    for name, pad in system.scratchpads.items():
        for group in pad.groups:
            model = resolve_timing(group.timing.model, group.timing.parameters)
            figures = technology.scratchpad(model, pad.capacity_bytes // pad.banks)
            read_pj += [figures.read_pj_per_byte * pad.line_bytes] * group.banks
            write_pj += [figures.write_pj_per_byte * pad.line_bytes] * group.banks
            leakage_mw += figures.leakage_mw * group.banks
            area_mm2 += figures.area_mm2 * group.banks
            sources[f"{name}, {group.timing.model}"] = f"{figures.kind}: {figures.source}"
            notes.update(dict.fromkeys(figures.notes))
    return EnergyRates(
        mac_pj=mac.pj,
        dram_byte_pj=None if isinstance(system.memory, DramMemorySpec) else dram.pj,
        dram=memory,
        read_pj=tuple(read_pj),
        write_pj=tuple(write_pj),
        leakage_mw=leakage_mw,
        area_mm2=area_mm2,
        core_clock_hz=system.core_clock_hz,
        sources=sources,
        notes=tuple(notes),
    )


def _with_currents(dram: ResolvedDram, sources: dict[str, str], notes: dict[str, None]) -> ResolvedDram | None:
    """The DRAM if its table has the currents that its energy needs; else None, and a note that says so."""
    try:
        command_energy(dram)
    except InputError as error:
        notes[f"main memory is not in it ({error.message})"] = None
        return None
    assert dram.currents is not None
    sources["dram"] = f"derived from datasheet currents: {dram.currents.source}"
    if dram.interface is None:
        notes["the data lines of main memory are not in it"] = None
    else:
        sources["dram data lines"] = f"derived: {dram.interface.source}"
    return dram
