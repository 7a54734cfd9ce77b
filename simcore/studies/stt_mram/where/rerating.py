"""The map: energies of simulated training steps, computed again for each leakage, main memory and gating, and their gains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from simcore.studies.stt_mram.energy_split import PARTS
from simcore.studies.stt_mram.where.axes import LEAKAGES, RESIDUES_PERCENT, Leakage, MainMemory, main_memories

#: These columns say what was simulated.
RUN = ["network", "batch", "array", "clock_mhz", "sram_kib"]
#: These columns of the map name a configuration, without network and comparison.
CONFIGURATION = ["leakage", "sram_kib", "clock_mhz", "batch", "array", "main_memory", "residue_percent"]


def map_run_table(systems: pd.DataFrame) -> pd.DataFrame:
    """Return one row per simulated training step, class and memory, with all that the map needs.

    ``leakage_uj`` is that of banks that are never cut off, and ``gated_leakage_uj`` that of banks of which nothing is left when
    they are cut off. With a residue in between, the leakage lies on the line between the two. ``systems`` has rows for both.
    """
    training = systems[systems["pass"] == "training"]
    keys = [*RUN, "leakage_class", "iso"]
    gated = training[training["gated"]].set_index(keys)["leakage_uj"].rename("gated_leakage_uj")
    kept = [*keys, "cycles", "time_ns", "capacity_kib", "area_mm2", "accesses_per_ns", "dram_read_bytes", "dram_write_bytes"]
    rows = training[~training["gated"]][[*kept, *(f"{part}_uj" for part in PARTS), "configuration"]].join(gated, on=keys)
    sram_mm2 = rows[rows["iso"] == "none"].set_index(keys[:-1])["area_mm2"].rename("sram_mm2")
    joined = rows.join(sram_mm2, on=keys[:-1])
    joined["area_used_percent"] = 100 * joined["area_mm2"] / joined.pop("sram_mm2")
    return joined.reset_index(drop=True)


def energies_uj(run: Any, leakage: Leakage, memory: MainMemory, residue_percent: float) -> dict[str, float]:
    """Return the energy of each part of a row of ``map_run_table``. ``residue_percent`` is left in banks that are cut off."""
    factor = leakage.sram_factor if run["iso"] == "none" else leakage.mram_factor
    cut_off_uj = run["leakage_uj"] - run["gated_leakage_uj"]
    spent = {part: float(run[f"{part}_uj"]) for part in PARTS}
    spent["leakage"] = factor * float(run["gated_leakage_uj"] + residue_percent / 100 * cut_off_uj)
    read, written = run["dram_read_bytes"], run["dram_write_bytes"]
    spent["dram_traffic"] = 1e-6 * (read * memory.read_pj_per_byte + written * memory.write_pj_per_byte)
    spent["dram_background"] = 1e-6 * memory.background_mw * run["time_ns"]  # mW x ns = pJ
    spent["dram_refresh"] = 1e-6 * memory.refresh_mw * run["time_ns"]
    return spent


def scopes_uj(spent: dict[str, float]) -> dict[str, float]:
    """Return the energy of scratchpads, chip and system."""
    scratchpads = spent["leakage"] + spent["read"] + spent["write"] + spent["kept"]
    chip = scratchpads + spent["mac"] + spent["vector"] + spent["moving"]
    system = chip + spent["dram_traffic"] + spent["dram_background"] + spent["dram_refresh"]
    return {"scratchpads": scratchpads, "chip": chip, "system": system}


def gain_map_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return one row per configuration, comparison (``iso``) and network: the gains over the SRAM system.

    The classes of ``runs`` that an axis of leakage names are rated with each of its points.
    """
    records = runs.to_dict("records")
    sram = {_key(row): row for row in records if row["iso"] == "none"}
    compared = [row for row in records if row["iso"] != "none"]
    rows = [
        {**_named(row, leakage, memory, residue), **gains_of(sram[_key(row)], row, leakage, memory, residue)}
        for leakage, memory, residue in settings_of_energy()
        for row in compared
        if row["leakage_class"] == leakage.leakage_class
    ]
    return pd.DataFrame(rows)


def settings_of_energy() -> Iterator[tuple[Leakage, MainMemory, float]]:
    """Yield every combination of leakage, main memory and residue."""
    for leakage in LEAKAGES:
        for memory in main_memories():
            for residue_percent in RESIDUES_PERCENT:
                yield leakage, memory, residue_percent


def gains_of(sram: Any, other: Any, leakage: Leakage, memory: MainMemory, residue_percent: float) -> dict[str, float]:
    """Return the energy of the SRAM system over that of the other, for each scope."""
    base, found = (scopes_uj(energies_uj(row, leakage, memory, residue_percent)) for row in (sram, other))
    return {f"{scope}_gain": base[scope] / found[scope] for scope in base}


def joule_rows(runs: Iterable[Any], leakage: Leakage, memory: MainMemory, residue_percent: float) -> Iterator[dict[str, Any]]:
    """Yield, per run, the joules of a training step by part, and of scratchpads, chip and system."""
    for run in runs:
        spent = energies_uj(run, leakage, memory, residue_percent)
        named = {key: run[key] for key in ("network", "iso", "cycles", "capacity_kib", "area_used_percent")}
        parts = {f"{part}_j": 1e-6 * energy_uj for part, energy_uj in spent.items()}
        yield named | parts | {f"{scope}_j": 1e-6 * energy_uj for scope, energy_uj in scopes_uj(spent).items()}


def _key(row: Any) -> tuple[Any, ...]:
    return tuple(row[key] for key in (*RUN, "leakage_class"))


def _named(row: Any, leakage: Leakage, memory: MainMemory, residue_percent: float) -> dict[str, Any]:
    energies = {"leakage": leakage.name, "main_memory": memory.name, "residue_percent": residue_percent}
    simulated = {key: row[key] for key in CONFIGURATION if key not in energies}
    named = {key: (simulated | energies)[key] for key in CONFIGURATION}
    return {**named, "iso": row["iso"], "network": row["network"], "area_used_percent": row["area_used_percent"]}
