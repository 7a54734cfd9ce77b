"""The energy of a layer on DRAM that multiplies: activations, periphery, transfers, refresh and background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simcore.dram.energy import CommandEnergy, command_energy
from simcore.errors import InputError
from simcore.kinds.costs import UnknownCosts
from simcore.pim.energy import FURTHER_ROW
from simcore.pim_dram.layers import Done
from simcore.pim_dram.machine import PimMachine

if TYPE_CHECKING:
    from workloads.pim.network_map import NetworkMap, PlacedLayer

#: The parts of the energy, as columns of the layers.
PARTS = ("activate_pj", "row_copy_pj", "periphery_pj", "transfer_pj", "refresh_pj", "background_pj")
#: What a row copy and a move over links of two subarrays take, as activations with their precharges (assumed): LISA (HPCA 2016)
#: has 0.09, 0.12 and 0.17 uJ for 1, 7 and 15 subarrays, and RowClone 0.06 uJ for two activations (recalled).
_COPY, _MOVE = 3.0, 0.38


@dataclass(frozen=True)
class PimCosts(UnknownCosts):
    """The costs of a DRAM that multiplies. ``commands`` is the energy of its commands, None if its table has no currents."""

    commands: CommandEnergy | None = None


def pim_costs(machine: PimMachine) -> PimCosts:
    """Return the costs of a machine. Raise InputError for currents that make no sense."""
    dram = machine.dram
    if dram.currents is None:
        return PimCosts(notes=(f"unknown, because {dram.name} has no currents",))
    commands = command_energy(dram)
    sources = {
        "activate, refresh, background": f"derived: {dram.currents.source} (docs/dram.md)",
        "row copies": f"assumed: {_COPY:g} activations, and {_MOVE:g} for each two subarrays (LISA, HPCA 2016, recalled)",
        "rows beyond the first of an activation": f"assumed: {100 * FURTHER_ROW:g} % more each (Ambit, MICRO 2017, recalled)",
    }
    missing = ["the host and the memory controller"]
    if dram.interface is None:
        missing.append("the drivers and termination of the data lines")
    else:
        sources["data lines"] = f"derived: {dram.interface.source}"
    areas: dict[str, float] = {}
    if machine.spec.periphery.enabled:
        banks = machine.banks * machine.channels
        for part in machine.periphery.parts:
            areas[part.name] = banks * part.area_mm2
            sources[part.name] = f"{part.kind}: {part.source}"
        missing.append("the area of the DRAM itself")
    return PimCosts(sources, (), tuple(missing), areas, commands=commands)


def periphery_pj(network: NetworkMap, layer: PlacedLayer, machine: PimMachine) -> float:
    """Return the energy of the periphery of all banks for a layer and what is fused into it.

    Rows of products pass the tree whole; each dot product's count of ones is added up once for each row.
    """
    if not machine.spec.periphery.enabled or layer.fused_into is not None:
        return 0.0
    unit, mapped, spent = machine.periphery, layer.layer_map, 0.0
    if mapped is not None:
        product_rows = mapped.row_sets * mapped.options.product_bits
        spent = product_rows * (unit.row_pj + mapped.dots_per_row * unit.accumulate_pj)
        if machine.spec.operands == "transposer":
            spent += unit.transpose_pj(mapped.activation_rows_written * machine.columns)
    for each in network.layers:
        if each.vector is not None and layer.name in (each.name, each.fused_into):
            spent += each.vector.word_operations * unit.word_pj(each.vector.operation)
    return spent + layer.result_words * unit.word_pj("quantise")


def energy_parts(costs: PimCosts, done: Done | None, periphery_pj: float) -> Mapping[str, float]:
    """Return the energy of a layer by part in pJ, that of all channels, or {} if it is unknown. None never ran."""
    each = costs.commands
    if each is None:
        return {}
    if done is None:
        return dict.fromkeys(PARTS, 0.0)
    dram, counts, chips = done.machine.dram, done.command_counts, each.chips_per_rank
    whole = int((counts * dram.refreshes * (dram.command_level < dram.bank_level)).sum())
    single = int((counts * dram.refreshes).sum()) - whole
    reads, writes = (int((counts * flag).sum()) for flag in (dram.reads, dram.writes))
    rows = sum(times * (1 + FURTHER_ROW * (raised - 1)) for raised, times in done.activations_by_rows.items())
    copied, links = done.row_copies
    bits = (reads + writes) * dram.transaction_bytes * 8
    active = min(done.rank_cycles, done.open_cycles + whole * dram.timing.get("nRFC", 0))
    return {
        "activate_pj": rows * each.activate_pj * chips,
        "row_copy_pj": (_COPY * copied + _MOVE * links) * each.activate_pj * chips,
        "periphery_pj": periphery_pj,
        "transfer_pj": (reads * each.read_pj + writes * each.write_pj) * chips + bits * (each.io_pj_per_bit or 0.0),
        "refresh_pj": (whole * each.refresh_pj + single * each.refresh_bank_pj) * chips,
        "background_pj": (active * each.active_cycle_pj + (done.rank_cycles - active) * each.idle_cycle_pj) * chips,
    }


def require_energy(machine: PimMachine) -> None:
    """Raise InputError for currents that make a term negative."""
    try:
        pim_costs(machine)
    except InputError as error:
        raise InputError(error.message, "dram.standard", error.hint) from error
