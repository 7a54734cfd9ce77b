"""Energies of a system's parts, from the technology table: the bridge from what a machine is made of to picojoules."""

from __future__ import annotations

from models.technology import energy_table as technology_table
from simcore.results.energy import EnergyRates
from simcore.spec import System
from simcore.timing import resolve_timing


def energy_rates(system: System) -> EnergyRates:
    """What one unit of each count costs here; a bank is an array of its own. Raises InputError for an unknown technology."""
    technology = technology_table(system.technology.table, system.technology.node_nm)
    mac, dram = technology.mac(system.words.ifmap_bytes), technology.dram
    read_pj: list[float] = []
    write_pj: list[float] = []
    leakage_mw = area_mm2 = 0.0
    sources = {"mac": f"{mac.kind}: {mac.source}", "dram": f"{dram.kind}: {dram.source}"}
    notes: dict[str, None] = {}
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
        dram_byte_pj=dram.pj,
        read_pj=tuple(read_pj),
        write_pj=tuple(write_pj),
        leakage_mw=leakage_mw,
        area_mm2=area_mm2,
        core_clock_hz=system.core_clock_hz,
        sources=sources,
        notes=tuple(notes),
    )
