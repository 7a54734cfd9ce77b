"""Energy of a run: counts of the tables times the energies of the technology table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from simcore.dram.energy import dram_energy, summed
from simcore.dram.tables import ResolvedDram
from simcore.program import Int64Array
from simcore.results.banks import BankName
from simcore.results.dram import nothing_done
from simcore.results.record import LayerRun


@dataclass(frozen=True)
class EnergyRates:
    """What one unit of each count costs. ``read_pj`` and ``write_pj`` are per line access of each bank, in the engines' order.

    ``leakage_mw`` and ``area_mm2`` are of all banks together. ``sources`` says where each number comes from, ``notes`` what a
    reader must know before trusting it. ``dram_byte_pj``: per byte of main memory, None where main memory is a DRAM: that is
    ``dram``, unless its table has no currents.
    """

    mac_pj: float
    dram_byte_pj: float | None
    read_pj: tuple[float, ...]
    write_pj: tuple[float, ...]
    leakage_mw: float
    core_clock_hz: int
    area_mm2: float = 0.0
    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    dram: ResolvedDram | None = None


def energy_table(runs: Sequence[LayerRun], banks: Sequence[BankName], rates: EnergyRates) -> pd.DataFrame:
    """One row per layer, one column ``<part>_pj`` per part whose energy is known, and ``energy_pj``, their sum."""
    frame = pd.DataFrame([_parts(run, banks, rates) for run in runs])
    frame["energy_pj"] = frame.sum(axis=1)
    frame.insert(0, "layer", [run.name for run in runs])
    return frame


def _parts(run: LayerRun, banks: Sequence[BankName], rates: EnergyRates) -> dict[str, float]:
    outcome = run.outcome
    parts: dict[str, float] = {"mac_pj": run.macs * rates.mac_pj}
    for action, counts, costs in (
        ("read", outcome.reads if outcome else None, rates.read_pj),
        ("write", outcome.writes if outcome else None, rates.write_pj),
    ):
        parts.update(_scratchpad_parts(action, counts, costs, banks))
    if rates.dram_byte_pj is not None:
        moved = int(outcome.dma_read_bytes.sum() + outcome.dma_write_bytes.sum()) if outcome else 0
        parts["dram_pj"] = moved * rates.dram_byte_pj
    if rates.dram is not None:
        parts.update(_dram_parts(run, rates.dram))
    # mW x ns = pJ
    parts["leakage_pj"] = rates.leakage_mw * (outcome.cycles if outcome else 0) * 1e9 / rates.core_clock_hz
    return parts


def _dram_parts(run: LayerRun, dram: ResolvedDram) -> Mapping[str, float]:
    """The DRAM's energy from its currents, all ranks together; that of the data lines only where the table knows it."""
    done = run.outcome.dram if run.outcome is not None else None
    counts = nothing_done(dram) if done is None else done
    spent = summed(dram_energy(dram, counts.commands, counts.open_cycles, counts.cycles))
    parts = {
        "dram_activate_pj": spent.activate_pj,
        "dram_read_pj": spent.read_pj,
        "dram_write_pj": spent.write_pj,
        "dram_refresh_pj": spent.refresh_pj,
        "dram_background_pj": spent.background_pj,
    }
    return parts if spent.io_pj is None else {**parts, "dram_io_pj": spent.io_pj}


def _scratchpad_parts(
    action: str, counts: Int64Array | None, costs: Sequence[float], banks: Sequence[BankName]
) -> Mapping[str, float]:
    spent = np.zeros(len(banks)) if counts is None else counts * np.asarray(costs)
    parts: dict[str, float] = {}
    for bank, cost in zip(banks, spent, strict=True):
        column = f"{bank.scratchpad}_{action}_pj"
        parts[column] = parts.get(column, 0.0) + float(cost)
    return parts


def energy_parts(table: pd.DataFrame) -> pd.DataFrame:
    """The run's energy by part: columns ``part`` (mac, ifmap_read, ..., leakage) and ``energy_pj``."""
    parts = [column for column in table.columns if column.endswith("_pj") and column != "energy_pj"]
    spent = [float(table[column].sum()) for column in parts]
    return pd.DataFrame({"part": [column.removesuffix("_pj") for column in parts], "energy_pj": spent})
